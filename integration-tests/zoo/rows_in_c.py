"""The two ways to make documents of rows: in C where ``coodie-speedups`` is installed and compiled, and in Python."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

import pytest

from coodie_core import speedups


def _compiled() -> dict[str, ModuleType | None]:
    try:
        return {"C": import_module("coodie_speedups.rows")}
    except ImportError:  # nothing could be compiled on this machine; test_speedups.py knows whether that is right
        return {}


WAYS: dict[str, ModuleType | None] = {"Python": None, **_compiled()}

both_ways = pytest.mark.parametrize("way", WAYS)


@contextmanager
def rows_by(way: str) -> Generator[None, None, None]:
    """Have documents made in that way by every reader that is made inside of the ``with`` block."""
    before, speedups.rows = speedups.rows, WAYS[way]
    try:
        yield
    finally:
        speedups.rows = before
