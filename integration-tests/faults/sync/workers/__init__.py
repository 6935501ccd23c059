"""Doing several things at the same time: here in threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def together(*works: Callable[[], T]) -> list[T]:
    """Return what each of *works* returns, all carried out at the same time; the first error of any ends this."""
    with ThreadPoolExecutor(len(works)) as threads:
        futures = [threads.submit(work) for work in works]
        return [future.result() for future in futures]


def elsewhere(call: Callable[[], T]) -> T:
    """Return what a blocking *call* returns, while others work."""
    return call()


def pause(seconds: float) -> None:
    """Let others work for this time; 0: let each have a turn."""
    time.sleep(seconds)
