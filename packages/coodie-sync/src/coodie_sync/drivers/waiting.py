"""Waiting for what happens in other threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock
from typing import TypeVar

from coodie_core.deadlines import OutOfTime, TimeLimit

T = TypeVar("T")


def result_within(work: Future[T], limit: TimeLimit | None) -> T:
    """Return what *work* returns in its thread; who stops waiting leaves the work alone.

    Raises:
        OutOfTime: It takes longer than *limit*.
    """
    if limit is not None and not wait([work], limit.seconds_left()).done:
        raise OutOfTime(limit)
    return work.result()


def called_back(attach: Callable[[Callable[[], object]], object]) -> None:
    """Wait until the callback that *attach* attaches was called, on whatever thread."""
    called = Lock()
    called.acquire()
    attach(called.release)
    called.acquire()
