"""What goes into and comes out of a request of the driver, as plain values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from coodie_core.deadlines import TimeLimit
from coodie_core.driver_support.errors import (
    Circumstances,
    addresses,
    coodie_error,
    kind_of,
    quoted,
    statement_text,
    words_of_outcome,
)
from coodie_core.driver_support.time_limits import out_of_time, ran_out, waiting_time
from coodie_core.driver_support.user_fields import FieldIsUnknown, refuse_unknown_fields
from coodie_core.exceptions import ConfigurationError, ConnectionLost, CoodieError, DatabaseError, InvalidQueryError
from coodie_core.statement import BatchStatement, Request, Rows, Statement

MAX_BATCH_STATEMENTS = 65_535
"""CQL binary protocol v4, section 4.1.7 "BATCH": the number of statements is a [short]."""

USE_STATEMENT = re.compile(r"(?>\s+|--[^\n]*\n|//[^\n]*\n|/\*.*?\*/)*+USE\b", re.IGNORECASE | re.DOTALL)
"""White space and comments before the word are passed over and never looked at twice, however many there are."""


class OpenDriver(Protocol):
    """What is asked here of a driver of either API."""

    name: str
    keyspace: str | None

    @property
    def api(self) -> str: ...


def rows_of(response: Any) -> Rows:
    """Take the page that *response*, a finished ``ResponseFuture``, holds; or raise the error that it holds.

    The driver's timers hold a response until its timeout would be over, which is 10 s unless something else is said. So
    that the rows of a stream do not stay as long, they are taken out of it.
    """
    result = response.result()
    held: list[Any] = result.current_rows
    rows = held.copy()
    held.clear()
    return Rows(result.column_names or (), rows, result.paging_state, response.is_schema_agreed)


def sending_arguments(
    request: Request, limit: TimeLimit | None, usual_timeout: Callable[[Any], float | None], session: Any
) -> dict[str, Any]:
    """Return the keyword arguments of ``Session.execute_async`` that *request* asks for.

    Args:
        request: The request.
        limit: The time that it may take.
        usual_timeout: Tells for how many seconds *session* waits where nobody says otherwise.
        session: The driver's session.

    Raises:
        OutOfTime: There is no time left.
    """
    arguments: dict[str, Any] = {}
    if limit is not None:
        arguments["timeout"] = waiting_time(limit, usual_timeout(session) if limit.is_deadline else None)
    if isinstance(request, Statement) and request.paging_state is not None:
        arguments["paging_state"] = request.paging_state
    return arguments


def failure(
    driver: OpenDriver,
    closed: bool,
    known: tuple[str, ...],
    request: Request,
    response: Any | None,
    error: Exception,
    limit: TimeLimit | None,
) -> CoodieError:
    """Return what to raise for *error* of the driver.

    Args:
        driver: The driver.
        closed: Whether it was closed meanwhile.
        known: The nodes that it was told of.
        request: What it was asked.
        response: The ``ResponseFuture``, or None if the request failed before it was sent.
        error: What was raised.
        limit: The time that the request had.
    """
    attempted = () if response is None else addresses(response.attempted_hosts)
    if closed and not attempted:
        return was_closed(driver)
    consistency = request.options.consistency if response is None else response.message.consistency_level
    refusals = 0 if response is None else getattr(response.query.retry_policy, "refusals", 0)
    circumstances = Circumstances(request, driver.keyspace, consistency, attempted, known, refusals)
    if limit is not None and ran_out(limit, error):
        return out_of_time(limit, circumstances)
    return coodie_error(error, circumstances)


def not_connected_in_time(driver: OpenDriver, known: tuple[str, ...], limit: TimeLimit) -> CoodieError:
    """Return the error for a connection that a time limit did not leave enough time for."""
    return out_of_time(limit, Circumstances(keyspace=driver.keyspace, known=known))


def was_closed(driver: OpenDriver) -> ConfigurationError:
    """Return the error for the use of a closed driver."""
    return ConfigurationError(
        f"The driver {driver.name!r} of coodie.{driver.api} was closed, so it cannot be used any more. "
        f"Call coodie.{driver.api}.init_coodie() for a new one."
    )


def session_of_parent(driver: OpenDriver) -> ConfigurationError:
    """Return the error for the use of the caller's own session in a forked process."""
    return ConfigurationError(
        f"The session= of the driver {driver.name!r} of coodie.{driver.api} was opened by the process that forked this "
        f"one, and cannot be shared with it. Call coodie.{driver.api}.init_coodie() here, with hosts= or with a "
        f"session that was opened in this process. A driver that was opened with hosts= reconnects by itself."
    )


def asked_by_parent(driver: OpenDriver, request: Request) -> DatabaseError:
    """Return the error for an answer that only the process gets which forked this one."""
    return kind_of(ConnectionLost, request, None)(
        f"The request was sent by the process that forked this one, and its answer goes there. "
        f"{words_of_outcome(request, None)}{quoted(request)}",
        statement=statement_text(request),
        keyspace=driver.keyspace,
    )


def driver_repr(driver: OpenDriver, hosts: tuple[str, ...], version: str, connected: bool, closed: bool) -> str:
    """Return how a driver shows itself."""
    state = ", closed" if closed else "" if connected else ", not connected yet"
    keyspace = "no keyspace" if driver.keyspace is None else f"keyspace {driver.keyspace!r}"
    return f"<coodie.{driver.api} driver {driver.name!r}: {', '.join(hosts)}, {keyspace}, {version}{state}>"


def texts_to_prepare(request: Request) -> Iterable[str]:
    """Return the texts that must be prepared before *request* can be sent, each once."""
    if isinstance(request, BatchStatement):
        return dict.fromkeys(statement.cql for statement in request.statements)
    return (request.cql,) if request.prepared else ()


def check_text(cql: str) -> None:
    """Raise `InvalidQueryError` for a text that a driver must not send.

    Raises:
        InvalidQueryError: It is a USE statement.
    """
    if USE_STATEMENT.match(cql):
        raise InvalidQueryError(
            f"{cql.strip()!r}: USE would redirect every later statement of this connection, also those of other tasks "
            f"and threads. Write the keyspace in front of the table (keyspace.table), or open one more connection with "
            f"init_coodie(keyspace=..., name=...) and name it."
        )


def check_batch(request: BatchStatement) -> None:
    """Raise `InvalidQueryError` for a batch that cannot be sent.

    Raises:
        InvalidQueryError: It has more statements than the protocol can count.
    """
    if len(request.statements) > MAX_BATCH_STATEMENTS:
        raise InvalidQueryError(
            f"A batch of {len(request.statements)} statements cannot be sent: the protocol counts up to "
            f"{MAX_BATCH_STATEMENTS}, and servers want far fewer (a few dozen). Send them in several batches."
        )


def refused_values(statement: Statement, prepared: Any, error: Exception) -> InvalidQueryError:
    """Return the error for values that could not be bound, naming the column and never the value.

    Args:
        statement: The statement with its values.
        prepared: The driver's ``PreparedStatement``.
        error: What the driver raised.
    """
    for column, value in zip(prepared.column_metadata, statement.params, strict=False):
        try:
            refuse_unknown_fields(column.type, value)
        except FieldIsUnknown as unknown:
            return unknown.of_column(column.name, statement.cql)
        if not can_be_serialized(column.type, value, prepared.protocol_version):
            return InvalidQueryError(
                f"Column {column.name!r} is {column.type.cql_parameterized_type()} and cannot take this value of type "
                f"{type(value).__name__}: it is of another kind, or outside the column's range. "
                f"Statement: {statement.cql}"
            )
    return InvalidQueryError(f"The values cannot be bound ({type(error).__name__}). Statement: {statement.cql}")


def can_be_serialized(column_type: Any, value: Any, protocol_version: int) -> bool:
    try:
        if value is not None:
            column_type.serialize(value, protocol_version)
    except Exception:  # whatever it is, the driver could not turn the value into bytes
        return False
    return True


def wrong_count(statement: Statement, markers: int) -> InvalidQueryError:
    """Return the error for a statement with more or fewer values than markers."""
    given = len(statement.params)
    return InvalidQueryError(
        f"The statement has {counted(markers, 'marker')} (?), but {counted(given, 'value')} "
        f"{'was' if given == 1 else 'were'} given. Statement: {statement.cql}"
    )


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
