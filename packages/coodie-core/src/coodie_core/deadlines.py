"""Deadlines: one budget of time for all that happens in a block.

Which limit holds for a request is decided here, by a clock that the shells hand in. A deadline belongs to the context
that opened it: to its thread or task, and to the tasks that are started inside the block. Nothing is remembered
anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from math import isfinite
from types import TracebackType
from typing import NamedTuple, Self

from coodie_core.exceptions import ConfigurationError, InvalidQueryError

Clock = Callable[[], float]
"""Gives seconds that only grow, such as ``time.monotonic``."""


class TimeLimit(NamedTuple):
    """The time that something may take.

    Attributes:
        seconds: How long it may take.
        began: When it began, by the clock.
        clock: What tells the time.
        is_deadline: Whether a deadline set it, and not the ``timeout=`` of one request.
    """

    seconds: float
    began: float
    clock: Clock
    is_deadline: bool

    @property
    def end(self) -> float:
        """When it is over, by the clock."""
        return self.began + self.seconds

    def spent(self) -> float:
        """Return the seconds that have passed since it began."""
        return self.clock() - self.began

    def rest(self) -> float:
        """Return the seconds that are left: 0 or less when it is over."""
        return self.end - self.clock()

    def seconds_left(self) -> float:
        """Return the seconds that are left.

        Raises:
            OutOfTime: There are none.
        """
        rest = self.rest()
        if rest <= 0:
            raise OutOfTime(self)
        return rest


class OutOfTime(Exception):
    """A time limit was over before a request was sent; shells turn it into the exception that users see.

    Attributes:
        limit: The limit.
    """

    def __init__(self, limit: TimeLimit) -> None:
        super().__init__(f"{limit.seconds:g} s are over")
        self.limit: TimeLimit = limit


_current: ContextVar[TimeLimit | None] = ContextVar("coodie_deadline", default=None)


def time_limit(timeout: float | None, clock: Clock) -> TimeLimit | None:
    """Return what limits a request that begins now: its own timeout or the deadline, whichever ends first.

    Args:
        timeout: The request's own seconds, or None.
        clock: What tells the time.

    Returns:
        The limit, or None where neither is set.
    """
    deadline = _current.get()
    if timeout is None:
        return deadline
    own = TimeLimit(timeout, clock(), clock, is_deadline=False)
    return own if deadline is None or own.end < deadline.end else deadline


def pause_within_deadline(seconds: float) -> float:
    """Return how long a pause of *seconds* may be, so that it does not go on when the deadline is over."""
    deadline = _current.get()
    return seconds if deadline is None else min(seconds, max(0.0, deadline.rest()))


class Deadline:
    """A block in which everything together takes at most so many seconds: what ``deadline(seconds)`` returns.

    It works with ``with`` and with ``async with``, for one block. A deadline inside another one never ends later than
    the outer one.

    Args:
        seconds: The budget, from the beginning of the block on.
        clock: What tells the time.

    Raises:
        InvalidQueryError: *seconds* is not a number above 0.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not (isfinite(seconds) and seconds > 0):
            raise InvalidQueryError(f"deadline({seconds!r}): give a number of seconds above 0.")
        self._seconds: float = seconds
        self._clock: Clock = clock
        self._outer: TimeLimit | None = None
        self._limit: TimeLimit | None = None

    def __repr__(self) -> str:
        return f"<deadline of {self._seconds:g} s: {self.remaining():.3f} s left>"

    def remaining(self) -> float:
        """Return the seconds that are left, never below 0; before the block, all of them.

        Example:
            ```python
            with deadline(0.25) as budget:
                users = User.find(city="Utrecht").all()
                if budget.remaining() > 0.1:
                    count_visit(users)
            ```
        """
        return self._seconds if self._limit is None else max(0.0, self._limit.rest())

    def __enter__(self) -> Self:
        if self._limit is not None:
            raise ConfigurationError("This deadline was used already. Call deadline(seconds) for each block.")
        own = TimeLimit(self._seconds, self._clock(), self._clock, is_deadline=True)
        self._outer = _current.get()
        self._limit = self._outer if self._outer is not None and self._outer.end <= own.end else own
        _current.set(self._limit)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _current.set(self._outer)  # not by a token: a generator's block may end in another context than it began in

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)
