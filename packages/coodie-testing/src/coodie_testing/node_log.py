"""Reads what a Cassandra node logged, and what it means."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

SHOWN_LINES = 25
LONGEST_SHOWN_LINE = 300  # Cassandra logs its whole configuration in one line
LONGEST_READ_BYTES = 1024 * 1024  # a start logs about 0.1 MB

# A line that starts otherwise is an error, a Java exception, or a word of the Java machine itself.
# Warnings there are always: that this is no machine for production.
ROUTINE = ("INFO", "DEBUG", "TRACE", "WARN", "\tat ", "\t... ")

# What Cassandra and Java log.
PORT_IS_TAKEN = ("Failed to bind port", "is in use by another process", "Address already in use")
HEAP_IS_FULL = ("java.lang.OutOfMemoryError: Java heap space",)
MEMORY_IS_REFUSED = (
    "Could not reserve enough space",
    "Could not allocate",
    "insufficient memory for the Java Runtime",
    "Cannot allocate memory",
)


class NodeLog:
    """The log of a node from one start on.

    Args:
        path: The file. It is made if need be; what other starts have written to it is left alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._start = path.stat().st_size

    def lines(self) -> list[str]:
        """What was logged since the start; of very much, the end."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(self._start, size - LONGEST_READ_BYTES))
            return file.read().decode(errors="replace").splitlines()

    def shows(self, signs: Sequence[str]) -> bool:
        """Tell whether one of these signs was logged."""
        return any(sign in line for line in self.lines() for sign in signs)

    def tail(self) -> str:
        """The last lines."""
        return excerpt(self.lines())

    def complaints(self) -> str:
        """The last lines that are no routine: errors and exceptions. After an error, more routine follows."""
        lines = self.lines()
        return excerpt([line for line in lines if not line.startswith(ROUTINE)] or lines)


def excerpt(lines: Sequence[str]) -> str:
    """As many of the last of these lines as people will read, none too long."""
    return "\n".join(line[:LONGEST_SHOWN_LINE] for line in lines[-SHOWN_LINES:])
