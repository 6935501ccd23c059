"""Which CQL type an annotation has, and which annotations are refused, with the reason."""

from __future__ import annotations

import pickle
import sys
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag, StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, TypedDict, TypeVar, Union
from uuid import UUID

import pytest
from annotated_types import Ge
from pydantic import (
    UUID1,
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ByteSize,
    Field,
    FutureDatetime,
    GetCoreSchemaHandler,
    IPvAnyAddress,
    IPvAnyNetwork,
    Json,
    NaiveDatetime,
    PastDate,
    PositiveInt,
    PostgresDsn,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    StrictBool,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    conlist,
)
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypeAliasType

from coodie_core.exceptions import ConfigurationError, InvalidModel, InvalidQueryError, UnmappableType
from coodie_core.fields import (
    Ascii,
    BigInt,
    Counter,
    Double,
    Duration,
    Frozen,
    PrimaryKey,
    SmallInt,
    Time,
    TimeUUID,
    TinyInt,
    VarInt,
    Vector,
)
from coodie_core.types import (
    CqlDuration,
    CqlType,
    allows_none,
    cql_type,
    python_type_to_cql_type_str,
    user_type_name,
)

T = TypeVar("T")
Number = TypeVar("Number", bound=int)
Text = TypeVar("Text", str, SecretStr)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1


class Mode(StrEnum):
    READ = "r"


class Rights(IntFlag):
    READ = 1
    WRITE = 2


class Mixed(Enum):
    ONE = 1
    TWO = "two"


class Empty(Enum):
    pass


class Address(BaseModel):
    street: str
    zip_codes: list[int]


class Person(BaseModel):
    name: str
    home: Address
    others: dict[str, Address] | None = None


class HTTPServer(BaseModel):
    port: int


class Named(BaseModel):
    port: int

    class Settings:
        __type_name__ = "endpoint"


class BadlyNamed(BaseModel):
    port: int

    class Settings:
        __type_name__ = "end-point"


class Class(BaseModel):
    pupils: int


class Box(BaseModel, Generic[T]):
    content: T


class Tree(BaseModel):
    children: list[Tree]


class Nothing(BaseModel):
    pass


class Unmappable(BaseModel):
    anything: Any


class Tags(RootModel[list[str]]):
    pass


class Celsius:
    """A custom type that wraps a float."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(lambda _: cls(), core_schema.float_schema())


class Opaque:
    pass


class OfThirdParty:
    """An annotation that teaches Pydantic a foreign class."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.chain_schema([core_schema.str_schema(), core_schema.any_schema()])


class Point(NamedTuple):
    x: int


class Record(TypedDict):
    x: int


@dataclass
class Plain:
    x: int


UserId = NewType("UserId", int)
Scores = TypeAliasType("Scores", dict[str, list[int]])
PairOf = TypeAliasType("PairOf", dict[Number, Text], type_params=(Text, Number))

MAPPED: list[tuple[Any, str]] = [
    # scalars
    (str, "text"),
    (int, "int"),
    (bool, "boolean"),
    (float, "float"),
    (bytes, "blob"),
    (UUID, "uuid"),
    (datetime, "timestamp"),
    (date, "date"),
    (time, "time"),
    (timedelta, "duration"),
    (CqlDuration, "duration"),
    (Decimal, "decimal"),
    (IPv4Address, "inet"),
    (IPv6Address, "inet"),
    (IPv4Address | IPv6Address, "inet"),
    # markers
    (Annotated[int, BigInt()], "bigint"),
    (Annotated[int, SmallInt()], "smallint"),
    (Annotated[int, TinyInt()], "tinyint"),
    (Annotated[int, VarInt()], "varint"),
    (Annotated[int, Counter()], "counter"),
    (Annotated[float, Double()], "double"),
    (Annotated[str, Ascii()], "ascii"),
    (Annotated[UUID, TimeUUID()], "timeuuid"),
    (Annotated[time, Time()], "time"),
    (Annotated[int, Time()], "time"),
    (Annotated[CqlDuration, Duration()], "duration"),
    (Annotated[timedelta, Duration()], "duration"),
    (Annotated[int, BigInt], "bigint"),
    (Annotated[int, PrimaryKey(), BigInt()], "bigint"),
    (Annotated[int | None, BigInt()], "bigint"),
    (Annotated[int, BigInt()] | None, "bigint"),
    (Annotated[Size, SmallInt()], "smallint"),
    (Annotated[list[float], Vector(3)], "vector<float, 3>"),
    (Annotated[tuple[float, ...], Vector(3)], "vector<float, 3>"),
    (Annotated[list[Annotated[float, Double()]], Vector(dimensions=2)], "vector<double, 2>"),
    # None, aliases, generics
    (int | None, "int"),
    (Optional[list[str]], "list<text>"),  # noqa: UP045 - another class at run time than `X | None`
    (Union[str, None], "text"),  # noqa: UP007
    (Address | HTTPServer, "text"),
    (list[Address | HTTPServer | None] | None, "list<text>"),
    (UserId, "int"),
    (Annotated[UserId, BigInt()], "bigint"),
    (Scores, "map<text, frozen<list<int>>>"),
    (list[Scores], "list<frozen<map<text, frozen<list<int>>>>>"),
    (PairOf[str, int], "map<int, text>"),
    (Number, "int"),
    (Text, "text"),
    (Box[int], '"box_int"'),
    (Box[list[int]], '"box_list_int"'),
    # Enum and Literal
    (Colour, "text"),
    (Size, "int"),
    (Mode, "text"),
    (Rights, "int"),
    (Literal["a", "b"], "text"),
    (Literal["a", None], "text"),
    (Literal[1, 2], "int"),
    (Literal[True], "boolean"),
    (Literal[Colour.RED], "text"),
    (Literal["a"] | Colour, "text"),
    # collections
    (list[int], "list<int>"),
    (set[UUID], "set<uuid>"),
    (frozenset[str], "set<text>"),
    (dict[str, date], "map<text, date>"),
    (tuple[int, ...], "list<int>"),
    (tuple[int, str | None], "frozen<tuple<int, text>>"),
    (list[list[int]], "list<frozen<list<int>>>"),
    (list[dict[str, set[int]]], "list<frozen<map<text, frozen<set<int>>>>>"),
    (dict[tuple[int, int], frozenset[int]], "map<frozen<tuple<int, int>>, frozen<set<int>>>"),
    (tuple[int, list[int]], "frozen<tuple<int, frozen<list<int>>>>"),
    (list[Annotated[int, BigInt()]], "list<bigint>"),
    (list[Annotated[int, BigInt()] | None] | None, "list<bigint>"),
    (list[Annotated[list[float], Vector(2)]], "list<vector<float, 2>>"),
    (list[CqlDuration], "list<duration>"),
    (Annotated[list[int], Frozen()], "frozen<list<int>>"),
    (Annotated[dict[str, int] | None, Frozen()], "frozen<map<text, int>>"),
    (Annotated[tuple[int, int], Frozen()], "frozen<tuple<int, int>>"),
    (conlist(int, min_length=1), "list<int>"),
    # user-defined types
    (Address, '"address"'),
    (Address | None, '"address"'),
    (Annotated[Address, Frozen()], 'frozen<"address">'),
    (list[Address], 'list<frozen<"address">>'),
    (HTTPServer, '"http_server"'),
    (Named, '"endpoint"'),
    # root models
    (Tags, "list<text>"),
    (list[Tags], "list<frozen<list<text>>>"),
    (Annotated[Tags, Frozen()], "frozen<list<text>>"),
    (RootModel[int], "int"),
    # Pydantic's types, by what they wrap
    (PositiveInt, "int"),
    (StrictBool, "boolean"),
    (Annotated[str, StringConstraints(max_length=3)], "text"),
    (Annotated[int, Ge(0), BigInt()], "bigint"),
    (Annotated[int, Field(gt=0), BigInt()], "bigint"),
    (Annotated[str, AfterValidator(str.lower)], "text"),
    (Annotated[int, BeforeValidator(int)], "int"),
    (AwareDatetime, "timestamp"),
    (NaiveDatetime, "timestamp"),
    (FutureDatetime, "timestamp"),
    (PastDate, "date"),
    (UUID1, "uuid"),
    (Annotated[UUID1, TimeUUID()], "timeuuid"),
    (ByteSize, "int"),
    (Annotated[ByteSize, BigInt()], "bigint"),
    (AnyUrl, "text"),
    (PostgresDsn, "text"),
    (SecretStr, "text"),
    (SecretBytes, "blob"),
    (Secret[date], "date"),
    (Annotated[Secret[int], BigInt()], "bigint"),
    (Base64Bytes, "blob"),
    (Json, "text"),
    (Json[list[int]], "text"),
    (IPvAnyAddress, "inet"),
    (IPvAnyNetwork, "text"),
    (IPv6Network, "text"),
    (IPv4Interface, "text"),
    (Path, "text"),
    (str | AnyUrl, "text"),
    # custom types
    (Celsius, "float"),
    (Annotated[Celsius, Double()], "double"),
]


@pytest.mark.parametrize(("annotation", "expected"), MAPPED, ids=[f"{a} is {c}" for a, c in MAPPED])
def test_an_annotation_has_the_cql_type(annotation: Any, expected: str) -> None:
    assert python_type_to_cql_type_str(annotation) == expected


REFUSED: list[tuple[Any, str]] = [
    (Any, "Any has no CQL type"),
    (object, "object has no CQL type"),
    (complex, "complex has no CQL type"),
    (Opaque, "give the class a __get_pydantic_core_schema__"),
    (None, "None has no CQL type"),
    (list, r"list does not say what it holds. Write, for example, list\[int\]"),
    (dict, r"dict does not say what it holds. Write, for example, dict\[str, int\]"),
    (tuple, "tuple does not say what it holds"),
    (tuple[()], "does not say what it holds"),
    (list[Any], "Any has no CQL type"),
    (Sequence[int], "Use list, set, frozenset, dict or tuple"),
    (Mapping[str, int], "Use list, set, frozenset, dict or tuple"),
    (deque[int], "Use list, set, frozenset, dict or tuple"),
    (OrderedDict[str, int], "Use list, set, frozenset, dict or tuple"),
    (Point, "Make it a UserType"),
    (Record, "Make it a UserType"),
    (Plain, "Make it a UserType"),
    (int | str, "would be several CQL types"),
    (list[int] | set[int], "would be several CQL types"),
    (Address | str, "would be several CQL types"),
    (Annotated[int, BigInt()] | Annotated[int, SmallInt()], "would be several CQL types"),
    (Mixed, "Mixed would be several CQL types"),
    (Literal["a", 1], "would be several CQL types"),
    (Empty, "Empty has values that no CQL type holds"),
    (Literal[None], "has values that no CQL type holds"),
    (Annotated[str, BigInt()], r"BigInt\(\) is for int, the field is str"),
    (Annotated[bool, SmallInt()], r"SmallInt\(\) is for int, the field is bool"),
    (Annotated[int, Double()], r"Double\(\) is for float, the field is int"),
    (Annotated[Decimal, VarInt()], r"VarInt\(\) is for int, the field is Decimal"),
    (Annotated[str, Time()], r"Time\(\) is for time or int, the field is str"),
    (Annotated[int, Duration()], r"Duration\(\) is for CqlDuration or timedelta, the field is int"),
    (Annotated[list[int], BigInt()], r"as in list\[Annotated\[int, BigInt\(\)\]\]"),
    (Annotated[int, BigInt(), SmallInt()], r"BigInt\(\) and SmallInt\(\) contradict each other"),
    (Annotated[int, Frozen()], r"int cannot be Frozen\(\)"),
    (Annotated[list[float], Vector], r"Vector needs its arguments, as in Vector\(...\)"),
    (Annotated[list[int], Vector(2)], r"Vector\(dimensions=2\) is for list\[float\]"),
    (Annotated[set[float], Vector(2)], r"Vector\(dimensions=2\) is for list\[float\]"),
    (Annotated[float, Vector(2)], r"Vector\(dimensions=2\) is for list\[float\]"),
    (list[Annotated[int, Counter()]], "CQL has no counters inside of other types"),
    (set[CqlDuration], "a set cannot be of durations"),
    (dict[timedelta, int], "a map cannot be of durations"),
    (T, "T may be any type"),
    (Box, "Box.content: ~T may be any type"),
    ("Later", "is not resolved yet"),
    (Tree, "Tree.children: Tree contains itself"),
    (Nothing, "Nothing has no fields"),
    (Unmappable, "Unmappable.anything: Any has no CQL type"),
    (list[Unmappable], "Unmappable.anything: Any has no CQL type"),
    (BadlyNamed, "BadlyNamed: its user-defined type cannot be called 'end-point'"),
    (Class, "Class: its user-defined type cannot be called 'class'.*Set Settings.__type_name__"),
]


if sys.version_info >= (3, 12):  # where an alias can be written that refers to itself
    exec("type Endless = list[Endless]")
    REFUSED.append((globals()["Endless"], "refers to itself"))


@pytest.mark.parametrize(("annotation", "reason"), REFUSED, ids=[str(annotation) for annotation, _ in REFUSED])
def test_an_annotation_without_a_cql_type_is_refused_with_the_reason(annotation: Any, reason: str) -> None:
    with pytest.raises(UnmappableType, match=reason):
        cql_type(annotation)


def test_a_refusal_is_an_error_in_the_model_and_names_the_field_once_that_is_known() -> None:
    with pytest.raises(UnmappableType) as caught:
        cql_type(object)

    error = caught.value.named("User", "extra")

    assert isinstance(error, (InvalidModel, ConfigurationError, InvalidQueryError))
    assert str(error).startswith("User.extra: object has no CQL type")
    assert (error.document, error.field) == ("User", "extra")


def test_types_of_a_third_party_are_mapped_by_the_annotation_that_teaches_them_to_pydantic() -> None:
    with pytest.raises(UnmappableType, match="Opaque has no CQL type"):
        cql_type(Opaque)

    assert str(cql_type(Annotated[Opaque, OfThirdParty()])) == "text"


def test_metadata_of_a_field_counts_like_annotated() -> None:
    assert str(cql_type(int, [PrimaryKey(), BigInt()])) == "bigint"
    assert str(cql_type(list[int] | None, [Frozen()])) == "frozen<list<int>>"


def test_fields_with_postponed_annotations_in_a_local_scope_have_types() -> None:
    class Inner(BaseModel):
        ids: set[int]

    class Outer(BaseModel):
        inner: Annotated[Inner | None, Frozen()] = None
        by_name: dict[str, Inner]

    types = {name: str(cql_type(field.annotation, field.metadata)) for name, field in Outer.model_fields.items()}

    assert types == {"inner": 'frozen<"inner">', "by_name": 'map<text, frozen<"inner">>'}


def test_a_model_that_refers_to_an_undefined_class_is_refused_until_it_is_defined() -> None:
    class Early(BaseModel):
        late: LateModel  # type: ignore[name-defined]

    with pytest.raises(UnmappableType, match="Early refers to a type that is not defined yet"):
        cql_type(Early)

    class LateModel(BaseModel):
        x: int

    Early.model_rebuild()

    assert cql_type(Early).fields == (("late", CqlType("late_model", frozen=True, fields=(("x", CqlType("int")),))),)


def test_a_user_type_has_its_fields_in_order_and_everything_inside_of_it_is_frozen() -> None:
    person = cql_type(Person)

    assert person.fields is not None
    assert {name: str(kind) for name, kind in person.fields} == {
        "name": "text",
        "home": 'frozen<"address">',
        "others": 'frozen<map<text, frozen<"address">>>',
    }
    assert list(dict(person.fields)) == ["name", "home", "others"]


@pytest.mark.parametrize(
    ("model", "name"),
    [(Address, "address"), (HTTPServer, "http_server"), (Named, "endpoint"), (Box[int], "box_int")],
)
def test_a_user_type_is_called_as_its_settings_say_or_like_its_class(model: type[BaseModel], name: str) -> None:
    assert user_type_name(model) == name


def test_a_subclass_of_a_user_type_does_not_take_over_its_name() -> None:
    class Secured(Named):
        key: str

    assert user_type_name(Secured) == "secured"


@pytest.mark.parametrize(
    ("annotation", "is_collection", "is_multicell"),
    [
        (int, False, False),
        (list[int], True, True),
        (dict[str, int], True, True),
        (Annotated[set[int], Frozen()], True, False),
        (tuple[int, int], False, False),
        (Annotated[list[float], Vector(2)], False, False),
        (Address, False, True),
        (Annotated[Address, Frozen()], False, False),
    ],
)
def test_only_what_is_not_frozen_is_stored_part_by_part(
    annotation: Any, is_collection: bool, is_multicell: bool
) -> None:
    cql = cql_type(annotation)

    assert (cql.is_collection, cql.is_multicell) == (is_collection, is_multicell)


def test_cql_types_are_values() -> None:
    assert cql_type(dict[str, Address]) == cql_type(dict[str, Address | None])
    assert len({cql_type(list[int]), cql_type(tuple[int, ...]), cql_type(Annotated[list[int], Frozen()])}) == 2
    assert pickle.loads(pickle.dumps(cql_type(Person))) == cql_type(Person)


def test_a_name_with_quotes_stays_one_identifier() -> None:
    assert str(CqlType('a"b', fields=(("x", CqlType("int")),))) == '"a""b"'


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, False),
        (None, True),
        (int | None, True),
        (Optional[int], True),  # noqa: UP045
        (Annotated[int | None, BigInt()], True),
        (Annotated[int, BigInt()] | None, True),
        (Literal["a", None], True),
        (Literal["a"], False),
        (list[int | None], False),
        (TypeAliasType("Maybe", int | None), True),
        (NewType("MaybeId", int | None), True),  # type: ignore[valid-newtype]
    ],
)
def test_whether_none_is_a_value_of_an_annotation(annotation: Any, expected: bool) -> None:
    assert allows_none(annotation) is expected


# ---------------------------------------------------------------------------------------------------------------------
# CqlDuration


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (CqlDuration(), "0ns"),
        (CqlDuration(months=1, days=2, nanoseconds=3 * 3_600_000_000_000), "1mo2d3h"),
        (CqlDuration(months=-14), "-1y2mo"),
        (CqlDuration(days=400), "400d"),
        (CqlDuration(nanoseconds=3_723_004_005_006), "1h2m3s4ms5us6ns"),
    ],
)
def test_a_duration_is_written_in_cqls_notation(duration: CqlDuration, text: str) -> None:
    assert str(duration) == text


def test_durations_are_values_without_an_order() -> None:
    assert CqlDuration(1, 2, 3) == CqlDuration(months=1, days=2, nanoseconds=3)
    assert len({CqlDuration(1), CqlDuration(1), CqlDuration(days=30)}) == 2
    assert repr(CqlDuration(days=-1)) == "CqlDuration(months=0, days=-1, nanoseconds=0)"
    assert pickle.loads(pickle.dumps(CqlDuration(1, 2, 3))) == CqlDuration(1, 2, 3)
    with pytest.raises(TypeError, match="not supported between instances"):
        CqlDuration(1) < CqlDuration(2)  # type: ignore[operator]  # noqa: B015


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"months": 1, "days": -1}, "have one sign"),
        ({"months": -1, "nanoseconds": 1}, "have one sign"),
        ({"months": 2**31}, "-2147483648 to 2147483647"),
        ({"days": -(2**31) - 1}, "-2147483648 to 2147483647"),
        ({"nanoseconds": 2**63}, "-9223372036854775808 to 9223372036854775807"),
        ({"days": 1.5}, "a whole number, not float"),
        ({"days": True}, "a whole number, not bool"),
    ],
)
def test_a_duration_that_cql_cannot_hold_is_refused(parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        CqlDuration(**parts)


def test_a_duration_is_a_pydantic_field_in_python_and_json() -> None:
    class Subscription(BaseModel):
        every: CqlDuration

    given = Subscription(every=CqlDuration(months=1))

    assert given.model_dump_json() == '{"every":{"months":1,"days":0,"nanoseconds":0}}'
    assert Subscription.model_validate_json(given.model_dump_json()) == given
    assert TypeAdapter(CqlDuration).json_schema()["properties"].keys() == {"months", "days", "nanoseconds"}
    with pytest.raises(ValidationError, match="have one sign"):
        Subscription.model_validate({"every": {"months": 1, "days": -1}})
