"""Values for scylladb-rs-driver, and of its rows: one converter for each column, chosen by the column's type.

The driver's types are known here by the names of their classes only, so that the core imports no driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from operator import itemgetter
from struct import pack
from typing import Any, NamedTuple

from coodie_core.driver_support.foreign_values import (
    Convert,
    Date,
    Record,
    Time,
    as_date,
    as_datetime,
    as_time,
    fields_of,
    naive,
)
from coodie_core.driver_support.user_fields import FieldIsUnknown
from coodie_core.exceptions import InvalidQueryError
from coodie_core.statement import Statement

_NUMBERS = ("BigInt", "Counter", "Decimal", "Double", "Float", "Int", "SmallInt", "TinyInt", "Varint")
_TIMES = ("Date", "Duration", "Time", "Timestamp", "Timeuuid")
NAMES: Mapping[str, str] = {
    f"Cql{name}": name.lower() for name in (*_NUMBERS, *_TIMES, "Ascii", "Blob", "Boolean", "Inet", "Text", "Uuid")
}
UNHASHABLE = ("CqlList", "CqlSet", "CqlMap", "CqlVector", "CqlUserDefinedType")
"""What the driver makes lists, sets and dicts of, which can be in no set and no key of a map in Python."""
INSTEAD = "Use driver_type='scylla' for this table."


class Column(NamedTuple):
    """A column or a marker of a statement.

    Attributes:
        name: Its name.
        type: Its type, an object of the driver.
    """

    name: str
    type: Any


def kind(cql_type: Any) -> str:
    return type(cql_type).__name__


def type_text(cql_type: Any) -> str:
    """Return the type as CQL has it."""
    match kind(cql_type):
        case "CqlList" | "CqlSet":
            text = f"{kind(cql_type)[3:].lower()}<{type_text(cql_type.column_type)}>"
        case "CqlMap":
            text = f"map<{type_text(cql_type.key_type)}, {type_text(cql_type.value_type)}>"
        case "CqlTuple":
            text = f"tuple<{', '.join(map(type_text, cql_type.element_types))}>"
        case "CqlVector":
            text = f"vector<{type_text(cql_type.typ)}, {cql_type.dimensions}>"
        case "CqlUserDefinedType":
            text = str(cql_type.name)
        case name:
            text = NAMES.get(name, name)
    return f"frozen<{text}>" if getattr(cql_type, "frozen", False) else text


def parts_of(cql_type: Any) -> list[Any]:
    """Return the types inside of a type."""
    match kind(cql_type):
        case "CqlList" | "CqlSet":
            return [cql_type.column_type]
        case "CqlMap":
            return [cql_type.key_type, cql_type.value_type]
        case "CqlTuple":
            return list(cql_type.element_types)
        case "CqlVector":
            return [cql_type.typ]
        case "CqlUserDefinedType":
            return [part for _, part in cql_type.field_types]
        case _:
            return []


def check_supported(column: Column) -> None:
    """Raise `InvalidQueryError` for a column of a type that the driver cannot carry.

    Raises:
        InvalidQueryError: It is, or has inside, a duration, or something in a set or key that Python cannot hash.
    """
    reason = unsupported(column.type)
    if reason is not None:
        raise InvalidQueryError(
            f"Column {column.name!r} is {type_text(column.type)}: scylladb-rs-driver has {reason}. {INSTEAD}"
        )


def unsupported(cql_type: Any) -> str | None:
    """Return what the driver does not have, or None if it has everything that the type needs."""
    if kind(cql_type) == "CqlDuration":
        return "no durations: what it makes of them turns hours into days"
    hashed = {"CqlSet": "column_type", "CqlMap": "key_type"}.get(kind(cql_type))
    if hashed is not None and has_unhashable(getattr(cql_type, hashed)):
        return "no collections and no user-defined types inside of sets and keys of maps"
    return next((reason for part in parts_of(cql_type) if (reason := unsupported(part))), None)


def has_unhashable(cql_type: Any) -> bool:
    return kind(cql_type) in UNHASHABLE or any(map(has_unhashable, parts_of(cql_type)))


# ---------------------------------------------------------------------------------------------------------------------
# to the driver


def single_precision(value: Any) -> Any:
    """Return a number for a float, which the driver alone would turn into infinity where it is too large."""
    pack(">f", value)
    return value


def as_address(value: Any) -> Any:
    return ip_address(value) if isinstance(value, str) else value


def as_bytes(value: Any) -> Any:
    return value if isinstance(value, bytes) else bytes(memoryview(value))


SCALAR_ENCODERS: Mapping[str, Convert] = {
    "CqlTimestamp": as_datetime,
    "CqlDate": as_date,
    "CqlTime": as_time,
    "CqlInet": as_address,
    "CqlBlob": as_bytes,
    "CqlFloat": single_precision,
}


class NullInside(ValueError):
    """A null inside of a tuple or a user-defined type, which the driver cannot send."""


def encoder(cql_type: Any) -> Convert | None:
    """Return what turns a value as core's codecs give it into one that the driver takes; None for "unchanged"."""
    match kind(cql_type):
        case "CqlList" | "CqlVector":
            return rebuilt(list, encoder(parts_of(cql_type)[0]))
        case "CqlSet":
            return rebuilt(set, encoder(cql_type.column_type))
        case "CqlMap":
            return rebuilt_map(encoder(cql_type.key_type), encoder(cql_type.value_type))
        case "CqlTuple":
            return tuple_encoder([encoder(part) for part in cql_type.element_types])
        case "CqlUserDefinedType":
            return record_encoder(cql_type.name, [(name, encoder(part)) for name, part in cql_type.field_types])
        case name:
            return SCALAR_ENCODERS.get(name)


def rebuilt(collection: Callable[[Any], Any], convert: Convert | None) -> Convert:
    def encode(values: Any) -> Any:
        if isinstance(values, str | bytes):
            raise TypeError("a collection is needed")
        return collection(values if convert is None else map(convert, values))

    return encode


def rebuilt_map(key: Convert | None, value: Convert | None) -> Convert:
    if key is None and value is None:
        return dict
    convert_key, convert_value = key or unchanged, value or unchanged
    return lambda values: {convert_key(k): convert_value(v) for k, v in values.items()}


def unchanged(value: Any) -> Any:
    return value


def tuple_encoder(encoders: Sequence[Convert | None]) -> Convert:
    def encode(values: Any) -> Any:
        return tuple(not_null(value, convert) for value, convert in zip(values, encoders, strict=True))

    return encode


def record_encoder(type_name: str, encoders: Sequence[tuple[str, Convert | None]]) -> Convert:
    known = {name for name, _ in encoders}

    def encode(value: Any) -> Any:
        fields = fields_of(value)
        for name, part in fields.items():
            if part is not None and name not in known:
                raise FieldIsUnknown(type_name, name)
        return {name: not_null(fields.get(name), convert) for name, convert in encoders}

    return encode


def not_null(value: Any, convert: Convert | None) -> Any:
    if value is None:
        raise NullInside
    return value if convert is None else convert(value)


class Binding(NamedTuple):
    """How the values of a statement are given to the driver.

    Attributes:
        columns: The markers.
        encoders: What converts the value of each; None for "unchanged".
    """

    columns: tuple[Column, ...]
    encoders: tuple[Convert | None, ...]

    def values(self, statement: Statement) -> list[Any]:
        """Return the values of *statement* as the driver takes them.

        Raises:
            InvalidQueryError: One cannot be stored, or not by this driver.
        """
        values = list(statement.params)
        for number, convert in enumerate(self.encoders):
            if convert is not None and values[number] is not None:
                try:
                    values[number] = convert(values[number])
                except NullInside:
                    raise self.null_inside(statement, number) from None
                except FieldIsUnknown as error:
                    raise error.of_column(self.columns[number].name, statement.cql) from None
                except Exception as error:
                    raise self.refused(statement, number, str(error)) from None  # its text may quote the value
        return values

    def null_inside(self, statement: Statement, number: int) -> InvalidQueryError:
        """Return the error for a null where the driver can send none."""
        column = self.columns[number]
        return InvalidQueryError(
            f"Column {column.name!r} is {type_text(column.type)}: scylladb-rs-driver can write no null inside of "
            f"tuples and user-defined types. Give every part a value. {INSTEAD} Statement: {statement.cql}"
        )

    def refused(self, statement: Statement, number: int, reason: str = "") -> InvalidQueryError:
        """Return the error for a value that does not fit its column, naming the column and never the value."""
        column, value = self.columns[number], statement.params[number]
        because = (
            "it has nanoseconds, and scylladb-rs-driver takes whole microseconds"
            if "nanoseconds" in reason
            else ("it is of another kind, or outside the column's range")
        )
        return InvalidQueryError(
            f"Column {column.name!r} is {type_text(column.type)} and cannot take this value of type "
            f"{type(value).__name__}: {because}. Statement: {statement.cql}"
        )


def binding(columns: Sequence[Column]) -> Binding:
    """Return how the values of a statement with these markers are given to the driver.

    Raises:
        InvalidQueryError: The driver cannot carry one of the types.
    """
    for column in columns:
        check_supported(column)
    return Binding(tuple(columns), tuple(encoder(column.type) for column in columns))


# ---------------------------------------------------------------------------------------------------------------------
# from the driver

SCALAR_DECODERS: Mapping[str, Convert] = {"CqlTimestamp": naive, "CqlDate": Date, "CqlTime": Time, "CqlInet": str}


def decoder(cql_type: Any) -> Convert | None:
    """Return what turns a value of the driver into what core's codecs read; None for "unchanged"."""
    match kind(cql_type):
        case "CqlList" | "CqlVector" | "CqlSet":
            convert = decoder(parts_of(cql_type)[0])
            collection = set if kind(cql_type) == "CqlSet" else list
            return None if convert is None else rebuilt(collection, convert)
        case "CqlMap":
            key, value = decoder(cql_type.key_type), decoder(cql_type.value_type)
            return None if key is None and value is None else rebuilt_map(key, value)
        case "CqlTuple":
            return tuple_decoder([decoder(part) for part in cql_type.element_types])
        case "CqlUserDefinedType":
            return record_decoder([(name, decoder(part)) for name, part in cql_type.field_types])
        case name:
            return SCALAR_DECODERS.get(name)


def tuple_decoder(decoders: Sequence[Convert | None]) -> Convert | None:
    if not any(decoders):
        return None
    return lambda values: tuple(
        value if convert is None or value is None else convert(value)
        for value, convert in zip(values, decoders, strict=True)
    )


def record_decoder(decoders: Sequence[tuple[str, Convert | None]]) -> Convert:
    changed = [(name, convert) for name, convert in decoders if convert is not None]

    def decode(value: Any) -> Any:
        for name, convert in changed:
            if value[name] is not None:
                value[name] = convert(value[name])
        return Record(value)

    return decode


class RowShape(NamedTuple):
    """How rows of the driver become tuples.

    Attributes:
        names: The names of the columns.
        decoders: The numbers of the columns whose values are converted, and what converts them.
    """

    names: list[str]
    decoders: tuple[tuple[int, Convert], ...]

    def tuples(self, rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Return *rows*, which are dicts in the order of the columns, as tuples."""
        if not self.decoders and len(self.names) > 1:  # of one, it would be the value alone
            return list(map(itemgetter(*self.names), rows))
        return [self.converted(list(row.values())) for row in rows]

    def converted(self, values: list[Any]) -> tuple[Any, ...]:
        """Return a row of which the driver's *values* are given."""
        for number, convert in self.decoders:
            if values[number] is not None:
                values[number] = convert(values[number])
        return tuple(values)


def row_shape(columns: Sequence[Column]) -> RowShape:
    """Return how rows of these columns become tuples.

    Raises:
        InvalidQueryError: The driver cannot carry one of the types, or two columns have one name.
    """
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidQueryError(
            f"The statement reads two columns called {twice!r}, of which scylladb-rs-driver keeps one. "
            f"Give one of them another name, with AS."
        )
    for column in columns:
        check_supported(column)
    decoders = ((number, decoder(column.type)) for number, column in enumerate(columns))
    return RowShape(names, tuple((number, convert) for number, convert in decoders if convert is not None))
