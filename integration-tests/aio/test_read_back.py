"""A document read back equals the document that was saved, in every type, and dumps as it does."""

from __future__ import annotations

import copy
import pickle
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal
from uuid import UUID, uuid1, uuid4

import pytest
from driver_features import DURATIONS, EMPTY, NULLS, PACKAGE
from pydantic import AnyUrl, BaseModel, Field, SecretStr, field_validator

from coodie_aio import Document, execute_raw, get_driver
from coodie_core.duration import CqlDuration
from coodie_core.fields import (
    Ascii,
    BigInt,
    ClusteringKey,
    Double,
    Frozen,
    PrimaryKey,
    SmallInt,
    TimeUUID,
    TinyInt,
    VarInt,
    Vector,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Level(Enum):
    LOW = 1
    HIGH = 2


class Address(BaseModel):
    street: str
    number: int | None = None
    tags: list[str] = []


class OpenAddress(BaseModel):
    street: str | None = None


class Everything(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    at: Annotated[datetime, ClusteringKey()] = datetime(2026, 11, 23, 12, 30, 0, 123_000, tzinfo=UTC)
    text: str = "é'\"\n"
    ascii: Annotated[str, Ascii()] = "a"
    number: int = -(2**31)
    big: Annotated[int, BigInt()] = 2**63 - 1
    small: Annotated[int, SmallInt()] = 2**15 - 1
    tiny: Annotated[int, TinyInt()] = -(2**7)
    huge: Annotated[int, VarInt()] = 10**40
    single: float = 0.5
    double: Annotated[float, Double()] = 19.99
    price: Decimal = Decimal("19.990")
    yes: bool = True
    raw: bytes = b"\x00\xff"
    day: date = date(1066, 10, 14)
    noon: time = time(12, 0, 0, 500)
    span: timedelta = timedelta(days=1, seconds=2)
    period: CqlDuration = CqlDuration(1, 2, 3)
    v4: IPv4Address = IPv4Address("10.0.0.1")
    v6: IPv6Address = IPv6Address("::1")
    made: Annotated[UUID, TimeUUID()] = uuid1()
    colour: Colour = Colour.BLUE
    level: Level = Level.HIGH
    size: Literal["S", "M"] = "M"
    url: AnyUrl = AnyUrl("https://example.com/x")
    secret: SecretStr = SecretStr("hidden")
    age: Annotated[int, Field(ge=18)] = 18
    words: list[str] = ["a", "b", "a"]
    tags: set[str] = {"a", "b"}
    fixed: frozenset[int] = frozenset({1, 2})
    scores: dict[str, Annotated[int, BigInt()]] = {"a": 2**40}
    by_day: dict[date, time] = {date(2026, 1, 1): time(1)}
    colours: set[Colour] = {Colour.RED}
    pair: tuple[int, str | None] = (1, None)
    any_length: tuple[int, ...] = (1, 2, 3)
    nested: dict[str, list[set[int]]] = {"a": [{1, 2}, set()]}
    vector: Annotated[list[float], Vector(dimensions=3)] = [1.0, 0.5, -0.25]
    home: Annotated[Address, Frozen()] = Address(street="Kade", number=5, tags=["a"])
    homes: list[Address] = [Address(street="Plein")]
    nothing: str | None = None
    no_list: list[int] | None = None
    maybe: int | None = 5

    class Settings:
        name = "everything"


class Note(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    text: str = ""
    nick: str | None = None
    tags: set[str] = Field(default_factory=set)
    words: Annotated[list[str] | None, Frozen()] = None

    class Settings:
        name = "notes"


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await execute_raw("CREATE TYPE IF NOT EXISTS address (street text, number int, tags frozen<list<text>>)")
    for model in (Everything, Note):
        await model.sync_table()


@pytest.mark.needs(DURATIONS)
async def test_every_type_comes_back_as_it_was_saved():
    document = await Everything.create()

    read = await Everything.get(id=document.id)

    assert read == document
    assert {name: type(value) for name, value in read} == {name: type(value) for name, value in document}


@pytest.mark.needs(DURATIONS)
async def test_a_document_that_was_read_can_be_dumped_and_validated_again():
    document = await Everything.create(secret=SecretStr("shown"), raw=b"text")

    read = await Everything.get(id=document.id)

    assert read.model_dump() == document.model_dump()
    # texts in a set have another order in each process, and so has their JSON
    assert read.model_dump_json(exclude={"tags"}) == document.model_dump_json(exclude={"tags"})
    assert sorted(read.model_dump(mode="json")["tags"]) == ["a", "b"]
    assert Note.model_validate_json(Note(text="a").model_dump_json(exclude={"id"})).text == "a"


async def test_a_document_survives_a_round_trip_over_json():
    note = await Note.create(text="a", tags={"x", "y"}, words=["one"])
    read = await Note.get(id=note.id)

    again = Note.model_validate_json(read.model_dump_json())
    await again.save()

    assert await Note.get(id=note.id) == note


@pytest.mark.needs(DURATIONS)
async def test_a_document_equals_what_is_read_back_even_where_the_column_holds_less():
    """A timestamp has milliseconds, in UTC; only a frozen list can be empty and not null."""
    tokyo = timezone(timedelta(hours=9))
    document = Everything(at=datetime(2026, 11, 23, 21, 30, 0, 123_456, tzinfo=tokyo), no_list=[], words=[], tags=set())

    await document.save()

    assert await Everything.get(id=document.id) == document


@pytest.mark.needs(DURATIONS)
async def test_a_document_is_found_by_the_time_that_it_was_saved_with():
    at = datetime(2026, 11, 23, 12, 0, 0, 123_456, tzinfo=UTC)
    document = await Everything.create(at=at)

    assert await Everything.get(id=document.id, at=at) == document


@pytest.mark.needs(NULLS)
async def test_a_user_defined_type_without_values_comes_back_as_one():
    """Unless it is frozen, the server stores it as null."""

    class Place(Document):
        id: Annotated[int, PrimaryKey()]
        home: OpenAddress

    await execute_raw("CREATE TYPE IF NOT EXISTS open_address (street text)")
    await Place.sync_table()
    place = await Place.create(id=1, home=OpenAddress())

    assert await Place.get(id=1) == place


@pytest.mark.parametrize("words", [None, [], ["a"]])
@pytest.mark.needs(EMPTY)
async def test_a_frozen_list_keeps_empty_and_none_apart(words: list[str] | None):
    note = await Note.create(words=words)

    assert (await Note.get(id=note.id)).words == words


async def test_validators_see_what_is_read():
    class Loud(Note):
        @field_validator("text")
        @classmethod
        def _upper(cls, text: str) -> str:
            return text.upper()

        class Settings:
            name = "notes"

    note = await Note.create(text="a")

    assert (await Loud.get(id=note.id)).text == "A"


async def cells_deleted(note: Note) -> int:
    """How many tombstones a read of the row meets, as the server traces it."""
    session: Any = get_driver().session
    future = session.execute_async(f"SELECT * FROM notes WHERE id = {note.id}", trace=True)
    future.result()
    events = [event.description for event in future.get_query_trace(max_wait=10).events]
    [counted] = [found for event in events if (found := re.search(r"(\d+) tombstone cells", event))]
    return int(counted[1])


@pytest.mark.needs(PACKAGE)
async def test_fields_that_nobody_set_leave_no_tombstones():
    note = await Note.create(text="a")

    assert await cells_deleted(note) == 0


@pytest.mark.needs(PACKAGE)
async def test_fields_that_were_set_to_nothing_leave_one_each():
    """So the test above can fail."""
    note = await Note.create(text="a", nick=None, tags=set())

    assert await cells_deleted(note) > 0


@pytest.mark.needs(PACKAGE)
async def test_saving_a_document_that_was_read_leaves_no_tombstones():
    note = await Note.get(id=(await Note.create(text="a")).id)

    note.text = "b"
    await note.save()
    await note.save(ttl=1000)

    assert await cells_deleted(note) == 0


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda note: pickle.loads(pickle.dumps(note)), lambda note: note.model_copy()],
    ids=["copy", "deepcopy", "pickle", "model_copy"],
)
@pytest.mark.needs(PACKAGE)
async def test_a_copy_of_a_document_that_was_read_is_one_like_it(copied: Any):
    note = await Note.get(id=(await Note.create(text="a", tags={"x"})).id)

    other = copied(note)
    other.text = "b"
    await other.save()

    assert note.text == "a"
    assert await Note.get(id=note.id) == other
    assert await cells_deleted(note) == 0


@pytest.mark.needs(PACKAGE)
async def test_a_copy_under_another_key_is_another_row():
    note = await Note.get(id=(await Note.create(text="a", tags={"x"})).id)

    other = note.model_copy(update={"id": uuid4()})
    await other.save()

    assert await Note.get(id=other.id) == other
    assert await Note.get(id=note.id) == note
    assert await cells_deleted(other) == 0
