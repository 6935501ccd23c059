"""Conversions of single values.

Each encoder looks at the exact class first, since that is what nearly every value has, and leaves the rest to
`plain_value`: subclasses, members of an Enum and secrets become what they hold, anything else is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import IPvAnyAddress, NaiveDatetime

from coodie_core.duration import MAX_NANOSECONDS, CqlDuration
from coodie_core.exceptions import UnstorableValue

Convert = Callable[[Any], Any]


class Conversion(NamedTuple):
    """How values of one type are written and read.

    Attributes:
        encode: Gives a value as the driver takes it.
        decode: Gives what the driver returns as a Python value; None if it is one already.
        normalise: Gives a value as the column will hold it, and one that `encode` refuses as it is; None if a column
            holds every value.
        sent_as_is: The classes whose instances `encode` returns unchanged, whatever their value.
        packed_as: For numbers of fixed size, their code in `struct`, which checks many of them at once.
    """

    encode: Convert
    decode: Convert | None = None
    normalise: Convert | None = None
    sent_as_is: frozenset[type] = frozenset()
    packed_as: str | None = None


def plain_value(value: Any, *expected: type) -> Any:
    """Return what *value* holds, if that is an instance of *expected*.

    Raises:
        UnstorableValue: It is something else.
    """
    if isinstance(value, Enum):
        value = value.value
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    if isinstance(value, expected):
        return value
    raise of_wrong_class(value, *expected)


def of_wrong_class(value: Any, *expected: type) -> UnstorableValue:
    """Return the refusal of a value that is not of the *expected* classes, or is None inside of a collection."""
    if value is None:
        return UnstorableValue("None is inside a collection, and CQL's collections hold no null. Leave it out.")
    wanted = " or ".join(kind.__name__ for kind in expected)
    return UnstorableValue(f"the column needs {wanted}, and was given {type(value).__name__}. Convert it first.")


# ---------------------------------------------------------------------------------------------------------------------
# Numbers

_INTEGER_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64, "counter": 64}
_STRUCT_CODES = {8: "b", 16: "h", 32: "i", 64: "q"}
_WIDER = {"tinyint": "SmallInt()", "smallint": "int without a marker", "int": "BigInt()", "bigint": "VarInt()"}

#: The largest finite number of IEEE 754 binary32.
_MAX_FLOAT32 = (2 - 2**-23) * 2.0**127


def _integer(name: str) -> Conversion:
    limit = 1 << _INTEGER_BITS[name] - 1
    advice = f"Use {_WIDER[name]} for larger numbers." if name in _WIDER else "A counter cannot hold more."

    def encode(value: Any) -> Any:
        if type(value) is not int:
            value = int(plain_value(value, int))
        if -limit <= value < limit:
            return value
        raise UnstorableValue(f"the number does not fit {name}, which holds {-limit} to {limit - 1}. {advice}")

    return Conversion(encode, packed_as=_STRUCT_CODES[_INTEGER_BITS[name]])


def _encode_varint(value: Any) -> Any:
    return value if type(value) is int else int(plain_value(value, int))


def _encode_double(value: Any) -> Any:
    if type(value) is float:
        return value
    try:
        return float(plain_value(value, float, int))
    except OverflowError:
        raise UnstorableValue("the number does not fit double. Use Decimal or VarInt() for larger numbers.") from None


def _encode_float(value: Any) -> Any:
    if type(value) is float and -_MAX_FLOAT32 <= value <= _MAX_FLOAT32:
        return value
    value = _encode_double(value)
    if _MAX_FLOAT32 < abs(value) < float("inf"):
        raise UnstorableValue(f"the number does not fit float, whose largest is {_MAX_FLOAT32}. Use Double().")
    return value


def _encode_decimal(value: Any) -> Any:
    """The driver writes and reads the digits through a Python int, whose text has a limit."""
    value = plain_value(value, Decimal)
    digits, exponent = value.as_tuple()[1:]
    if isinstance(exponent, str):
        raise UnstorableValue("CQL's decimal has no NaN and no infinity. Use None or Double().")
    if not -(2**31) < exponent <= 2**31:
        raise UnstorableValue("the exponent does not fit CQL's decimal, which keeps it in 32 bits.")
    most_digits = sys.get_int_max_str_digits()
    if most_digits and len(digits) > most_digits:
        raise UnstorableValue(
            f"the number has {len(digits)} digits, and Python converts {most_digits}. "
            f"Round it, or raise sys.set_int_max_str_digits() wherever it is written or read."
        )
    return value


# ---------------------------------------------------------------------------------------------------------------------
# Text, bytes, identifiers, addresses


def _encode_text(value: Any) -> Any:
    if type(value) is not str:
        value = str.__str__(plain_value(value, str))
    if not value.isascii():
        _check_text(value)
    return value


def _check_text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnstorableValue(
            "the text has half of a surrogate pair, which UTF-8 cannot hold. Decode its source with the right encoding."
        ) from None


def _encode_ascii(value: Any) -> Any:
    value = str.__str__(plain_value(value, str))
    if not value.isascii():
        raise UnstorableValue("the text has characters that ascii does not hold. Remove Ascii() from the field.")
    return value


def _encode_bytes(value: Any) -> Any:
    return value if type(value) is bytes else bytes(plain_value(value, bytes, bytearray, memoryview))


def _encode_timeuuid(value: Any) -> Any:
    value = plain_value(value, UUID)
    if value.version != 1:
        raise UnstorableValue("a timeuuid is a UUID of version 1. Make it with uuid.uuid1(), or remove TimeUUID().")
    return value


def _instance_of(kind: type, decode: Convert | None = None) -> Conversion:
    def encode(value: Any) -> Any:
        return value if type(value) is kind else plain_value(value, kind)

    return Conversion(encode, decode, sent_as_is=frozenset({kind}))


def _encode_address(value: Any) -> Any:
    """An interface is an address too, but its network would be lost; so would the scope of an IPv6 address."""
    value = plain_value(value, IPv4Address, IPv6Address)
    if type(value) not in (IPv4Address, IPv6Address) or getattr(value, "scope_id", None) is not None:
        raise UnstorableValue("inet holds a bare address, without network or scope. Remove it, or store it as text.")
    return value


def _decode_ipv6(value: Any) -> Any:
    """Servers take ``::ffff:1.2.3.4`` for 1.2.3.4 where addresses are sorted: in sets and as keys of maps."""
    return IPv6Address(value if ":" in value else f"::ffff:{value}")


def _normalised_address(value: Any) -> Any:
    """Where both versions may be, an IPv4 address written as IPv6 could not be told from itself."""
    return getattr(value, "ipv4_mapped", None) or value


def _encode_any_address(value: Any) -> Any:
    return _normalised_address(_encode_address(value))


# ---------------------------------------------------------------------------------------------------------------------
# Time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)

#: The first and last millisecond that Python's datetime can be read back as.
_FIRST_MILLISECOND = -62_135_596_800_000
_LAST_MILLISECOND = 253_402_300_799_999

#: ``date(1970, 1, 1).toordinal()``, and where CQL's unsigned day count has that day.
_ORDINAL_OF_EPOCH = 719_163
_CQL_DAY_OF_EPOCH = 2**31

_NANOSECONDS_OF_DAY = 86_400_000_000_000


def _milliseconds(since_epoch: timedelta) -> int:
    """Return whole milliseconds, rounded down, also before 1970; in integers, so that nothing is lost."""
    return (since_epoch.days * 86_400 + since_epoch.seconds) * 1000 + since_epoch.microseconds // 1000


def _encode_timestamp(value: Any) -> Any:
    try:
        milliseconds = _milliseconds(value - _EPOCH)
    except (TypeError, AttributeError):
        value = plain_value(value, datetime)
        if value.utcoffset() is None:
            raise UnstorableValue(
                "the datetime is naive: it does not say in which time zone it is. "
                "Use datetime.now(UTC) or .replace(tzinfo=...), or annotate the field as pydantic.NaiveDatetime, "
                "which is taken as UTC."
            ) from None
        milliseconds = _milliseconds(value - _EPOCH)
    if _FIRST_MILLISECOND <= milliseconds <= _LAST_MILLISECOND:
        return milliseconds
    raise UnstorableValue("the datetime is outside of the years 1 to 9999 in UTC, so it could not be read back.")


def _normalised_timestamp(value: Any) -> Any:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        return value  # `astimezone` would take a naive datetime as local time; the encoder refuses it
    try:
        return _without_microseconds(value if value.tzinfo is UTC else value.astimezone(UTC))
    except OverflowError:
        return value


def _encode_naive_timestamp(value: Any) -> Any:
    value = plain_value(value, datetime)
    if value.utcoffset() is not None:
        raise UnstorableValue(
            "the datetime has a time zone, and the field is a NaiveDatetime. Annotate it as datetime."
        )
    return _milliseconds(value.replace(tzinfo=None) - _NAIVE_EPOCH)


def _without_microseconds(value: Any) -> Any:
    """Return the datetime cut to milliseconds, which is what CQL's timestamp counts."""
    if not isinstance(value, datetime) or not value.microsecond % 1000:
        return value
    return value - timedelta(microseconds=value.microsecond % 1000)


def _decode_timestamp(value: Any) -> Any:
    return _EPOCH + (value - _NAIVE_EPOCH)  # a tenth of the time that value.replace(tzinfo=UTC) takes


def _encode_date(value: Any) -> Any:
    value = plain_value(value, date)
    if isinstance(value, datetime):
        raise UnstorableValue("a datetime was given for a date, which would lose the time. Use .date().")
    return value.toordinal() - _ORDINAL_OF_EPOCH + _CQL_DAY_OF_EPOCH


def _decode_date(value: Any) -> Any:
    return date.fromordinal(value.days_from_epoch + _ORDINAL_OF_EPOCH)


def _encode_time(value: Any) -> Any:
    value = plain_value(value, time)
    if value.tzinfo is not None:
        raise UnstorableValue("CQL's time has no time zone. Use .replace(tzinfo=None), or store a datetime.")
    return (((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond) * 1000


def _decode_time(value: Any) -> Any:
    seconds, nanoseconds = divmod(value.nanosecond_time, 1_000_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return time(hour, minute, second, nanoseconds // 1000)


def _encode_nanoseconds(value: Any) -> Any:
    value = int(plain_value(value, int))
    if 0 <= value < _NANOSECONDS_OF_DAY:
        return value
    raise UnstorableValue(f"CQL's time is 0 to {_NANOSECONDS_OF_DAY - 1} nanoseconds since midnight.")


def _decode_nanoseconds(value: Any) -> Any:
    return value.nanosecond_time


def _encode_duration(value: Any) -> Any:
    return value if type(value) is CqlDuration else plain_value(value, CqlDuration)


def _decode_duration(value: Any) -> Any:
    return CqlDuration(value.months, value.days, value.nanoseconds)


def _encode_timedelta(value: Any) -> Any:
    """A plain span of time goes into the nanoseconds: a day of CQL's is not always 24 hours."""
    value = plain_value(value, timedelta)
    nanoseconds = ((value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds) * 1000
    if -MAX_NANOSECONDS <= nanoseconds <= MAX_NANOSECONDS:
        return CqlDuration(nanoseconds=nanoseconds)
    raise UnstorableValue("the timedelta is longer than 292 years, more than a duration's nanoseconds hold.")


def _decode_timedelta(value: Any) -> Any:
    if value.months or value.days:
        raise ValueError("the duration has months or days, which have no fixed length. Make the field a CqlDuration")
    return timedelta(microseconds=value.nanoseconds // 1000)


_TIMESTAMP = Conversion(_encode_timestamp, _decode_timestamp, _normalised_timestamp)
_NAIVE_TIMESTAMP = Conversion(_encode_naive_timestamp, None, _without_microseconds)
_TEXT = Conversion(_encode_text)

#: By CQL type and Python type.
SCALARS: Mapping[tuple[str, Any], Conversion] = {
    ("text", str): _TEXT,
    ("ascii", str): Conversion(_encode_ascii),
    **{(name, int): _integer(name) for name in _INTEGER_BITS},
    ("varint", int): Conversion(_encode_varint, sent_as_is=frozenset({int})),
    ("float", float): Conversion(_encode_float, packed_as="f"),
    ("double", float): Conversion(_encode_double, sent_as_is=frozenset({float})),
    ("decimal", Decimal): Conversion(_encode_decimal),
    ("boolean", bool): _instance_of(bool),
    ("blob", bytes): Conversion(_encode_bytes, sent_as_is=frozenset({bytes})),
    ("uuid", UUID): _instance_of(UUID),
    ("timeuuid", UUID): Conversion(_encode_timeuuid),
    ("timestamp", datetime): _TIMESTAMP,
    ("timestamp", NaiveDatetime): _NAIVE_TIMESTAMP,
    ("date", date): Conversion(_encode_date, _decode_date),
    ("time", time): Conversion(_encode_time, _decode_time),
    ("time", int): Conversion(_encode_nanoseconds, _decode_nanoseconds),
    ("duration", CqlDuration): Conversion(_encode_duration, _decode_duration, sent_as_is=frozenset({CqlDuration})),
    ("duration", timedelta): Conversion(_encode_timedelta, _decode_timedelta),
    ("inet", IPv4Address): Conversion(_encode_address, IPv4Address, sent_as_is=frozenset({IPv4Address})),
    ("inet", IPv6Address): Conversion(_encode_address, _decode_ipv6),
    ("inet", IPvAnyAddress): Conversion(
        _encode_any_address, ip_address, _normalised_address, sent_as_is=frozenset({IPv4Address})
    ),
}
