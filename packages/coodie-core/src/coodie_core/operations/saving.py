"""What a save writes: which fields, and whether as whole values or as changes of elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from coodie_core.codecs.scalars import Convert
from coodie_core.cql_builder import Assignment, Cql, Restriction, build_insert, build_update
from coodie_core.document import BaseDocument, stored_values
from coodie_core.exceptions import InvalidQueryError, UnstorableValue
from coodie_core.hydration import values_of_empty_columns
from coodie_core.options import NO_OPTIONS, WriteOptions
from coodie_core.schema import Table
from coodie_core.validation import all_encoded, encoded

#: Types whose values are equal for the server exactly where the encoded ones are equal in Python. Of others, such as
#: NaN or a user-defined type, an element might count as both added and removed, and removing wins.
COMPARED_ALIKE = frozenset(
    [
        "ascii",
        "bigint",
        "blob",
        "boolean",
        "date",
        "inet",
        "int",
        "smallint",
        "text",
        "time",
        "timestamp",
        "timeuuid",
        "tinyint",
        "uuid",
        "varint",
    ]
)


def save_statement(
    table: Table,
    keyspace: str | None,
    document: BaseDocument,
    written: Mapping[str, Any],
    options: WriteOptions,
    *,
    known: Mapping[str, Any],
    conditions: Sequence[Restriction] = (),
    if_exists: bool = False,
) -> Cql:
    """Return the statement that saves *written*: an INSERT, or an UPDATE where elements of collections change.

    An INSERT replaces collections, which leaves a tombstone and undoes what others added; and it takes no conditions.
    An UPDATE makes no row of its own, so that one without any value would vanish: such a document is inserted.

    Args:
        table: The document's table.
        keyspace: That of the connection.
        document: The document.
        written: What is to be saved of it.
        options: Those of the write.
        known: What the row is known to hold.
        conditions: What must hold of the row.
        if_exists: Whether the row must exist.
    """
    before: Mapping[str, Any] = {} if options.ttl is not None else known
    changes = {
        name: assignments
        for name in table.collections_of_cells & before.keys() & written.keys()
        if (assignments := element_changes(table, name, before[name], written[name]))
    }
    if conditions or if_exists or (changes and _keeps_a_value(table, document)):
        assignments = assignments_for(table, written, changes)
        concerned = columns_of(assignments, conditions)
        return build_update(
            table.name,
            table.keyspace_in(keyspace),
            assignments=assignments,
            where=row_written(table, key_of(table, document, "save()"), concerned),
            conditions=conditions,
            if_exists=if_exists,
            ttl=options.ttl,
            timestamp=options.timestamp,
        )
    return insert_statement(table, table.keyspace_in(keyspace), written, options)


def insert_statement(
    table: Table,
    keyspace: str,
    written: Mapping[str, Any],
    options: WriteOptions,
    *,
    if_not_exists: bool = False,
) -> Cql:
    """Return the INSERT of *written*."""
    values = all_encoded(table, written)
    if options is not NO_OPTIONS:
        ttl, timestamp = options.ttl, options.timestamp
        return build_insert(
            table.name, keyspace, values=values, if_not_exists=if_not_exists, ttl=ttl, timestamp=timestamp
        )
    return Cql(insert_text(table, keyspace, values, if_not_exists), tuple(values.values()))


def insert_text(table: Table, keyspace: str, values: Mapping[str, Any], if_not_exists: bool) -> str:
    """Return the text of an INSERT without options, made once for the names of *values*."""
    shape = ("insert", keyspace, if_not_exists, *values)
    text: str | None = table.memory.get(shape)
    return text or table.memory.of(
        shape, lambda: build_insert(table.name, keyspace, values=values, if_not_exists=if_not_exists).cql
    )


def assignments_for(
    table: Table,
    written: Mapping[str, Any],
    changes: Mapping[str, Sequence[Assignment]] | None = None,
) -> list[Assignment]:
    """Return what an UPDATE sets of *written*, whose key it names already: whole values, but for *changes*."""
    whole = {name: value for name, value in written.items() if not table.by_name[name].is_primary_key}
    return [
        assignment
        for name, value in whole.items()
        for assignment in (changes or {}).get(name, [Assignment(name, "set", encoded(table, name, value))])
    ]


def element_changes(table: Table, name: str, before: Any, after: Any) -> list[Assignment]:
    """Return the element operations that make *after* of *before*; none where the value is to be written as a whole.

    It is written as a whole if nothing of it stays, if it becomes empty, or if elements moved within a list; and where
    the field is a model around a collection, in which nobody knows what changed.
    """
    cql = table.types[name]
    if not (cql.is_collection and cql.is_multicell and after and issubclass(type(after), _COLLECTIONS)):
        return []
    changed = _ELEMENT_CHANGES[cql.name](before or type(after)(), after)
    if changed is None:
        return []
    added, removed, adding = changed
    given = encoded(table, name, added) if added else ()
    gone = _encoded_keys(table, name, removed) if removed else frozenset[Any]()
    if removed and (cql.arguments[0].name not in COMPARED_ALIKE or not gone.isdisjoint(given)):
        return []
    additions = [Assignment(name, adding, given)] if added else []
    removals = [Assignment(name, "remove", tuple(gone))] if removed else []
    return additions + removals


_COLLECTIONS = (list, tuple, set, frozenset, dict)

#: What is added, what is removed, and the kind of assignment that adds; None where the whole is to be written.
_Changes = tuple[Any, Any, str]


def _list_changes(before: Sequence[Any], after: Sequence[Any]) -> _Changes | None:
    extra = len(after) - len(before)
    if extra > 0 and after[: len(before)] == before:
        return after[len(before) :], None, "append"
    if extra > 0 and after[extra:] == before:
        return after[:extra], None, "prepend"
    return None


def _set_changes(before: Any, after: Any) -> _Changes | None:
    if before and before.isdisjoint(after):
        return None
    return after - before, before - after, "append"


def _map_changes(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> _Changes | None:
    if before and before.keys().isdisjoint(after):
        return None
    put = {key: value for key, value in after.items() if key not in before or before[key] != value}
    return put, {key: before[key] for key in before.keys() - after.keys()}, "append"


_ELEMENT_CHANGES: Mapping[str, Callable[[Any, Any], _Changes | None]] = {
    "list": _list_changes,
    "set": _set_changes,
    "map": _map_changes,
}


def _encoded_keys(table: Table, name: str, elements: Any) -> frozenset[Any]:
    """Return the elements of a set, or the keys of a map, as the driver takes them."""
    keys: Iterable[Any] = encoded(table, name, elements)
    return frozenset(keys)


def _keeps_a_value(table: Table, document: BaseDocument) -> bool:
    """Whether the document's row holds something besides its key, without which an UPDATE makes no row."""
    return any(
        not is_empty(table, column.name, vars(document).get(column.name))
        for column in table.columns
        if not column.is_primary_key and not column.static
    )


def values_to_save(
    table: Table, document: BaseDocument, known: Mapping[str, Any], asked: str, *, rewrite: bool
) -> dict[str, Any]:
    """Return the fields that a save writes: the key, and of the others what is set and not known to be stored already.

    A field that nobody set and that is empty is not written: null would delete another writer's value, and
    leave a tombstone. A field that was set to None is written, which deletes what the column holds.

    Args:
        table: The document's table.
        document: The document.
        known: What its row is known to hold (see `known_values`).
        asked: What was asked, for the error.
        rewrite: Whether to write also what did not change, as a new TTL needs.

    Raises:
        InvalidQueryError: A column of the primary key has no value.
        UnstorableValue: A value would be lost, or the row could not be read any more.
    """
    held, given, key = vars(document), document.__pydantic_fields_set__, table.primary_key
    refuse_missing_key(table, held, asked)
    refuse_extra_values(table, document)
    values: dict[str, Any] = {}
    for name in table.column_names:
        if name not in held:
            continue
        value = held[name]
        if name in key:
            must_be_written = True
        elif name not in known:
            must_be_written = name in given or not is_empty(table, name, value)
        else:
            stays_empty = is_empty(table, name, value) and is_empty(table, name, known[name])
            must_be_written = not stays_empty and (rewrite or known[name] != value)
        if must_be_written:
            if value is None and name in needing_a_value(table):
                raise UnstorableValue(
                    "it is None, and the field needs a value, so the row could not be read any more. Make it "
                    "`X | None`, or give it a default."
                ).named(table.document, name)
            values[name] = value
    return values


def needing_a_value(table: Table) -> frozenset[str]:
    """Return the columns of which a row that is read must have a value."""

    def work_out() -> frozenset[str]:
        return frozenset(table.column_names) - values_of_empty_columns(table, table.column_names).keys()

    kept: frozenset[str] | None = table.memory.get("needing a value")
    return kept if kept is not None else table.memory.of("needing a value", work_out)


def refuse_extra_values(table: Table, document: BaseDocument) -> None:
    """Raise for a value that is no field, as ``extra="allow"`` lets documents have: no column would hold it.

    Raises:
        UnstorableValue: There is one.
    """
    if table.allows_extra_values and document.__pydantic_extra__:
        raise UnstorableValue(
            "the table has no such column, so the value would be lost. Declare the field, or take it out of the "
            "document."
        ).named(table.document, next(iter(document.__pydantic_extra__)))


def is_unchanged(table: Table, known: Mapping[str, Any], written: Mapping[str, Any]) -> bool:
    """Whether a save of *written* would change nothing of a row that was read or written before.

    Its key alone is not sent: if another writer deleted the row, that would leave one without values.
    """
    return bool(known) and written.keys() <= set(table.primary_key)


def known_values(table: Table, document: BaseDocument) -> Mapping[str, Any]:
    """Return what the document's row is known to hold; nothing of a new document, or of one with another key."""
    known = stored_values(document)
    if known is None:
        return {}
    held = vars(document)
    for name in table.primary_key:
        if name in known and known[name] != held.get(name):
            return {}
    return known


def is_empty(table: Table, name: str, value: Any) -> bool:
    """Whether a column holds nothing when it holds *value*: CQL stores empty non-frozen collections as null."""
    return value is None or (name in table.collections_of_cells and not value)


def normalise(table: Table, document: BaseDocument) -> None:
    """Give the document the values that its columns will hold, so that it equals what is read back."""
    held = vars(document)
    for name, normalised in normalisers(table).items():
        value = held.get(name)
        if value is not None:
            held[name] = normalised(value)


def normalisers(table: Table) -> Mapping[str, Convert]:
    """Return what gives a value as it will be read back, for the columns that may hold it in another way."""
    kept: Mapping[str, Convert] | None = table.memory.get("normalisers")
    return kept if kept is not None else table.memory.of("normalisers", lambda: _make_normalisers(table))


def _make_normalisers(table: Table) -> Mapping[str, Convert]:
    made: dict[str, Convert] = {}
    for name, codec in table.codecs.items():
        if name in table.nullable and table.types[name].is_collection:
            made[name] = partial(_normalised_or_none, table, name, codec.normalise)
        elif codec.normalise is not None:
            made[name] = codec.normalise
    return made


def _normalised_or_none(table: Table, name: str, convert: Convert | None, value: Any) -> Any:
    if is_empty(table, name, value):
        return None
    return value if convert is None else convert(value)


def key_of(table: Table, document: BaseDocument, asked: str) -> list[Restriction]:
    """Return the document's primary key as restrictions.

    Raises:
        InvalidQueryError: A column of the key was not loaded.
    """
    refuse_missing_key(table, vars(document), asked)
    return [Restriction(name, "=", encoded(table, name, vars(document)[name])) for name in table.primary_key]


def columns_of(assignments: Sequence[Assignment], conditions: Sequence[Restriction]) -> list[str]:
    """Return the columns that an UPDATE writes or compares."""
    return [*(item.column for item in assignments), *(item.column for item in conditions)]


def row_written(table: Table, key: Sequence[Restriction], columns: Iterable[str]) -> list[Restriction]:
    """Return what of a row's key names what is written: of static columns alone, which a partition has once, its key.

    Args:
        table: The table.
        key: The whole primary key.
        columns: What is written, or compared in a condition.
    """
    if table.has_static_columns and all(table.by_name[name].static for name in columns):
        return [restriction for restriction in key if restriction.column in table.partition_key]
    return [*key]


def partition_of(table: Table, document: BaseDocument) -> tuple[Any, ...]:
    """Return the partition that the document's row is in: the values of its partition key, as the driver takes them."""
    return tuple(encoded(table, name, vars(document).get(name)) for name in table.partition_key)


def refuse_missing_key(table: Table, values: Mapping[str, Any], asked: str) -> None:
    """Raise unless *values* have the whole primary key.

    Raises:
        InvalidQueryError: A column of it has no value.
    """
    for name in table.primary_key:
        if values.get(name) is None:
            missing = ", ".join(name for name in table.primary_key if values.get(name) is None)
            raise InvalidQueryError(
                f"{table.document}.{asked}: {missing} has no value, and is part of the primary key."
            )
