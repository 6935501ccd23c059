"""What a batch costs the server, and the warning about those that servers punish.

A batch of one partition is one write for the server. One of several makes a node hold, store and send the writes of
all; servers log warnings about such batches and, above a size, refuse them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from coodie_core.exceptions import InvalidQueryError

#: Apache Cassandra, cassandra.yaml, ``unlogged_batch_across_partitions_warn_threshold``. There is no such threshold for
#: logged batches, which cost more; the same number holds for them here.
MANY_PARTITIONS = 10
#: Apache Cassandra, cassandra.yaml, ``batch_size_warn_threshold`` (5 KiB; ScyllaDB's is
#: ``batch_size_warn_threshold_in_kb``, 128 KiB). Batches of one partition are not measured.
LARGE_BYTES = 5 * 1024

#: Bytes that are counted for a value that is neither text nor bytes, such as a number or a UUID.
_BYTES_OF_SCALAR = 8


class BatchWarning(UserWarning):
    """A batch was sent that servers punish: it writes to many partitions, or to several and is large.

    It is a Python warning, which is shown once for each place in a program. To make it an error everywhere, call
    ``warnings.simplefilter("error", BatchWarning)``; for one batch, give it ``strict=True``.
    """


def concern(kind: str, partitions: int, size: int) -> str | None:
    """Return why servers punish a batch, or None.

    Args:
        kind: Which kind of batch it is.
        partitions: To how many partitions it writes.
        size: About how many bytes it holds.

    Example:
        >>> concern("LOGGED", 2, 100) is None
        True
    """
    if partitions > MANY_PARTITIONS:
        problem = f"writes to {partitions} partitions, where servers warn above {MANY_PARTITIONS}"
    elif partitions > 1 and size > LARGE_BYTES:
        problem = f"holds about {size:,} bytes for several partitions, where servers warn above {LARGE_BYTES:,}"
    else:
        return None
    return (
        f"This {kind} batch {problem}: one node has to do the work of all. "
        f"Send the writes one by one, many at the same time, and keep a batch for the few that must stay in step."
    )


def report(text: str, *, strict: bool) -> None:
    """Warn whoever sends the batch, at the line where that is done.

    Raises:
        InvalidQueryError: The batch is strict.
    """
    if strict:
        raise InvalidQueryError(text)
    warnings.warn(text, BatchWarning, stacklevel=_callers_stack_level())


def size_of(values: Iterable[Any]) -> int:
    """Return about how many bytes *values* have, as they are sent.

    Example:
        >>> size_of(["four", 1, [b"xy", None]])
        14
    """
    return sum(map(_size, values))


def _size(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, str | bytes):
        return len(value)
    parts = _parts(value)
    return _BYTES_OF_SCALAR if parts is None else size_of(parts)


def _parts(value: Any) -> Iterable[Any] | None:
    """Return what is inside of a collection or of a value of a user-defined type; None for every other value."""
    if isinstance(value, list | tuple | set | frozenset):
        return value  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    fields: dict[str, Any] | None = getattr(value, "__dict__", None)
    return None if fields is None else [*fields.keys(), *fields.values()]


def _callers_stack_level() -> int:
    """Return how many frames above `report` the code is that does not belong to coodie."""
    level, frame = 1, sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0].startswith("coodie"):
        level, frame = level + 1, frame.f_back
    return level
