"""How the server would carry out a query, told from the model alone: nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from coodie_core.cql_builder import Restriction
from coodie_core.cql_builder.parts import bound_values
from coodie_core.driver_support.foreign_values import as_date, as_datetime, as_time
from coodie_core.schema import ColumnDefinition, Table
from coodie_core.types import CqlType


class Access(StrEnum):
    """Where the rows of a query are looked for."""

    ONE_PARTITION = "one partition"
    SEVERAL_PARTITIONS = "several partitions"
    INDEX = "index"
    TOKEN_RANGE = "token range"
    FULL_SCAN = "full scan"


#: What the servers' own secondary index is good for (Apache Cassandra, "CREATE INDEX").
PLAIN_INDEX_SERVES = ("=", "CONTAINS", "CONTAINS KEY")

_COST = {
    Access.ONE_PARTITION: "one node answers",
    Access.SEVERAL_PARTITIONS: "one node asks the nodes of each partition",
    Access.INDEX: "every node looks into its part of the index",
    Access.TOKEN_RANGE: "the nodes that own the range read their part of it",
    Access.FULL_SCAN: "every node reads its part of the table",
}


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What `QuerySet.explain` returns; it shows itself in full, also in notebooks.

    Attributes:
        cql: The statement, with a ``?`` for each value.
        params: The values, in the driver's types, but for dates and times, which are numbers there.
        access: Where the rows are looked for.
        index: The indexed field that serves the query, for `Access.INDEX`.
        filtered: The fields that the server can only compare row by row, after it read them, and why.
        allows_filtering: Whether the query says `allow_filtering`.
    """

    cql: str
    params: tuple[Any, ...]
    access: Access
    index: str | None = None
    filtered: Mapping[str, str] = field(default_factory=dict[str, str])
    allows_filtering: bool = False

    @property
    def needs_filtering(self) -> bool:
        """Whether the server refuses the query unless it says `allow_filtering`.

        An index that exists only in the database is not known here, and may make the server accept.
        """
        return bool(self.filtered)

    def __str__(self) -> str:
        return "\n".join(f"{label:<10} {text}" for label, text in self._lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape  # for notebooks only

        rows = (f"<tr><th>{label}</th><td><code>{escape(text)}</code></td></tr>" for label, text in self._lines())
        return f"<table style='text-align: left'>{''.join(rows)}</table>"

    def _lines(self) -> Iterator[tuple[str, str]]:
        yield "cql", self.cql
        yield "values", repr(self.params)
        served = f" on {self.index}" if self.index else ""
        yield "access", f"{self.access}{served}: {_COST[self.access]}"
        verdict = "allowed" if self.allows_filtering else "refused without allow_filtering()"
        yield "filtering", f"{verdict}: {'; '.join(self.filtered.values())}" if self.filtered else "none"


def query_plan(
    table: Table,
    cql: str,
    params: tuple[Any, ...],
    filters: tuple[Restriction, ...],
    *,
    allows_filtering: bool,
    nearest: str | None = None,
) -> QueryPlan:
    """Return how the server would carry out a SELECT of *table* with these filters.

    Args:
        table: The table.
        cql: The statement.
        params: Its values.
        filters: What its WHERE says.
        allows_filtering: Whether it says ALLOW FILTERING.
        nearest: The vector column by which it sorts, if it does.
    """
    shown = _shown(table, params, filters)
    operators = {item.column: item.operator for item in filters if not item.token_of}
    has_token = any(item.token_of for item in filters)
    access = _access(table, operators)
    in_partition = access is not Access.FULL_SCAN
    by_key = {*table.partition_key, *_sorted_prefix(table, operators)} if in_partition else set[str]()
    others = [name for name in operators if name not in by_key]
    if nearest is not None:
        filtered = dict(_unserved_beside_nearest(table, {name: operators[name] for name in others}))
        access = access if in_partition else Access.INDEX
        return QueryPlan(cql, shown, access, nearest, filtered, allows_filtering)
    index = next((name for name in others if _serves(table.by_name[name], operators[name])), None)
    if has_token and not in_partition:
        access = Access.TOKEN_RANGE
    return QueryPlan(
        cql=cql,
        params=shown,
        access=Access.INDEX if index is not None and not in_partition else access,
        index=index,
        filtered={
            name: _why_filtered(table, name, operators[name], in_partition=in_partition)
            for name in others
            if name != index
        },
        allows_filtering=allows_filtering,
    )


#: The driver takes these as numbers.
_AS_WRITTEN: Mapping[str, Callable[[Any], Any]] = {
    "date": as_date,
    "time": lambda nanoseconds: nanoseconds if nanoseconds % 1000 else as_time(nanoseconds),
    "timestamp": as_datetime,
}


def _shown(table: Table, params: tuple[Any, ...], filters: Sequence[Restriction]) -> tuple[Any, ...]:
    """Return the values of a SELECT, those of its WHERE, which come first, as people write them."""
    written = bound_values([item._replace(value=_as_written(table, item)) for item in filters])
    return (*written, *params[len(written) :])


def _as_written(table: Table, item: Restriction) -> Any:
    if item.is_token_of_key:
        key = zip(item.token_of, item.value, strict=True)
        return tuple(_value_as_written(table.types[name], value) for name, value in key)
    if item.token_of:
        return item.value
    cql = table.types[item.column]
    if item.operator.startswith("CONTAINS"):
        cql = cql.arguments[0 if item.operator == "CONTAINS KEY" else -1]
    return _value_as_written(cql, item.value)


def _value_as_written(cql: CqlType, value: Any) -> Any:
    """Return a value, or a list of values, as its CQL type is written in Python."""
    convert = _AS_WRITTEN.get(cql.name)
    if convert is None:
        return value
    if not isinstance(value, list):
        return convert(value)
    parts: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
    return [convert(part) for part in parts]


def _unserved_beside_nearest(table: Table, operators: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, operator in operators.items():
        column = table.by_name[name]
        if column.indexed is None:
            yield name, f"{name} needs an index of its own here, filtering or not"
        elif column.indexed.index_class is None or not _serves(column, operator):
            yield name, f"{name} is indexed, but here only Indexed(index_class='SAI') serves {operator!r} by itself"


def _access(table: Table, operators: Mapping[str, str]) -> Access:
    of_partition_key = [operators.get(name) for name in table.partition_key]
    if all(operator == "=" for operator in of_partition_key):
        return Access.ONE_PARTITION
    if all(operator in ("=", "IN") for operator in of_partition_key):
        return Access.SEVERAL_PARTITIONS
    return Access.FULL_SCAN


def _sorted_prefix(table: Table, operators: Mapping[str, str]) -> Iterator[str]:
    """Yield the clustering keys whose rows lie together: each compared with =, up to one compared with a range."""
    for name in table.clustering_key:
        operator = operators.get(name)
        if operator is None:
            return
        yield name
        if operator not in ("=", "IN"):
            return


def _serves(column: ColumnDefinition, operator: str) -> bool:
    """Whether the model's index on a column finds rows by this operator; other classes of index know more of them."""
    return column.indexed is not None and (operator in PLAIN_INDEX_SERVES or column.indexed.index_class is not None)


def _why_filtered(table: Table, name: str, operator: str, *, in_partition: bool) -> str:
    column = table.by_name[name]
    partition_key = ", ".join(table.partition_key)
    if column.partition_key_index is not None:
        return f"{name} is of use only with = or in, and with the whole partition key ({partition_key})"
    if column.clustering_key_index is not None:
        before = ", ".join(table.clustering_key[: column.clustering_key_index])
        needed = f"= for {before} before it" if in_partition else f"the whole partition key ({partition_key})"
        return f"{name} is a clustering key, of use only with {needed}"
    if column.indexed is None:
        return f"{name} is neither part of the primary key nor indexed"
    if not _serves(column, operator):
        return f"{name} is indexed, but not for {operator!r}, as it would be by Indexed(index_class='SAI')"
    return f"{name} is indexed, but one index serves a query"
