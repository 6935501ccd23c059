"""Values as JSON in the way that ``INSERT INTO ... JSON`` takes them (Apache Cassandra, "JSON support").

JSON has fewer types than CQL, so that the server reads many of them from strings: UUIDs, dates, times, durations, blobs
in hexadecimal digits, and numbers that a JSON number might not hold. The keys of an object are always strings.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from coodie_core.types import CqlType

#: ``date(1970, 1, 1).toordinal()``, minus the number that CQL has for that day.
_ORDINAL_OF_DAY_ZERO = date(1970, 1, 1).toordinal() - 2**31


def json_row(types: Mapping[str, CqlType], values: Mapping[str, Any]) -> str:
    """Return a row as a JSON object.

    Args:
        types: The type of each column.
        values: The columns' values, in the driver's types.

    Example:
        >>> json_row({"id": CqlType("int"), "photo": CqlType("blob")}, {"id": 7, "photo": b"ab"})
        '{"id": 7, "photo": "0x6162"}'
    """
    return json.dumps({_name(name): _json(types[name], value) for name, value in values.items()}, ensure_ascii=False)


def _name(name: str) -> str:
    """Return a name as a key: the server takes what has no quotes in lower case."""
    return name if name == name.lower() else f'"{name}"'


def _json(cql: CqlType, value: Any) -> Any:
    if value is None:
        return None
    if cql.fields is not None:
        held: dict[str, Any] = value.__dict__
        return {_name(name): _json(inside, held.get(name)) for name, inside in cql.fields}
    if cql.name == "map":
        key, inside = cql.arguments
        return {_key(_json(key, k)): _json(inside, v) for k, v in value.items()}
    if cql.name == "tuple":
        return [_json(inside, part) for inside, part in zip(cql.arguments, value, strict=True)]
    if cql.arguments:
        return [_json(cql.arguments[0], part) for part in value]
    return _SCALARS[cql.name](value) if cql.name in _SCALARS else str(value)


def _key(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_it_is(value: Any) -> Any:
    return value


def _float(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def _date(days: int) -> str:
    return date.fromordinal(days + _ORDINAL_OF_DAY_ZERO).isoformat()


def _time(nanoseconds: int) -> str:
    seconds, nanoseconds = divmod(nanoseconds, 1_000_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}.{nanoseconds:09}"


def _varint(value: int) -> str:
    """Return all digits, also more than the 4,300 to which ``str`` is limited (``sys.set_int_max_str_digits``)."""
    return format(Decimal(value), "f")


#: All others are written by ``str``: UUIDs, addresses, durations, decimals, and timestamps in milliseconds.
_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("bigint", "boolean", "int", "smallint", "tinyint"), _as_it_is),
    "varint": _varint,
    "float": _float,
    "double": _float,
    "blob": lambda value: f"0x{bytes(value).hex()}",
    "date": _date,
    "time": _time,
}
