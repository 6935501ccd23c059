"""What `values_list` and its kin read in place of documents, and the tuples that the rows become."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from coodie_core.codecs.plain import decode_value
from coodie_core.collector import made_at_once
from coodie_core.cql_builder.selectors import CASTS, COUNT_ROWS, Selector
from coodie_core.exceptions import InvalidQueryError
from coodie_core.family import has_static_columns
from coodie_core.hydration import values_of_empty_columns
from coodie_core.query import D, Query
from coodie_core.query_statements import document_columns, marker_of_rows
from coodie_core.row_code import RowValue, tuples_maker
from coodie_core.schema import Table, table_of
from coodie_core.statement import Rows
from coodie_core.suggestions import nearest
from coodie_core.types import CqlType

_INTEGERS = frozenset({"tinyint", "smallint", "int", "bigint", "varint", "counter"})
_NUMBERS = _INTEGERS | {"float", "double", "decimal"}

#: What a column is cast to before it is added up. The servers add in the column's own type, where 2147483647 + 1 is
#: -2147483648, and divide in it, where the mean of 1 and 2 is 1, as decimals too (Cassandra 5.0.9 and its
#: "Aggregate functions").
_ADDED_UP_AS: dict[str, dict[str, str]] = {
    "sum": {"float": "double", **dict.fromkeys(_INTEGERS - {"varint"}, "varint")},
    "avg": dict.fromkeys(_NUMBERS - {"double"}, "double"),
}

_CALL = re.compile(r"(\w+)\((\*|\w*)\)")


def selector_of(table: Table, given: str, asked: str) -> Selector:
    """Return what a field's name, or a function of a field such as ``"sum(total)"``, selects.

    Raises:
        InvalidQueryError: There is no such field or function, or the function is not for such a field.
    """
    if not isinstance(given, str):
        raise InvalidQueryError(
            f"{table.document}.{asked}: give the name of a field, or a function of one such as "
            f"'max({table.column_names[0]})'."
        )
    call = _CALL.fullmatch(given)
    if call is None or given in table.by_name:
        return Selector((table.column(given, asked).name,))
    function, field = call.groups()
    return function_of(table, function.lower(), field, asked)


def function_of(table: Table, function: str, field: str, asked: str) -> Selector:
    """Return the selector of a function of a field.

    Raises:
        InvalidQueryError: There is no such field or function, or the function is not for such a field.
    """
    if function not in _FUNCTIONS:
        raise InvalidQueryError(
            f"{table.document}.{asked}: there is no function {function!r}{nearest(function, _FUNCTIONS)}. "
            f"The functions are {', '.join(_FUNCTIONS)}."
        )
    if function == "count" and field == "*":
        return counter_of_rows(table)
    _ = table.column(field, asked)
    return _FUNCTIONS[function](table, function, field, asked)


def counter_of_rows(table: Table) -> Selector:
    """Return what counts documents: where there are static columns, a partition without rows is one to the server."""
    return Selector((table.clustering_key[0],), "count") if has_static_columns(table) else COUNT_ROWS


def _of_any_column(_table: Table, function: str, field: str, _asked: str) -> Selector:
    return Selector((field,), function)


def _of_numbers(table: Table, function: str, field: str, asked: str) -> Selector:
    name = table.types[field].name
    if name not in _NUMBERS:
        raise InvalidQueryError(f"{table.document}.{asked}: {field} is {table.types[field]}, which is no number.")
    return Selector((field,), function, _ADDED_UP_AS[function].get(name))


def _of_cells(table: Table, function: str, field: str, asked: str) -> Selector:
    if table.by_name[field].is_primary_key:
        raise InvalidQueryError(
            f"{table.document}.{asked}: {field} is part of the primary key, which has no {function}."
        )
    if table.types[field].is_multicell:
        raise InvalidQueryError(
            f"{table.document}.{asked}: {field} is {table.types[field]}, in which each element has a {function} of its "
            f"own. Freeze the field, or read it with execute_raw() where the server can."
        )
    return Selector((field,), function)


_FUNCTIONS: dict[str, Callable[[Table, str, str, str], Selector]] = {
    "count": _of_any_column,
    "min": _of_any_column,
    "max": _of_any_column,
    "sum": _of_numbers,
    "avg": _of_numbers,
    "writetime": _of_cells,
    "ttl": _of_cells,
}


def with_values(query: Query[D], fields: Sequence[str]) -> Query[D]:
    """Return *query* reading these fields and functions as tuples; without any, the fields of its documents."""
    table = table_of(query.model)
    given = fields or [name for name in document_columns(table, query) if name in table.by_name]
    return query.but(selected=tuple(selector_of(table, item, f"values_list({item!r})") for item in given))


def with_token(query: Query[D]) -> Query[D]:
    """Return *query* reading the partition key's token besides what it reads as tuples."""
    return _with_selector(query, Selector(table_of(query.model).partition_key, "token"))


def with_cast(query: Query[D], field: str, cql_type: str) -> Query[D]:
    """Return *query* reading a field as another CQL type.

    Raises:
        InvalidQueryError: The field does not exist, or CQL does not make such a value of it.
    """
    table, asked = table_of(query.model), f"cast({field!r}, {cql_type!r})"
    _ = table.column(field, asked)
    possible = _possible_casts(table.types[field])
    if cql_type not in possible:
        raise InvalidQueryError(
            f"{table.document}.{asked}: {field} is {table.types[field]}, which CQL casts to "
            f"{', '.join(sorted(possible)) or 'nothing else'}{nearest(str(cql_type), possible)}."
        )
    cast, plain = Selector((field,), cast=cql_type), Selector((field,))
    if plain not in (query.selected or ()):
        return _with_selector(query, cast)
    selected = tuple(cast if item == plain else item for item in query.selected or ())
    return query.but(selected=selected)


def _possible_casts(cql: CqlType) -> frozenset[str]:
    return frozenset[str]() if cql.is_user_type else CASTS.get(cql.name, frozenset[str]())


def _with_selector(query: Query[D], selector: Selector) -> Query[D]:
    return query.but(selected=(*(query.selected or ()), selector))


def grouped(query: Query[D], fields: Sequence[str]) -> Query[D]:
    """Return *query* with one row for each group, reading the fields that make the groups unless it reads others.

    Raises:
        InvalidQueryError: No field is given, or one does not exist or is not part of the primary key.
    """
    table = table_of(query.model)
    for name in fields:
        asked = f"group_by({name!r})"
        if not table.column(name, asked).is_primary_key:
            raise InvalidQueryError(
                f"{table.document}.{asked}: CQL groups by the primary key only ({', '.join(table.primary_key)})."
            )
    if not fields:
        raise InvalidQueryError(f"{table.document}.group_by(): name at least the partition key.")
    selected = query.selected or tuple(Selector((name,)) for name in fields)
    return query.but(group_by=tuple(fields), selected=selected)


def values_of(query: Query[Any], rows: Rows) -> list[tuple[Any, ...]]:
    """Return one tuple for each row, with each value as a document would have it."""
    table = table_of(query.model)
    has_marker = marker_of_rows(table, query) is not None
    found = [row[:-1] for row in rows.rows if row[-1] is not None] if has_marker else rows.rows
    return made_at_once(_maker_of_tuples(table, query.selected or ()), found)


def _maker_of_tuples(table: Table, selected: tuple[Selector, ...]) -> Callable[[Iterable[Any]], list[tuple[Any, ...]]]:
    return table.memory.of(("tuples", selected), lambda: _make_maker_of_tuples(table, selected))


def _make_maker_of_tuples(
    table: Table, selected: tuple[Selector, ...]
) -> Callable[[Iterable[Any]], list[tuple[Any, ...]]]:
    values = [_value(table, selector) for selector in selected]
    if not any(values):
        return list
    return tuples_maker([value or RowValue() for value in values])


def _value(table: Table, selector: Selector) -> RowValue | None:
    """Return how a value becomes plain Python, or None where the driver's is that already."""
    if selector.cast is not None or selector.function not in (None, "min", "max"):
        return RowValue(decode_value)
    name = selector.columns[0]
    decode = table.codecs[name].decode
    if selector.function is None and _has_value_when_empty(table, name, table.types[name]):
        return RowValue(decode, when_null=partial(_value_when_empty, table, name))
    return RowValue(decode) if decode is not None else None


def _has_value_when_empty(table: Table, name: str, cql: CqlType) -> bool:
    return name not in table.nullable and (cql.is_multicell or not table.model.model_fields[name].is_required())


def _value_when_empty(table: Table, name: str) -> Any:
    return values_of_empty_columns(table, (name,)).get(name)
