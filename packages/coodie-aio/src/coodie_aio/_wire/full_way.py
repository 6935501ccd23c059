"""Requests that are the driver's own from beginning to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coodie_core.driver_support.answers import rows_of
from coodie_core.statement import Rows


class FullRequest:
    """A request that the driver carries out. It is asked for its answer as a `ShortRequest` is.

    Args:
        response: The ``ResponseFuture``.

    Attributes:
        full: The ``ResponseFuture``.
    """

    __slots__ = ("full",)

    def __init__(self, response: Any) -> None:
        self.full: Any = response

    def when_done(self, call: Callable[[], object]) -> None:
        """Have *call* called once it is done, on whatever thread; at once if it is done already."""
        calls = [call]

        def done(_outcome: object) -> None:
            if calls:  # a request that times out while its answer arrives may end twice
                calls.pop()()

        self.full.add_callbacks(done, done)

    def rows(self) -> Rows:
        """Return the answer, which is there.

        Raises:
            Exception: What the driver raises.
        """
        return rows_of(self.full)
