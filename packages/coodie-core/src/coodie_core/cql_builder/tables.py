"""Statements that define tables, indexes, views and user-defined types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coodie_core.cql_builder.parts import Cql, names
from coodie_core.exceptions import InvalidQueryError
from coodie_core.identifiers import checked_name, literal_text, qualified, quoted

if TYPE_CHECKING:
    from coodie_core.fields import Indexed
    from coodie_core.schema import ColumnDefinition

#: Short names of index classes that may be given to `Indexed`.
INDEX_CLASSES = {"SAI": "StorageAttachedIndex", "SASI": "org.apache.cassandra.index.sasi.SASIIndex"}


def build_create_table(
    table: str,
    keyspace: str | None = None,
    *,
    columns: Sequence[ColumnDefinition],
    default_ttl: int | None = None,
    options: Mapping[str, Any] | None = None,
    if_not_exists: bool = True,
) -> Cql:
    """Return CREATE TABLE.

    Args:
        table: The name of the table.
        keyspace: Its keyspace; None for the session's own.
        columns: Its columns, as `build_schema` gives them.
        default_ttl: Seconds after which rows expire by themselves.
        options: Table options by name, such as ``{"comment": "...", "gc_grace_seconds": 3600}``.
        if_not_exists: Whether an existing table is left as it is, instead of being an error.

    Example:
        >>> from coodie_core.schema import ColumnDefinition
        >>> build_create_table("users", columns=[ColumnDefinition("id", "uuid", partition_key_index=0)]).cql
        'CREATE TABLE IF NOT EXISTS "users" ("id" uuid, PRIMARY KEY (("id")))'
    """
    lines = [f"{quoted(column.name)} {column.cql_type}{' STATIC' if column.static else ''}" for column in columns]
    clustering = sorted(
        (column for column in columns if column.clustering_key_index is not None),
        key=lambda column: column.clustering_key_index or 0,
    )
    properties = [f"{name} = {option_literal(value)}" for name, value in table_options(default_ttl, options).items()]
    if any(column.clustering_order == "DESC" for column in clustering):
        properties.insert(0, _clustering_order({column.name: column.clustering_order for column in clustering}))
    return Cql(
        f"CREATE TABLE {'IF NOT EXISTS ' if if_not_exists else ''}{qualified(table, keyspace)} "
        f"({', '.join(lines)}, {_primary_key(columns)}){_with(properties)}"
    )


def build_add_columns(table: str, keyspace: str | None = None, *, columns: Sequence[ColumnDefinition]) -> Cql:
    """Return ALTER TABLE that adds columns; a static one stays static.

    Example:
        >>> from coodie_core.schema import ColumnDefinition
        >>> build_add_columns("users", columns=[ColumnDefinition("age", "int")]).cql
        'ALTER TABLE "users" ADD ("age" int)'
    """
    added = ", ".join(
        f"{quoted(column.name)} {column.cql_type}{' STATIC' if column.static else ''}" for column in columns
    )
    return Cql(f"ALTER TABLE {qualified(table, keyspace)} ADD ({added})")


def build_alter_options(table: str, keyspace: str | None = None, *, options: Mapping[str, Any]) -> Cql:
    """Return ALTER TABLE that changes options, and leaves those that are not named.

    Raises:
        InvalidQueryError: The name of an option is not a plain word, or its value has no CQL literal.

    Example:
        >>> build_alter_options("users", options={"gc_grace_seconds": 3600}).cql
        'ALTER TABLE "users" WITH gc_grace_seconds = 3600'
    """
    properties = [f"{name} = {option_literal(value)}" for name, value in table_options(None, options).items()]
    return Cql(f"ALTER TABLE {qualified(table, keyspace)}{_with(properties)}")


def build_drop_table(table: str, keyspace: str | None = None, *, if_exists: bool = True) -> Cql:
    """Return DROP TABLE."""
    return Cql(f"DROP TABLE {'IF EXISTS ' if if_exists else ''}{qualified(table, keyspace)}")


def build_truncate(table: str, keyspace: str | None = None) -> Cql:
    """Return TRUNCATE, which deletes every row of a table."""
    return Cql(f"TRUNCATE {qualified(table, keyspace)}")


def build_create_index(
    table: str, keyspace: str | None = None, *, column: str, name: str, index: Indexed, if_not_exists: bool = True
) -> Cql:
    """Return CREATE INDEX.

    Args:
        table: The name of the table.
        keyspace: Its keyspace; None for the session's own.
        column: The column that is indexed.
        name: The name of the index.
        index: What the field's marker says: class, options and target.
        if_not_exists: Whether an existing index is left as it is.

    Example:
        >>> from coodie_core.fields import Indexed
        >>> build_create_index("users", column="email", name="users_email_idx", index=Indexed()).cql
        'CREATE INDEX IF NOT EXISTS "users_email_idx" ON "users" ("email")'
    """
    target = f"{index.target}({quoted(column)})" if index.target else quoted(column)
    custom = (
        f" USING {literal_text(INDEX_CLASSES.get(index.index_class, index.index_class))}" if index.index_class else ""
    )
    options = f" WITH OPTIONS = {option_literal(index.options)}" if index.options else ""
    return Cql(
        f"CREATE {'CUSTOM ' if custom else ''}INDEX {'IF NOT EXISTS ' if if_not_exists else ''}"
        f"{quoted(checked_name('index', name))} ON {qualified(table, keyspace)} ({target}){custom}{options}"
    )


def build_drop_index(name: str, keyspace: str | None = None, *, if_exists: bool = True) -> Cql:
    """Return DROP INDEX."""
    return Cql(f"DROP INDEX {'IF EXISTS ' if if_exists else ''}{qualified(name, keyspace)}")


def build_create_materialized_view(
    view: str,
    keyspace: str | None = None,
    *,
    base_table: str,
    columns: Sequence[ColumnDefinition],
    where_clause: str | None = None,
    clustering_order: Mapping[str, str] | None = None,
    if_not_exists: bool = True,
) -> Cql:
    """Return CREATE MATERIALIZED VIEW.

    Args:
        view: The name of the view.
        keyspace: Its keyspace, which is also the base table's; None for the session's own.
        base_table: The table whose rows it shows.
        columns: What it shows, with the view's own primary key.
        where_clause: Which rows, as CQL of the application's own making; by default those with a whole key.
        clustering_order: ``"ASC"`` or ``"DESC"`` by column.
        if_not_exists: Whether an existing view is left as it is.
    """
    key = [column.name for column in columns if column.is_primary_key]
    where = where_clause or " AND ".join(f"{quoted(name)} IS NOT NULL" for name in key)
    order: dict[str, str] = {
        column.name: column.clustering_order for column in columns if column.clustering_order == "DESC"
    }
    order.update(clustering_order or {})
    properties = [_clustering_order(order)] if order else []
    return Cql(
        f"CREATE MATERIALIZED VIEW {'IF NOT EXISTS ' if if_not_exists else ''}{qualified(view, keyspace)} AS "
        f"SELECT {names(column.name for column in columns)} FROM {qualified(base_table, keyspace)} "
        f"WHERE {where} {_primary_key(columns)}{_with(properties)}"
    )


def build_drop_materialized_view(view: str, keyspace: str | None = None, *, if_exists: bool = True) -> Cql:
    """Return DROP MATERIALIZED VIEW."""
    return Cql(f"DROP MATERIALIZED VIEW {'IF EXISTS ' if if_exists else ''}{qualified(view, keyspace)}")


def build_create_type(
    name: str, keyspace: str | None = None, *, fields: Mapping[str, str], if_not_exists: bool = True
) -> Cql:
    """Return CREATE TYPE.

    Args:
        name: The name of the user-defined type.
        keyspace: Its keyspace; None for the session's own.
        fields: The CQL type of each field.
        if_not_exists: Whether an existing type is left as it is.

    Example:
        >>> build_create_type("address", fields={"street": "text"}).cql
        'CREATE TYPE IF NOT EXISTS "address" ("street" text)'
    """
    members = ", ".join(f"{quoted(field)} {cql_type}" for field, cql_type in fields.items())
    return Cql(f"CREATE TYPE {'IF NOT EXISTS ' if if_not_exists else ''}{qualified(name, keyspace)} ({members})")


def build_add_field(name: str, keyspace: str | None = None, *, field: str, cql_type: str) -> Cql:
    """Return ALTER TYPE that adds one field to a user-defined type; neither server takes several at once.

    Example:
        >>> build_add_field("address", field="city", cql_type="text").cql
        'ALTER TYPE "address" ADD "city" text'
    """
    return Cql(f"ALTER TYPE {qualified(name, keyspace)} ADD {quoted(field)} {cql_type}")


def build_drop_type(name: str, keyspace: str | None = None, *, if_exists: bool = True) -> Cql:
    """Return DROP TYPE, which the server refuses while a table uses the type."""
    return Cql(f"DROP TYPE {'IF EXISTS ' if if_exists else ''}{qualified(name, keyspace)}")


def table_options(default_ttl: int | None, options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the options of a table, of which the default TTL is one.

    Raises:
        InvalidQueryError: The name of an option is not a plain word.
    """
    given = {} if default_ttl is None else {"default_time_to_live": default_ttl}
    given.update(options or {})
    return {checked_name("table option", name): value for name, value in given.items()}


def option_literal(value: object) -> str:
    """Return the value of an option as a CQL literal; CQL takes no bound values in definitions.

    Raises:
        InvalidQueryError: It is neither text, a number, a truth value nor a mapping of these.

    Example:
        >>> option_literal({"class": "LZ4Compressor"})
        "{'class': 'LZ4Compressor'}"
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return int.__repr__(value)  # also of an enumeration
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, str):
        return literal_text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal_text(str(key))}: {option_literal(item)}" for key, item in value.items()) + "}"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    raise InvalidQueryError(f"an option cannot be {type(value).__name__}: give text, a number, True, False or a dict.")


def _primary_key(columns: Sequence[ColumnDefinition]) -> str:
    partition = sorted(
        (column for column in columns if column.partition_key_index is not None),
        key=lambda column: column.partition_key_index or 0,
    )
    clustering = sorted(
        (column for column in columns if column.clustering_key_index is not None),
        key=lambda column: column.clustering_key_index or 0,
    )
    if not partition:
        raise InvalidQueryError("a table needs a partition key: give at least one column a partition_key_index.")
    rest = "".join(f", {quoted(column.name)}" for column in clustering)
    return f"PRIMARY KEY (({names(column.name for column in partition)}){rest})"


def _clustering_order(order: Mapping[str, str]) -> str:
    for column, direction in order.items():
        if direction not in ("ASC", "DESC"):
            raise InvalidQueryError(f"clustering order of {column!r}: {direction!r} is neither 'ASC' nor 'DESC'.")
    return "CLUSTERING ORDER BY (" + ", ".join(f"{quoted(name)} {direction}" for name, direction in order.items()) + ")"


def _with(properties: Sequence[str]) -> str:
    return " WITH " + " AND ".join(properties) if properties else ""
