"""Finding out what became of a conditional write whose answer did not come.

The row is read at the serial consistency level, which first completes what was agreed on and not yet written
(Apache Cassandra from 4.0 on, CASSANDRA-12126). What it then shows is taken for an answer only where it is one:

- It holds all that was written: the write took place. Others may write equal values, so that an answer that must be
  certain needs a value that only this writer writes, such as a UUID.
- Somebody else made the row, or counted its version: the write was refused.
- The condition holds, and would not if the write had taken place: the write was lost. That is said only of one that the
  server itself gave up; one whose connection broke may still be on its way.

In all other cases somebody changed the row since, and nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from coodie_core.cql_builder import Restriction, build_select
from coodie_core.document import BaseDocument
from coodie_core.exceptions import ClientTimeout, DatabaseError, NoHostAvailable, OutcomeUnknown, WriteLost
from coodie_core.hydration import row_values, values_of_empty_columns
from coodie_core.operation import Operation
from coodie_core.operations.saving import is_empty, key_of, row_written
from coodie_core.results import LWTResult
from coodie_core.schema import Table
from coodie_core.statement import ExecutionOptions, Rows, Statement
from coodie_core.validation import encoded, validated

#: How often the row is looked at while looking fails as well.
LOOKS = 3

#: After these the server may still be at work: it is this side that stopped waiting.
_STILL_UNDER_WAY = (ClientTimeout, NoHostAvailable)


class Verdict(Enum):
    """What a row shows of a write."""

    APPLIED = "it took place"
    REFUSED = "its condition did not hold"
    LOST = "its condition holds, and it did not take place"
    UNKNOWN = "nobody knows"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a conditional write was to do.

    Attributes:
        table: The table.
        keyspace: Its keyspace.
        where: The row's key.
        values: What the row holds afterwards, as documents have it; None if it is gone.
        is_whole: Whether *values* are all that was written; changes of elements are not among them.
        conditions: What had to hold.
        makes_row: Whether the condition was that there is no row.
    """

    table: Table
    keyspace: str
    where: Sequence[Restriction]
    values: Mapping[str, Any] | None
    is_whole: bool = True
    conditions: Sequence[Restriction] = ()
    makes_row: bool = False


def intent_of(
    table: Table,
    keyspace: str,
    document: BaseDocument,
    values: Mapping[str, Any] | None,
    conditions: Sequence[Restriction] = (),
    *,
    is_whole: bool = True,
    makes_row: bool = False,
) -> Intent:
    """Return what a conditional write of a document is to do."""
    where = key_of(table, document, "on_unknown=")
    if values is not None and not makes_row:
        written = {*values, *(item.column for item in conditions)} - {*table.primary_key}
        where = row_written(table, where, written)
    return Intent(table, keyspace, where, values, is_whole, conditions, makes_row)


def values_set(table: Table, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that ``update(name=...)`` sets as a whole, with the values that are read back afterwards."""
    values: dict[str, Any] = {}
    for name in changes.keys() & table.by_name.keys():
        value = validated(table, name, changes[name], f"update({name}=...)")
        normalise = table.codecs[name].normalise
        values[name] = value if normalise is None or value is None else normalise(value)
    return values


def resolved(statement: Statement, intent: Intent, error: OutcomeUnknown) -> Operation[LWTResult]:
    """Look what became of *statement*, and return its outcome.

    Raises:
        WriteLost: It did not take place, and its condition holds.
        OutcomeUnknown: Nobody knows; *error* itself, with the row that was found.
    """
    reading = look_at(intent, statement.options)
    for _ in range(LOOKS):
        try:
            answer = yield reading
        except DatabaseError:
            continue
        row = found_row(intent.table, answer)
        match verdict(intent, row, still_under_way=isinstance(error, _STILL_UNDER_WAY)):
            case Verdict.APPLIED:
                return LWTResult(applied=True)
            case Verdict.REFUSED:
                return LWTResult(applied=False, existing=row)
            case Verdict.LOST:
                raise lost(error) from error
            case Verdict.UNKNOWN:
                error.found = row or {}
                break
    raise error


def lost(error: OutcomeUnknown) -> WriteLost:
    """Return the exception for a write that did not take place, after *error*."""
    return WriteLost(
        "The answer to a conditional write did not come, and the row shows that the write did not take place; its "
        "condition holds, so that it can be tried again. __cause__ says what went wrong.",
        statement=error.statement,
        keyspace=error.keyspace,
        consistency=error.consistency,
        hosts=error.hosts,
        applied=False,
    )


def look_at(intent: Intent, options: ExecutionOptions) -> Statement:
    """Return the serial read of the row, at the level at which the condition was to be checked."""
    table = intent.table
    cql = build_select(table.name, intent.keyspace, columns=table.column_names, where=intent.where, limit=1)
    execution = replace(options, consistency=None)
    return Statement(cql.cql, cql.params, execution, idempotent=True, serial=True)


def found_row(table: Table, answer: Rows) -> dict[str, Any] | None:
    """Return the row that was read, as documents have it, or None."""
    if not answer.rows:
        return None
    values = dict(zip(answer.columns, answer.rows[0], strict=True))
    empty = [name for name, value in values.items() if value is None and table.types[name].is_collection]
    return {**row_values(table, values), **values_of_empty_columns(table, empty)}


def verdict(intent: Intent, row: Mapping[str, Any] | None, *, still_under_way: bool) -> Verdict:
    """Return what *row* shows of the write.

    Args:
        intent: What the write was to do.
        row: The row that is there now, or None.
        still_under_way: Whether the write may still take place.
    """
    if _shows_it(intent, row):
        return Verdict.APPLIED
    if _is_anothers(intent, row):
        return Verdict.REFUSED
    if not still_under_way and _was_lost(intent, row):
        return Verdict.LOST
    return Verdict.UNKNOWN


def _shows_it(intent: Intent, row: Mapping[str, Any] | None) -> bool:
    if intent.values is None or row is None:
        return intent.values is None and row is None
    return intent.is_whole and all(_is_same(intent.table, name, row, value) for name, value in intent.values.items())


def _is_same(table: Table, name: str, row: Mapping[str, Any], value: Any) -> bool:
    found = row.get(name)
    both_empty = is_empty(table, name, found) and is_empty(table, name, value)
    return both_empty or bool(found == value)


def _was_lost(intent: Intent, row: Mapping[str, Any] | None) -> bool:
    """Whether the condition holds, and the write would have made an end of that."""
    if intent.makes_row:
        return row is None
    if row is None or not all(_holds(intent.table, condition, row) for condition in intent.conditions):
        return False
    return intent.values is None or any(
        not _holds(intent.table, condition, intent.values)
        for condition in intent.conditions
        if condition.column in intent.values
    )


def _holds(table: Table, condition: Restriction, row: Mapping[str, Any]) -> bool:
    """Whether an equality holds; of other comparisons nothing is said."""
    name, value = condition.column, row.get(condition.column)
    if condition.operator != "=":
        return False
    return bool((None if is_empty(table, name, value) else encoded(table, name, value)) == condition.value)


def _is_anothers(intent: Intent, row: Mapping[str, Any] | None) -> bool:
    """Whether somebody else wrote the row, or the version that this write would have counted.

    A version is only ever counted up, one for each write. A row that was just made is another's if it holds nothing of
    what was to be written: its maker's values would all have to be replaced since.
    """
    table = intent.table
    if row is None or intent.values is None:
        return False
    version = table.version_field
    if version is not None and version in intent.values:
        return bool(row.get(version) == intent.values[version]) and intent.is_whole
    given = {name: value for name, value in intent.values.items() if not table.by_name[name].is_primary_key}
    told = {name: value for name, value in given.items() if not is_empty(table, name, value)}
    return intent.makes_row and bool(told) and not any(_is_same(table, name, row, told[name]) for name in told)
