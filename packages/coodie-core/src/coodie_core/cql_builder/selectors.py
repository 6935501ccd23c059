"""What a SELECT returns for each row: columns, and functions of columns from closed lists."""

from __future__ import annotations

from typing import NamedTuple

from coodie_core.cql_builder.parts import names
from coodie_core.exceptions import InvalidQueryError

#: CQL's aggregate functions (Apache Cassandra, "Aggregate functions").
AGGREGATES = frozenset({"count", "min", "max", "sum", "avg"})
#: The functions that a selector may have: the aggregates, and what the server knows of a cell or a partition.
FUNCTIONS = AGGREGATES | {"token", "writetime", "ttl"}

_NUMBERS = frozenset({"tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "varint"})

#: From each CQL type to those that CAST makes of it (Apache Cassandra, "CAST"; ScyllaDB has the same).
CASTS: dict[str, frozenset[str]] = {
    **{number: _NUMBERS - {number} | {"text"} for number in _NUMBERS},
    "counter": _NUMBERS | {"text"},
    "ascii": frozenset({"text"}),
    "boolean": frozenset({"text"}),
    "date": frozenset({"timestamp", "text"}),
    "inet": frozenset({"text"}),
    "time": frozenset({"text"}),
    "timestamp": frozenset({"date", "text"}),
    "timeuuid": frozenset({"timestamp", "date", "text"}),
    "uuid": frozenset({"text"}),
}
#: Every type that a column can be cast to.
CAST_TYPES = frozenset[str]().union(*CASTS.values())


class Selector(NamedTuple):
    """A column, or a function of columns: ``"total"``, ``sum("total")``, ``CAST("total" AS text)``.

    Attributes:
        columns: The names of the columns; none for ``COUNT(*)``.
        function: One of `FUNCTIONS`, or None.
        cast: One of `CAST_TYPES`, which the column becomes before the function has it; or None.
        alias: What the column of the rows is called; None for what the server calls it.
    """

    columns: tuple[str, ...]
    function: str | None = None
    cast: str | None = None
    alias: str | None = None


#: Counts rows.
COUNT_ROWS = Selector((), "count")


def selector_text(selector: str | Selector) -> str:
    """Return a column or a selector as CQL.

    Raises:
        InvalidQueryError: CQL has no such function, or nothing can be cast to that type.
    """
    if isinstance(selector, str):
        return names([selector])
    if selector == COUNT_ROWS:
        return "COUNT(*)"
    text = names(selector.columns)
    if selector.cast is not None:
        _refuse_unknown("type of CAST", selector.cast, CAST_TYPES)
        text = f"CAST({text} AS {selector.cast})"
    if selector.function is not None:
        _refuse_unknown("function", selector.function, FUNCTIONS)
        text = f"{selector.function}({text})"
    return text if selector.alias is None else f"{text} AS {names([selector.alias])}"


def _refuse_unknown(what: str, given: str, known: frozenset[str]) -> None:
    if given not in known:
        raise InvalidQueryError(f"{given!r} is no {what}. Use one of {', '.join(sorted(known))}.")
