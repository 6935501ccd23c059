"""What was worked out once and is kept for the next time, in bounded space."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

V = TypeVar("V")


class Memory:
    """Keeps what was made for some keys, for many threads; when it is full, all is forgotten and made again when asked.

    It is part of what it is about, such as a table, so that both disappear together: a cache in a module would keep
    every document class that a function ever defined.

    Args:
        size: How many keys it has at most.

    Example:
        >>> memory = Memory(size=100)
        >>> memory.of(("square", 3), lambda: 3 * 3)
        9
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._made: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self._made)

    def get(self, key: Hashable) -> Any | None:
        """Return what is kept for *key*, or None."""
        return self._made.get(key)

    def of(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return what *make* gave when it was first called for *key*."""
        try:
            kept: V = self._made[key]
            return kept
        except KeyError:
            made = make()
            if len(self._made) >= self._size:
                self._made.clear()
            self._made[key] = made
            return made
