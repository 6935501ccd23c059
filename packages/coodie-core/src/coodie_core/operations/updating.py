"""Updating a document: what its own validators accept is written to its row, and taken over once that is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from coodie_core.assignments import assignments_of
from coodie_core.batch import BaseBatch
from coodie_core.cql_builder import Assignment, build_update
from coodie_core.document import BaseDocument, remember_written, unstored_copy
from coodie_core.exceptions import InvalidQueryError
from coodie_core.idempotence import assignments_are_idempotent, values_are_idempotent
from coodie_core.lookups import conditions_of
from coodie_core.operation import Operation
from coodie_core.operations.hooks import with_hooks
from coodie_core.operations.plain_writes import plain_update
from coodie_core.operations.resolving import intent_of
from coodie_core.operations.saving import columns_of, key_of, normalise, row_written
from coodie_core.operations.sending import NO_PLAIN_WRITES, given_options, option_clash, refuse_on, write
from coodie_core.operations.unlooked import refuse_unread
from coodie_core.operations.versions import lock_of, refuse_new, refuse_version, settle
from coodie_core.options import NO_OPTIONS, WriteOptions
from coodie_core.results import LWTResult
from coodie_core.schema import Table, table_of
from coodie_core.validation import encoded, reasons


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
    changes = dict(changes)  # the hook before may add to them
    write_it = _update(document, keyspace, changes, options, batch, if_conditions=if_conditions, if_exists=if_exists)
    return with_hooks(document, "update", write_it, batch, changes)


def _update(
    document: BaseDocument,
    keyspace: str | None,
    changes: Mapping[str, Any],
    options: WriteOptions,
    batch: BaseBatch | None,
    *,
    if_conditions: Mapping[str, Any] | None,
    if_exists: bool,
) -> Operation[LWTResult]:
    table = table_of(type(document))
    if options is NO_OPTIONS and if_conditions is None and not if_exists and "batch" not in table.by_name:
        plain = plain_update(table, document, keyspace, changes)
        if plain is not None:
            cql, accepted = plain
            repeatable = values_are_idempotent(table, accepted)
            result = yield from write(table, cql, options, batch, idempotent=repeatable, document=document)
            if result.applied:
                take_values_over(document, accepted)
            return result
    refuse_on(table, "update()", NO_PLAIN_WRITES)
    option_clash(
        table, "update", {**given_options(options, batch), "if_conditions": if_conditions, "if_exists": if_exists}
    )
    if not changes:
        raise InvalidQueryError(f"{table.document}.update(): name at least one field to change.")
    lock = lock_of(table, document, "update()")
    conditions = conditions_of(table, "update", if_conditions)
    assignments = [*assignments_of(table, "update", changes)]
    refuse_unread(table, document, "update()", {condition.column for condition in conditions})
    if lock is not None:
        refuse_new(lock, table, "update()")
        refuse_version(lock, table, changes)
        conditions, if_exists = (*conditions, lock.condition), False
    accepted = validated_changes(document, {name: value for name, value in changes.items() if name in table.by_name})
    cql = build_update(
        table.name,
        table.keyspace_in(keyspace),
        assignments=[
            *(_as_accepted(table, assignment, accepted) for assignment in assignments),
            *([Assignment(lock.field, "set", lock.next)] if lock else []),
        ],
        where=row_written(table, key_of(table, document, "update()"), columns_of(assignments, conditions)),
        conditions=conditions,
        if_exists=if_exists,
        ttl=options.ttl,
        timestamp=options.timestamp,
    )
    repeatable = assignments_are_idempotent(table, assignments)
    conditional = bool(conditions) or if_exists
    is_whole = all(assignment.operation == "set" for assignment in assignments)
    values = {**accepted, **({lock.field: lock.next} if lock else {})}
    result = yield from write(
        table,
        cql,
        options,
        batch,
        idempotent=repeatable,
        conditional=conditional,
        document=document,
        intent=(
            intent_of(table, table.keyspace_in(keyspace), document, values, conditions, is_whole=is_whole)
            if options.resolves
            else None
        ),
    )
    if result.applied:
        take_values_over(document, accepted)
    settle(document, lock, result, batch)
    return result


def validated_changes(document: BaseDocument, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return *changes* as the document's own validators make them, with the document itself left as it is.

    Raises:
        InvalidQueryError: A validator refuses them.
    """
    table, trial = table_of(type(document)), unstored_copy(document)
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
    return Assignment(assignment.column, "set", encoded(table, assignment.column, accepted[assignment.column]))


def take_values_over(document: BaseDocument, values: Mapping[str, Any]) -> None:
    """Give the document *values*, which its row has now."""
    vars(document).update(values)
    document.model_fields_set.update(values)
    remember_written(document, values)
