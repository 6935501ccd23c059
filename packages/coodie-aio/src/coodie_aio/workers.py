"""Threads for calls that block."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Workers:
    """Carries out calls that block, at most so many at a time, each in a thread that ends when nothing is left to do.

    A program need not wait for these threads to end, whatever they are doing. That is why this is no
    ``ThreadPoolExecutor``: where a server does not answer, the program would wait for it.

    Args:
        limit: How many calls run at the same time; the others wait for their turn.
        name: What the threads are called.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._running = 0
        self._lock = Lock()  # held for moments

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have *call* carried out, and return its outcome to come."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.append((future, call))
            if self._running < self._limit:
                Thread(target=self._work, name=self._name, daemon=True).start()
                self._running += 1  # only if it could be started
        return future

    def _work(self) -> None:
        while (task := self._next()) is not None:
            carry_out(*task)

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._running -= 1
            return None


def carry_out(future: Future[Any], call: Callable[[], Any]) -> None:
    """Settle *future* with the outcome of *call*."""
    try:
        outcome = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(outcome)
