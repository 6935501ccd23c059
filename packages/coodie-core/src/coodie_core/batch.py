"""What a batch collects before it is sent, and the rules that it checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from coodie_core.batch_cost import concern, size_of
from coodie_core.codecs import encode_param
from coodie_core.consistency import Consistency, SerialConsistency
from coodie_core.exceptions import InvalidQueryError
from coodie_core.operation import Operation
from coodie_core.options import WriteOptions, write_options
from coodie_core.registry import DEFAULT_NAME
from coodie_core.results import LWTResult
from coodie_core.retrying import RetryPolicy, SpeculativePolicy
from coodie_core.schema import Table
from coodie_core.statement import BatchKind, BatchStatement, Statement


class BatchState(StrEnum):
    """Where a batch is in its life."""

    OPEN = "open"
    SENT = "sent"
    DISCARDED = "discarded"


class BaseBatch:
    """Collects writes, to be sent in one request; the batch classes of both APIs add the sending.

    Args:
        logged: Whether the server makes sure that all of the writes take place or none; that costs a round of its own.
            An unlogged batch is for several rows of one partition.
        batch_type: ``"LOGGED"``, ``"UNLOGGED"`` or ``"COUNTER"``, instead of *logged*. Counter updates make
            a batch a counter batch by themselves.
        timestamp: The time of all writes in it: microseconds since 1970, or a timezone-aware datetime.
        connection: The connection that sends it; by default that of the documents in it.
        consistency: A consistency level, its name or its number.
        timeout: Seconds to wait for the answer.
        serial_consistency: ``"SERIAL"`` or ``"LOCAL_SERIAL"``, for a batch with conditions.
        strict: Whether a batch that servers punish is an error instead of a `BatchWarning`: one that writes to more
            than 10 partitions, or to several and holds more than 5 KiB.
        retry: When it is sent again after a failure, if not as the connection says.
        speculative: When it is sent to a further node because the first is slow, if not as the connection says; only
            a batch of writes that may be sent twice is.

    Raises:
        InvalidQueryError: An argument cannot be.
    """

    def __init__(
        self,
        logged: bool = True,
        batch_type: str | None = None,
        timestamp: int | datetime | None = None,
        *,
        connection: str | None = None,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        serial_consistency: SerialConsistency | None = None,
        strict: bool = False,
        retry: RetryPolicy | None = None,
        speculative: SpeculativePolicy | None = None,
    ) -> None:
        self._kind = _kind(logged, batch_type)
        self._options: WriteOptions = write_options(
            timestamp=timestamp,
            consistency=consistency,
            timeout=timeout,
            serial_consistency=serial_consistency,
            retry=retry,
            speculative=speculative,
        )
        self._strict = strict
        self._connection = connection
        self._statements: list[Statement] = []
        self._connections: set[str | None] = set()
        self._state = BatchState.OPEN
        self._result: LWTResult | None = None
        self._conditional_tables: set[Table] = set()
        self._partitions: set[tuple[Any, ...]] = set()
        self._follow_ups: list[Callable[[LWTResult], Operation[None]]] = []

    api: ClassVar[str | None] = None
    """The API that sends it, such as ``"coodie.sync"``."""

    @property
    def connection(self) -> str | None:
        """The name of the connection that sends the batch; None for the default one."""
        return self._connection or next(iter(self._connections), None)

    @property
    def result(self) -> LWTResult | None:
        """After the batch was sent: whether its conditions held. None before, and for a batch without conditions."""
        return self._result

    @property
    def is_open(self) -> bool:
        """Whether writes can still be added: the batch was neither sent nor discarded."""
        return self._state is BatchState.OPEN

    def add(
        self,
        statement: Statement | str,
        params: Sequence[Any] = (),
        *,
        connection: str | None = None,
        idempotent: bool = False,
    ) -> None:
        """Add a write to the batch; nothing is sent yet.

        Args:
            statement: An INSERT, UPDATE or DELETE, as CQL text with ``?`` markers. In a counter batch
                (``batch_type="COUNTER"``) an UPDATE of counters.
            params: The values for the markers.
            connection: The connection of the document that is written, if it has one of its own.
            idempotent: Whether a text may be sent twice, which coodie cannot see. One that may not makes the batch so.

        Raises:
            InvalidQueryError: The batch was sent or discarded already, or the write does not fit the others in it.

        Example:
            ```python
            batch.add("UPDATE users SET name = ? WHERE id = ?", ["Bob", user_id])
            ```
        """
        self._check_open("add()")
        if isinstance(statement, str):
            counter = self._kind is BatchKind.COUNTER
            given = Statement(statement, tuple(map(encode_param, params)), counter=counter, idempotent=idempotent)
            self._append(given)
        else:
            self._check_connection(connection)
            self._append(statement)
            self._connections.add(connection)

    def add_write(
        self, statement: Statement, table: Table, partition: tuple[Any, ...], *, connection: str | None = None
    ) -> None:
        """Add a document's write, of which is known where it goes.

        Args:
            statement: The write.
            table: The document's table.
            partition: The values of its partition key.
            connection: The document's connection.

        Raises:
            InvalidQueryError: The batch was sent or discarded already, or the write does not fit the others in it.
        """
        self.add(statement, connection=connection)
        self._partitions.add(_name_of_partition(table, partition))
        if statement.conditional:
            self._conditional_tables.add(table)

    def afterwards(self, follow_up: Callable[[LWTResult], Operation[None]]) -> None:
        """Have *follow_up* carried out with the outcome, once the batch was sent and answered."""
        self._follow_ups.append(follow_up)

    @property
    def follow_ups(self) -> Sequence[Callable[[LWTResult], Operation[None]]]:
        """What is to be done once the batch was sent and answered."""
        return self._follow_ups

    @property
    def strict(self) -> bool:
        """Whether a batch that servers punish is an error."""
        return self._strict

    @property
    def conditional_table(self) -> Table | None:
        """The table whose rows the conditions are about, where it is known: servers allow a single one."""
        return next(iter(self._conditional_tables)) if len(self._conditional_tables) == 1 else None

    def concern(self) -> str | None:
        """Return why servers punish this batch, or None."""
        if len(self._partitions) < 2:
            return None  # whatever its size
        size = size_of(value for statement in self._statements for value in statement.params)
        return concern(self._kind, len(self._partitions), size)

    def _append(self, statement: Statement) -> None:
        self._check_fits(statement)
        self._statements.append(statement)

    def __len__(self) -> int:
        return len(self._statements)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._kind}, {len(self)} statements, {self._state}>"

    def closed_as(self, state: BatchState) -> BatchStatement | None:
        """End the batch, and return the request that carries it out; None if there is nothing in it.

        Raises:
            InvalidQueryError: The batch was sent or discarded already.
        """
        self._check_open("execute()")
        self._state = state
        if not self._statements:
            return None
        return BatchStatement(tuple(self._statements), self._kind, self._options.execution, self._options.timestamp)

    def keep_result(self, result: LWTResult) -> None:
        """Keep what the server answered to a conditional batch."""
        self._result = result

    def _check_open(self, asked: str) -> None:
        if self._state is not BatchState.OPEN:
            raise InvalidQueryError(
                f"{type(self).__name__}.{asked}: this batch was {self._state} already. Open a new one."
            )

    def _check_connection(self, connection: str | None) -> None:
        if connection in self._connections:
            return  # checked before
        used = {self._connection} if self._connection else self._connections
        wanted = self._name_of(connection)
        others = {self._name_of(name) for name in used} - {wanted}
        if others:
            raise InvalidQueryError(
                f"{type(self).__name__}: a batch goes to one connection, and this write is for {wanted!r} while the "
                f"batch goes to {others.pop()!r}. Use a batch for each connection."
            )

    def _name_of(self, connection: str | None) -> str:
        """Return the name of the connection that *connection* means."""
        return connection or DEFAULT_NAME

    def _check_fits(self, statement: Statement) -> None:
        if self._statements and statement.counter != self._statements[0].counter:
            raise InvalidQueryError(
                f"{type(self).__name__}: counter updates and other writes cannot be in one batch. Use a batch for each."
            )
        if statement.counter:
            self._kind = BatchKind.COUNTER
        elif self._kind is BatchKind.COUNTER:
            raise InvalidQueryError(f"{type(self).__name__}: a counter batch holds counter updates only.")


def _name_of_partition(table: Table, partition: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what is equal for equal partitions, of values that may not be hashable."""
    name = (table.settings.keyspace, table.name, partition)
    try:
        _ = hash(name)
    except TypeError:
        return (*name[:2], repr(partition))
    return name


def _kind(logged: bool, batch_type: str | None) -> BatchKind:
    if batch_type is None:
        return BatchKind.LOGGED if logged else BatchKind.UNLOGGED
    try:
        return BatchKind(str(batch_type).upper())
    except ValueError:
        raise InvalidQueryError(
            f"batch_type={batch_type!r}: there is no such kind of batch. Use {', '.join(BatchKind)}."
        ) from None
