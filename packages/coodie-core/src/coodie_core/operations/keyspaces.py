"""Creating, altering and dropping keyspaces."""

from __future__ import annotations

from collections.abc import Mapping

from coodie_core.cql_builder import build_alter_keyspace, build_create_keyspace, build_drop_keyspace
from coodie_core.operation import Operation
from coodie_core.operations.changing import change_schema


def create(
    keyspace: str,
    *,
    replication_factor: int,
    strategy: str,
    dc_replication_map: Mapping[str, int] | None,
    durable_writes: bool | None,
    tablets: bool | None,
) -> Operation[None]:
    """Create a keyspace, if it does not exist."""
    cql = build_create_keyspace(
        keyspace,
        replication_factor=replication_factor,
        strategy=strategy,
        dc_replication_map=dc_replication_map,
        durable_writes=durable_writes,
        tablets=tablets,
    )
    yield from change_schema(cql.cql)


def alter(
    keyspace: str,
    *,
    replication_factor: int | None,
    strategy: str,
    dc_replication_map: Mapping[str, int] | None,
    durable_writes: bool | None,
) -> Operation[None]:
    """Change properties of a keyspace."""
    cql = build_alter_keyspace(
        keyspace,
        replication_factor=replication_factor,
        strategy=strategy,
        dc_replication_map=dc_replication_map,
        durable_writes=durable_writes,
    )
    yield from change_schema(cql.cql)


def drop(keyspace: str) -> Operation[None]:
    """Drop a keyspace with all of its tables, if it exists."""
    yield from change_schema(build_drop_keyspace(keyspace).cql)
