"""The short way through the driver (``fast=True``) answers as the driver's own does, whatever the protocol is."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator, Iterator
from os import urandom
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

import pytest
from cassandra.query import UNSET_VALUE
from driver_features import FRAMES, SHORT_WAY
from every_type import CASES
from pydantic import create_model

from coodie_aio import Document, init_coodie
from coodie_core.consistency import ConsistencyLevel
from coodie_core.fields import PrimaryKey
from coodie_core.statement import BatchKind, BatchStatement, ExecutionOptions, Rows, Statement

pytestmark = pytest.mark.needs(SHORT_WAY)

WAYS = {
    "v5, LZ4": {},
    "v5": {"compression": False},
    "v4, LZ4": {"protocol_version": 4},
    "v4": {"protocol_version": 4, "compression": False},
}
LARGER_THAN_A_SEGMENT = 300_000
"""Bytes. Segments of the protocol v5 have up to 131,071 (CQL binary protocol v5, section 2.2)."""


class Base(Document):
    id: Annotated[int, PrimaryKey()]

    class Settings:
        __abstract__ = True


OPTIONAL: Any = {name: (case.annotation | None, None) for name, case in CASES.items()}
Everything: Any = create_model("Everything", __base__=Base, **OPTIONAL)


class Place(NamedTuple):
    street: str


class Ways(NamedTuple):
    """Two drivers that differ in nothing else."""

    fast: Any
    plain: Any

    async def answer(self, cql: str, *params: Any, **more: Any) -> Rows:
        """What both answer."""
        statement = Statement(cql, params, **more)
        answers = [await self.fast.execute(statement), await self.plain.execute(statement)]
        fast, plain = [(list(one.columns), repr(one.rows), one.schema_agreed) for one in answers]
        assert fast == plain  # as text: NaN equals nothing
        kinds, same_kinds = [[type(value).__name__ for row in one.rows for value in row] for one in answers]
        assert kinds == same_kinds
        return answers[0]

    async def change(self, cql: str) -> None:
        """Send *cql* once."""
        await self.plain.execute(Statement(cql, prepared=False))


@pytest.fixture(autouse=True)
def numbers_of_any_length() -> Iterator[None]:
    """Numbers of more than 4,300 digits as text."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(limit)


@pytest.fixture(params=list(WAYS))
async def ways(request: pytest.FixtureRequest, coodie_server: Any, coodie_aio_driver: Any) -> AsyncIterator[Ways]:
    arguments = {**coodie_server.connect_arguments, "keyspace": coodie_aio_driver.keyspace, **WAYS[request.param]}
    async with (
        await init_coodie(**{**arguments, "name": "fast", "fast": True}) as fast,
        await init_coodie(**{**arguments, "name": "plain", "fast": False}) as plain,
    ):
        yield Ways(fast, plain)


@pytest.fixture
async def table(ways: Ways) -> str:
    """A new table ``(part int, id int, name text)`` with 30 rows."""
    name = f"t{uuid4().hex[:8]}"
    await ways.change(f"CREATE TABLE {name} (part int, id int, name text, PRIMARY KEY (part, id))")
    insert = f"INSERT INTO {name} (part, id, name) VALUES (?, ?, ?)"
    for number in range(30):
        await ways.fast.execute(Statement(insert, (1, number, f"name {number}")))
    return name


def connection_of(driver: Any) -> Any:
    return next(iter(driver.session.get_pools())).get_connections()[0]


@pytest.mark.needs(FRAMES)
async def test_one_way_is_really_the_short_one(ways: Ways):
    kinds = [type(connection_of(driver)).__name__ for driver in ways]

    assert kinds == ["DirectConnection", "LibevConnection"]
    assert ways.fast.session.client_protocol_handler.__name__ == "QuickFrames"
    assert ways.plain.session.client_protocol_handler.__name__ != "QuickFrames"


async def test_a_value_of_every_type_is_the_same(ways: Ways):
    await Everything.sync_table()
    for number in range(max(len(case.edges) for case in CASES.values())):
        values = {name: case.edges[number % len(case.edges)] for name, case in CASES.items()}
        await Everything.model_construct(id=number, **values).model_copy(deep=True).save()
    await ways.change("INSERT INTO everything (id) VALUES (-1)")

    for _ in range(2):  # the first answer tells the columns, those after it are read by them
        answer = await ways.answer("SELECT * FROM everything")
        assert len(answer.rows) > 2


async def test_what_is_written_is_the_same(ways: Ways, table: str):
    insert = f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)"
    update = f"UPDATE {table} SET name = ? WHERE part = ? AND id = ? IF name = ?"
    serial = ExecutionOptions(serial_consistency=ConsistencyLevel.LOCAL_SERIAL, consistency=ConsistencyLevel.ALL)
    for part, driver in ((2, ways.fast), (3, ways.plain)):
        await driver.execute(Statement(insert, (part, 1, None)))
        await driver.execute(Statement(insert, (part, 2, "")))
        await driver.execute(Statement(insert, (part, 3, UNSET_VALUE)))
        rows = tuple(Statement(insert, (part, number, f"name {number}")) for number in range(4, 30))
        await driver.execute(BatchStatement(rows, BatchKind.UNLOGGED, timestamp=1_000))
        await driver.execute(Statement(update, ("changed", part, 5, "name 5"), serial, conditional=True))

    shown = "SELECT id, name, writetime(name) FROM {} WHERE part = ? AND id > 5"
    first, second = [await ways.answer(shown.format(table), part) for part in (2, 3)]
    names, same_names = [await ways.answer(f"SELECT id, name FROM {table} WHERE part = ?", part) for part in (2, 3)]

    assert first.rows == second.rows
    assert names.rows == same_names.rows
    assert names.rows[:5] == [(1, None), (2, ""), (3, None), (4, "name 4"), (5, "changed")]


async def test_pages_are_the_same(ways: Ways, table: str):
    select = f"SELECT id, name FROM {table} WHERE part = ?"
    found: list[Any] = []
    state = None
    while state is not None or not found:
        answer = await ways.answer(select, 1, paging_state=state, options=ExecutionOptions(fetch_size=7))
        found += answer.rows
        state = answer.paging_state

    assert found == [(number, f"name {number}") for number in range(30)]


async def test_what_is_larger_than_a_segment_is_the_same(ways: Ways, table: str):
    for number, character in enumerate("abc"):
        text = character * LARGER_THAN_A_SEGMENT + urandom(LARGER_THAN_A_SEGMENT).hex()
        insert = Statement(f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)", (9, number, text))
        await (ways.plain if number == 1 else ways.fast).execute(insert)

    for _ in range(3):
        answer = await ways.answer(f"SELECT id, name FROM {table} WHERE part = ?", 9)
        assert [len(name) for _, name in answer.rows] == [3 * LARGER_THAN_A_SEGMENT] * 3


async def test_what_a_socket_does_not_take_at_once_is_sent_after_it(ways: Ways, table: str, coodie_server: Any):
    narrow = [(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)]
    arguments = {**coodie_server.connect_arguments, "keyspace": ways.fast.keyspace, "name": "narrow"}
    async with await init_coodie(**arguments, sockopts=narrow) as driver:
        for number in range(5):
            text = urandom(LARGER_THAN_A_SEGMENT).hex()
            await driver.execute(Statement(f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)", (8, number, text)))

            [(found,)] = (await ways.answer(f"SELECT name FROM {table} WHERE part = ? AND id = ?", 8, number)).rows
            assert found == text


async def test_a_column_that_comes_between_two_answers_is_seen(ways: Ways, table: str):
    everything = f"SELECT * FROM {table} WHERE part = ? AND id = ?"
    assert (await ways.answer(everything, 1, 2)).rows == [(1, 2, "name 2")]

    await ways.change(f"ALTER TABLE {table} ADD age int")

    assert (await ways.answer(everything, 1, 2)).rows == [(1, 2, None, "name 2")]
    await ways.change(f"ALTER TABLE {table} DROP age")
    assert (await ways.answer(everything, 1, 2)).rows == [(1, 2, "name 2")]


async def test_a_column_that_comes_back_as_another_kind_is_read_as_that(ways: Ways, table: str):
    select = f"SELECT name FROM {table} WHERE part = ? AND id = ?"
    assert (await ways.answer(select, 1, 2)).rows == [("name 2",)]
    await ways.change(f"DROP TABLE {table}")
    await ways.change(f"CREATE TABLE {table} (part int, id int, name bigint, PRIMARY KEY (part, id))")
    await ways.change(f"INSERT INTO {table} (part, id, name) VALUES (1, 2, 42)")

    assert (await ways.answer(select, 1, 2)).rows == [(42,)]


async def test_a_user_defined_type_that_grows_between_two_answers_is_read_as_it_is(ways: Ways):
    name = f"place{uuid4().hex[:8]}"
    await ways.change(f"CREATE TYPE {name} (street text)")
    await ways.change(f"CREATE TABLE of_{name} (id int PRIMARY KEY, at frozen<{name}>, more list<frozen<{name}>>)")
    await ways.change(f"INSERT INTO of_{name} (id, at, more) VALUES (1, {{street: 'a'}}, [{{street: 'b'}}])")
    select = f"SELECT at, more FROM of_{name} WHERE id = ?"
    [(place, more)] = (await ways.answer(select, 1)).rows
    assert (tuple(place), [tuple(one) for one in more]) == (("a",), [("b",)])

    await ways.change(f"ALTER TYPE {name} ADD number int")
    await ways.change(f"UPDATE of_{name} SET at = {{street: 'a', number: 7}} WHERE id = 1")

    [(place, more)] = (await ways.answer(select, 1)).rows
    assert (tuple(place), [tuple(one) for one in more]) == (("a", 7), [("b", None)])


async def test_a_class_that_comes_to_stand_for_a_user_defined_type_does(ways: Ways):
    name = f"place{uuid4().hex[:8]}"
    await ways.change(f"CREATE TYPE {name} (street text)")
    await ways.change(f"CREATE TABLE of_{name} (id int PRIMARY KEY, at frozen<{name}>)")
    await ways.change(f"INSERT INTO of_{name} (id, at) VALUES (1, {{street: 'a'}})")
    select = f"SELECT at FROM of_{name} WHERE id = ?"
    await ways.answer(select, 1)

    for driver in ways:
        driver.session.cluster.refresh_user_type_metadata(driver.keyspace, name)
        driver.session.cluster.register_user_type(driver.keyspace, name, Place)

    assert (await ways.fast.execute(Statement(select, (1,)))).rows == [(Place("a"),)]


async def test_a_session_of_ones_own_is_left_as_it_is(ways: Ways, table: str):
    session = ways.plain.session
    handler = session.client_protocol_handler
    async with await init_coodie(session=session, name="own") as own:
        await own.execute(Statement(f"SELECT id FROM {table} WHERE part = ?", (1,)))

        assert session.client_protocol_handler is handler
