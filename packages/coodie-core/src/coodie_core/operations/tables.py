"""Bringing tables and views to what the models describe: look, compare, then change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coodie_core.cql_builder import (
    Cql,
    build_add_columns,
    build_create_index,
    build_create_table,
    build_drop_index,
    build_drop_table,
    build_truncate,
)
from coodie_core.document import BaseDocument
from coodie_core.exceptions import SchemaMismatch
from coodie_core.fields import Indexed
from coodie_core.operation import Operation
from coodie_core.operations.sending import refuse_on
from coodie_core.schema import ColumnDefinition, Table, TableKind, table_of
from coodie_core.statement import Rows, Statement

_NO_TABLE = {TableKind.VIEW: "this is a materialized view: use sync_view() and drop_view()."}
_NO_TRUNCATE = {TableKind.VIEW: "a materialized view is read-only: truncate its base table."}


@dataclass(frozen=True, slots=True)
class LiveColumn:
    """A column as ``system_schema.columns`` has it.

    Attributes:
        cql_type: Its type.
        kind: ``"partition_key"``, ``"clustering"``, ``"static"`` or ``"regular"``.
        position: Its place in the key, or -1.
        clustering_order: ``"asc"``, ``"desc"`` or ``"none"``.
    """

    cql_type: str
    kind: str
    position: int
    clustering_order: str


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table as it is in the database.

    Attributes:
        columns: By name; empty if there is no such table.
        indexes: The target of each secondary index, by the index's name.
    """

    columns: Mapping[str, LiveColumn] = field(default_factory=dict[str, LiveColumn])
    indexes: Mapping[str, str] = field(default_factory=dict[str, str])


def sync_table(
    model: type[BaseDocument], keyspace: str | None, *, dry_run: bool = False, drop_removed_indexes: bool = False
) -> Operation[list[str]]:
    """Create the table, or add what it lacks; return the CQL that ran, or would run."""
    table = table_of(model)
    refuse_on(table, "sync_table()", _NO_TABLE)
    target = table.keyspace_in(keyspace)
    live = yield from live_table(target, table.name)
    changes = [cql.cql for cql in table_changes(table, target, live, drop_removed_indexes=drop_removed_indexes)]
    if not dry_run:
        for change in changes:
            yield schema_change(change)
    return changes


def drop_table(model: type[BaseDocument], keyspace: str | None) -> Operation[None]:
    """Drop the table, if it exists."""
    table = table_of(model)
    refuse_on(table, "drop_table()", _NO_TABLE)
    yield schema_change(build_drop_table(table.name, table.keyspace_in(keyspace)).cql)


def truncate(model: type[BaseDocument], keyspace: str | None) -> Operation[None]:
    """Delete every row of the table."""
    table = table_of(model)
    refuse_on(table, "truncate()", _NO_TRUNCATE)
    yield schema_change(build_truncate(table.name, table.keyspace_in(keyspace)).cql)


def schema_change(cql: str) -> Statement:
    """Return a statement that is sent as it is, since preparing a schema change gains nothing."""
    return Statement(cql, prepared=False)


def live_table(keyspace: str, name: str) -> Operation[LiveTable]:
    """Look at a table or view as it is in the database."""
    columns = yield Statement(
        "SELECT column_name, type, kind, position, clustering_order FROM system_schema.columns "
        "WHERE keyspace_name = ? AND table_name = ?",
        (keyspace, name),
    )
    indexes = yield Statement(
        "SELECT index_name, options FROM system_schema.indexes WHERE keyspace_name = ? AND table_name = ?",
        (keyspace, name),
    )
    return LiveTable(_live_columns(columns), {index: dict(options)["target"] for index, options in indexes.rows})


def _live_columns(answer: Rows) -> dict[str, LiveColumn]:
    return {name: LiveColumn(cql_type, kind, position, order) for name, cql_type, kind, position, order in answer.rows}


def table_changes(table: Table, keyspace: str, live: LiveTable, *, drop_removed_indexes: bool) -> Iterator[Cql]:
    """Return what brings the live table to what the model describes, in order.

    Raises:
        SchemaMismatch: A key or a column's type differs, which CQL cannot change.
    """
    if not live.columns:
        yield build_create_table(
            table.name,
            keyspace,
            columns=table.columns,
            default_ttl=table.settings.default_ttl,
            options=table.settings.options,
        )
    else:
        _refuse_other_columns(table, live)
        missing = missing_columns(table, live)
        if missing:
            yield build_add_columns(table.name, keyspace, columns=missing)
    yield from _missing_indexes(table, keyspace, live)
    if drop_removed_indexes:
        yield from _removed_indexes(table, keyspace, live)


def missing_columns(table: Table, live: LiveTable) -> list[ColumnDefinition]:
    """Return the model's columns that the live table lacks."""
    return [column for column in table.columns if column.name not in live.columns]


def _refuse_other_columns(table: Table, live: LiveTable) -> None:
    for column in table.columns:
        existing = live.columns.get(column.name)
        if existing is None and column.is_primary_key:
            raise SchemaMismatch(_unlike(table, column.name, "part of the primary key", "no such column"))
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
                raise SchemaMismatch(_unlike(table, column.name, f"{what} {ours}", f"{what} {theirs}"))
    for name, existing in live.columns.items():
        if existing.kind in ("partition_key", "clustering") and name not in table.by_name:
            raise SchemaMismatch(_unlike(table, name, "no such field", f"a {existing.kind} column"))


def _as_live(column: ColumnDefinition) -> LiveColumn:
    """Return the column as ``system_schema.columns`` would have it."""
    cql_type = column.cql_type.replace('"', "")
    if column.partition_key_index is not None:
        return LiveColumn(cql_type, "partition_key", column.partition_key_index, "none")
    if column.clustering_key_index is not None:
        return LiveColumn(cql_type, "clustering", column.clustering_key_index, column.clustering_order.lower())
    return LiveColumn(cql_type, "static" if column.static else "regular", -1, "none")


def _unlike(table: Table, column: str, ours: str, theirs: str) -> str:
    return (
        f"{table.document}.sync_table(): column {column!r} of {table.name}: the model has {ours}, "
        f"the table has {theirs}. "
        f"CQL cannot change keys and types: change the model back, or copy the rows into a new table "
        f"(another Settings.name) and drop this one."
    )


def _missing_indexes(table: Table, keyspace: str, live: LiveTable) -> Iterator[Cql]:
    existing = {_plain_target(target) for target in live.indexes.values()}
    for column in table.columns:
        if column.indexed is not None and index_target(column.name, column.indexed) not in existing:
            name = column.indexed.index_name or f"{table.name}_{column.name}_idx"
            yield build_create_index(table.name, keyspace, column=column.name, name=name, index=column.indexed)


def _removed_indexes(table: Table, keyspace: str, live: LiveTable) -> Iterator[Cql]:
    wanted = {index_target(column.name, column.indexed) for column in table.columns if column.indexed is not None}
    for name, target in live.indexes.items():
        if _plain_target(target) not in wanted:
            yield build_drop_index(name, keyspace)


def index_target(column: str, index: Indexed) -> str:
    """Return what an index is on, as ``system_schema.indexes`` has it, such as ``keys(tags)``."""
    return f"{index.target.lower()}({column})" if index.target and index.target != "VALUES" else column


def _plain_target(target: str) -> str:
    """Return an index's target without quotes; an index on a collection's values is one on the column."""
    plain = target.replace('"', "")
    return plain[len("values(") : -1] if plain.startswith("values(") else plain
