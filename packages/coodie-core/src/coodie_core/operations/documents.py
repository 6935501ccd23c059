"""Writing single documents: save, insert, update, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from coodie_core.batch import BaseBatch
from coodie_core.cql_builder import Assignment, Restriction, build_delete, build_insert, build_update
from coodie_core.document import (
    BaseDocument,
    forget_columns,
    forget_stored,
    remember_stored,
    remember_written,
    stored_row,
)
from coodie_core.exceptions import InvalidQueryError
from coodie_core.hydration import values_of_empty_columns
from coodie_core.lookups import assignments_of, conditions_of
from coodie_core.operation import Operation
from coodie_core.operations.sending import (
    NO_PLAIN_WRITES,
    NO_WRITES,
    QUEUED,
    given_options,
    option_clash,
    refuse_on,
    write,
)
from coodie_core.options import WriteOptions
from coodie_core.results import LWTResult
from coodie_core.schema import Table, table_of
from coodie_core.validation import encoded, reasons

D = TypeVar("D", bound=BaseDocument)


def save(
    document: BaseDocument, keyspace: str | None, options: WriteOptions, batch: BaseBatch | None = None
) -> Operation[None]:
    """Write what is new or changed in *document*."""
    table = table_of(type(document))
    refuse_on(table, "save()", NO_PLAIN_WRITES)
    normalise(table, document)
    written = values_to_save(table, document, "save()", rewrite=options.ttl is not None)
    cql = build_insert(
        table.name,
        table.keyspace_in(keyspace),
        values=_encoded(table, written, "save()"),
        ttl=options.ttl,
        timestamp=options.timestamp,
    )
    result = QUEUED
    try:
        result = yield from write(table, cql, options, batch)
    finally:
        if result.applied:
            remember_written(document, written)
        else:  # it waits in a batch, or failed and may have taken place all the same
            forget_columns(document, written.keys() - set(table.primary_key))


def insert(
    document: BaseDocument, keyspace: str | None, options: WriteOptions, batch: BaseBatch | None = None
) -> Operation[LWTResult]:
    """Write *document* where no row has its key."""
    table = table_of(type(document))
    refuse_on(table, "insert()", NO_PLAIN_WRITES)
    normalise(table, document)
    written = values_to_save(table, document, "insert()", rewrite=True)
    cql = build_insert(
        table.name,
        table.keyspace_in(keyspace),
        values=_encoded(table, written, "insert()"),
        if_not_exists=True,
        ttl=options.ttl,
        timestamp=options.timestamp,
    )
    result = yield from write(table, cql, options, batch, conditional=True)
    if result.applied:
        remember_written(document, written)
    return result


def update(
    document: BaseDocument,
    keyspace: str | None,
    changes: Mapping[str, Any],
    options: WriteOptions,
    batch: BaseBatch | None = None,
    *,
    if_conditions: Mapping[str, Any] | None = None,
    if_exists: bool = False,
) -> Operation[LWTResult]:
    """Write *changes* to the document's row, and take them over into the document once they are applied."""
    table = table_of(type(document))
    refuse_on(table, "update()", NO_PLAIN_WRITES)
    option_clash(
        table, "update", {**given_options(options, batch), "if_conditions": if_conditions, "if_exists": if_exists}
    )
    if not changes:
        raise InvalidQueryError(f"{table.document}.update(): name at least one field to change.")
    conditions = conditions_of(table, "update", if_conditions)
    assignments = assignments_of(table, "update", changes)
    accepted = validated_changes(document, {name: value for name, value in changes.items() if name in table.by_name})
    cql = build_update(
        table.name,
        table.keyspace_in(keyspace),
        assignments=[_as_accepted(table, assignment, accepted) for assignment in assignments],
        where=key_of(table, document, "update()"),
        conditions=conditions,
        if_exists=if_exists,
        ttl=options.ttl,
        timestamp=options.timestamp,
    )
    result = yield from write(table, cql, options, batch, conditional=bool(conditions) or if_exists)
    if result.applied:
        _take_over(document, accepted)
    return result


def delete(
    document: BaseDocument,
    keyspace: str | None,
    options: WriteOptions,
    batch: BaseBatch | None = None,
    *,
    if_conditions: Mapping[str, Any] | None = None,
    if_exists: bool = False,
) -> Operation[LWTResult]:
    """Delete the document's row."""
    table = table_of(type(document))
    refuse_on(table, "delete()", NO_WRITES)
    conditions = conditions_of(table, "delete", if_conditions)
    cql = build_delete(
        table.name,
        table.keyspace_in(keyspace),
        where=key_of(table, document, "delete()"),
        conditions=conditions,
        if_exists=if_exists,
        timestamp=options.timestamp,
    )
    conditional = bool(conditions) or if_exists
    before = stored_row(document)
    forget_stored(document)  # also while it waits in a batch, or if it fails and may have taken place all the same
    result = yield from write(table, cql, options, batch, conditional=conditional, counter=_is_counter(table))
    if result.applied is False and before is not None:
        remember_stored(document, before)
    return result


def delete_columns(
    document: BaseDocument,
    keyspace: str | None,
    columns: Sequence[str],
    options: WriteOptions,
    batch: BaseBatch | None = None,
) -> Operation[None]:
    """Delete single columns of the document's row."""
    table = table_of(type(document))
    refuse_on(table, "delete_columns()", NO_PLAIN_WRITES)
    if not columns:
        raise InvalidQueryError(
            f"{table.document}.delete_columns(): name at least one field. delete() deletes the row."
        )
    for name in columns:
        if table.column(name, f"delete_columns({name!r})").is_primary_key:
            raise InvalidQueryError(
                f"{table.document}.delete_columns({name!r}): a column of the primary key cannot be deleted."
            )
    cql = build_delete(
        table.name,
        table.keyspace_in(keyspace),
        where=key_of(table, document, "delete_columns()"),
        columns=columns,
        timestamp=options.timestamp,
    )
    result = yield from write(table, cql, options, batch)
    if result.applied:
        _take_over(document, values_of_empty_columns(table, columns))


def values_to_save(table: Table, document: BaseDocument, asked: str, *, rewrite: bool) -> dict[str, Any]:
    """Return the fields that a save writes: the key, and of the others what is set and not known to be stored already.

    A field that nobody set and that is empty is not written: null would delete another writer's value, and
    leave a tombstone. A field that was set to None is written, which deletes what the column holds.

    Args:
        table: The document's table.
        document: The document.
        asked: What was asked, for the error.
        rewrite: Whether to write also what did not change, as a new TTL needs.

    Raises:
        InvalidQueryError: A column of the primary key has no value.
    """
    values = {name: vars(document)[name] for name in table.column_names if name in vars(document)}
    _refuse_missing_key(table, values, asked)
    stored = stored_row(document)
    known: Mapping[str, Any] = stored.values() if stored is not None else {}
    if any(name in known and known[name] != values[name] for name in table.primary_key):
        known = {}  # another key is another row, of which nothing is known

    def must_be_written(name: str, value: Any) -> bool:
        if table.by_name[name].is_primary_key:
            return True
        if name not in known:
            return name in document.model_fields_set or not is_empty(table, name, value)
        stays_empty = is_empty(table, name, value) and is_empty(table, name, known[name])
        return not stays_empty and (rewrite or known[name] != value)

    return {name: value for name, value in values.items() if must_be_written(name, value)}


def is_empty(table: Table, name: str, value: Any) -> bool:
    """Whether a column holds nothing when it holds *value*: CQL stores empty non-frozen collections as null."""
    return value is None or (not value and table.types[name].is_collection and table.types[name].is_multicell)


def normalise(table: Table, document: BaseDocument) -> None:
    """Give the document the values that its columns will hold, so that it equals what is read back."""
    for name, codec in table.codecs.items():
        value = vars(document).get(name)
        if value is None:
            continue
        if codec.normalise is not None:
            vars(document)[name] = codec.normalise(value)
        if name in table.nullable and is_empty(table, name, value):
            vars(document)[name] = None


def key_of(table: Table, document: BaseDocument, asked: str) -> list[Restriction]:
    """Return the document's primary key as restrictions.

    Raises:
        InvalidQueryError: A column of the key was not loaded.
    """
    _refuse_missing_key(table, vars(document), asked)
    return [Restriction(name, "=", encoded(table, name, vars(document)[name], asked)) for name in table.primary_key]


def validated_changes(document: BaseDocument, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return *changes* as the document's own validators make them, with the document itself left as it is.

    Raises:
        InvalidQueryError: A validator refuses them.
    """
    table, trial = table_of(type(document)), document.model_copy()
    try:
        for name, value in changes.items():
            _ = type(document).__pydantic_validator__.validate_assignment(trial, name, value)
    except ValidationError as error:
        raise InvalidQueryError(f"{table.document}.update({', '.join(changes)}): {reasons(error)}.") from None
    normalise(table, trial)
    return {name: vars(trial)[name] for name in changes}


def _as_accepted(table: Table, assignment: Assignment, accepted: Mapping[str, Any]) -> Assignment:
    """Return the assignment with what the document's validators made of its value, so that the row equals it."""
    if assignment.operation != "set":
        return assignment
    return assignment._replace(value=encoded(table, assignment.column, accepted[assignment.column], "update()"))


def _encoded(table: Table, values: Mapping[str, Any], asked: str) -> dict[str, Any]:
    return {name: encoded(table, name, value, asked) for name, value in values.items()}


def _refuse_missing_key(table: Table, values: Mapping[str, Any], asked: str) -> None:
    missing = [name for name in table.primary_key if values.get(name) is None]
    if missing:
        raise InvalidQueryError(
            f"{table.document}.{asked}: {', '.join(missing)} has no value, and is part of the primary key."
        )


def _take_over(document: BaseDocument, values: Mapping[str, Any]) -> None:
    vars(document).update(values)
    document.model_fields_set.update(values)
    remember_written(document, values)


def _is_counter(table: Table) -> bool:
    return any(column.counter for column in table.columns)
