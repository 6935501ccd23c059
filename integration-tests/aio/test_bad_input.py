"""Mistakes are named where they are made: what was asked, what was wrong, what to do; and nothing is sent.

The connection of these documents would need a server at its first request, and there is none: whoever sends anything
fails with `NoHostAvailable`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from pydantic import ConfigDict, Field

from coodie_aio import AsyncBatchQuery, CounterDocument, Document, create_keyspace, execute_raw, init_coodie
from coodie_core.exceptions import (
    ConfigurationError,
    FilteringRefused,
    InvalidModel,
    InvalidQueryError,
    NoHostAvailable,
    ServerRefusedQuery,
)
from coodie_core.fields import ClusteringKey, Counter, PrimaryKey

REFUSING_PORT = 1
"""Nothing listens here: ports below 1024 are for root, and this one is for a service of 1988 (RFC 1078)."""


class User(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    name: str
    age: int = 0
    seen: datetime | None = None

    class Settings:
        name = "users"


class Guest(Document):
    model_config = ConfigDict(extra="allow")

    id: Annotated[int, PrimaryKey()]


class Visit(Document):
    country: Annotated[str, PrimaryKey()]
    day: Annotated[int, ClusteringKey()]
    note: str | None = None


class Views(CounterDocument):
    page: Annotated[str, PrimaryKey()]
    count: Annotated[int, Counter()] = 0


class NoTable(Document):
    note: str

    class Settings:
        __abstract__ = True


@pytest.fixture
async def no_server() -> AsyncIterator[None]:
    async with await init_coodie(hosts=["127.0.0.1"], port=REFUSING_PORT, keyspace="shop", lazy=True):
        yield


async def test_whoever_sends_something_fails(no_server: None):
    with pytest.raises(NoHostAvailable, match=r"127\.0\.0\.1:1 refuses the connection"):
        await User(name="Alice").save()


ALICE = User(name="Alice")
REQUESTS: dict[str, tuple[Any, str]] = {
    "unknown field in find": (
        lambda: User.find(nmae="Alice").all(),
        "User.find(nmae=...): User has no field 'nmae' (did you mean 'name'?). Its fields are id, name, age, seen.",
    ),
    "unknown field in get": (
        lambda: User.get(idd=uuid4()),
        "User.find(idd=...): User has no field 'idd' (did you mean 'id'?). Its fields are id, name, age, seen.",
    ),
    "unknown field in update": (
        lambda: ALICE.update(nmae="Bob"),
        "User.update(nmae=...): User has no field 'nmae' (did you mean 'name'?). Its fields are id, name, age, seen.",
    ),
    "unknown field in create": (
        lambda: User.create(name="Alice", agee=5),
        "User.create(agee=...): User has no field 'agee' (did you mean 'age'?). Its fields are id, name, age, seen.",
    ),
    "unknown look-up": (
        lambda: User.find(age__above=18).all(),
        "User.find(age__above=...): there is no 'above' here.",
    ),
    "wrong type in find": (
        lambda: User.find(id="Alice").all(),
        "User.find(id=...): id is uuid: Input should be a valid UUID",
    ),
    "wrong type in update": (
        lambda: ALICE.update(age="old"),
        "User.update(age=...): age is int: Input should be a valid integer",
    ),
    "wrong type in a saved attribute": (
        lambda: ALICE.model_copy(update={"age": "old"}).save(),
        "User.age: the column needs int, and was given str.",
    ),
    "None in a field that needs a value": (
        lambda: ALICE.model_copy(update={"name": None}).save(),
        "User.name: it is None, and the field needs a value, so the row could not be read any more. Make it `X | None`",
    ),
    "None in a new document": (
        lambda: User.model_construct(id=uuid4(), name=None).insert(),
        "User.name: it is None, and the field needs a value",
    ),
    "None on a condition": (
        lambda: ALICE.model_copy(update={"name": None}).save(if_exists=True),
        "User.name: it is None, and the field needs a value",
    ),
    "None in JSON": (
        lambda: ALICE.model_copy(update={"name": None}).save_json(),
        "User.name: it is None, and the field needs a value",
    ),
    "a value without a column": (
        lambda: Guest(id=1, room=12).save(),
        "Guest.room: the table has no such column, so the value would be lost. Declare the field, or take it out",
    ),
    "a new value without a column": (
        lambda: Guest(id=1, room=12).insert(),
        "Guest.room: the table has no such column",
    ),
    "an update only if there is no row": (
        lambda: User.find(id=ALICE.id).if_not_exists().update(age=5),
        "User.find(...).if_not_exists().update(): a row that does not exist can only be made: use",
    ),
    "a deletion only if there is no row": (
        lambda: User.find(id=ALICE.id).if_not_exists().delete(),
        "User.find(...).if_not_exists().delete(): a row that does not exist can only be made: use",
    ),
    "a new row only if it exists": (
        lambda: User.find().if_exists().create(name="Alice"),
        "User.find().if_exists().create(): to write only to a row that exists, give its key and use",
    ),
    "a deletion in an hour": (
        lambda: User.find(id=ALICE.id).ttl(3600).delete(),
        "User.find(...).ttl().delete(): CQL deletes at once. For a row that disappears later, save its document",
    ),
    "a number that is too large": (
        lambda: User(name="Alice", age=2**31).save(),
        "User.age: the number does not fit int, which holds -2147483648 to 2147483647. Use BigInt()",
    ),
    "a time without a zone": (
        lambda: User(name="Alice", seen=datetime(2026, 1, 1)).save(),
        "User.seen: the datetime is naive",
    ),
    "a change of the key": (
        lambda: ALICE.update(id=uuid4()),
        "User.update(id=...): id is part of the primary key, which never changes. Save a new document",
    ),
    "an order that no key gives": (
        lambda: User.find().order_by("name").all(),
        "User.order_by('name'): CQL sorts by clustering keys only, and name is none.",
    ),
    "a limit that is none": (
        lambda: User.find().limit(0).all(),
        "limit(0): give a whole number from 1",
    ),
    "an update of many rows": (
        lambda: Visit.find(country="NL").update(note="rainy"),
        "Visit.find(...).update(): name the whole primary key (country, day) and nothing else in find(): day missing.",
    ),
    "a deletion of everything": (
        lambda: Visit.find().delete(),
        "Visit.find(...).delete(): CQL deletes by primary key, at least by the whole partition key (country)",
    ),
    "no column to delete": (
        lambda: ALICE.delete_columns(),
        "User.delete_columns(): name at least one field. delete() deletes the row.",
    ),
    "a counter that is set": (
        lambda: Views(page="/").save(),
        "Views.save(): a counter table takes no values, only changes: use increment() or decrement().",
    ),
    "an abstract document": (
        lambda: NoTable.find().all(),
        "NoTable is an abstract base without a table: use a document that derives from it.",
    ),
    "a consistency level that does not exist": (
        lambda: ALICE.save(consistency="QUORAM"),
        "consistency='QUORAM': there is no such consistency level (did you mean 'QUORUM'?).",
    ),
    "a time to live that is too long": (
        lambda: ALICE.save(ttl=700_000_000),
        "ttl=700000000: give whole seconds from 0 (never expires) to 630720000 (20 years).",
    ),
    "a keyspace name that cannot be": (
        lambda: create_keyspace("my-keyspace"),
        "keyspace 'my-keyspace': a name has letters, digits and underscores only",
    ),
}


@pytest.mark.parametrize(("request_", "message"), REQUESTS.values(), ids=REQUESTS)
async def test_it_is_refused_before_anything_is_sent(no_server: None, request_: Any, message: str):
    with pytest.raises(InvalidQueryError) as refused:
        await request_()

    assert str(refused.value).startswith(message)


async def test_a_column_that_is_compared_twice(coodie_aio_driver: Any):
    """Only the server knows which comparisons go together; filtering would not help, and is not recommended."""
    await Visit.sync_table()

    with pytest.raises(ServerRefusedQuery, match="more than one relation") as refused:
        await Visit.find(country="NL", day=1, day__gt=0).all()

    assert not isinstance(refused.value, FilteringRefused)


async def test_a_batch_that_has_ended(no_server: None):
    batch = AsyncBatchQuery()
    await batch.execute()

    with pytest.raises(InvalidQueryError) as refused:
        await ALICE.save(batch=batch)

    assert str(refused.value).endswith("BatchQuery.add(): this batch was sent already. Open a new one.")


async def test_a_document_without_a_primary_key_cannot_be_defined():
    with pytest.raises(InvalidModel) as refused:

        class Note(Document):
            text: str

    assert str(refused.value) == (
        "Note has no primary key. Mark at least one field, as in `id: Annotated[UUID, PrimaryKey()]`, "
        "or set Settings.__abstract__ = True if it is only a base."
    )


async def test_a_connection_without_a_keyspace():
    async with await init_coodie(hosts=["127.0.0.1"], port=REFUSING_PORT, lazy=True):
        with pytest.raises(InvalidQueryError) as refused:
            await ALICE.save()

    assert str(refused.value) == (
        "User: in which keyspace is its table 'users'? Give init_coodie() a keyspace=, or set Settings.keyspace."
    )


@pytest.mark.parametrize(
    "request_",
    [
        lambda: ALICE.save(),
        lambda: ALICE.update(name="Bob"),
        lambda: ALICE.delete(),
        lambda: User.create(name="Bob"),
        lambda: User.get(id=uuid4()),
        lambda: User.find().all(),
        lambda: User.sync_table(),
        lambda: execute_raw("SELECT * FROM users"),
        lambda: create_keyspace("shop"),
    ],
)
async def test_without_init_coodie_the_error_says_what_to_call(request_: Any):
    with pytest.raises(ConfigurationError) as refused:
        await request_()

    assert str(refused.value).startswith(
        "coodie.aio has no connection called 'default'. Call coodie.aio.init_coodie(hosts=[...], keyspace=...) first."
    )


async def test_a_document_of_a_connection_that_was_not_opened(no_server: None):
    class Report(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            connection = "reports"

    with pytest.raises(ConfigurationError) as refused:
        await Report(id=1).save()

    assert str(refused.value).startswith("coodie.aio has no connection called 'reports'.")
    assert "name='reports'" in str(refused.value)
