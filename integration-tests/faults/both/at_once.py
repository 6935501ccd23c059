"""Both APIs at work at the same time, so that what happens to a cluster happens once for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Generic, TypeVar

from faults.calls import LONGEST_WAIT_SECONDS

T = TypeVar("T")
W = TypeVar("W")

APIS = ("aio", "sync")


def at_once(works: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """Return what each of *works* returns, by its name, all carried out at the same time."""
    with ThreadPoolExecutor(len(works)) as threads:
        futures = {name: threads.submit(work) for name, work in works.items()}
    return {name: future.result() for name, future in futures.items()}


class Once(Generic[W]):
    """What happens once, while both APIs are at work: who comes last sees to it, and the other waits until it is over.

    Args:
        happening: What happens; it is given what each of the two came with.
    """

    def __init__(self, happening: Callable[[list[W]], None]) -> None:
        self._happening = happening
        self._works: list[W] = []
        self._all_there = Barrier(len(APIS))
        self._over = Event()

    def __call__(self, work: W) -> None:
        self._works.append(work)
        if self._all_there.wait(LONGEST_WAIT_SECONDS) > 0:
            self._over.wait()
            return
        try:
            self._happening(self._works)
        finally:
            self._over.set()
