"""How many requests may be in flight at the same time, learned from how they go.

The window grows while the server keeps up, and shrinks by half when it says, or shows, that it does not: as TCP finds
the rate that a network takes (RFC 5681: slow start, additive increase, multiplicative decrease). Decisions only: what
is in flight, and how long an answer took, is told by who sends.
"""

from __future__ import annotations

from coodie_core.exceptions import (
    ClientTimeout,
    InvalidQueryError,
    Overloaded,
    RateLimited,
    ReadTimeout,
    Unavailable,
    WriteTimeout,
)

#: With how many a window begins.
FIRST_SIZE = 8

#: What a window grows to unless something else is said. To a node on the same machine, one process of CPython wrote as
#: many rows a second with 64 in flight as with 512 (``benchmarks/many_writes.py``): the process is busy then. The rest
#: is for clusters that are further away.
USUAL_MAXIMUM = 128

#: No window is larger. A connection has 32,768 stream ids (CQL binary protocol v4, section 2.3) and scylla-driver's
#: ``execute_async`` blocks when they are used up; servers punish far fewer (Apache Cassandra,
#: ``native_transport_max_concurrent_requests_in_bytes_per_ip``; ScyllaDB, ``max_concurrent_requests_per_shard``).
LARGEST_MAXIMUM = 2048

#: An answer that takes longer shows that the server queues: a quarter of the time after which replicas drop what waits
#: (Apache Cassandra 5.0, ``write_request_timeout``, 2 s).
SLOW_SECONDS = 0.5

#: Failures by which a server, or the driver, says that it was too much at once.
SIGNS_OF_OVERLOAD = (Overloaded, RateLimited, Unavailable, WriteTimeout, ReadTimeout, ClientTimeout)


class Window:
    """How many requests may be in flight.

    Args:
        maximum: To how many it may grow.

    Raises:
        InvalidQueryError: *maximum* is not a whole number from 1 to 2,048.

    Example:
        >>> window = Window(maximum=100)
        >>> window.size
        8
        >>> window.failed(window.round, Overloaded("busy"))
        >>> window.size
        4
    """

    def __init__(self, maximum: int = USUAL_MAXIMUM) -> None:
        if isinstance(maximum, bool) or not isinstance(maximum, int) or not 1 <= maximum <= LARGEST_MAXIMUM:
            raise InvalidQueryError(
                f"max_in_flight={maximum!r}: give a whole number from 1 to {LARGEST_MAXIMUM}. {USUAL_MAXIMUM} is "
                f"usual; more rarely helps, since the server queues what it cannot do at once."
            )
        self._maximum: int = maximum
        self._size: float = min(FIRST_SIZE, maximum)
        self._has_shrunk: bool = False
        self.round: int = 0

    @property
    def size(self) -> int:
        """How many requests may be in flight now: at least one."""
        return int(self._size)

    def answered(self, sent_in: int, seconds: float, in_flight: int) -> None:
        """Take note of a request that was answered.

        Args:
            sent_in: What `round` was when it was sent.
            seconds: How long it took.
            in_flight: How many were in flight, itself included: a window that is not used up need not grow.
        """
        if seconds > SLOW_SECONDS:
            self._shrink(sent_in)
        elif in_flight >= self.size:
            step = 1 / self._size if self._has_shrunk else 1
            self._size = min(self._maximum, self._size + step)

    def failed(self, sent_in: int, error: Exception) -> None:
        """Take note of a request that ended with *error*.

        Args:
            sent_in: What `round` was when it was sent.
            error: The exception.
        """
        if isinstance(error, SIGNS_OF_OVERLOAD):
            self._shrink(sent_in)

    def _shrink(self, sent_in: int) -> None:
        """Halve the window, once for all that was sent while it was as large as it is."""
        if sent_in == self.round:
            self._size = max(1.0, self._size / 2)
            self._has_shrunk = True
            self.round += 1
