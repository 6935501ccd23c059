"""SELECT statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coodie_core.cql_builder.parts import Cql, Ordering, Restriction, names, restrictions
from coodie_core.exceptions import InvalidQueryError
from coodie_core.identifiers import qualified, quoted

#: CQL's aggregate functions (Apache Cassandra, "Aggregate functions").
AGGREGATES = frozenset({"count", "min", "max", "sum", "avg"})


def build_select(
    table: str,
    keyspace: str | None = None,
    *,
    columns: Sequence[str],
    where: Sequence[Restriction] = (),
    order_by: Sequence[Ordering] = (),
    per_partition_limit: int | None = None,
    limit: int | None = None,
    allow_filtering: bool = False,
) -> Cql:
    """Return a SELECT of named columns. There is no ``SELECT *``: a table may have columns that no model knows.

    Args:
        table: The name of the table or view.
        keyspace: Its keyspace; None for the session's own.
        columns: The columns to read, in the order in which rows will have them.
        where: Which rows.
        order_by: Clustering keys to sort by.
        per_partition_limit: The most rows from each partition.
        limit: The most rows in all.
        allow_filtering: Whether the server may read rows only to throw them away.

    Raises:
        InvalidQueryError: No column is named, or an operator does not exist.

    Example:
        >>> build_select("users", "ks", columns=["id", "name"], where=[Restriction("id", "=", 7)], limit=1)
        Cql(cql='SELECT "id", "name" FROM "ks"."users" WHERE "id" = ? LIMIT ?', params=(7, 1))
    """
    if not columns:
        raise InvalidQueryError(f"build_select({table!r}): name at least one column.")
    selected = _select(names(columns), table, keyspace, where)
    tail = [
        Cql(
            " ORDER BY "
            + ", ".join(f"{quoted(item.column)} {'DESC' if item.descending else 'ASC'}" for item in order_by)
        )
        if order_by
        else Cql(""),
        _limit("PER PARTITION LIMIT", per_partition_limit),
        _limit("LIMIT", limit),
    ]
    return _joined([selected, *tail], allow_filtering)


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
    condition = restrictions("WHERE", where)
    return Cql(f"SELECT {selection} FROM {qualified(table, keyspace)}{condition.cql}", condition.params)


def _limit(keyword: str, limit: int | None) -> Cql:
    return Cql("") if limit is None else Cql(f" {keyword} ?", (limit,))


def _joined(parts: Sequence[Cql], allow_filtering: bool) -> Cql:
    text = "".join(part.cql for part in parts) + (" ALLOW FILTERING" if allow_filtering else "")
    return Cql(text, tuple(value for part in parts for value in part.params))
