"""Values of every CQL type that a field can have: those at the edges, which are all storable, and any others."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID, uuid1, uuid4

from hypothesis import strategies as st
from pydantic import AnyUrl, AwareDatetime, Base64Bytes, BaseModel, Json, NaiveDatetime, RootModel, SecretStr

from coodie_core.fields import Ascii, BigInt, Double, Frozen, SmallInt, TimeUUID, TinyInt, VarInt, Vector
from coodie_core.fields import Time as TimeMarker
from coodie_core.types import CqlDuration


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Point(BaseModel, frozen=True):
    x: int
    label: str | None = None


class Place(BaseModel):
    name: str
    at: Point
    opened: datetime | None = None
    tags: set[str] = set()
    history: list[Point] | None = None


class Moments(RootModel[list[datetime]]):
    pass


def smallest_and_largest(bits: int) -> list[int]:
    return [-(2 ** (bits - 1)), -1, 0, 1, 2 ** (bits - 1) - 1]


PARIS = timezone(timedelta(hours=1))
FLOATS = [0.0, -0.0, 1.5, math.inf, -math.inf, math.nan]
LARGEST_FLOAT: float = struct.unpack(">f", b"\x7f\x7f\xff\xff")[0]
SMALLEST_FLOAT: float = struct.unpack(">f", b"\x00\x00\x00\x01")[0]
TEXTS = ["", "a", "é€😀", "\x00", "a'b\"c\n", "x" * 70_000]
INSTANTS = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(1969, 12, 31, 23, 59, 59, 1, UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime(2026, 1, 1, 12, 0, 0, 123_456, PARIS),
]
DURATIONS = [
    CqlDuration(),
    CqlDuration(1, 2, 3),
    CqlDuration(-1, -2, -3),
    CqlDuration(2**31 - 1, 2**31 - 1, 2**63 - 1),
    CqlDuration(-(2**31), -(2**31), -(2**63)),
]

texts = st.text(max_size=20)  # Hypothesis's text has no surrogates, so this one has some
any_texts = texts | st.text(st.characters(categories=["Cs", "Ll"]), max_size=5)
moments = st.datetimes(timezones=st.just(UTC) | st.just(PARIS))
points = st.builds(Point, x=st.integers(-(2**31), 2**31 - 1), label=st.none() | texts)
places = st.builds(
    Place,
    name=texts,
    at=points,
    opened=st.none() | moments,
    tags=st.sets(texts, max_size=3),
    history=st.none() | st.lists(points, max_size=3),
)
durations = st.builds(
    lambda sign, *parts: CqlDuration(*(sign * part for part in parts)),
    st.sampled_from([1, -1]),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**63 - 1),
)


class Case(NamedTuple):
    """A column: its annotation, values at the edges of its type, which are all storable, and any other values."""

    annotation: Any
    edges: list[Any]
    values: st.SearchStrategy[Any]


CASES: dict[str, Case] = {
    "text": Case(str, TEXTS, any_texts),
    "ascii": Case(Annotated[str, Ascii()], ["", "a", "\x00\x7f"], texts),
    "int": Case(int, smallest_and_largest(32), st.integers()),
    "tinyint": Case(Annotated[int, TinyInt()], smallest_and_largest(8), st.integers(-200, 200)),
    "smallint": Case(Annotated[int, SmallInt()], smallest_and_largest(16), st.integers(-40_000, 40_000)),
    "bigint": Case(Annotated[int, BigInt()], smallest_and_largest(64), st.integers()),
    "varint": Case(
        Annotated[int, VarInt()],
        [*smallest_and_largest(64), 127, 128, -128, -129, 2**63, -(2**63) - 1, 10**6000, -(10**6000)],
        st.integers() | st.integers(-(2**300), 2**300),
    ),
    "float": Case(float, [*FLOATS, LARGEST_FLOAT, SMALLEST_FLOAT], st.floats(width=32)),
    "double": Case(Annotated[float, Double()], [*FLOATS, 1.7976931348623157e308, 5e-324], st.floats()),
    "decimal": Case(
        Decimal,
        [
            Decimal(text)
            for text in ("0", "-0.0", "1.50", "0E+9", "1e-400", "1e+400", "-1e2147483648", "1e-2147483647", "9" * 4300)
        ],
        st.decimals(),
    ),
    "boolean": Case(bool, [True, False], st.booleans()),
    "blob": Case(bytes, [b"", b"\x00\xff", b"x" * 70_000], st.binary(max_size=20)),
    "uuid": Case(UUID, [UUID(int=0), UUID(int=2**128 - 1), uuid4()], st.uuids()),
    "timeuuid": Case(Annotated[UUID, TimeUUID()], [uuid1()], st.uuids() | st.uuids(version=1)),
    "timestamp": Case(datetime, INSTANTS, moments | st.datetimes()),
    "aware": Case(AwareDatetime, INSTANTS, moments),
    "naive": Case(
        NaiveDatetime,
        [datetime.min, datetime.max, datetime(1969, 12, 31, 23, 59, 59, 1)],
        st.datetimes() | moments,
    ),
    "date": Case(date, [date.min, date.max, date(1969, 12, 31), date(1970, 1, 1)], st.dates() | moments),
    "time": Case(time, [time.min, time.max, time(1, 2, 3, 4)], st.times(timezones=st.none() | st.just(UTC))),
    "nanoseconds": Case(Annotated[int, TimeMarker()], [0, 1, 86_399_999_999_999], st.integers(-1, 86_400_000_000_000)),
    "duration": Case(CqlDuration, DURATIONS, durations),
    "timedelta": Case(
        timedelta,
        [
            timedelta(0),
            timedelta(microseconds=-1),
            timedelta(days=-1),
            timedelta(days=100_000),
            timedelta(days=-100_000),
        ],
        st.timedeltas(),
    ),
    "inet4": Case(IPv4Address, [IPv4Address(0), IPv4Address(2**32 - 1)], st.ip_addresses(v=4)),
    "inet6": Case(
        IPv6Address, [IPv6Address(0), IPv6Address("::ffff:1.2.3.4"), IPv6Address(2**128 - 1)], st.ip_addresses(v=6)
    ),
    "inet": Case(
        IPv4Address | IPv6Address,
        [IPv4Address("1.2.3.4"), IPv6Address("::1"), IPv6Address("::ffff:1.2.3.4")],
        st.ip_addresses(),
    ),
    # what others wrap
    "enum": Case(Colour, list(Colour), st.sampled_from(Colour)),
    "literal": Case(Literal["a", "b"], ["a", "b"], st.sampled_from(["a", "b"])),
    "url": Case(AnyUrl, [AnyUrl("http://a.example/é?q=1#x")], st.just(AnyUrl("http://a.example/"))),
    "secret": Case(SecretStr, [SecretStr(""), SecretStr("hush")], st.builds(SecretStr, any_texts)),
    "json_text": Case(Json[list[int]], [[], [1, 10**30]], st.lists(st.integers(), max_size=3)),
    "base64": Case(Base64Bytes, [b"", b"hello"], st.binary(max_size=20)),
    "root": Case(Moments, [Moments(INSTANTS)], st.builds(Moments, st.lists(moments, min_size=1, max_size=3))),
    # collections
    "list": Case(list[str], [[], [""], ["a", "a"]], st.lists(any_texts, max_size=5)),
    "frozen_list": Case(Annotated[list[str], Frozen()], [[], [""], ["a", "a"]], st.lists(any_texts, max_size=5)),
    "list_of_any_length": Case(tuple[int, ...], [(), (1,)], st.lists(st.integers(0, 5), max_size=3).map(tuple)),
    "list_of_instants": Case(list[datetime], [INSTANTS], st.lists(moments, max_size=3)),
    "list_of_durations": Case(list[CqlDuration], [DURATIONS], st.lists(durations, max_size=3)),
    "list_of_floats": Case(list[float], [FLOATS], st.lists(st.floats(width=32), max_size=3)),
    "set": Case(set[int], [set(), set(smallest_and_largest(32))], st.sets(st.integers(), max_size=5)),
    "frozenset": Case(frozenset[date], [frozenset(), frozenset({date.min})], st.frozensets(st.dates(), max_size=3)),
    "set_of_instants": Case(set[datetime], [set(INSTANTS)], st.sets(moments, max_size=5)),
    "set_of_ipv6": Case(set[IPv6Address], [{IPv6Address("::ffff:1.2.3.4")}], st.sets(st.ip_addresses(v=6), max_size=3)),
    "set_of_addresses": Case(
        set[IPv4Address | IPv6Address],
        [{IPv6Address("::ffff:1.2.3.4"), IPv4Address("1.2.3.4")}],
        st.sets(st.ip_addresses(), max_size=3),
    ),
    "set_of_decimals": Case(
        set[Decimal], [{Decimal("1.0"), Decimal("1e400")}], st.sets(st.decimals(allow_nan=False), max_size=3)
    ),
    "map": Case(dict[str, int], [{}, {"": 0}], st.dictionaries(any_texts, st.integers(-5, 2**32), max_size=5)),
    "map_by_instant": Case(
        dict[datetime, datetime],
        [dict.fromkeys(INSTANTS, INSTANTS[1])],
        st.dictionaries(moments, moments, max_size=5),
    ),
    "map_by_address": Case(
        dict[IPv6Address, Colour],
        [{IPv6Address(1): Colour.RED}],
        st.dictionaries(st.ip_addresses(v=6), st.sampled_from(Colour), max_size=3),
    ),
    "nested": Case(
        dict[str, list[set[int]]],
        [{"": []}, {"a": [set(), {1}]}],
        st.dictionaries(texts, st.lists(st.sets(st.integers(0, 9), max_size=3), max_size=3), max_size=3),
    ),
    "map_by_tuple": Case(
        dict[tuple[int, date | None], frozenset[str]],
        [{(1, None): frozenset(), (1, date.max): frozenset({""})}],
        st.dictionaries(
            st.tuples(st.integers(0, 9), st.none() | st.dates()), st.frozensets(texts, max_size=3), max_size=3
        ),
    ),
    "map_by_tuple_of_any_length": Case(
        dict[tuple[date, ...], list[tuple[str | None, str | None]]],
        [{(): [], (date.min,): [(None, "")]}],
        st.dictionaries(st.lists(st.dates(), max_size=2).map(tuple), st.just([(None, "a")]), max_size=3),
    ),
    "tuple": Case(
        tuple[str | None, datetime | None, list[int] | None],
        [(None, None, None), ("", INSTANTS[1], []), ("a", None, [1])],
        st.tuples(st.none() | any_texts, st.none() | moments, st.none() | st.just([1])),
    ),
    "vector": Case(
        Annotated[list[float], Vector(3)],
        [FLOATS[:3], [math.nan, math.inf, -math.inf], [LARGEST_FLOAT, -LARGEST_FLOAT, SMALLEST_FLOAT]],
        st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=4),
    ),
    "vector_of_doubles": Case(
        Annotated[tuple[Annotated[float, Double()], ...], Vector(2)], [(1e300, -0.0)], st.just((1.0, 2.0))
    ),
    # user-defined types
    "user_type": Case(
        Place,
        [
            Place(name="", at=Point(x=1)),
            Place(name="a", at=Point(x=1, label=""), opened=INSTANTS[1], tags={"b"}, history=[]),
        ],
        places,
    ),
    "frozen_user_type": Case(Annotated[Point, Frozen()], [Point(x=1), Point(x=1, label="")], points),
    "list_of_user_types": Case(list[Place], [[Place(name="", at=Point(x=1))]], st.lists(places, max_size=2)),
    "set_of_user_types": Case(frozenset[Point], [frozenset({Point(x=1)})], st.frozensets(points, max_size=2)),
    "map_by_user_type": Case(
        dict[Point, Place],
        [{Point(x=1, label=None): Place(name="a", at=Point(x=1))}],
        st.dictionaries(points, places, max_size=2),
    ),
}


def leaves(value: Any) -> Iterator[Any]:
    """What is inside of a value, of any depth."""
    if isinstance(value, BaseModel):
        value = [part for _, part in value]
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def is_far_time(leaf: Any) -> bool:
    """Whether it is a moment so far away that a float has no room for its milliseconds."""
    return isinstance(leaf, datetime) and leaf.year > 9000


def exactly(value: Any) -> Any:
    """Return a value that is equal only to what has the same classes, NaN and the sign of zero included."""
    kind = type(value)
    if isinstance(value, float):
        return kind, "NaN" if math.isnan(value) else struct.pack(">d", value)
    if isinstance(value, Decimal):
        return kind, value, value.as_tuple().exponent
    if isinstance(value, datetime):
        return kind, value, value.tzinfo
    if isinstance(value, (list, tuple)):
        return kind, [exactly(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return kind, {(type(item), item) for item in value}
    if isinstance(value, dict):
        return kind, {(type(key), key): exactly(item) for key, item in value.items()}
    if isinstance(value, BaseModel):
        return kind, {name: exactly(item) for name, item in value}
    return kind, value
