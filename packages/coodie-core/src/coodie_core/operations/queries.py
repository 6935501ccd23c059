"""Changing the rows that a query names, without reading them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import AliasChoices, AliasPath

from coodie_core.assignments import assignments_of
from coodie_core.cql_builder import build_delete, build_update
from coodie_core.document import BaseDocument
from coodie_core.exceptions import ConditionNotMet, InvalidQueryError
from coodie_core.idempotence import assignments_are_idempotent, values_are_idempotent
from coodie_core.lookups import conditions_of
from coodie_core.operation import Operation
from coodie_core.operations.documents import save_new
from coodie_core.operations.plain_writes import plain_update_of_row
from coodie_core.operations.resolving import Intent, values_set
from coodie_core.operations.saving import columns_of, row_written
from coodie_core.operations.sending import NO_PLAIN_WRITES, NO_WRITES, refuse_on, whole_key, write
from coodie_core.operations.unlooked import refuse_unlooked_delete, refuse_unlooked_update
from coodie_core.options import NO_OPTIONS
from coodie_core.query import Query
from coodie_core.results import LWTResult
from coodie_core.schema import Table, TableKind, table_of

D = TypeVar("D", bound=BaseDocument)


def _refuse_options_of_reads(table: Table, query: Query[Any], method: str) -> None:
    if query.server_timeout is not None:
        raise InvalidQueryError(
            f"{table.document}.find().using_timeout().{method}: it is for reads. Use timeout(), which is how long this "
            f"program waits."
        )
    if query.paging_state is not None or query.page_token is not None:
        raise InvalidQueryError(
            f"{table.document}.find().page().{method}: a page is for reads, and this would write to all that the query "
            f"names. Leave out page()."
        )


def _refuse_options_of_other_writes(table: Table, query: Query[Any], method: str) -> None:
    if query.if_not_exists and method != "create()":
        raise InvalidQueryError(
            f"{table.document}.find(...).if_not_exists().{method}: a row that does not exist can only be made: "
            f"use {table.document}.find().if_not_exists().create(...), or insert() of a document."
        )
    if query.if_exists and method == "create()":
        raise InvalidQueryError(
            f"{table.document}.find().if_exists().create(): to write only to a row that exists, give its key and use "
            f"{table.document}.find(...).if_exists().update(...)."
        )
    if query.write.ttl is not None and method == "delete()":
        raise InvalidQueryError(
            f"{table.document}.find(...).ttl().delete(): CQL deletes at once. For a row that disappears later, save "
            f"its document with ttl=."
        )


def create(query: Query[D], keyspace: str | None, fields: Mapping[str, Any]) -> Operation[D]:
    """Make a document of *fields*, write it with the query's options, and return it."""
    table = table_of(query.model)
    refuse_on(table, "create()", NO_PLAIN_WRITES)
    _refuse_options_of_reads(table, query, "create()")
    _refuse_options_of_other_writes(table, query, "create()")
    if query.filters or query.null_checks:
        raise InvalidQueryError(
            f"{table.document}.create(): begin with find() without filters, or use {table.document}.create()."
        )
    document = _new_document(query.model, fields)
    keyspace = _keyspace(query, table, keyspace)
    result = yield from save_new(document, keyspace, query.write, if_not_exists=query.if_not_exists)
    if not result.applied:
        raise ConditionNotMet(
            f"{table.document}.create(): a row with this primary key exists, so nothing was written. "
            f"The exception's result.existing has it.",
            result,
        )
    return document


def _new_document(model: type[D], fields: Mapping[str, Any]) -> D:
    if model.model_config.get("extra") != "allow":
        table = table_of(model)
        accepted: frozenset[str] = table.memory.of("names to create with", lambda: _accepted_names(model))
        if not fields.keys() <= accepted:
            for name in fields.keys() - accepted:
                _ = table.column(name, f"create({name}=...)")
    return model(**fields)


def _accepted_names(model: type[BaseDocument]) -> frozenset[str]:
    return frozenset({*model.model_fields, *_aliases(model)})


def _aliases(model: type[BaseDocument]) -> Iterator[str]:
    """Return every other name under which a field's value can be given."""
    for field in model.model_fields.values():
        alias = field.validation_alias
        for choice in alias.choices if isinstance(alias, AliasChoices) else [alias]:
            path = choice.path[0] if isinstance(choice, AliasPath) else choice
            if isinstance(path, str):
                yield path


def update(
    query: Query[D],
    keyspace: str | None,
    changes: Mapping[str, Any],
    if_conditions: Mapping[str, Any] | None = None,
) -> Operation[LWTResult]:
    """Change the row whose primary key the query names."""
    table = table_of(query.model)
    if changes and if_conditions is None and query.names_rows_only:
        plain = plain_update_of_row(table, query, _keyspace(query, table, keyspace), changes)
        if plain is not None:
            cql, values = plain
            return (yield from write(table, cql, NO_OPTIONS, idempotent=values_are_idempotent(table, values)))
    refuse_on(table, "update()", NO_PLAIN_WRITES)
    _refuse_options_of_reads(table, query, "update()")
    _refuse_options_of_other_writes(table, query, "update()")
    if not changes:
        raise InvalidQueryError(f"{table.document}.find(...).update(): name at least one field to change.")
    conditions = query.null_checks + conditions_of(table, "update", if_conditions)
    assignments = assignments_of(table, "update", changes)
    written = columns_of(assignments, conditions)
    if not _is_of_partition(table, written):
        _refuse_part_of_key(table, query, written)
        looked_at = {*query.filtered_fields, *(condition.column for condition in conditions)}
        refuse_unlooked_update(table, looked_at, written=changes)
    elif set(query.filtered_fields) != set(table.partition_key):
        whole_key(table, "find(...).update()", query.filtered_fields)
    conditional = query.if_exists or bool(conditions)
    _refuse_ranges(table, query, "update()", ("=",) if conditional else ("=", "IN"))
    cql = build_update(
        table.name,
        _keyspace(query, table, keyspace),
        assignments=assignments,
        where=row_written(table, query.filters, written),
        conditions=conditions,
        if_exists=query.if_exists,
        ttl=query.write.ttl,
        timestamp=query.write.timestamp,
    )
    repeatable = assignments_are_idempotent(table, assignments)
    intent = None
    if query.write.resolves:
        where = row_written(table, query.filters, written)
        is_whole = all(assignment.operation == "set" for assignment in assignments)
        in_keyspace = _keyspace(query, table, keyspace)
        intent = Intent(table, in_keyspace, where, values_set(table, changes), is_whole, conditions)
    return (yield from write(table, cql, query.write, idempotent=repeatable, conditional=conditional, intent=intent))


def _refuse_ranges(table: Table, query: Query[Any], asked: str, allowed: Sequence[str]) -> None:
    """Raise where a key is compared otherwise than CQL lets such a write do it."""
    for item in query.filters:
        if item.operator not in allowed or item.token_of:
            raise InvalidQueryError(
                f"{table.document}.find(...).{asked}: CQL names each row by its key here, and {item.column} is "
                f"compared with {item.operator}. Read the keys first, and write to each row."
            )


def _is_of_partition(table: Table, written: Sequence[str]) -> bool:
    """Whether all that is written or compared is static, so that it belongs to a partition and to no row."""
    return all(table.by_name[name].static for name in written)


def _refuse_part_of_key(table: Table, query: Query[Any], written: Sequence[str]) -> None:
    """Raise unless the query names the whole key, which columns that are not static need."""
    of_rows = [name for name in written if not table.by_name[name].static]
    if len(of_rows) < len(written) and set(query.filtered_fields) == set(table.partition_key):
        raise InvalidQueryError(
            f"{table.document}.find(...).update(): the partition key ({', '.join(table.partition_key)}) is enough "
            f"where only static columns are written and compared, and {', '.join(of_rows)} is not static. Name the "
            f"whole primary key ({', '.join(table.primary_key)}), or make two updates of it."
        )
    whole_key(table, "find(...).update()", query.filtered_fields)


def delete(
    query: Query[D], keyspace: str | None, if_conditions: Mapping[str, Any] | None = None
) -> Operation[LWTResult]:
    """Delete the rows that the query names by their key."""
    table = table_of(query.model)
    refuse_on(table, "delete()", NO_WRITES)
    _refuse_options_of_reads(table, query, "delete()")
    _refuse_options_of_other_writes(table, query, "delete()")
    _refuse_wide_delete(table, query)
    conditions = query.null_checks + conditions_of(table, "delete", if_conditions)
    conditional = query.if_exists or bool(conditions)
    if conditional:
        whole_key(table, "find(...).delete(), on a condition", query.filtered_fields)
        _refuse_ranges(table, query, "delete(), on a condition", ("=",))
    refuse_unlooked_delete(table, {*query.filtered_fields, *(condition.column for condition in conditions)})
    cql = build_delete(
        table.name,
        _keyspace(query, table, keyspace),
        where=query.filters,
        conditions=conditions,
        if_exists=query.if_exists,
        timestamp=query.write.timestamp,
    )
    counter = table.kind is TableKind.COUNTER
    intent = None
    if query.write.resolves:
        intent = Intent(table, _keyspace(query, table, keyspace), query.filters, values=None, conditions=conditions)
    return (
        yield from write(
            table, cql, query.write, idempotent=True, conditional=conditional, counter=counter, intent=intent
        )
    )


def _refuse_wide_delete(table: Table, query: Query[Any]) -> None:
    given = query.filtered_fields
    missing = [name for name in table.partition_key if name not in given]
    others = [name for name in given if name not in table.primary_key]
    if missing or others:
        wrong = f"{', '.join(missing)} is missing" if missing else f"{', '.join(others)} is not part of it"
        raise InvalidQueryError(
            f"{table.document}.find(...).delete(): CQL deletes by primary key, at least by the whole partition key "
            f"({', '.join(table.partition_key)}): {wrong}. {table.document}.truncate() deletes every row."
        )
    limited = query.row_limit is not None or query.per_partition_limit is not None
    if limited:
        raise InvalidQueryError(
            f"{table.document}.find(...).delete(): CQL deletes without a limit. Read the keys first."
        )


def _keyspace(query: Query[Any], table: Table, keyspace: str | None) -> str:
    return query.keyspace or table.keyspace_in(keyspace)
