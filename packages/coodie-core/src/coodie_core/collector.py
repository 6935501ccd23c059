"""Python's garbage collector waits while a page of results is made.

Making thousands of documents at once lets it look through them again and again, always in vain, which takes up to half
of the time. Its switch is one for the whole process, and no lock is needed:

- Whoever finds it on turns it off, and on again at the end. Whoever finds it off leaves it alone. So it is on again at
  the latest when the last page is made, and stays off where the application turned it off before.
- A process that is forked meanwhile, in which nobody would ever turn it on again, begins with it on.
- It waits for `MOST_ROWS` at a time, so that what other threads throw away meanwhile does not pile up.

An application that turns the collector off *while* a page is made in another thread finds it on after that.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from typing import TypeVar

R = TypeVar("R")
G = TypeVar("G")
M = TypeVar("M")
D = TypeVar("D")

#: The collector runs after 700 or 2,000 new objects (the first of ``gc.get_threshold()``), and a document has three or
#: four: of fewer rows there is nothing to gain.
FEWEST_ROWS = 200

#: Two pages of the size that the driver asks for by itself (``Session.default_fetch_size``).
MOST_ROWS = 10_000

#: One entry for each thread that turned the collector off, and will turn it on.
_waiting: list[None] = []


def made_at_once(make: Callable[[Sequence[R]], list[D]], rows: Sequence[R]) -> list[D]:
    """Return what *make* makes of *rows*, while the garbage collector waits if that pays.

    Args:
        make: Makes results of some rows, in their order.
        rows: The rows of a page.
    """
    if len(rows) < FEWEST_ROWS:
        return make(rows)
    if len(rows) <= MOST_ROWS:
        return without_collector(make, rows)
    made: list[D] = []
    for start in range(0, len(rows), MOST_ROWS):
        made += without_collector(make, rows[start : start + MOST_ROWS])
    return made


def without_collector(make: Callable[[G], M], given: G) -> M:
    """Return what *make* makes of *given*, while the garbage collector waits."""
    if not gc.isenabled():
        return make(given)
    _waiting.append(None)
    try:
        gc.disable()
        return make(given)
    finally:
        gc.enable()
        del _waiting[-1:]


def _on_again_in_child() -> None:
    if _waiting:
        _waiting.clear()
        gc.enable()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_on_again_in_child)
