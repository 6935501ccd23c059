"""No value of a row gets into a message, a traceback or a log; whatever goes wrong."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from pydantic import Field, ValidationError, field_validator

from coodie_aio import AsyncBatchQuery, CounterDocument, Document, UserType, execute_raw, init_coodie
from coodie_aio.drivers.base import Driver
from coodie_core.exceptions import CoodieError
from coodie_core.fields import Counter, PrimaryKey, SmallInt, Version
from coodie_testing import FaultProxy, Server, server_errors

WORD = "plum" + "cake"
NUMBER = 9182736 * 1000 + 455
ID = UUID(int=NUMBER << 64)
SECRETS = [WORD, str(NUMBER), str(ID), WORD.encode().hex()]
SHORT_SECONDS = 0.2


class Place(UserType):
    street: str


class Diary(Document):
    id: Annotated[UUID, PrimaryKey()]
    text: str = ""
    short: Annotated[int, SmallInt()] = 0
    data: bytes = b""
    price: Decimal = Decimal(0)
    names: list[str] = Field(default_factory=list, max_length=3)
    tags: set[str] = set()
    places: dict[str, str] = {}
    home: Place | None = None
    checked: str = ""

    @field_validator("checked")
    @classmethod
    def check(cls, value: str) -> str:
        if value == WORD:
            raise ValueError("not this one")
        return value


class Lock(Document):
    name: Annotated[str, PrimaryKey()]
    text: str = ""
    version: Annotated[int, Version()] = 0


class Hits(CounterDocument):
    name: Annotated[str, PrimaryKey()]
    hits: Annotated[int, Counter()] = 0


class NarrowDiary(Document):
    """The same table, of which rows do not fit."""

    id: Annotated[UUID, PrimaryKey()]
    text: Annotated[str, Field(max_length=3)] = ""

    class Settings:
        name = "diary"


def secret_diary() -> Diary:
    return Diary(
        id=ID,
        text=WORD,
        data=WORD.encode(),
        price=Decimal(NUMBER),
        names=[WORD],
        tags={WORD},
        places={WORD: WORD},
        home=Place(street=WORD),
    )


async def sync_tables() -> None:
    await Place.sync_type()
    for document in (Diary, Lock, Hits):
        await document.sync_table()


@pytest.fixture
async def tables(coodie_aio_driver: Driver) -> None:
    await sync_tables()


@pytest.fixture
async def proxy(coodie_server: Server, coodie_keyspace: str) -> AsyncIterator[FaultProxy]:
    """A proxy before the server, which the default connection goes through."""
    with FaultProxy(coodie_server) as proxy:
        async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_keyspace):
            await sync_tables()
            yield proxy


async def batch() -> None:
    async with AsyncBatchQuery(timeout=SHORT_SECONDS) as both:
        await secret_diary().save(batch=both)
        both.add("UPDATE diary SET text = ? WHERE id = ?", [WORD, ID])


#: Every way to send values.
REQUESTS: dict[str, Any] = {
    "save": lambda: secret_diary().save(timeout=SHORT_SECONDS),
    "insert": lambda: secret_diary().insert(timeout=SHORT_SECONDS, on_unknown="resolve"),
    "save_json": lambda: secret_diary().save_json(timeout=SHORT_SECONDS),
    "create": lambda: Diary.find().timeout(SHORT_SECONDS).create(id=ID, text=WORD),
    "update": lambda: secret_diary().update(text=WORD, names__append=[WORD], timeout=SHORT_SECONDS),
    "update of a query": lambda: Diary.find(id=ID).timeout(SHORT_SECONDS).update(places__put=(WORD, WORD)),
    "conditional update": lambda: (
        Diary.find(id=ID).timeout(SHORT_SECONDS).update(text=WORD, if_conditions={"text": WORD})
    ),
    "delete": lambda: secret_diary().delete(timeout=SHORT_SECONDS),
    "delete of elements": lambda: secret_diary().delete_columns(
        collection_elements={"tags": WORD, "places": WORD}, timeout=SHORT_SECONDS
    ),
    "increment": lambda: Hits(name=WORD).increment(hits=NUMBER, timeout=SHORT_SECONDS),
    "versioned": lambda: Lock(name=WORD, text=WORD).save(timeout=SHORT_SECONDS),
    "read": lambda: Diary.find(id=ID, text=WORD).allow_filtering().timeout(SHORT_SECONDS).all(),
    "raw": lambda: execute_raw("UPDATE diary SET text = ? WHERE id = ?", [WORD, ID], timeout=SHORT_SECONDS),
    "batch": batch,
}

FAULTS: dict[str, Any] = {
    "dropped": lambda proxy: proxy.drop_reply(times=None),
    "unavailable": lambda proxy: proxy.fail(server_errors.Unavailable(), times=None),
    "write timeout": lambda proxy: proxy.fail(server_errors.WriteTimeout(), times=None),
    "read timeout": lambda proxy: proxy.fail(server_errors.ReadTimeout(), times=None),
    "write failure": lambda proxy: proxy.fail(server_errors.WriteFailure(), times=None),
    "overloaded": lambda proxy: proxy.fail(server_errors.Overloaded(), times=None),
    "server error": lambda proxy: proxy.fail(server_errors.ServerError(), times=None),
    "refused": lambda proxy: proxy.fail(server_errors.InvalidRequest(), times=None),
    "unauthorized": lambda proxy: proxy.fail(server_errors.Unauthorized(), times=None),
    "rate limited": lambda proxy: proxy.fail(server_errors.RateLimited(), times=None),
}


async def with_a_row_that_does_not_fit(read: Any) -> Any:
    await secret_diary().save()
    return await read()


async def conflict() -> None:
    one = Lock(name=WORD + uuid4().hex, text=WORD)
    await one.save()
    await Lock(name=one.name, text=WORD).save()


async def claimed_twice() -> None:
    await secret_diary().save()
    await Diary.find().if_not_exists().create(id=ID, text=WORD)


#: Every kind of mistake, in the values themselves.
MISTAKES: dict[str, Any] = {
    "a value of another type": lambda: Diary(id=WORD).save(),
    "a value that a validator refuses": lambda: Diary(id=ID, checked=WORD).save(),
    "too many elements": lambda: Diary(id=ID, names=[WORD] * 4).save(),
    "a number too large": lambda: Diary(id=ID, short=NUMBER).save(),
    "a text that is none": lambda: Diary(id=ID, text=WORD + "\udc80").save(),
    "a text that is none, in a set": lambda: Diary(id=ID, tags={WORD + "\udc80"}).save(),
    "a text that is none, in a type": lambda: Diary(id=ID, home=Place(street=WORD + "\udc80")).save(),
    "a part of another type": lambda: Diary(id=ID, home={"street": [WORD]}).save(),
    "create of another type": lambda: Diary.create(id=WORD),
    "create with another field": lambda: Diary.create(id=ID, txt=WORD),
    "update with another type": lambda: secret_diary().update(short=WORD),
    "update with a refused value": lambda: secret_diary().update(checked=WORD),
    "update with another field": lambda: secret_diary().update(txt=WORD),
    "update of an element of another type": lambda: Diary.find(id=ID).update(names__append=[NUMBER]),
    "a condition of another type": lambda: secret_diary().update(text="", if_conditions={"short": WORD}),
    "a filter of another type": lambda: Diary.find(id=WORD).all(),
    "a filter of another field": lambda: Diary.find(txt=WORD).all(),
    "a filter that the server refuses": lambda: Diary.find(text=WORD).all(),
    "a key that is too long": lambda: Lock.find(name=WORD * 9000).all(),
    "a document that is missing": lambda: Lock.get(name=WORD * 2),
    "a version conflict": conflict,
    "a key that is taken": claimed_twice,
    "raw values of another type": lambda: execute_raw("UPDATE diary SET short = ? WHERE id = ?", [WORD, ID]),
    "raw values that are too many": lambda: execute_raw("UPDATE diary SET text = ? WHERE id = ?", [WORD, ID, WORD]),
    "raw values that no server takes": lambda: execute_raw("SELECT * FROM diary WHERE id = ?", [object()]),
    "raw values in a set": lambda: execute_raw("SELECT * FROM diary WHERE id = ?", {WORD}),
    "JSON that does not fit": lambda: execute_raw("INSERT INTO diary JSON ?", [f'{{"id": "{ID}", "nope": "{WORD}"}}']),
    "an index outside of the list": lambda: Diary.find(id=uuid4()).update(names__setindex=(5, WORD)),
    "a row that does not fit": lambda: with_a_row_that_does_not_fit(lambda: NarrowDiary.get(id=ID)),
    "rows that do not fit": lambda: with_a_row_that_does_not_fit(lambda: NarrowDiary.find(id=ID).all()),
    "a lazy row that does not fit": lambda: with_a_row_that_does_not_fit(lazily),
}


async def lazily() -> Any:
    [diary] = await NarrowDiary.find(id=ID).all(lazy=True)
    return diary.text


def everything_said(error: BaseException) -> str:
    """Return all that a log of *error* may show: its traceback with all of its causes, its repr, its attributes."""
    shown = {name: value for name, value in vars(error).items() if name not in ("result", "found")}
    return "".join(traceback.format_exception(error)) + repr(error) + repr(shown)


def assert_no_secret(texts: str) -> None:
    for secret in SECRETS:
        place = texts.find(secret)
        assert place < 0, texts[max(0, place - 200) : place + 200]


@pytest.fixture(autouse=True)
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Every log record from DEBUG on, also those of the driver."""
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_request_that_fails_tells_no_value(proxy: FaultProxy, logs: Any, fault: str):
    FAULTS[fault](proxy)

    for request in REQUESTS.values():
        with pytest.raises(CoodieError) as raised:
            await request()
        assert_no_secret(everything_said(raised.value))
    assert_no_secret(logs.text)


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_tells_no_value(tables: None, logs: Any, mistake: str):
    with pytest.raises((CoodieError, ValidationError)) as raised:
        await MISTAKES[mistake]()

    assert_no_secret(everything_said(raised.value))
    assert_no_secret(logs.text)
