"""The schema as it is in the database: tables, their indexes and options, user-defined types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from coodie_core.codecs.plain import decode_value
from coodie_core.operation import Operation
from coodie_core.statement import Rows, Statement


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
class LiveIndex:
    """A secondary index as ``system_schema.indexes`` has it.

    Attributes:
        target: What it is on, such as ``"tags"`` or ``"keys(tags)"``.
        class_name: The class of a custom index; None for the server's own.
        options: Its options, without target and class.
    """

    target: str
    class_name: str | None = None
    options: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table as it is in the database.

    Attributes:
        columns: By name; empty if there is no such table.
        indexes: By name.
    """

    columns: Mapping[str, LiveColumn] = field(default_factory=dict[str, LiveColumn])
    indexes: Mapping[str, LiveIndex] = field(default_factory=dict[str, LiveIndex])


def live_table(keyspace: str, name: str) -> Operation[LiveTable]:
    """Look at a table or view."""
    columns = yield Statement(
        "SELECT column_name, type, kind, position, clustering_order FROM system_schema.columns "
        "WHERE keyspace_name = ? AND table_name = ?",
        (keyspace, name),
        idempotent=True,
    )
    indexes = yield Statement(
        "SELECT index_name, options FROM system_schema.indexes WHERE keyspace_name = ? AND table_name = ?",
        (keyspace, name),
        idempotent=True,
    )
    return LiveTable(_live_columns(columns), dict(_live_indexes(indexes)))


def _live_columns(answer: Rows) -> dict[str, LiveColumn]:
    return {name: LiveColumn(cql_type, kind, position, order) for name, cql_type, kind, position, order in answer.rows}


def _live_indexes(answer: Rows) -> Iterator[tuple[str, LiveIndex]]:
    for name, stored in answer.rows:
        options: dict[str, str] = dict(stored)
        yield name, LiveIndex(options.pop("target"), options.pop("class_name", None), options)


def live_options(keyspace: str, table: str) -> Operation[Mapping[str, Any]]:
    """Look at the options of a table; which ones there are differs from server to server."""
    answer = yield Statement(
        "SELECT * FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?",
        (keyspace, table),
        idempotent=True,
    )
    if not answer.rows:
        return {}
    return {name: decode_value(value) for name, value in zip(answer.columns, answer.rows[0], strict=True)}


def live_types(keyspace: str) -> Operation[Mapping[str, Mapping[str, str]]]:
    """Look at the user-defined types of a keyspace: for each the types of its fields."""
    answer = yield Statement(
        "SELECT type_name, field_names, field_types FROM system_schema.types WHERE keyspace_name = ?",
        (keyspace,),
        idempotent=True,
    )
    return {name: dict(zip(fields or (), types or (), strict=True)) for name, fields, types in answer.rows}


def is_scylladb() -> Operation[bool]:
    """Look which server it is: the tables of ScyllaDB's schema have one part that Apache Cassandra's have not."""
    answer = yield Statement(
        "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?",
        ("system_schema", "scylla_tables"),
        idempotent=True,
    )
    return bool(answer.rows)
