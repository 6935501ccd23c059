"""What core asks of a driver, and what a driver answers: plain values, no I/O.

An operation (see ``operation.py``) yields a `Request` and receives `Rows`. Everything that a request needs travels
in it, and everything that an answer says is in it: nothing is remembered on a driver or a session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from coodie_core.consistency import ConsistencyLevel
from coodie_core.retrying import RetryPolicy, SpeculativePolicy


@dataclass(frozen=True, slots=True)
class ExecutionOptions:
    """How a statement is carried out; None leaves the choice to the driver's own default.

    Attributes:
        consistency: How many replicas must answer.
        serial_consistency: The consistency level of the Paxos part of a lightweight transaction.
        timeout: Seconds to wait for the answer.
        fetch_size: Rows in one page.
        retry: When it is sent again after a failure.
        speculative: When it is sent to a second node because the first is slow.
    """

    consistency: ConsistencyLevel | None = None
    serial_consistency: ConsistencyLevel | None = None
    timeout: float | None = None
    fetch_size: int | None = None
    retry: RetryPolicy | None = None
    speculative: SpeculativePolicy | None = None


DEFAULT_EXECUTION = ExecutionOptions()


class Statement(NamedTuple):
    """One CQL statement with its bound values.

    Attributes:
        cql: The text, with a ``?`` for each value.
        params: The values in the driver's own types, in the order of the markers.
        options: Consistency, timeout and page size.
        paging_state: Where to go on reading, from the answer before.
        prepared: Whether to prepare the text. Schema changes are sent as they are.
        conditional: Whether it is a lightweight transaction, whose answer says if it was applied.
        counter: Whether it changes counters, which only go with counters in one batch.
        idempotent: Whether it leaves the same when it is sent twice, so that it may be (see ``idempotence``).
        serial: Whether it reads at the level at which conditions are checked: its own, or the connection's.
        routing_key: A partition key, serialized, whose nodes are asked first; None where the driver sees it by itself.
    """

    cql: str
    params: Sequence[Any] = ()
    options: ExecutionOptions = DEFAULT_EXECUTION
    paging_state: bytes | None = None
    prepared: bool = True
    conditional: bool = False
    counter: bool = False
    idempotent: bool = False
    serial: bool = False
    routing_key: bytes | None = None


class BatchKind(StrEnum):
    """The three kinds of CQL batches (Apache Cassandra, "BATCH")."""

    LOGGED = "LOGGED"
    UNLOGGED = "UNLOGGED"
    COUNTER = "COUNTER"


class BatchStatement(NamedTuple):
    """Statements that are sent in one request and, if logged, all applied or none.

    Attributes:
        statements: The prepared statements, in the order in which they were added.
        kind: Logged, unlogged or counter.
        options: Consistency and timeout of the whole batch.
        timestamp: Microseconds since 1970, the write time of every statement without one of its own.
    """

    statements: tuple[Statement, ...]
    kind: BatchKind = BatchKind.LOGGED
    options: ExecutionOptions = DEFAULT_EXECUTION
    timestamp: int | None = None

    @property
    def idempotent(self) -> bool:
        """Whether it leaves the same when it is sent twice: all of its parts do."""
        return self.kind is not BatchKind.COUNTER and all(statement.idempotent for statement in self.statements)


Request = Statement | BatchStatement


def is_read(request: Request) -> bool:
    """Tell whether *request* only reads.

    Example:
        >>> is_read(Statement(" select * from users")), is_read(Statement("TRUNCATE users"))
        (True, False)
    """
    return isinstance(request, Statement) and request.cql.lstrip()[:6].upper() == "SELECT"


class Rows(NamedTuple):
    """A driver's answer: one page of rows.

    Attributes:
        columns: The names of the columns, as the server sent them.
        rows: One tuple a row, in the driver's own types.
        paging_state: Where the next page begins; None on the last page.
        schema_agreed: After a schema change, whether all nodes agreed on the new schema in time.
    """

    columns: Sequence[str] = ()
    rows: Sequence[tuple[Any, ...]] = ()
    paging_state: bytes | None = None
    schema_agreed: bool = True


NO_ROWS = Rows()
