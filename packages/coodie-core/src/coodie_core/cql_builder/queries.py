"""SELECT statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from coodie_core.cql_builder.parts import (
    MAX_TEXTS,
    Cql,
    Nearness,
    Ordering,
    Restriction,
    RestrictionShape,
    bound_values,
    names,
    restriction_shapes,
    restriction_text,
    restrictions_text,
)
from coodie_core.cql_builder.selectors import AGGREGATES, Selector, selector_text
from coodie_core.duration import CqlDuration
from coodie_core.exceptions import InvalidQueryError
from coodie_core.identifiers import qualified, quoted


def build_select(
    table: str,
    keyspace: str | None = None,
    *,
    columns: Sequence[str | Selector],
    where: Sequence[Restriction] = (),
    group_by: Sequence[str] = (),
    order_by: Sequence[Ordering] = (),
    nearest: Nearness | None = None,
    per_partition_limit: int | None = None,
    limit: int | None = None,
    allow_filtering: bool = False,
    distinct: bool = False,
    json: bool = False,
    bypass_cache: bool = False,
    server_timeout: CqlDuration | None = None,
) -> Cql:
    """Return a SELECT of named columns. There is no ``SELECT *``: a table may have columns that no model knows.

    Args:
        table: The name of the table or view.
        keyspace: Its keyspace; None for the session's own.
        columns: The columns to read, or functions of them, in the order in which rows will have them.
        where: Which rows.
        group_by: The key columns whose values make a group.
        order_by: Clustering keys to sort by.
        nearest: The vector column to sort by, and the vector to which the nearest come first.
        per_partition_limit: The most rows from each partition.
        limit: The most rows in all.
        allow_filtering: Whether the server may read rows only to throw them away.
        distinct: Whether to return one row for each partition.
        json: Whether each row is one JSON text.
        bypass_cache: Whether ScyllaDB leaves its cache alone.
        server_timeout: How long ScyllaDB itself may take, in whole milliseconds.

    Raises:
        InvalidQueryError: No column is named, or an operator or function does not exist.

    Example:
        >>> build_select("users", "ks", columns=["id", "name"], where=[Restriction("id", "=", 7)], limit=1)
        Cql(cql='SELECT "id", "name" FROM "ks"."users" WHERE "id" = ? LIMIT ?', params=(7, 1))
    """
    if not columns:
        raise InvalidQueryError(f"build_select({table!r}): name at least one column.")
    shape = _Shape(
        table=table,
        keyspace=keyspace,
        columns=tuple(columns),
        where=restriction_shapes(where),
        group_by=tuple(group_by),
        order_by=tuple(order_by),
        nearest=nearest and nearest.column,
        has_per_partition_limit=per_partition_limit is not None,
        has_limit=limit is not None,
        allow_filtering=allow_filtering,
        distinct=distinct,
        json=json,
        bypass_cache=bypass_cache,
        has_server_timeout=server_timeout is not None,
    )
    return Cql(_select_text(shape), select_values(where, nearest, per_partition_limit, limit, server_timeout))


def select_values(
    where: Sequence[Restriction],
    nearest: Nearness | None,
    per_partition_limit: int | None,
    limit: int | None,
    server_timeout: CqlDuration | None,
) -> tuple[Any, ...]:
    """Return what a SELECT binds, in the order of its markers."""
    values = bound_values(where)
    if nearest is None and per_partition_limit is None and server_timeout is None:  # as most queries
        return values if limit is None else (*values, limit)
    after_where = (nearest and nearest.vector, per_partition_limit, limit, server_timeout)
    return (*values, *[value for value in after_where if value is not None])


class _Shape(NamedTuple):
    """A SELECT without its values: what its text depends on."""

    table: str
    keyspace: str | None
    columns: tuple[str | Selector, ...]
    where: tuple[RestrictionShape, ...]
    group_by: tuple[str, ...]
    order_by: tuple[Ordering, ...]
    nearest: str | None
    has_per_partition_limit: bool
    has_limit: bool
    allow_filtering: bool
    distinct: bool
    json: bool
    bypass_cache: bool
    has_server_timeout: bool


@lru_cache(maxsize=MAX_TEXTS)
def _select_text(shape: _Shape) -> str:
    parts = (
        "SELECT",
        "JSON" if shape.json else "",
        "DISTINCT" if shape.distinct else "",
        ", ".join(map(selector_text, shape.columns)),
        f"FROM {qualified(shape.table, shape.keyspace)}",
        f"WHERE {' AND '.join(map(restriction_text, shape.where))}" if shape.where else "",
        f"GROUP BY {names(shape.group_by)}" if shape.group_by else "",
        f"ORDER BY {', '.join(map(_ordering_text, shape.order_by))}" if shape.order_by else "",
        f"ORDER BY {quoted(shape.nearest)} ANN OF ?" if shape.nearest is not None else "",
        "PER PARTITION LIMIT ?" if shape.has_per_partition_limit else "",
        "LIMIT ?" if shape.has_limit else "",
        "ALLOW FILTERING" if shape.allow_filtering else "",
        "BYPASS CACHE" if shape.bypass_cache else "",
        "USING TIMEOUT ?" if shape.has_server_timeout else "",
    )
    return " ".join(part for part in parts if part)


def _ordering_text(ordering: Ordering) -> str:
    return f"{quoted(ordering.column)} {'DESC' if ordering.descending else 'ASC'}"


def build_count(
    table: str,
    keyspace: str | None = None,
    *,
    where: Sequence[Restriction] = (),
    column: str | None = None,
    allow_filtering: bool = False,
) -> Cql:
    """Return ``SELECT COUNT(*)`` of the rows that *where* describes.

    Args:
        table: The name of the table or view.
        keyspace: Its keyspace; None for the session's own.
        where: Which rows.
        column: Count only the rows in which this column holds something.
        allow_filtering: Whether the server may read rows only to throw them away.

    Example:
        >>> build_count("users", "ks")
        Cql(cql='SELECT COUNT(*) FROM "ks"."users"', params=())
    """
    counted = "*" if column is None else quoted(column)
    return _joined([_select(f"COUNT({counted})", table, keyspace, where)], allow_filtering)


def build_aggregate(
    table: str,
    keyspace: str | None = None,
    *,
    functions: Mapping[str, tuple[str, str]],
    where: Sequence[Restriction] = (),
    allow_filtering: bool = False,
) -> Cql:
    """Return one SELECT with aggregate functions.

    Args:
        table: The name of the table or view.
        keyspace: Its keyspace; None for the session's own.
        functions: By the name of each result, the function (count, min, max, sum, avg) and the column.
        where: Which rows.
        allow_filtering: Whether the server may read rows only to throw them away.

    Raises:
        InvalidQueryError: There is no such function, or none is given.

    Example:
        >>> build_aggregate("orders", functions={"total": ("sum", "price")}).cql
        'SELECT sum("price") AS "total" FROM "orders"'
    """
    if not functions:
        raise InvalidQueryError(f"build_aggregate({table!r}): name at least one function.")
    for function, _ in functions.values():
        if function not in AGGREGATES:
            raise InvalidQueryError(
                f"{function!r} is no aggregate function. Use one of {', '.join(sorted(AGGREGATES))}."
            )
    selection = ", ".join(
        f"{function}({quoted(column)}) AS {quoted(name)}" for name, (function, column) in functions.items()
    )
    return _joined([_select(selection, table, keyspace, where)], allow_filtering)


def _select(selection: str, table: str, keyspace: str | None, where: Sequence[Restriction]) -> Cql:
    condition = restrictions_text("WHERE", restriction_shapes(where))
    return Cql(f"SELECT {selection} FROM {qualified(table, keyspace)}{condition}", bound_values(where))


def _joined(parts: Sequence[Cql], allow_filtering: bool) -> Cql:
    text = "".join(part.cql for part in parts) + (" ALLOW FILTERING" if allow_filtering else "")
    return Cql(text, tuple(value for part in parts for value in part.params))
