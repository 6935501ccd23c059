"""Imports of what only the extras install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from coodie_testing.errors import MissingExtra


@contextmanager
def provided_by(extra: str) -> Iterator[None]:
    """Turn a failing import into an error that names the extra to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name, extra) from error
