"""Writing single documents: save, insert, update (which `updating` does), delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coodie_core.assignments import CollectionElements, elements_of
from coodie_core.batch import BaseBatch
from coodie_core.cql_builder import build_delete
from coodie_core.document import (
    BaseDocument,
    forget_columns,
    forget_stored,
    remember_stored,
    remember_written,
    stored_row,
)
from coodie_core.exceptions import InvalidQueryError, VersionConflict
from coodie_core.hydration import values_of_empty_columns
from coodie_core.idempotence import elements_are_idempotent, values_are_idempotent
from coodie_core.lookups import conditions_of
from coodie_core.operation import Operation
from coodie_core.operations.hooks import with_hooks
from coodie_core.operations.plain_writes import plain_delete, plain_save
from coodie_core.operations.resolving import intent_of
from coodie_core.operations.saving import (
    insert_statement,
    is_unchanged,
    key_of,
    known_values,
    normalise,
    row_written,
    save_statement,
    values_to_save,
)
from coodie_core.operations.sending import (
    NO_PLAIN_WRITES,
    NO_WRITES,
    QUEUED,
    WRITTEN,
    refuse_on,
    write,
)
from coodie_core.operations.unlooked import refuse_unread
from coodie_core.operations.updating import take_values_over
from coodie_core.operations.updating import update as update
from coodie_core.operations.versions import (
    Lock,
    lock_of,
    new_lock,
    refuse_new,
    settle,
)
from coodie_core.options import NO_OPTIONS, WriteOptions
from coodie_core.results import LWTResult
from coodie_core.schema import Table, TableKind, table_of


def save(
    document: BaseDocument,
    keyspace: str | None,
    options: WriteOptions,
    batch: BaseBatch | None = None,
    *,
    if_conditions: Mapping[str, Any] | None = None,
    if_exists: bool = False,
) -> Operation[LWTResult]:
    """Write what is new or changed in *document*."""
    write_it = _save(document, keyspace, options, batch, if_conditions=if_conditions, if_exists=if_exists)
    return with_hooks(document, "save", write_it, batch)


def _save(
    document: BaseDocument,
    keyspace: str | None,
    options: WriteOptions,
    batch: BaseBatch | None,
    *,
    if_conditions: Mapping[str, Any] | None,
    if_exists: bool,
) -> Operation[LWTResult]:
    table = table_of(type(document))
    refuse_on(table, "save()", NO_PLAIN_WRITES)
    conditions = conditions_of(table, "save", if_conditions)
    normalise(table, document)
    lock = lock_of(table, document, "save()")
    if lock is not None and lock.is_new:
        if conditions or if_exists:
            refuse_new(lock, table, "save(if_...)")
        return (yield from _write_new(document, table.keyspace_in(keyspace), options, batch, "save()"))
    if lock is not None:
        conditions, if_exists = (*conditions, lock.condition), False
    conditional = bool(conditions) or if_exists
    known = known_values(table, document)
    plain = None
    if options is NO_OPTIONS and not conditional:
        plain = plain_save(table, document, table.keyspace_in(keyspace), known)
    if plain is not None:
        cql, written = plain
    else:
        written = _changed_values(table, document, known, lock, rewrite=options.ttl is not None, needs_some=conditional)
        if options.ttl is None and is_unchanged(table, known, written):
            return WRITTEN
        cql = save_statement(
            table, keyspace, document, written, options, known=known, conditions=conditions, if_exists=if_exists
        )
    result = QUEUED
    repeatable = values_are_idempotent(table, written)
    try:
        result = yield from write(
            table,
            cql,
            options,
            batch,
            idempotent=repeatable,
            conditional=conditional,
            document=document,
            intent=intent_of(table, table.keyspace_in(keyspace), document, written, conditions)
            if options.resolves
            else None,
        )
    finally:
        if result.applied:
            remember_written(document, written)
        elif result.applied is None and (known or batch is None):
            # It waits in a batch, or failed and may have taken place all the same.
            kept = (*table.primary_key, *([lock.field] if lock else []))
            forget_columns(document, written.keys() - set(kept))
    settle(document, lock, result, batch)
    return result


def _changed_values(
    table: Table,
    document: BaseDocument,
    known: Mapping[str, Any],
    lock: Lock | None,
    *,
    rewrite: bool,
    needs_some: bool,
) -> dict[str, Any]:
    """Return what a save writes; an UPDATE must set something, so that all is written where nothing changed."""
    written = values_to_save(table, document, known, "save()", rewrite=rewrite)
    if lock is not None:
        written[lock.field] = lock.next
    if needs_some and written.keys() <= set(table.primary_key):
        written = values_to_save(table, document, known, "save()", rewrite=True)
        if written.keys() <= set(table.primary_key):
            raise InvalidQueryError(
                f"{table.document}.save(): besides the primary key nothing is set that could be written on a condition."
            )
    return written


def insert(
    document: BaseDocument, keyspace: str | None, options: WriteOptions, batch: BaseBatch | None = None
) -> Operation[LWTResult]:
    """Write *document* where no row has its key."""
    return with_hooks(document, "save", _insert(document, keyspace, options, batch), batch)


def _insert(
    document: BaseDocument, keyspace: str | None, options: WriteOptions, batch: BaseBatch | None
) -> Operation[LWTResult]:
    table = table_of(type(document))
    refuse_on(table, "insert()", NO_PLAIN_WRITES)
    try:
        return (
            yield from _write_new(document, table.keyspace_in(keyspace), options, batch, "insert()", if_not_exists=True)
        )
    except VersionConflict as conflict:
        return conflict.result


def save_new(
    document: BaseDocument, keyspace: str, options: WriteOptions, *, if_not_exists: bool, asked: str = "create()"
) -> Operation[LWTResult]:
    """Write all that is set in a document, into the table in *keyspace*; *asked* is for errors."""
    write_it = _write_new(document, keyspace, options, None, asked, if_not_exists=if_not_exists)
    return with_hooks(document, "save", write_it, None)


def _write_new(
    document: BaseDocument,
    keyspace: str,
    options: WriteOptions,
    batch: BaseBatch | None,
    asked: str,
    *,
    if_not_exists: bool = False,
) -> Operation[LWTResult]:
    """Write all of a document, whatever was known of its row."""
    table = table_of(type(document))
    normalise(table, document)
    lock = new_lock(table)
    conditional = if_not_exists or lock is not None
    known = known_values(table, document)
    plain = None
    if options is NO_OPTIONS and lock is None and not known:
        plain = plain_save(table, document, keyspace, known, if_not_exists=conditional)
    if plain is not None:
        cql, written = plain
    else:
        written = values_to_save(table, document, known, asked, rewrite=True)
        if lock is not None:
            written[lock.field] = lock.next
        cql = insert_statement(table, keyspace, written, options, if_not_exists=conditional)
    repeatable = values_are_idempotent(table, written)
    result = yield from write(
        table,
        cql,
        options,
        batch,
        idempotent=repeatable,
        conditional=conditional,
        document=document,
        intent=intent_of(table, keyspace, document, written, makes_row=True) if options.resolves else None,
    )
    if result.applied:
        remember_written(document, written)
    settle(document, lock, result, batch)
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
    write_it = _delete(document, keyspace, options, batch, if_conditions=if_conditions, if_exists=if_exists)
    return with_hooks(document, "delete", write_it, batch)


def _delete(
    document: BaseDocument,
    keyspace: str | None,
    options: WriteOptions,
    batch: BaseBatch | None,
    *,
    if_conditions: Mapping[str, Any] | None,
    if_exists: bool,
) -> Operation[LWTResult]:
    table = table_of(type(document))
    refuse_on(table, "delete()", NO_WRITES)
    conditions = conditions_of(table, "delete", if_conditions)
    lock = lock_of(table, document, "delete()")
    refuse_unread(table, document, "delete()", {condition.column for condition in conditions})
    if lock is not None:
        refuse_new(lock, table, "delete()")
        conditions, if_exists = (*conditions, lock.condition), False
    conditional = bool(conditions) or if_exists
    if options is NO_OPTIONS and not conditional:
        cql = plain_delete(table, document, table.keyspace_in(keyspace))
    else:
        cql = build_delete(
            table.name,
            table.keyspace_in(keyspace),
            where=key_of(table, document, "delete()"),
            conditions=conditions,
            if_exists=if_exists,
            timestamp=options.timestamp,
        )
    before = stored_row(document)
    forget_stored(document)  # also while it waits in a batch, or if it fails and may have taken place all the same
    result = yield from write(
        table,
        cql,
        options,
        batch,
        idempotent=True,
        conditional=conditional,
        counter=table.kind is TableKind.COUNTER,
        document=document,
        intent=intent_of(table, table.keyspace_in(keyspace), document, None, conditions) if options.resolves else None,
    )
    if result.applied is False and before is not None:
        remember_stored(document, before)
    if result.applied is False:
        settle(document, lock, result, batch)
    return result


def delete_columns(
    document: BaseDocument,
    keyspace: str | None,
    columns: Sequence[str],
    options: WriteOptions,
    batch: BaseBatch | None = None,
    *,
    collection_elements: CollectionElements | None = None,
) -> Operation[None]:
    """Delete single columns of the document's row, or single elements of its collections."""
    table = table_of(type(document))
    refuse_on(table, "delete_columns()", NO_PLAIN_WRITES)
    if table.version_field is not None:
        raise InvalidQueryError(
            f"{table.document}.delete_columns(): CQL cannot count the document's version while it deletes columns. "
            f"Set the fields to None, or take the elements out, and save() the document."
        )
    refuse_unread(table, document, "delete_columns()", None)
    elements = elements_of(table, "delete_columns", collection_elements or {})
    if not columns and not elements:
        raise InvalidQueryError(
            f"{table.document}.delete_columns(): name at least one field. delete() deletes the row."
        )
    empty = values_of_empty_columns(table, [name for name in columns if name in table.by_name])
    for name in columns:
        if table.column(name, f"delete_columns({name!r})").is_primary_key:
            raise InvalidQueryError(
                f"{table.document}.delete_columns({name!r}): a column of the primary key cannot be deleted."
            )
        if name not in empty:
            raise InvalidQueryError(
                f"{table.document}.delete_columns({name!r}): the field needs a value, so the row could not be read any "
                f"more. Make it `X | None`, or give it a default."
            )
    cql = build_delete(
        table.name,
        table.keyspace_in(keyspace),
        where=row_written(
            table, key_of(table, document, "delete_columns()"), [*columns, *(element.column for element in elements)]
        ),
        columns=columns,
        elements=elements,
        timestamp=options.timestamp,
    )
    repeatable = elements_are_idempotent(table, elements)
    result = yield from write(table, cql, options, batch, idempotent=repeatable, document=document)
    if result.applied:
        take_values_over(document, empty)
