"""Faults that a proxy plays on requests: on which ones, what happens to them, how often, and whether it has."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from coodie_testing.errors import FaultDidNotHappen
from coodie_testing.frames import Request
from coodie_testing.server_errors import InjectedError

STATEMENTS = frozenset({"QUERY", "EXECUTE", "BATCH"})
WITH_PREPARED_STATEMENT = frozenset({"EXECUTE", "BATCH"})

# What drivers send on their own account: what they read about the cluster and its schema, and USE on each connection.
OF_THE_DRIVER = re.compile(r"\s*(?:USE\b|SELECT\b.*\bFROM\s+system(?:_schema|_virtual_schema)?\.)", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with an error of the server."""

    error: InjectedError
    carried_out: bool


@dataclass(frozen=True, slots=True)
class DropReply:
    """Let the server carry it out, and never answer."""

    carried_out: bool = True


@dataclass(frozen=True, slots=True)
class Cut:
    """Cut the connection."""

    carried_out: bool


@dataclass(frozen=True, slots=True)
class Delay:
    """Answer later."""

    seconds: float
    carried_out: bool = True


Effect = Answer | DropReply | Cut | Delay


class HasOpcodeAndText(Protocol):
    """What is looked at."""

    @property
    def opcode(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which requests are meant.

    Args:
        text: A part of their CQL, in capitals or not, or a pattern to be found in it. None: all that the application
            sends; not what drivers send on their own account, which are reads of `system` tables and `USE`.
        opcodes: Their opcodes.
    """

    text: str | re.Pattern[str] | None
    opcodes: Collection[str]

    def matches(self, request: HasOpcodeAndText) -> bool:
        """Tell whether this request is meant."""
        if request.opcode not in self.opcodes:
            return False
        if self.text is None:
            return not OF_THE_DRIVER.match(request.text)
        if isinstance(self.text, str):
            return self.text.casefold() in request.text.casefold()
        return self.text.search(request.text) is not None


@dataclass(eq=False, slots=True)
class Fault:
    """A fault that a proxy was told to play, and how often it has happened.

    Returned by `FaultProxy.fail`, `drop_reply`, `cut` and `delay`.

    Attributes:
        matcher: The requests that it is for.
        effect: What happens to them.
        remaining: How many requests it still waits for; None: for all of them.
        happened: How many times it has happened to the end: of a request that the server carries out first, when the
            server has answered.
    """

    matcher: Matcher
    effect: Effect
    remaining: int | None
    happened: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def wait(self, times: int = 1, *, timeout: float = 10) -> None:
        """Return when it has happened. From a coroutine: ``await asyncio.to_thread(fault.wait)``.

        Args:
            times: How often, all in all.
            timeout: Seconds to wait.

        Raises:
            FaultDidNotHappen: It did not happen so often in time.

        Example:
            >>> fault = proxy.drop_reply(text="INSERT")  # doctest: +SKIP
            >>> fault.wait()  # doctest: +SKIP
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self.happened >= times, timeout):
                raise FaultDidNotHappen(str(self.effect), times, self.happened, timeout)

    def cancel(self) -> None:
        """Let it happen to no more requests."""
        self.remaining = 0

    def takes(self, request: Request) -> bool:
        """Tell whether it is for this request, and count that."""
        if self.remaining == 0 or not self.matcher.matches(request):
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True

    def has_happened(self) -> None:
        """Count that it has happened to the end, and wake those who wait for it."""
        with self._changed:
            self.happened += 1
            self._changed.notify_all()
