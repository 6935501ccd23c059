"""The options that travel with a write or a query, checked once where they are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from coodie_core.consistency import Consistency, SerialConsistency, consistency_level, serial_consistency_level
from coodie_core.duration import CqlDuration
from coodie_core.exceptions import InvalidQueryError
from coodie_core.retrying import RetryPolicy, SpeculativePolicy, checked_policy
from coodie_core.statement import DEFAULT_EXECUTION, ExecutionOptions

#: 20 years, the longest time to live (Apache Cassandra, ``Attributes.MAX_TTL``; ScyllaDB has the same).
MAX_TTL_SECONDS = 630_720_000

#: Who may use a paging token: whatever the application knows its users by.
Principal = str | int | UUID

_MAX_INT64 = 2**63 - 1
_MAX_INT32 = 2**31 - 1


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a write is made.

    Attributes:
        ttl: Seconds until what is written expires; 0 for never, also where the table has a default.
        timestamp: The time of the write, in microseconds since 1970, by which the server settles conflicts.
        execution: Consistency and timeout.
        resolves: Whether to look what became of a conditional write whose answer did not come.
    """

    ttl: int | None = None
    timestamp: int | None = None
    execution: ExecutionOptions = DEFAULT_EXECUTION
    resolves: bool = False


#: A write as it is when nothing else is said.
NO_OPTIONS = WriteOptions()


def write_options(
    *,
    ttl: int | None = None,
    timestamp: int | datetime | None = None,
    consistency: Consistency | None = None,
    timeout: float | None = None,
    serial_consistency: SerialConsistency | None = None,
    retry: RetryPolicy | None = None,
    speculative: SpeculativePolicy | None = None,
    on_unknown: OnUnknown = "raise",
) -> WriteOptions:
    """Return checked options of a write.

    Args:
        ttl: Seconds, 0 to 630,720,000 (20 years, the server's limit).
        timestamp: Microseconds since 1970, or a timezone-aware datetime.
        consistency: A consistency level, its name or its number.
        timeout: Seconds to wait for the answer.
        serial_consistency: ``"SERIAL"`` or ``"LOCAL_SERIAL"``, for conditional writes.
        retry: When it is sent again after a failure.
        speculative: When it is sent to a further node because the first is slow.
        on_unknown: ``"resolve"`` to look what became of a conditional write whose answer did not come.

    Raises:
        InvalidQueryError: A value is of the wrong type or out of its range.
    """
    given = (ttl, timestamp, consistency, timeout, serial_consistency, retry, speculative, on_unknown)
    if given == _NOTHING_SAID:
        return NO_OPTIONS
    execution = execution_options(
        consistency, timeout, serial_consistency=serial_consistency, retry=retry, speculative=speculative
    )
    return WriteOptions(checked_ttl(ttl), checked_timestamp(timestamp), execution, is_resolving(on_unknown))


#: What `write_options` is given by most writes.
_NOTHING_SAID = (*(None,) * 7, "raise")

#: What to do about a conditional write of which nobody knows whether it took place.
OnUnknown = Literal["raise", "resolve"]


def is_resolving(on_unknown: OnUnknown) -> bool:
    """Return whether *on_unknown* says to look what became of the write.

    Raises:
        InvalidQueryError: It says neither that nor its opposite.
    """
    if on_unknown not in ("raise", "resolve"):
        raise InvalidQueryError(f"on_unknown={on_unknown!r}: give 'raise' or 'resolve'.")
    return on_unknown == "resolve"


_NO_EXECUTION_OPTIONS = (None,) * 6


def execution_options(
    consistency: Consistency | None = None,
    timeout: float | None = None,
    fetch_size: int | None = None,
    serial_consistency: SerialConsistency | None = None,
    retry: RetryPolicy | None = None,
    speculative: SpeculativePolicy | None = None,
) -> ExecutionOptions:
    """Return checked options of an execution; the one that all statements share when nothing is given."""
    if (consistency, timeout, fetch_size, serial_consistency, retry, speculative) == _NO_EXECUTION_OPTIONS:
        return DEFAULT_EXECUTION
    return ExecutionOptions(
        consistency=consistency_level(consistency),
        serial_consistency=serial_consistency_level(serial_consistency),
        timeout=checked_timeout(timeout),
        fetch_size=checked_count("fetch_size", fetch_size),
        retry=checked_policy("retry", retry, RetryPolicy),
        speculative=checked_policy("speculative", speculative, SpeculativePolicy),
    )


def checked_ttl(ttl: int | None) -> int | None:
    """Return *ttl* if the server can take it as a time to live.

    Raises:
        InvalidQueryError: It is not a whole number of seconds from 0 to 630,720,000.
    """
    if ttl is not None and (_is_no_int(ttl) or not 0 <= ttl <= MAX_TTL_SECONDS):
        raise InvalidQueryError(
            f"ttl={ttl!r}: give whole seconds from 0 (never expires) to {MAX_TTL_SECONDS} (20 years)."
        )
    return ttl


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def checked_timestamp(timestamp: int | datetime | None) -> int | None:
    """Return *timestamp* in microseconds since 1970.

    Raises:
        InvalidQueryError: It is neither a whole number of 64 bits nor a timezone-aware datetime.
    """
    if isinstance(timestamp, datetime):
        if timestamp.tzinfo is None:
            raise InvalidQueryError(
                "timestamp: this datetime has no time zone. Give an aware one, such as datetime.now(timezone.utc)."
            )
        return (timestamp - _EPOCH) // timedelta(microseconds=1)
    if timestamp is not None and (_is_no_int(timestamp) or not -_MAX_INT64 <= timestamp <= _MAX_INT64):
        raise InvalidQueryError(f"timestamp={timestamp!r}: give microseconds since 1970, or an aware datetime.")
    return timestamp


def checked_timeout(timeout: float | None) -> float | None:
    """Return *timeout* if it is a positive number of seconds, or None.

    Raises:
        InvalidQueryError: It is not.
    """
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0):
        raise InvalidQueryError(f"timeout={timeout!r}: give a number of seconds above 0.")
    return timeout


#: 24 hours: no request takes longer, and the driver's own number of seconds ends far behind.
_MAX_SERVER_TIMEOUT = 86_400


def checked_server_timeout(seconds: float) -> CqlDuration:
    """Return *seconds* as the duration that ScyllaDB takes for ``USING TIMEOUT``, in whole milliseconds.

    Raises:
        InvalidQueryError: It is not a number from 0.001 to a day.
    """
    _ = checked_timeout(seconds)
    milliseconds = round(min(seconds, _MAX_SERVER_TIMEOUT + 1) * 1000)
    if not 1 <= milliseconds <= _MAX_SERVER_TIMEOUT * 1000:
        raise InvalidQueryError(
            f"using_timeout({seconds!r}): give seconds from 0.001 to {_MAX_SERVER_TIMEOUT} (a day)."
        )
    return CqlDuration(nanoseconds=milliseconds * 1_000_000)


def checked_count(name: str, count: int | None) -> int | None:
    """Return *count* if it is a positive whole number of 32 bits, or None.

    Raises:
        InvalidQueryError: It is not; *name* says in the error what was asked.
    """
    if count is not None and (_is_no_int(count) or not 1 <= count <= _MAX_INT32):
        raise InvalidQueryError(f"{name}({count!r}): give a whole number from 1 to {_MAX_INT32}.")
    return count


def checked_paging_state(paging_state: bytes | None) -> bytes | None:
    """Return *paging_state* if it can be one, or None.

    Raises:
        InvalidQueryError: It is not bytes. What a server cannot read is a protocol error to it, at which the driver
            closes the connection and takes the node for down.
    """
    if paging_state is not None and not isinstance(paging_state, bytes):
        raise InvalidQueryError(
            f"page({type(paging_state).__name__}): give the paging_state of an earlier page, which is bytes, "
            f"or its next_token, which is text."
        )
    return paging_state


def checked_principal(principal: Principal | None) -> Principal | None:
    """Return *principal* if it can be one, or None.

    Raises:
        InvalidQueryError: It is not a text, a whole number or a UUID.
    """
    if principal is not None and (isinstance(principal, bool) or not isinstance(principal, str | int | UUID)):
        raise InvalidQueryError(
            f"page(principal={type(principal).__name__}): give what the application knows its user by: a text, a whole "
            f"number or a UUID."
        )
    return principal


def _is_no_int(value: object) -> bool:
    return isinstance(value, bool) or not isinstance(value, int)
