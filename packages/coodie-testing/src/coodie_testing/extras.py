"""Imports of what only the extras install."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from coodie_testing.errors import MissingExtra


@contextmanager
def provided_by(extra: str) -> Generator[None]:
    """Turn a failing import into an error that names the extra to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name, extra) from error


def untyped_module(name: str, *, extra: str) -> Any:
    """A module that an extra installs and that has no types."""
    with provided_by(extra):
        return import_module(name)
