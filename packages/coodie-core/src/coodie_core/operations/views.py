"""Materialized views."""

from __future__ import annotations

from coodie_core.cql_builder import build_create_materialized_view, build_drop_materialized_view
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidModel, InvalidQueryError
from coodie_core.operation import Operation
from coodie_core.operations.tables import live_table, schema_change
from coodie_core.schema import ColumnDefinition, Table, table_of


def sync_view(model: type[BaseDocument], keyspace: str | None, *, dry_run: bool = False) -> Operation[list[str]]:
    """Create the view if it does not exist; return the CQL that ran, or would run."""
    table = table_of(model)
    target = table.keyspace_in(keyspace)
    live = yield from live_table(target, table.name)
    changes = [] if live.columns else [create_view(table, target)]
    if not dry_run:
        for change in changes:
            yield schema_change(change)
    return changes


def drop_view(model: type[BaseDocument], keyspace: str | None) -> Operation[None]:
    """Drop the view, if it exists."""
    table = table_of(model)
    yield schema_change(build_drop_materialized_view(table.name, table.keyspace_in(keyspace)).cql)


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
        clustering_order=table.settings.clustering_order,
    ).cql


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
