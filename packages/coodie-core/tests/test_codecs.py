"""What is sent for a value, what is made of the driver's answer, and which values are refused."""

from __future__ import annotations

import copy
from collections import namedtuple
from collections.abc import Iterable
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag, StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from cassandra.cqltypes import UTF8Type
from cassandra.util import Date, Duration, OrderedMapSerializedKey, SortedSet, Time
from pydantic import (
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    IPvAnyAddress,
    Json,
    NaiveDatetime,
    PastDatetime,
    PlainSerializer,
    PositiveInt,
    PostgresDsn,
    RootModel,
    Secret,
    SecretStr,
    ValidationError,
)
from pydantic_core import CoreSchema, core_schema

from coodie_core.codecs import Codec, codec_for, encode_param
from coodie_core.exceptions import InvalidQueryError, UnstorableValue, WrongVectorLength
from coodie_core.fields import (
    Ascii,
    BigInt,
    Counter,
    Double,
    Frozen,
    SmallInt,
    TimeUUID,
    TinyInt,
    Vector,
)
from coodie_core.fields import (
    Time as TimeMarker,
)
from coodie_core.types import CqlDuration, cql_type


def codec(annotation: Any, config: ConfigDict | None = None) -> Codec:
    return codec_for(annotation, (), cql_type(annotation), config)


def encoded(annotation: Any, value: Any) -> Any:
    encode = codec(annotation).encode
    return encode(value) if encode else value


def decoded(annotation: Any, value: Any, config: ConfigDict | None = None) -> Any:
    decode = codec(annotation, config).decode
    return decode(value) if decode else value


def normalised(annotation: Any, value: Any) -> Any:
    normalise = codec(annotation).normalise
    return normalise(value) if normalise else value


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


class Mode(StrEnum):
    READ = "r"


class Rights(IntFlag):
    READ = 1
    WRITE = 2


class Address(BaseModel):
    street: str
    since: datetime | None = None
    zip_codes: list[int] = Field(default=[7], alias="zipCodes")


class Person(BaseModel):
    model_config = ConfigDict(strict=True)

    home: Address
    mode: Mode = Mode.READ
    others: dict[str, Address] = {}


class Key(BaseModel, frozen=True):
    x: int


class Tags(RootModel[list[datetime]]):
    pass


class Masked:
    """A custom type whose serializer hides its value."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Masked) and self.text == other.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(), serialization=core_schema.plain_serializer_function_ser_schema(cls.shown)
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"

    def shown(self) -> str:
        return "***"


class Abbreviated(Masked):
    """A custom type that does not accept what its serializer makes."""

    def __init__(self, text: str) -> None:
        if len(text) < 4:
            raise ValueError("too short")
        super().__init__(text)


class Celsius(Masked):
    """A custom type whose serializer keeps its value."""

    def shown(self) -> str:
        return self.text


HALF_PAST_NINE = datetime(2026, 1, 2, 9, 30, tzinfo=UTC)
IN_MILLISECONDS = 1_767_346_200_000
PARIS = timezone(timedelta(hours=1))
V1, V4 = UUID("70f1e7b2-0b5f-11f1-8d4b-3b6c2f7c1d00"), UUID("6b6a3a6f-93ab-4a4c-8f0a-3f0e8a9c2b11")

SENT: list[tuple[Any, Any, Any]] = [
    (int, 5, 5),
    (Size, Size.SMALL, 1),
    (int, Size.SMALL, 1),
    (Colour, Colour.RED, "red"),
    (Mode, Mode.READ, "r"),
    (str, Mode.READ, "r"),
    (Rights, Rights.READ | Rights.WRITE, 3),
    (Literal["a", "b"], "a", "a"),
    (Literal[Colour.RED], Colour.RED, "red"),
    (Colour | str, "blue", "blue"),
    (str, "é€😀", "é€😀"),
    (float, 1.5, 1.5),
    (float, 3, 3.0),
    (bytes, bytearray(b"x"), b"x"),
    (Annotated[UUID, TimeUUID()], V1, V1),
    # time
    (datetime, HALF_PAST_NINE, IN_MILLISECONDS),
    (datetime, HALF_PAST_NINE.astimezone(PARIS), IN_MILLISECONDS),
    (datetime, HALF_PAST_NINE.replace(microsecond=999_999), IN_MILLISECONDS + 999),
    (datetime, datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), -1),
    (datetime, datetime(1, 1, 1, tzinfo=UTC), -62_135_596_800_000),
    (datetime, datetime.max.replace(tzinfo=UTC), 253_402_300_799_999),
    (NaiveDatetime, datetime(2026, 1, 2, 9, 30), IN_MILLISECONDS),
    (date, date(1970, 1, 1), 2**31),
    (date, date(1, 1, 1), 2**31 - 719_162),
    (time, time(0, 0, 1, 2), 1_000_002_000),
    (Annotated[int, TimeMarker()], 5, 5),
    (timedelta, timedelta(days=-1, microseconds=1), CqlDuration(nanoseconds=-86_399_999_999_000)),
    # collections
    (list[int], [1, 2], (1, 2)),
    (list[str], ["a", "b"], ("a", "b")),
    (tuple[int, ...], (1, 2), (1, 2)),
    (set[Colour], {Colour.RED}, ("red",)),
    (dict[Size, datetime], {Size.SMALL: HALF_PAST_NINE}, {1: IN_MILLISECONDS}),
    (tuple[int, str | None], (1, None), (1, None)),
    (tuple[Size, Colour | None], (Size.SMALL, Colour.RED), (1, "red")),
    (dict[tuple[int, ...], list[int]], {(1, 2): [3]}, {(1, 2): (3,)}),
    (Annotated[list[float], Vector(2)], [1.0, 2.0], (1.0, 2.0)),
    (list[list[Colour]], [[Colour.RED], []], (("red",), ())),
    (set[datetime], {HALF_PAST_NINE, HALF_PAST_NINE.replace(microsecond=5)}, (IN_MILLISECONDS,)),
    (dict[datetime, int], {HALF_PAST_NINE: 1, HALF_PAST_NINE.replace(microsecond=5): 2}, {IN_MILLISECONDS: 2}),
    (Tags, Tags([HALF_PAST_NINE]), (IN_MILLISECONDS,)),
    # what Pydantic's and custom types wrap
    (AnyUrl, AnyUrl("http://a.example/x"), "http://a.example/x"),
    (PostgresDsn, PostgresDsn("postgres://u:p@a.example/x"), "postgres://u:p@a.example/x"),
    (SecretStr, SecretStr("hush"), "hush"),
    (Secret[date], Secret[date](date(1970, 1, 1)), 2**31),
    (Json[list[int]], [1, 2], "[1,2]"),
    (Json[str], "x", '"x"'),
    (Base64Bytes, b"hello", b"aGVsbG8="),
    (IPvAnyAddress, IPv4Address("1.2.3.4"), IPv4Address("1.2.3.4")),
    (IPv6Network, IPv6Network("2001:db8::/32"), "2001:db8::/32"),
    (IPv4Interface, IPv4Interface("1.2.3.4/24"), "1.2.3.4/24"),
    (Path, Path("/a/b"), "/a/b"),
    (ByteSize, ByteSize(5), 5),
    (Celsius, Celsius("20"), "20"),
    (Annotated[str, PlainSerializer(str.upper)], "kept", "kept"),
    (Annotated[date, PlainSerializer(str)], date(1970, 1, 1), 2**31),
]


@pytest.mark.parametrize(("annotation", "value", "expected"), SENT, ids=[f"{a}: {v!r}" for a, v, _ in SENT])
def test_a_value_is_sent_as(annotation: Any, value: Any, expected: Any) -> None:
    sent = encoded(annotation, value)

    assert (sent, type(sent)) == (expected, type(expected))


@pytest.mark.parametrize("annotation", [list[str], list[int], list[list[int]], dict[str, list[int]]], ids=str)
def test_what_is_sent_does_not_change_with_the_value(annotation: Any) -> None:
    values: dict[Any, Any] = {
        list[str]: ["a"],
        list[int]: [1],
        list[list[int]]: [[1]],
        dict[str, list[int]]: {"a": [1]},
    }
    value = values[annotation]
    sent = encoded(annotation, value)
    before = copy.deepcopy(sent)

    held = next(iter(value.values())) if isinstance(value, dict) else value[0] if isinstance(value[0], list) else value
    held.append(held[0])

    assert sent == before


@pytest.mark.parametrize("annotation", [list[int], list[list[int]], tuple[list[int], str]], ids=str)
def test_what_is_read_does_not_change_the_drivers_row(annotation: Any) -> None:
    rows: dict[Any, Any] = {list[int]: [1], list[list[int]]: [[1]], tuple[list[int], str]: ([1], "a")}
    row = rows[annotation]
    before = copy.deepcopy(row)

    value = decoded(annotation, row)
    (value[0] if isinstance(value[0], list) else value).append(2)

    assert row == before


def named_rows(*names: str) -> Any:
    return namedtuple("address", names)


def driver_map(items: Iterable[tuple[str, Any]]) -> OrderedMapSerializedKey:
    received = OrderedMapSerializedKey(UTF8Type, 4)
    for key, value in items:
        received._insert_unchecked(key, key.encode(), value)
    return received


READ: list[tuple[Any, Any, Any]] = [
    (int, 5, 5),
    (datetime, datetime(2026, 1, 2, 9, 30), HALF_PAST_NINE),
    (AwareDatetime, datetime(2026, 1, 2, 9, 30), HALF_PAST_NINE),
    (NaiveDatetime, datetime(2026, 1, 2, 9, 30), datetime(2026, 1, 2, 9, 30)),
    (PastDatetime, datetime(2020, 1, 2), datetime(2020, 1, 2, tzinfo=UTC)),
    (date, Date(-719_162), date(1, 1, 1)),
    (date, Date(2_932_896), date(9999, 12, 31)),
    (time, Time(86_399_999_999_999), time(23, 59, 59, 999_999)),
    (Annotated[int, TimeMarker()], Time(5), 5),
    (CqlDuration, Duration(1, 2, 3), CqlDuration(1, 2, 3)),
    (timedelta, Duration(0, 0, -1000), timedelta(microseconds=-1)),
    (IPv4Address, "1.2.3.4", IPv4Address("1.2.3.4")),
    (IPv6Address, "::1", IPv6Address("::1")),
    (IPv4Address | IPv6Address, "::1", IPv6Address("::1")),
    (IPvAnyAddress, "1.2.3.4", IPv4Address("1.2.3.4")),
    (set[IPv6Address], SortedSet(["1.2.3.4", "::1"]), {IPv6Address("::ffff:1.2.3.4"), IPv6Address("::1")}),
    # collections
    (list[date], [Date(0)], [date(1970, 1, 1)]),
    (tuple[int, ...], [1, 2], (1, 2)),
    (set[str], SortedSet(["b", "a"]), {"a", "b"}),
    (frozenset[date], SortedSet([Date(0)]), frozenset({date(1970, 1, 1)})),
    (dict[str, int], driver_map([("b", 2), ("a", 1)]), {"b": 2, "a": 1}),
    (dict[str, set[int]], driver_map([("a", SortedSet([1]))]), {"a": {1}}),
    (dict[str, int], {}, {}),
    (set[tuple[int, ...]], SortedSet([[1, 2]]), {(1, 2)}),
    (tuple[date, str | None], (Date(0), None), (date(1970, 1, 1), None)),
    (Annotated[tuple[float, ...], Vector(2)], [1.0, 2.0], (1.0, 2.0)),
    (Tags, [datetime(2026, 1, 2, 9, 30)], Tags([HALF_PAST_NINE])),
    # Enum, Literal, custom types
    (Colour, "red", Colour.RED),
    (list[Colour | None], ["red"], [Colour.RED]),
    (Rights, 3, Rights.READ | Rights.WRITE),
    (Literal[Colour.RED], Colour.RED, Colour.RED),
    (AnyUrl, "http://a.example/x", AnyUrl("http://a.example/x")),
    (SecretStr, "hush", SecretStr("hush")),
    (Secret[date], Date(0), Secret[date](date(1970, 1, 1))),
    (Json[list[int]], "[1,2]", [1, 2]),
    (Base64Bytes, b"aGVsbG8=", b"hello"),
    (Path, "/a/b", Path("/a/b")),
    (Celsius, "20", Celsius("20")),
    (Annotated[str, AfterValidator(str.upper)], "a", "A"),
    # user-defined types
    (Address, named_rows("zipCodes_is_not_it", "since", "street")(1, None, "High"), Address(street="High")),
    (Address, named_rows("street")("High"), Address(street="High")),
    (Address, named_rows("zip_codes", "street")(None, "High"), Address(street="High")),
    (
        list[Address],
        [named_rows("street", "since", "zip_codes")("High", datetime(2026, 1, 2, 9, 30), [])],
        [Address(street="High", since=HALF_PAST_NINE, zipCodes=[])],
    ),
    (
        Person,
        namedtuple("person", "home mode")(named_rows("street")("High"), "r"),
        Person(home=Address(street="High")),
    ),
    (frozenset[Key], SortedSet([namedtuple("key", "x")(1)]), frozenset({Key(x=1)})),
]


@pytest.mark.parametrize(("annotation", "received", "expected"), READ, ids=[f"{a}: {v!r}" for a, v, _ in READ])
def test_a_value_is_read_as(annotation: Any, received: Any, expected: Any) -> None:
    value = decoded(annotation, received)

    assert (value, type(value)) == (expected, type(expected))


def test_a_field_called_like_a_method_of_tuples_is_not_taken_for_it() -> None:
    class Counted(BaseModel):
        street: str
        count: int = 3

    assert decoded(Counted, named_rows("street")("High")) == Counted(street="High", count=3)
    assert decoded(Counted, named_rows("count", "street")(5, "High")) == Counted(street="High", count=5)


def test_a_class_that_the_user_registered_with_the_driver_is_read_by_its_attributes() -> None:
    class Registered:
        def __init__(self, street: str) -> None:
            self.street = street

    assert decoded(Address, Registered("High")) == Address(street="High")


@pytest.mark.parametrize(
    ("annotation", "received"),
    [
        (PositiveInt, -1),
        (Colour, "green"),
        (Annotated[str, Field(max_length=1)], "ab"),
        (list[PositiveInt], [1, -1]),
        (Address, named_rows("since")(None)),
        (IPv4Address, "::1"),
        (date, Date(10_000_000)),
        (timedelta, Duration(1, 0, 0)),
        (timedelta, Duration(0, 1, 0)),
    ],
)
def test_what_the_field_does_not_accept_is_refused_when_it_is_read(annotation: Any, received: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        decoded(annotation, received)


@pytest.mark.parametrize(
    ("config", "annotation", "received", "expected"),
    [
        (ConfigDict(str_to_upper=True), str, "a", "A"),
        (ConfigDict(str_strip_whitespace=True), list[str], [" a "], ["a"]),
        (ConfigDict(use_enum_values=True), Colour, "red", "red"),
        (ConfigDict(strict=True), Colour, "red", Colour.RED),
        (ConfigDict(strict=True), Address, named_rows("street")("High"), Address(street="High")),
        (ConfigDict(str_to_upper=True), Address, named_rows("street")("High"), Address(street="High")),
        (ConfigDict(str_to_upper=True), Annotated[Address, Frozen()], named_rows("street")("a"), Address(street="a")),
        (ConfigDict(str_to_upper=True), CqlDuration, Duration(1, 0, 0), CqlDuration(1)),
    ],
)
def test_the_models_configuration_holds_for_values_read(
    config: ConfigDict, annotation: Any, received: Any, expected: Any
) -> None:
    assert decoded(annotation, received, config) == expected


def test_infinity_is_refused_when_read_where_the_model_does_not_allow_it() -> None:
    with pytest.raises(ValidationError):
        decoded(float, float("inf"), ConfigDict(allow_inf_nan=False))


def test_a_member_stored_as_its_value_by_the_models_configuration_is_sent() -> None:
    assert encoded(Colour, "red") == "red"


PLAIN = [
    str,
    int,
    float,
    bool,
    bytes,
    UUID,
    Decimal,
    NaiveDatetime,
    Annotated[int, BigInt()],
    tuple[int, str],
    int | None,
]


@pytest.mark.parametrize("annotation", PLAIN, ids=str)
def test_what_the_driver_returns_as_pydantic_would_is_not_decoded(annotation: Any) -> None:
    assert codec(annotation).decode is None


NORMALISED: list[tuple[Any, Any, Any]] = [
    (datetime, HALF_PAST_NINE.replace(microsecond=1999), HALF_PAST_NINE.replace(microsecond=1000)),
    (datetime, HALF_PAST_NINE.astimezone(PARIS), HALF_PAST_NINE),
    (datetime, datetime(1969, 12, 31, 23, 59, 59, 1, UTC), datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    (IPvAnyAddress, IPv6Address("::ffff:1.2.3.4"), IPv4Address("1.2.3.4")),
    (NaiveDatetime, datetime(2026, 1, 1, microsecond=1999), datetime(2026, 1, 1, microsecond=1000)),
    (list[datetime], [HALF_PAST_NINE.replace(microsecond=5)], [HALF_PAST_NINE]),
    (tuple[datetime, ...], (HALF_PAST_NINE.replace(microsecond=5),), (HALF_PAST_NINE,)),
    (set[datetime], {HALF_PAST_NINE, HALF_PAST_NINE.replace(microsecond=5)}, {HALF_PAST_NINE}),
    (frozenset[datetime], frozenset({HALF_PAST_NINE.replace(microsecond=5)}), frozenset({HALF_PAST_NINE})),
    (dict[str, datetime], {"a": HALF_PAST_NINE.replace(microsecond=5)}, {"a": HALF_PAST_NINE}),
    (dict[datetime, str], {HALF_PAST_NINE.replace(microsecond=5): "a"}, {HALF_PAST_NINE: "a"}),
    (tuple[datetime | None, str], (HALF_PAST_NINE.replace(microsecond=5), "a"), (HALF_PAST_NINE, "a")),
    (tuple[datetime | None, str], (None, "a"), (None, "a")),
    (Tags, Tags([HALF_PAST_NINE.replace(microsecond=5)]), Tags([HALF_PAST_NINE])),
    (
        Address,
        Address(street="a", since=HALF_PAST_NINE.replace(microsecond=5)),
        Address(street="a", since=HALF_PAST_NINE),
    ),
]


@pytest.mark.parametrize(("annotation", "value", "expected"), NORMALISED, ids=[f"{a}: {v!r}" for a, v, _ in NORMALISED])
def test_a_value_is_normalised_to_what_the_column_holds(annotation: Any, value: Any, expected: Any) -> None:
    before = copy.deepcopy(value)

    normal = normalised(annotation, value)

    assert (normal, type(normal), str(normal)) == (expected, type(expected), str(expected))
    assert value == before


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (datetime, HALF_PAST_NINE),
        (NaiveDatetime, datetime(2026, 1, 1)),
        (list[datetime], [HALF_PAST_NINE]),
        (set[datetime], {HALF_PAST_NINE}),
        (tuple[datetime, str], (HALF_PAST_NINE, "a")),
        (Address, Address(street="a", since=HALF_PAST_NINE)),
        (Address, Address(street="a")),
        (dict[str, datetime], {"a": HALF_PAST_NINE}),
        (dict[datetime, str], {HALF_PAST_NINE: "a"}),
        (Tags, Tags([HALF_PAST_NINE])),
        # what cannot be stored
        (datetime, datetime(2026, 1, 1)),
        (datetime, datetime(1, 1, 1, tzinfo=PARIS)),
        (datetime, "a"),
        (NaiveDatetime, "a"),
        (list[datetime], [datetime(2026, 1, 1), None]),
        (list[datetime], "a"),
        (list[list[datetime]], [None]),
        (dict[str, datetime], [1]),
        (tuple[datetime, str], (HALF_PAST_NINE.replace(microsecond=5), "a", "b")),
        (Address, "a"),
        (Tags, "a"),
    ],
)
def test_a_value_that_is_normal_already_or_cannot_be_stored_stays_the_same_object(annotation: Any, value: Any) -> None:
    assert normalised(annotation, value) is value


@pytest.mark.parametrize("annotation", [str, int, Decimal, date, list[str], dict[str, int], Key], ids=str)
def test_types_that_hold_every_value_need_no_normalising(annotation: Any) -> None:
    assert codec(annotation).normalise is None


HUGE = Decimal("9" * 5000)

REFUSED: list[tuple[Any, Any, str]] = [
    # integers
    (int, 2**31, r"does not fit int, which holds -2147483648 to 2147483647. Use BigInt\(\)"),
    (int, -(2**31) - 1, "does not fit int"),
    (Annotated[int, TinyInt()], 128, r"holds -128 to 127. Use SmallInt\(\)"),
    (Annotated[int, SmallInt()], 2**15, "Use int without a marker"),
    (Annotated[int, BigInt()], 2**63, r"Use VarInt\(\)"),
    (Annotated[int, Counter()], 2**63, "A counter cannot hold more"),
    (list[int], [1, 2**31], "does not fit int"),
    (list[int], [1, 1.5], "the column needs int, and was given float"),
    (list[float], [1.0, 1e39], "does not fit float"),
    (list[float], ["1.0"], "the column needs float or int, and was given str"),
    # other numbers
    (float, 1e39, r"does not fit float, whose largest is 3.4\d+e\+38. Use Double\(\)"),
    (Annotated[float, Double()], 10**400, "does not fit double"),
    (Decimal, Decimal("NaN"), "no NaN and no infinity"),
    (Decimal, Decimal("-Infinity"), "no NaN and no infinity"),
    (Decimal, Decimal("1e-2147483648"), "the exponent does not fit"),
    (Decimal, HUGE, "the number has 5000 digits"),
    # text
    (str, "a\ud800", "half of a surrogate pair"),
    (dict[str, str], {"a": "\udfff"}, "half of a surrogate pair"),
    (Annotated[str, Ascii()], "é", r"Remove Ascii\(\) from the field"),
    (Annotated[UUID, TimeUUID()], V4, "a timeuuid is a UUID of version 1"),
    # addresses
    (IPv6Address, IPv6Address("fe80::1%eth0"), "without network or scope"),
    (IPv4Address, IPv4Interface("1.2.3.4/24"), "without network or scope"),
    # time
    (datetime, datetime(2026, 1, 1), "the datetime is naive"),
    (list[datetime], [datetime(2026, 1, 1)], "annotate the field as pydantic.NaiveDatetime"),
    (NaiveDatetime, HALF_PAST_NINE, "the field is a NaiveDatetime"),
    (datetime, datetime(1, 1, 1, tzinfo=PARIS), "outside of the years 1 to 9999 in UTC"),
    (datetime, datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "outside of the years 1 to 9999"),
    (date, HALF_PAST_NINE, r"would lose the time. Use .date\(\)"),
    (time, time(1, tzinfo=UTC), "CQL's time has no time zone"),
    (Annotated[int, TimeMarker()], -1, "0 to 86399999999999 nanoseconds since midnight"),
    (timedelta, timedelta(days=110_000), "longer than 292 years"),
    # None inside
    (list[int | None], [1, None], "None is inside a collection"),
    (set[str | None], {None}, "None is inside a collection"),
    (list[UUID | None], [None], "None is inside a collection"),
    (dict[str, int | None], {"a": None}, "None is inside a collection"),
    (dict[str | None, int], {None: 1}, "None is inside a collection"),
    (list[list[int] | None], [None], "None is inside a collection"),
    (list[Colour | None], [None], "None is inside a collection"),
    (list[datetime | None], [None], "None is inside a collection"),
    (list[tuple[int, int] | None], [None], "None is inside a collection"),
    (list[Key | None], [None], "None is inside a collection"),
    (list[Tags | None], [None], "None is inside a collection"),
    # another class, where nothing validated the value
    (int, "5", "the column needs int, and was given str"),
    (str, 5, "the column needs str, and was given int"),
    (bool, 1, "the column needs bool, and was given int"),
    (bytes, 5, "the column needs bytes or bytearray or memoryview, and was given int"),
    (UUID, str(V4), "the column needs UUID, and was given str"),
    (datetime, 5, "the column needs datetime, and was given int"),
    (Colour, 5, "the column needs str, and was given int"),
    (list[str], "abc", "the column needs list or tuple, and was given str"),
    (set[str], ["a"], "the column needs set or frozenset, and was given list"),
    (dict[str, int], [], "the column needs dict, and was given list"),
    (AnyUrl, 5, "the column needs str, and was given int"),
    (Tags, [HALF_PAST_NINE], "the column needs Tags, and was given list"),
    (tuple[int, int], (1, 2, 3), "the column's tuple has 2 parts, the value has 3"),
    (Address, {"street": "a"}, "the column needs Address, and was given dict"),
    # values that would come back as others
    (Masked, Masked("hush"), "does not give the same value back"),
    (Abbreviated, Abbreviated("hush"), "does not give the same value back"),
    (Json[list[int]], [object()], "Pydantic cannot serialize the list"),
    (Address, type("Sub", (Address,), {})(street="a"), "the column needs Address, and was given Sub"),
    (Person, Person(home=Address(street="\ud800")), "Person.home: Address.street: the text has half of a surrogate"),
]


@pytest.mark.parametrize(("annotation", "value", "reason"), REFUSED, ids=[f"{a}: {r}" for a, _, r in REFUSED])
def test_a_value_that_a_column_cannot_hold_is_refused_with_the_reason(annotation: Any, value: Any, reason: str) -> None:
    with pytest.raises(UnstorableValue, match=reason):
        encoded(annotation, value)


def test_extra_fields_that_a_user_type_does_not_have_are_not_lost_silently() -> None:
    class Open(BaseModel, extra="allow"):
        x: int

    assert encoded(Open, Open(x=1)).x == 1
    with pytest.raises(UnstorableValue, match="Open holds extra fields"):
        encoded(Open, Open.model_validate({"x": 1, "y": 2}))


def test_a_vector_of_another_length_is_refused_with_both_lengths() -> None:
    with pytest.raises(WrongVectorLength) as caught:
        encoded(Annotated[list[float], Vector(3)], [1.0, 2.0])

    error = caught.value.named("Picture", "embedding")

    assert (error.field, error.expected, error.actual) == ("embedding", 3, 2)
    assert str(error) == (
        "Picture.embedding: the column has 3 dimensions, the value has 2. "
        "Re-embed the value, or change the field to Vector(2) and migrate."
    )


def test_a_refusal_never_shows_the_value() -> None:
    with pytest.raises(UnstorableValue) as caught:
        encoded(int, 4_111_111_111_111_111)

    assert "4111" not in str(caught.value)
    assert isinstance(caught.value, InvalidQueryError)


def test_a_user_type_is_sent_by_field_names_with_none_for_what_is_absent() -> None:
    address = Address.model_construct(street="High")

    sent = encoded(Address, address)

    assert vars(sent) == {"street": "High", "since": None, "zip_codes": (7,)}
    with pytest.raises(TypeError, match="not subscriptable"):  # else the driver would take it for a tuple
        sent[0]


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    lives: int


PET = Annotated[Cat | Dog, Field(discriminator="kind")]


@pytest.mark.parametrize("pet", [Cat(lives=9), Dog(lives=1)])
def test_a_union_of_models_is_sent_as_json_and_read_as_the_same_model(pet: Any) -> None:
    sent = encoded(PET, pet)

    assert sent == f'{{"kind":"{pet.kind}","lives":{pet.lives}}}'
    assert decoded(PET, sent) == pet


@pytest.mark.parametrize("value", [Address(street="High"), "cat"])
def test_what_is_not_of_the_union_is_refused(value: Any) -> None:
    with pytest.raises(UnstorableValue, match="does not give the same value back"):
        encoded(PET, value)


def test_models_of_a_union_that_json_does_not_tell_apart_are_refused() -> None:
    class Fish(BaseModel):
        lives: int

    class Bird(BaseModel):
        lives: int

    assert decoded(Fish | Bird, encoded(Fish | Bird, Fish(lives=1))) == Fish(lives=1)
    with pytest.raises(UnstorableValue, match="a field that tells them apart"):
        encoded(Fish | Bird, Bird(lives=1))


def test_a_user_type_can_be_part_of_a_key() -> None:
    (key,) = encoded(dict[Key, int], {Key(x=1): 2})

    assert key.x == 1


def test_codecs_are_immutable_values() -> None:
    with pytest.raises((AttributeError, FrozenInstanceError)):
        codec(int).encode = None  # type: ignore[misc]


PARAMETERS: list[tuple[Any, Any]] = [
    (None, None),
    (5, 5),
    ("a", "a"),
    (V4, V4),
    (Colour.RED, "red"),
    (Size.SMALL, 1),
    (HALF_PAST_NINE, HALF_PAST_NINE),
    (datetime(2026, 1, 1), datetime(2026, 1, 1)),
    (date(2026, 1, 1), date(2026, 1, 1)),
    (time(0, 0, 1), 1_000_000_000),
    (timedelta(seconds=1), CqlDuration(nanoseconds=1_000_000_000)),
    (CqlDuration(1), CqlDuration(1)),
    (Decimal("1.5"), Decimal("1.5")),
    (IPv6Address("::1"), IPv6Address("::1")),
    (AnyUrl("http://a.example/"), "http://a.example/"),
    (PostgresDsn("postgres://a.example/x"), "postgres://a.example/x"),
    (SecretStr("hush"), "hush"),
    ([Colour.RED, None], ("red", None)),
    ({Colour.RED}, ("red",)),
    ({Colour.RED: [Size.SMALL]}, {"red": (1,)}),
]


@pytest.mark.parametrize(("value", "expected"), PARAMETERS, ids=repr)
def test_a_parameter_of_raw_cql_is_sent_as(value: Any, expected: Any) -> None:
    sent = encode_param(value)

    assert (sent, type(sent)) == (expected, type(expected))


def test_a_model_as_a_parameter_of_raw_cql_is_a_user_type() -> None:
    assert encode_param([Address(street="High")])[0].street == "High"


@pytest.mark.parametrize("value", ["\ud800", ["\ud800"], time(1, tzinfo=UTC), IPv6Address("fe80::1%eth0")], ids=repr)
def test_a_parameter_that_no_column_holds_is_refused(value: Any) -> None:
    with pytest.raises(UnstorableValue):
        encode_param(value)
