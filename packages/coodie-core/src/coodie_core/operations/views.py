"""Materialized views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from coodie_core.cql_builder import build_create_materialized_view, build_drop_materialized_view
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidModel, InvalidQueryError, SchemaMismatch
from coodie_core.operation import Operation
from coodie_core.operations.changing import carry_out, change_schema
from coodie_core.operations.live_schema import LiveTable, live_table
from coodie_core.operations.tables import missing_columns, refuse_other_columns
from coodie_core.results import SchemaChanges
from coodie_core.schema import ColumnDefinition, Table, table_of

_WAY_OUT = "CQL cannot alter the columns of a view: change the class back, or call drop_view(), then sync_view()."


def sync_view(model: type[BaseDocument], keyspace: str | None, *, dry_run: bool = False) -> Operation[SchemaChanges]:
    """Create the view if it does not exist; return the CQL that ran, or would run."""
    table = table_of(model)
    target = table.keyspace_in(keyspace)

    def compare() -> Operation[SchemaChanges]:
        live = yield from live_table(target, table.name)
        if not live.columns:
            return SchemaChanges([create_view(table, target)])
        _refuse_another_view(table, live)
        return SchemaChanges()

    return (yield from carry_out(compare, dry_run=dry_run))


def _refuse_another_view(table: Table, live: LiveTable) -> None:
    """Raise where the view is another one than the class describes, since CQL cannot alter its columns."""
    order = _clustering_order(table)
    columns = [
        replace(column, clustering_order="DESC" if order.get(column.name) == "DESC" else "ASC")
        for column in view_columns(table)
    ]
    shown = replace(table, columns=tuple(columns))
    refuse_other_columns(shown, live, "sync_view()", _WAY_OUT)
    missing = missing_columns(shown, live)
    if missing:
        raise SchemaMismatch(
            f"{table.document}.sync_view(): the view {table.name} does not show "
            f"{', '.join(column.name for column in missing)}. {_WAY_OUT}"
        )


def drop_view(model: type[BaseDocument], keyspace: str | None) -> Operation[None]:
    """Drop the view, if it exists."""
    table = table_of(model)
    yield from change_schema(build_drop_materialized_view(table.name, table.keyspace_in(keyspace)).cql)


def create_view(table: Table, keyspace: str) -> str:
    """Return the CQL that creates a view.

    Raises:
        InvalidModel: `Settings` names no base table, or columns that are no fields.
    """
    return build_create_materialized_view(
        table.name,
        keyspace,
        base_table=base_table(table),
        columns=view_columns(table),
        where_clause=table.settings.where_clause,
        clustering_order=_clustering_order(table),
    ).cql


def _clustering_order(table: Table) -> Mapping[str, str]:
    """Return how each clustering key is sorted; what a view does not say, servers take from its base table."""
    said = table.settings.clustering_order
    unknown = [name for name in said if name not in table.clustering_key]
    if unknown:
        keys = ", ".join(table.clustering_key) or "none"
        raise InvalidModel(
            f"{table.document}.Settings.__clustering_order__: {unknown[0]} is no clustering key of the view. "
            f"Its clustering keys: {keys}."
        )
    return {name: said.get(name, table.by_name[name].clustering_order) for name in table.clustering_key}


def base_table(table: Table) -> str:
    """Return the name of the table that a view shows.

    Raises:
        InvalidModel: `Settings.__base_table__` is neither a document nor a name.
    """
    base = table.settings.base_table
    if isinstance(base, str):
        return base
    if isinstance(base, type) and issubclass(base, BaseDocument):
        return table_of(base).name
    raise InvalidModel(
        f"{table.document}.Settings.__base_table__: give the document that the view shows, or the name of its table."
    )


def view_columns(table: Table) -> list[ColumnDefinition]:
    """Return the columns that a view shows: those of `Settings.__view_columns__`, or all of the class's fields."""
    names = table.settings.view_columns or table.column_names
    try:
        named = [table.column(name, "Settings.__view_columns__") for name in names]
    except InvalidQueryError as error:
        raise InvalidModel(str(error)) from error
    missing = [name for name in table.primary_key if name not in names]
    return [*(table.by_name[name] for name in missing), *named]
