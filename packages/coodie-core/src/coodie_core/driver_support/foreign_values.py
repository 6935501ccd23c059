"""Values of other drivers in the shape that core's codecs read: that of the ``cassandra`` package.

Its dates and times count from an epoch, its user-defined types are named tuples, and its timestamps are naive, in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

Convert = Callable[[Any], Any]

ORDINAL_OF_EPOCH = 719_163
"""``date(1970, 1, 1).toordinal()``."""
CQL_DAY_OF_EPOCH = 2**31
"""CQL binary protocol v4, section 6.7 "date": the epoch is in the middle of the range."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Date:
    """A CQL date.

    Args:
        value: The day.
    """

    __slots__ = ("_value", "days_from_epoch")

    def __init__(self, value: date) -> None:
        self.days_from_epoch: int = value.toordinal() - ORDINAL_OF_EPOCH
        self._value = value

    def date(self) -> date:
        """Return the day."""
        return self._value


class Time:
    """A CQL time.

    Args:
        value: The time of day.
    """

    __slots__ = ("_value", "nanosecond_time")

    def __init__(self, value: time) -> None:
        seconds = (value.hour * 60 + value.minute) * 60 + value.second
        self.nanosecond_time: int = (seconds * 1_000_000 + value.microsecond) * 1000
        self._value = value

    def time(self) -> time:
        """Return the time of day."""
        return self._value


class Record:
    """A value of a user-defined type.

    Args:
        fields: Its fields by name.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = dict(fields)

    def _asdict(self) -> dict[str, Any]:
        """Return the fields, as named tuples do."""
        return self._fields


def naive(value: datetime) -> datetime:
    """Return a datetime in UTC without its time zone."""
    return value.replace(tzinfo=None)


def as_datetime(value: Any) -> Any:
    """Return what core's codecs make of a timestamp, milliseconds, as a datetime; a naive one is in UTC."""
    if isinstance(value, int):
        return EPOCH + timedelta(milliseconds=value)
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def as_date(value: Any) -> Any:
    """Return what core's codecs make of a date, its number, as a date."""
    return date.fromordinal(value - CQL_DAY_OF_EPOCH + ORDINAL_OF_EPOCH) if isinstance(value, int) else value


def as_time(value: Any) -> Any:
    """Return what core's codecs make of a time, nanoseconds since midnight, as a time.

    Raises:
        ValueError: It has nanoseconds that Python's time does not.
    """
    if not isinstance(value, int):
        return value
    microseconds, rest = divmod(value, 1000)
    if rest:
        raise ValueError("the time has nanoseconds, and this driver takes whole microseconds")
    seconds, microsecond = divmod(microseconds, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return time(hour, minute, second, microsecond)


def fields_of(value: Any) -> Mapping[str, Any]:
    """Return the fields of a value that is to be stored as a user-defined type."""
    as_dict: Any = getattr(value, "_asdict", None)
    fields: Mapping[str, Any] = as_dict() if as_dict else getattr(value, "__dict__", value)
    return fields
