"""Values of raw rows as plain Python, where no field says what they should be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from coodie_core.codecs.nested import items_of
from coodie_core.duration import CqlDuration

#: The driver's own classes, by name since core imports no driver, and what they become.
_BY_CLASS_NAME: dict[str, Callable[[Any], Any]] = {
    "SortedSet": lambda value: {_hashable(decode_value(item)) for item in value},
    "set": lambda value: {_hashable(decode_value(item)) for item in value},
    "dict": lambda value: {_hashable(decode_value(key)): decode_value(item) for key, item in value.items()},
    "OrderedMapSerializedKey": lambda value: {
        _hashable(decode_value(key)): decode_value(item) for key, item in items_of(value)
    },
    "Date": lambda value: _date(value),
    "Time": lambda value: value.time(),
    "Duration": lambda value: CqlDuration(value.months, value.days, value.nanoseconds),
    "datetime": lambda value: _aware(value),
    "list": lambda value: [decode_value(item) for item in value],
    "tuple": lambda value: tuple(map(decode_value, value)),
}


def decode_value(value: Any) -> Any:
    """Return a value of a driver's row as plain Python: sets, dicts, dates in UTC, a user-defined type as a dict.

    Example:
        >>> decode_value(datetime(2026, 1, 1))
        datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    convert = _BY_CLASS_NAME.get(type(value).__name__)
    if convert is not None:
        return convert(value)
    if hasattr(value, "_asdict"):
        return {name: decode_value(item) for name, item in value._asdict().items()}
    return value


#: What collections become inside a set or as a key: CQL allows them there, Python only immutable ones.
_IMMUTABLE: dict[type, Callable[[Any], Any]] = {
    list: lambda value: tuple(map(_hashable, value)),
    set: frozenset,
    dict: lambda value: tuple((key, _hashable(item)) for key, item in value.items()),
}


def _hashable(value: Any) -> Any:
    kind: type = value.__class__
    convert = _IMMUTABLE.get(kind)
    return value if convert is None else convert(value)


def _date(value: Any) -> Any:
    """Return a date, or the driver's text for it where it lies outside of Python's years 1 to 9999."""
    try:
        return value.date()
    except ValueError:
        return str(value)


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value
