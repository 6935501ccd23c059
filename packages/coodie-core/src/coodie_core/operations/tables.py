"""Bringing tables to what the models describe: look, compare, then change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coodie_core.cql_builder.tables import (
    build_add_columns,
    build_alter_options,
    build_create_table,
    build_drop_table,
    build_truncate,
    table_options,
)
from coodie_core.document import BaseDocument
from coodie_core.exceptions import SchemaMismatch
from coodie_core.family import whole_table
from coodie_core.operation import Operation
from coodie_core.operations.changing import carry_out, change_schema
from coodie_core.operations.indexes import index_changes, wanted_indexes
from coodie_core.operations.live_schema import (
    LiveColumn,
    LiveTable,
    is_scylladb,
    live_options,
    live_table,
    live_types,
)
from coodie_core.operations.sending import refuse_on
from coodie_core.operations.table_options import different_options, unreadable_options
from coodie_core.operations.types import separated, type_changes
from coodie_core.results import Drift, SchemaChanges
from coodie_core.schema import ColumnDefinition, Table, TableKind, table_of
from coodie_core.usertype import user_types

_NO_TABLE = {TableKind.VIEW: "this is a materialized view: use sync_view() and drop_view()."}
_NO_TRUNCATE = {TableKind.VIEW: "a materialized view is read-only: truncate its base table."}


def sync_table(
    model: type[BaseDocument], keyspace: str | None, *, dry_run: bool = False, drop_removed_indexes: bool = False
) -> Operation[SchemaChanges]:
    """Create the table and its types, or change what can be changed; return the CQL that ran, or would run."""
    table = whole_table(table_of(model))
    refuse_on(table, "sync_table()", _NO_TABLE)
    target = table.keyspace_in(keyspace)

    def compare() -> Operation[SchemaChanges]:
        return (yield from table_comparison(table, target, drop_removed_indexes=drop_removed_indexes))

    return (yield from carry_out(compare, dry_run=dry_run))


def table_comparison(table: Table, keyspace: str, *, drop_removed_indexes: bool) -> Operation[SchemaChanges]:
    """Look at what the table consists of, no further than the model says something of it, and compare."""
    live = yield from live_table(keyspace, table.name)
    options = table_options(table.settings.default_ttl, table.settings.options)
    existing: Mapping[str, Any] = {}
    if options and live.columns:
        existing = yield from live_options(keyspace, table.name)
    wanted_types = user_types(table.types.values(), table.document)
    types: Mapping[str, Mapping[str, str]] = {}
    if wanted_types:
        types = yield from live_types(keyspace)
    scylladb = False
    if any(column.vector_index for column in table.columns):
        scylladb = yield from is_scylladb()

    def steps() -> Iterator[str | Drift]:
        yield from type_changes(wanted_types, keyspace, types, f"{table.document}.sync_table()")
        if live.columns:
            yield from _column_changes(table, keyspace, live)
            yield from _option_changes(table, keyspace, options, existing)
        else:
            yield _creation(table, keyspace)
        wanted = wanted_indexes(table, scylladb=scylladb)
        yield from index_changes(wanted, table.name, keyspace, live.indexes, drop_removed=drop_removed_indexes)

    return separated(steps())


def drop_table(model: type[BaseDocument], keyspace: str | None) -> Operation[None]:
    """Drop the table, if it exists."""
    table = table_of(model)
    refuse_on(table, "drop_table()", _NO_TABLE)
    yield from change_schema(build_drop_table(table.name, table.keyspace_in(keyspace)).cql)


def truncate(model: type[BaseDocument], keyspace: str | None) -> Operation[None]:
    """Delete every row of the table."""
    table = table_of(model)
    refuse_on(table, "truncate()", _NO_TRUNCATE)
    yield from change_schema(build_truncate(table.name, table.keyspace_in(keyspace)).cql)


def _creation(table: Table, keyspace: str) -> str:
    return build_create_table(
        table.name,
        keyspace,
        columns=table.columns,
        default_ttl=table.settings.default_ttl,
        options=table.settings.options,
    ).cql


def _column_changes(table: Table, keyspace: str, live: LiveTable) -> Iterator[str | Drift]:
    """Yield what adds the columns that are missing, and which ones no field stands for.

    Raises:
        SchemaMismatch: A key or a column's type differs, which CQL cannot change.
    """
    refuse_other_columns(table, live, "sync_table()", WAY_OUT)
    missing = missing_columns(table, live)
    if missing:
        yield build_add_columns(table.name, keyspace, columns=missing).cql
    for name, column in live.columns.items():
        if name not in table.by_name:
            yield Drift("column", name, f"the table has it ({column.cql_type}), the model has no such field.")


def _option_changes(
    table: Table, keyspace: str, options: Mapping[str, Any], existing: Mapping[str, Any]
) -> Iterator[str | Drift]:
    different = different_options(options, existing)
    if different:
        yield build_alter_options(table.name, keyspace, options=different).cql
    yield from unreadable_options(options, existing)


def missing_columns(table: Table, live: LiveTable) -> list[ColumnDefinition]:
    """Return the model's columns that the live table lacks."""
    return [column for column in table.columns if column.name not in live.columns]


#: What to do about columns that CQL cannot change.
WAY_OUT = (
    "CQL cannot change keys and types: change the model back, or copy the rows into a new table "
    "(another Settings.name) and drop this one."
)


def refuse_other_columns(table: Table, live: LiveTable, method: str, way_out: str) -> None:
    """Raise where a key or the type of a column differs.

    Raises:
        SchemaMismatch: It does.
    """

    def unlike(column: str, ours: str, theirs: str) -> SchemaMismatch:
        return SchemaMismatch(
            f"{table.document}.{method}: column {column!r} of {table.name}: the model has {ours}, "
            f"the {'view' if table.kind is TableKind.VIEW else 'table'} has {theirs}. {way_out}"
        )

    for column in table.columns:
        existing = live.columns.get(column.name)
        if existing is None and column.is_primary_key:
            raise unlike(column.name, "part of the primary key", "no such column")
        if existing is None:
            continue
        wanted = _as_live(column)
        for what, ours, theirs in (
            ("type", wanted.cql_type, existing.cql_type.replace('"', "")),
            ("kind", wanted.kind, existing.kind),
            ("place in the key", wanted.position, existing.position),
            ("clustering order", wanted.clustering_order, existing.clustering_order.lower()),
        ):
            if ours != theirs:
                raise unlike(column.name, f"{what} {ours}", f"{what} {theirs}")
    for name, existing in live.columns.items():
        if existing.kind in ("partition_key", "clustering") and name not in table.by_name:
            raise unlike(name, "no such field", f"a {existing.kind} column")


def _as_live(column: ColumnDefinition) -> LiveColumn:
    """Return the column as ``system_schema.columns`` would have it."""
    cql_type = column.cql_type.replace('"', "")
    if column.partition_key_index is not None:
        return LiveColumn(cql_type, "partition_key", column.partition_key_index, "none")
    if column.clustering_key_index is not None:
        return LiveColumn(cql_type, "clustering", column.clustering_key_index, column.clustering_order.lower())
    return LiveColumn(cql_type, "static" if column.static else "regular", -1, "none")
