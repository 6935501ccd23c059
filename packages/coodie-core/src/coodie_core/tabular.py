"""Rows as Arrow record batches, and as frames of Polars and pandas, with the types that their columns have in CQL.

The three libraries are optional, and imported when somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple
from uuid import UUID

from coodie_core.exceptions import ConfigurationError, InvalidQueryError
from coodie_core.family import has_static_columns
from coodie_core.query import Query
from coodie_core.query_statements import document_columns, marker_of_rows
from coodie_core.schema import Table, table_of
from coodie_core.statement import Rows
from coodie_core.types import CqlType

#: Digits after the point of a decimal column: Arrow has one number of them for a column, CQL one for each value.
USUAL_DECIMAL_SCALE = 9
#: The digits of a 128-bit decimal (Arrow, "Decimal128"), the largest that Polars takes.
MOST_DIGITS = 38

#: Makes what Arrow takes of a value of the driver.
Converter = Callable[[Any], Any]


class Taste(NamedTuple):
    """What differs between those who read the batches.

    Attributes:
        has_uuids: Whether they know UUIDs and calendar intervals; otherwise these are text and structs.
        decimal_scale: Digits after the point of decimals.
    """

    has_uuids: bool = True
    decimal_scale: int = USUAL_DECIMAL_SCALE


class _Column(NamedTuple):
    name: str
    type: Any
    convert: Converter | None
    when_null: Any


class BatchMaker:
    """Makes record batches of the rows of a query.

    Args:
        query: The query.
        asked: Who asks, for errors.
        taste: Who reads them.

    Raises:
        ConfigurationError: pyarrow is not installed.
        InvalidQueryError: The query reads something that has no type of its own, such as a function's result.
    """

    def __init__(self, query: Query[Any], asked: str, taste: Taste) -> None:
        self._arrow: Any = imported("pyarrow", "arrow", asked)
        self._columns = [self._column(name, cql, taste, empty) for name, cql, empty in _columns_of(query, asked)]
        self._schema = self._arrow.schema([(column.name, column.type) for column in self._columns])

    def __call__(self, query: Query[Any], rows: Rows) -> Any:
        """Return the batch of one page.

        Raises:
            InvalidQueryError: A value does not fit Arrow's type, such as a decimal with more digits after the point.
        """
        found = _rows_of_documents(query, rows)
        values = list(zip(*found, strict=True)) if found else [()] * len(self._columns)
        arrays = [self._array(column, each) for column, each in zip(self._columns, values, strict=False)]
        return self._arrow.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _array(self, column: _Column, values: Sequence[Any]) -> Any:
        convert, when_null = column.convert, column.when_null
        if convert is not None or when_null is not None:
            values = [when_null if value is None else convert(value) if convert else value for value in values]
        try:
            return self._arrow.array(values, column.type)
        except (self._arrow.ArrowException, OverflowError) as error:
            raise InvalidQueryError(
                f"{column.name}: a value does not fit Arrow's {column.type} ({type(error).__name__}). Decimals are "
                f"never rounded: give as decimal_scale= the digits that the values have after the point, or leave the "
                f"column out with only()."
            ) from None

    def _column(self, name: str, cql: CqlType, taste: Taste, is_empty_when_null: bool) -> _Column:
        kind, convert = _arrow_type(self._arrow, cql, taste, is_inside=False)
        return _Column(name, kind, convert, [] if is_empty_when_null else None)


def batches(query: Query[Any], decimal_scale: int) -> Callable[[Query[Any], Rows], Any]:
    """Return what makes a ``pyarrow.RecordBatch`` of a page."""
    return BatchMaker(query, "arrow_batches()", Taste(decimal_scale=_checked_scale(decimal_scale)))


def polars_frames(query: Query[Any], decimal_scale: int) -> Callable[[Query[Any], Rows], Any]:
    """Return what makes a ``polars.DataFrame`` of a page."""
    polars = imported("polars", "polars", "polars_batches()")
    taste = Taste(has_uuids=False, decimal_scale=_checked_scale(decimal_scale))
    make = BatchMaker(query, "polars_batches()", taste)
    return lambda asked, rows: polars.from_arrow(make(asked, rows))


def pandas_frames(query: Query[Any], decimal_scale: int) -> Callable[[Query[Any], Rows], Any]:
    """Return what makes a ``pandas.DataFrame`` of a page."""
    imported("pandas", "pandas", "pandas_batches()")
    make = BatchMaker(query, "pandas_batches()", Taste(decimal_scale=_checked_scale(decimal_scale)))
    return lambda asked, rows: make(asked, rows).to_pandas()


def imported(module: str, extra: str, asked: str) -> Any:
    """Return an optional module.

    Raises:
        ConfigurationError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigurationError(
            f"scan().{asked} needs {module}, which is not installed: pip install 'coodie[{extra}]'."
        ) from error


def _checked_scale(digits: int) -> int:
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= MOST_DIGITS:
        raise InvalidQueryError(f"decimal_scale={digits!r}: give the digits after the point, from 0 to {MOST_DIGITS}.")
    return digits


def _columns_of(query: Query[Any], asked: str) -> list[tuple[str, CqlType, bool]]:
    """Return name and type of each column that is read, and whether it is an empty collection where it is null."""
    table = table_of(query.model)
    if query.selected is None:
        return [_column_of(table, name) for name in document_columns(table, query)]
    for selector in query.selected:
        if selector.function or selector.cast:
            raise InvalidQueryError(
                f"{table.document}.find().scan().{asked}: functions and casts have no column in a batch. "
                f"Name fields in values_list(), or only()."
            )
    return [_column_of(table, selector.columns[0]) for selector in query.selected]


def _column_of(table: Table, name: str) -> tuple[str, CqlType, bool]:
    family = () if table.family is None else table.family.tables_of(table)
    owner = next(member for member in (table, *family) if name in member.by_name)
    cql = owner.types[name]
    return name, cql, cql.is_collection and cql.is_multicell and name not in owner.nullable


def _rows_of_documents(query: Query[Any], rows: Rows) -> Sequence[Sequence[Any]]:
    """Return the rows that are documents of the query's class: others show only static columns, or other classes."""
    table = table_of(query.model)
    if query.selected is not None:
        return [row[:-1] for row in rows.rows if row[-1] is not None] if marker_of_rows(table, query) else rows.rows
    found: Sequence[Sequence[Any]] = rows.rows
    names = list(rows.columns)
    if not query.distinct and has_static_columns(table):
        place = names.index(table.clustering_key[0])
        found = [row for row in found if row[place] is not None]
    if table.family is not None:
        family, place = table.family, names.index(table.family.discriminator)
        found = [row for row in found if family.class_of(row[place], table) is not None]
    return found


_SCALARS: Mapping[str, str] = {
    "ascii": "string",
    "bigint": "int64",
    "blob": "binary",
    "boolean": "bool_",
    "counter": "int64",
    "date": "date32",
    "double": "float64",
    "float": "float32",
    "inet": "string",
    "int": "int32",
    "smallint": "int16",
    "text": "string",
    "tinyint": "int8",
    "varchar": "string",
}

_CONVERTERS: Mapping[str, Converter] = {
    "date": lambda value: value.days_from_epoch,  # of the driver's class, which knows years beyond Python's
    "inet": str,
    "time": lambda value: value.nanosecond_time,
    "duration": lambda value: (value.months, value.days, value.nanoseconds),
}


def _arrow_type(arrow: Any, cql: CqlType, taste: Taste, *, is_inside: bool) -> tuple[Any, Converter | None]:
    """Return Arrow's type for a CQL type, and what makes Arrow's values of the driver's, where they differ."""
    if cql.is_user_type or cql.name in _CONTAINERS:
        return _container(arrow, cql, taste)
    convert = _CONVERTERS.get(cql.name)
    if cql.name in ("uuid", "timeuuid"):
        if taste.has_uuids and not is_inside:  # Arrow knows no lists of UUIDs
            return arrow.uuid(), lambda value: value.bytes
        return arrow.string(), lambda value: str(UUID(bytes=value.bytes))
    if cql.name == "timestamp":
        return arrow.timestamp("ms", "UTC"), None
    if cql.name == "time":
        return arrow.time64("ns"), convert
    if cql.name == "decimal":
        return arrow.decimal128(MOST_DIGITS, taste.decimal_scale), None
    if cql.name == "varint":
        return arrow.decimal128(MOST_DIGITS, 0), None
    if cql.name == "duration" and taste.has_uuids and not is_inside:
        return arrow.month_day_nano_interval(), convert
    if cql.name == "duration":
        fields = [("months", arrow.int32()), ("days", arrow.int32()), ("nanoseconds", arrow.int64())]
        return arrow.struct(fields), convert
    return getattr(arrow, _SCALARS[cql.name])(), convert


_CONTAINERS = frozenset({"list", "set", "map", "tuple", "vector"})


def _container(arrow: Any, cql: CqlType, taste: Taste) -> tuple[Any, Converter | None]:
    parts = [argument for _, argument in cql.fields] if cql.fields is not None else [*cql.arguments]
    inside = [_arrow_type(arrow, part, taste, is_inside=True) for part in parts]
    types, converters = [kind for kind, _ in inside], [_or_none(convert) for _, convert in inside]
    if cql.fields is not None:
        names = [name for name, _ in cql.fields]
        return arrow.struct(list(zip(names, types, strict=True))), _struct(names, converters)
    if cql.name == "tuple":
        names = [str(number) for number in range(len(types))]
        return arrow.struct(list(zip(names, types, strict=True))), _struct(names, converters)
    if cql.name == "map":
        convert_key, convert = converters
        return arrow.map_(*types), lambda value: [(convert_key(key), convert(item)) for key, item in value.items()]
    kind = arrow.list_(types[0]) if cql.dimensions is None else arrow.list_(types[0], cql.dimensions)
    (convert,) = converters
    return kind, lambda value: [convert(item) for item in value]


def _or_none(convert: Converter | None) -> Converter:
    if convert is None:
        return lambda value: value
    return lambda value: None if value is None else convert(value)


def _struct(names: Sequence[str], converters: Sequence[Converter]) -> Converter:
    def convert(value: Any) -> dict[str, Any]:
        parts = value if hasattr(value, "__getitem__") else [getattr(value, name) for name in names]
        return {name: each(part) for name, each, part in zip(names, converters, parts, strict=False)}

    return convert
