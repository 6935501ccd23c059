"""Values of every CQL type, saved to a real server and read back: equal, of the same class, or refused beforehand.

One table has a column for each case. Its user-defined types have their fields in another order than the models.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple
from uuid import UUID, uuid1, uuid4

import pytest
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.query import tuple_factory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AnyUrl, AwareDatetime, Base64Bytes, BaseModel, Json, NaiveDatetime, RootModel, SecretStr

from coodie_core.codecs import Codec, codec_for, encode_param
from coodie_core.exceptions import UnstorableValue
from coodie_core.fields import Ascii, BigInt, Double, Frozen, SmallInt, TimeUUID, TinyInt, VarInt, Vector
from coodie_core.fields import Time as TimeMarker
from coodie_core.types import CqlDuration, CqlType, cql_type

if TYPE_CHECKING:
    from coodie_testing import Server


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


EXAMPLES_OF_EACH_TYPE = 40
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
    "json": Case(Json[list[int]], [[], [1, 10**30]], st.lists(st.integers(), max_size=3)),
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

TYPES = {name: cql_type(case.annotation) for name, case in CASES.items()}
CODECS: dict[str, Codec] = {name: codec_for(case.annotation, (), TYPES[name]) for name, case in CASES.items()}


@pytest.fixture(scope="module")
def session(coodie_server: Server, coodie_keyspace: str) -> Iterator[Session]:
    """A session of the driver itself, which returns rows as tuples, with the table of all cases."""
    profile = ExecutionProfile(row_factory=tuple_factory, request_timeout=30)
    with Cluster(
        list(coodie_server.hosts),
        port=coodie_server.port,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        **coodie_server.arguments,
    ) as cluster:
        session = cluster.connect(coodie_keyspace)
        for statement in user_types(TYPES.values()):
            session.execute(statement)
        columns = ", ".join(f'"{name}" {kind}' for name, kind in TYPES.items())
        session.execute(f"CREATE TABLE everything (id int PRIMARY KEY, {columns})")
        yield session


def user_types(types: Any) -> list[str]:
    """Return the statements that create all user-defined types, those inside of others first."""
    statements: dict[str, None] = {}
    for kind in types:
        fields = dict(kind.fields or ())
        statements.update(dict.fromkeys(user_types([*kind.arguments, *fields.values()])))
        if fields:
            listed = ", ".join(f'"{name}" {fields[name]}' for name in reversed(fields))
            statements[f'CREATE TYPE "{kind.name}" ({listed})'] = None
    return list(statements)


Store = Callable[[str, Any], Any]


@pytest.fixture(scope="module")
def stored(session: Session) -> Store:
    """Give a function that saves one column, as the driver takes it, and returns what the driver reads back."""
    save = {name: session.prepare(f'INSERT INTO everything (id, "{name}") VALUES (0, ?)') for name in CASES}
    read = {name: session.prepare(f'SELECT "{name}" FROM everything WHERE id = 0') for name in CASES}

    def store(name: str, sent: Any) -> Any:
        session.execute(save[name], (sent,))
        ((received,),) = session.execute(read[name])
        return received

    return store


def decoded(name: str, received: Any) -> Any:
    decode = CODECS[name].decode
    return decode(received) if decode else received


def normalised(name: str, value: Any) -> Any:
    normalise = CODECS[name].normalise
    return normalise(value) if normalise else value


def check_reads_back(name: str, value: Any, received: Any) -> None:
    """Check that what was received is the value that was saved; an empty collection that is not frozen is null."""
    if received is None:
        assert TYPES[name].is_multicell
        assert not value
        return
    assert exactly(decoded(name, received)) == exactly(normalised(name, value))


def exactly(value: Any) -> Any:
    """Return a value that is equal only to what has the same classes, NaN and the sign of zero included."""
    kind = type(value)
    if isinstance(value, float):
        return kind, struct.pack(">d", value)
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


EDGES = [
    pytest.param(name, edge, id=f"{name}-{number}")
    for name, case in CASES.items()
    for number, edge in enumerate(case.edges)
]


@pytest.mark.parametrize(("name", "value"), EDGES)
def test_a_value_at_the_edge_of_its_type_is_read_back(name: str, value: Any, stored: Store) -> None:
    encode = CODECS[name].encode
    assert encode is not None

    received = stored(name, encode(value))

    check_reads_back(name, value, received)


@pytest.mark.parametrize("name", CASES)
def test_any_value_is_read_back_or_refused(name: str, stored: Store) -> None:
    encode = CODECS[name].encode
    assert encode is not None

    @settings(
        max_examples=EXAMPLES_OF_EACH_TYPE, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(CASES[name].values)
    def check(value: Any) -> None:
        try:
            sent = encode(value)
        except UnstorableValue:
            return
        check_reads_back(name, value, stored(name, sent))

    check()


STORED_BY_ANNOTATION = ("json", "base64", "inet")  # which raw CQL does not have


@pytest.mark.parametrize("name", [name for name in CASES if name not in STORED_BY_ANNOTATION])
def test_a_value_given_to_raw_cql_is_stored_as_the_same_field_would_be(name: str, stored: Store) -> None:
    for value in CASES[name].edges:
        check_reads_back(name, value, stored(name, encode_param(value)))


@pytest.mark.parametrize("duration", DURATIONS[:-1], ids=str)  # literals do not reach the last, bound values do
def test_a_durations_notation_is_the_servers(duration: CqlDuration, session: Session) -> None:
    session.execute(f"INSERT INTO everything (id, duration) VALUES (1, {duration})")

    ((received,),) = session.execute("SELECT duration FROM everything WHERE id = 1")

    assert decoded("duration", received) == duration


def test_a_type_is_written_as_the_server_writes_it(session: Session, coodie_keyspace: str) -> None:
    """Except for quotes, which the server leaves out where it can."""
    rows = session.execute(
        "SELECT column_name, type FROM system_schema.columns WHERE keyspace_name = %s AND table_name = 'everything'",
        (coodie_keyspace,),
    )
    written = {name: kind for name, kind in rows if name != "id"}

    assert written == {name: str(kind).replace('"', "") for name, kind in TYPES.items()}


def test_a_field_added_to_a_user_type_later_has_its_default_in_older_values(session: Session) -> None:
    class Grown(BaseModel):
        x: int
        y: int = 7

    session.execute("CREATE TYPE grown (x int)")
    session.execute("CREATE TABLE growing (id int PRIMARY KEY, value frozen<grown>)")
    session.execute("INSERT INTO growing (id, value) VALUES (1, {x: 1})")
    codec = codec_for(Annotated[Grown, Frozen()], (), CqlType("grown", fields=cql_type(Grown).fields, frozen=True))
    assert codec.decode is not None

    ((before,),) = session.execute("SELECT value FROM growing")
    session.execute("ALTER TYPE grown ADD y int")
    ((after,),) = session.execute("SELECT value FROM growing")

    assert codec.decode(before) == codec.decode(after) == Grown(x=1, y=7)
