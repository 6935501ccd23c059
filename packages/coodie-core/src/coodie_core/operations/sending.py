"""The steps that many operations share: send now or add to a batch, and read the answer of a conditional write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coodie_core.batch import BaseBatch
from coodie_core.codecs.plain import decode_value
from coodie_core.consistency import SERIAL_LEVELS
from coodie_core.cql_builder import Cql
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError, OutcomeUnknown
from coodie_core.hydration import values_of_empty_columns
from coodie_core.operation import Operation
from coodie_core.operations.resolving import Intent, resolved
from coodie_core.operations.saving import partition_of
from coodie_core.options import NO_OPTIONS, WriteOptions
from coodie_core.results import LWTResult
from coodie_core.schema import Table, TableKind
from coodie_core.statement import DEFAULT_EXECUTION, Rows, Statement

#: The column of a conditional write's answer that tells whether it was applied (CQL native protocol; both servers).
APPLIED = "[applied]"

#: A write without a condition that the server confirmed.
WRITTEN = LWTResult(applied=True)
#: A write that waits in a batch.
QUEUED = LWTResult(applied=None)


def write(
    table: Table,
    cql: Cql,
    options: WriteOptions,
    batch: BaseBatch | None = None,
    *,
    idempotent: bool,
    conditional: bool = False,
    counter: bool = False,
    connection: str | None = None,
    document: BaseDocument | None = None,
    intent: Intent | None = None,
) -> Operation[LWTResult]:
    """Send a write, or add it to *batch*, and return its outcome.

    Args:
        table: The table.
        cql: The statement.
        options: Its options.
        batch: The batch that it is added to, if there is one.
        idempotent: Whether it leaves the same when it is sent twice. A conditional one, or one of counters, never does.
        conditional: Whether it is a lightweight transaction.
        counter: Whether it changes counters.
        connection: The connection, where it is not that of the table.
        document: Whose row a batch writes.
        intent: What a conditional write does, by which to find out what became of it.
    """
    if options is not NO_OPTIONS:
        _check_options(table, options, batch, conditional=conditional)
    if batch is not None:
        _check_takes(batch, table, options)
        _check_api(batch, document)
    statement = Statement(
        cql.cql,
        cql.params,
        options.execution,
        None,  # by place, in half the time
        True,
        conditional,
        counter,
        idempotent and not conditional and not counter,
    )
    if batch is not None:
        partition = () if document is None else partition_of(table, document)
        batch.add_write(statement, table, partition, connection=connection or table.settings.connection)
        return QUEUED
    try:
        answer = yield statement
    except OutcomeUnknown as error:
        if intent is None or not options.resolves:
            raise
        return (yield from resolved(statement, intent, error))
    return lwt_result(table, answer) if conditional else WRITTEN


def _check_options(table: Table, options: WriteOptions, batch: BaseBatch | None, *, conditional: bool) -> None:
    """Refuse options that this write cannot have."""
    if conditional and options.timestamp is not None:
        raise InvalidQueryError(
            f"{table.document}: a conditional write takes no timestamp: the server gives it one of its own."
        )
    if (level := options.execution.consistency) is not None and level in SERIAL_LEVELS:
        raise InvalidQueryError(
            f"{table.document}: {level.name} is no consistency level for writes. "
            f"Give it as serial_consistency=, which is how the condition of a write is checked."
        )
    _check_resolves(table, options, batch, conditional=conditional)


def _check_resolves(table: Table, options: WriteOptions, batch: BaseBatch | None, *, conditional: bool) -> None:
    """Refuse to find out what became of a write where that cannot be, or is of no use."""
    if options.resolves and batch is not None:
        raise InvalidQueryError(
            f"{table.document}: on_unknown='resolve' is for writes that are sent by themselves. After a batch that "
            f"ended with OutcomeUnknown, read its rows at consistency 'SERIAL'."
        )
    if options.resolves and not conditional:
        raise InvalidQueryError(
            f"{table.document}: on_unknown='resolve' is for conditional writes. One without a condition has nothing "
            f"to compare; it can be sent again if it is idempotent."
        )


def _check_takes(batch: BaseBatch, table: Table, options: WriteOptions) -> None:
    """Refuse what cannot be added to a batch, or a batch that is none."""
    if not isinstance(batch, BaseBatch):
        raise InvalidQueryError(f"{table.document}: batch= takes an open batch, not {type(batch).__name__}.")
    if options.execution is not DEFAULT_EXECUTION and options.execution != DEFAULT_EXECUTION:
        raise InvalidQueryError(
            f"{table.document}: a batch has one consistency level and one timeout for all of its writes. "
            f"Give them to the batch, as in {type(batch).__name__}(consistency=..., timeout=...)."
        )


def _check_api(batch: BaseBatch, document: BaseDocument | None) -> None:
    """Refuse a document of one API in a batch of the other, whose driver would send it: perhaps to another cluster."""
    api = None if document is None else document.__coodie_api__
    if api is not None and batch.api is not None and api != batch.api:
        raise InvalidQueryError(
            f"{type(document).__name__} is a document of {api}, and this {type(batch).__name__} is one of {batch.api}. "
            f"Use the batch of {api}: each API sends through connections of its own."
        )


def lwt_result(table: Table | None, answer: Rows) -> LWTResult:
    """Return what a conditional write's answer says.

    Args:
        table: Whose values were found; None for a batch, whose values become plain Python.
        answer: The server's answer.
    """
    if not answer.rows:
        return WRITTEN
    columns, row = tuple(answer.columns), answer.rows[0]
    if row[columns.index(APPLIED)]:
        return WRITTEN
    if len(columns) == 1:
        return LWTResult(applied=False)
    if table is None:
        found = {name: decode_value(value) for name, value in zip(columns, row, strict=True)}
    else:
        decoders: _Decoders = table.memory.of(("answer", columns), lambda: _decoders(table, columns))
        found = {name: decode(value) for name, decode, value in zip(columns, decoders, row, strict=True)}
    del found[APPLIED]
    return LWTResult(applied=False, existing=found)


_Decoders = tuple[Callable[[Any], Any], ...]


def _decoders(table: Table, columns: Sequence[str]) -> _Decoders:
    """Return what gives the value of each column of an answer: as documents have it, or as plain Python."""
    return tuple(_decoder(table, name) if name in table.codecs else decode_value for name in columns)


def _decoder(table: Table, name: str) -> Callable[[Any], Any]:
    """Return what gives a column's value, and for a collection that is null what documents hold for an empty one."""
    decode = table.codecs[name].decode

    def decoded(value: Any) -> Any:
        if value is None:
            return values_of_empty_columns(table, [name]).get(name) if table.types[name].is_collection else None
        return value if decode is None else decode(value)

    return decoded


def refuse_on(table: Table, method: str, kinds: Mapping[TableKind, str]) -> None:
    """Raise for a method that this kind of table does not have.

    Raises:
        InvalidQueryError: The table is of one of *kinds*; its text says what to do instead.
    """
    if table.kind in kinds:
        raise InvalidQueryError(f"{table.document}.{method}: {kinds[table.kind]}")


READ_ONLY = "a materialized view is read-only. Write to its base table; the server keeps the view up to date."
NO_VALUES = "a counter table takes no values, only changes: use increment() or decrement()."

NO_PLAIN_WRITES: Mapping[TableKind, str] = {TableKind.VIEW: READ_ONLY, TableKind.COUNTER: NO_VALUES}
NO_WRITES: Mapping[TableKind, str] = {TableKind.VIEW: READ_ONLY}


def whole_key(table: Table, method: str, given: Sequence[str]) -> None:
    """Raise unless *given* names the whole primary key.

    Raises:
        InvalidQueryError: A column of the key is missing, or another column is named.
    """
    missing = [name for name in table.primary_key if name not in given]
    others = [name for name in given if name not in table.primary_key]
    if missing or others:
        wrong = f"{', '.join(missing)} missing" if missing else f"{', '.join(others)} is not part of it"
        raise InvalidQueryError(
            f"{table.document}.{method}: name the whole primary key ({', '.join(table.primary_key)}) "
            f"and nothing else in find(): {wrong}. Changes of many rows are not one write in CQL; "
            f"read their keys first."
        )


def given_options(options: WriteOptions, batch: BaseBatch | None) -> dict[str, Any]:
    """Return the options of a write by the names that methods have for them."""
    return {
        "ttl": options.ttl,
        "timestamp": options.timestamp,
        "consistency": options.execution.consistency,
        "timeout": options.execution.timeout,
        "serial_consistency": options.execution.serial_consistency,
        "retry": options.execution.retry,
        "speculative": options.execution.speculative,
        "on_unknown": "resolve" if options.resolves else None,
        "batch": batch,
    }


def option_clash(table: Table, method: str, options: Mapping[str, Any]) -> None:
    """Raise where an option of a method has the name of a field, so that nobody can tell which is meant.

    Raises:
        InvalidQueryError: It has, and was given.
    """
    for name, value in options.items():
        if value is not None and value is not False and name in table.by_name:
            raise InvalidQueryError(
                f"{table.document}.{method}({name}=...): {name!r} is both a field of {table.document} and an option of "
                f"{method}(). To change the field, assign it and call save(); to give the option, begin with find(...)."
            )
