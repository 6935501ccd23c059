"""Waiting for what other threads, or a server, will have done in a moment."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic

PATIENCE_SECONDS = 20


def wait_until(condition: Callable[[], object]) -> None:
    """Return when *condition* holds; fail if it never does."""
    ends = monotonic() + PATIENCE_SECONDS
    while not condition():
        assert monotonic() < ends, "it never happened"
        Event().wait(0.01)
