"""Timers of requests, of which nearly all are cancelled.

The driver's own timer wakes its reactor when it is made, and is kept, with the request and its answer, until it would
have fired. Here one look a quarter of a second hands those that are nearly due to the driver; the others are forgotten
when they are cancelled. So a timer fires exactly when the driver's own would.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import time
from typing import Any

PERIOD_SECONDS = 0.25
"""Between two looks. A timer that has less time than two of them is the driver's own from the beginning."""

MakeTimer = Callable[[float, Callable[[], object]], Any]
"""Makes one of the driver's own timers."""


class PatientTimer:
    """A timer that does not count yet.

    Args:
        end: When it is to fire, by the clock of the driver's timers.
        callback: What it is to call.
        waiting: Where it is kept.
    """

    __slots__ = ("_waiting", "callback", "canceled", "end", "own")

    def __init__(self, end: float, callback: Callable[[], object], waiting: set[PatientTimer]) -> None:
        self.end: float = end
        self.callback: Callable[[], object] | None = callback
        self.canceled = False
        self.own: Any = None
        self._waiting = waiting

    def cancel(self) -> None:
        """Do not fire. Any thread may call it, at any time."""
        self.canceled = True
        self.callback = None
        self._waiting.discard(self)
        if self.own is not None:
            self.own.cancel()

    def fire(self) -> None:
        """Call what is to be called, unless it was cancelled."""
        callback = self.callback
        if callback is not None:
            callback()


class Timers:
    """The patient timers of one reactor.

    Args:
        reactor: The reactor. A process that was forked has another one, which needs timers of its own.
        make_timer: Makes a timer of the reactor.
    """

    def __init__(self, reactor: object, make_timer: MakeTimer) -> None:
        self.reactor = reactor
        self._make_timer = make_timer
        self._waiting: set[PatientTimer] = set()
        self._is_looking = False
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, seconds: float, callback: Callable[[], object]) -> Any:
        """Return a timer that calls *callback* in so many seconds, on the thread of the reactor."""
        if seconds < 2 * PERIOD_SECONDS:
            return self._make_timer(seconds, callback)
        timer = PatientTimer(time() + seconds, callback, self._waiting)
        self._waiting.add(timer)
        if not self._is_looking:
            self._begin_to_look()
        return timer

    def _begin_to_look(self) -> None:
        with self._lock:
            if self._is_looking:
                return
            self._is_looking = True
        self._make_timer(PERIOD_SECONDS, self._look)

    def _look(self) -> None:
        """Hand those that are nearly due to the reactor."""
        now = time()
        for timer in tuple(self._waiting):
            if timer.end - now < 2 * PERIOD_SECONDS:
                self._waiting.discard(timer)
                timer.own = self._make_timer(max(0.0, timer.end - now), timer.fire)
                if timer.canceled:  # meanwhile, by another thread, which may not have seen the reactor's timer
                    timer.own.cancel()
        self._is_looking = False  # before the next line: whoever adds one from here on begins to look
        if self._waiting:
            self._begin_to_look()
