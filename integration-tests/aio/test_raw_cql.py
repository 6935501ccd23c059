"""CQL of the application's own making, with plain Python values in and out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from uuid import uuid1, uuid4

import pytest
from driver_features import DURATIONS, EMPTY
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from coodie_aio import execute_raw
from coodie_core.duration import CqlDuration
from coodie_core.exceptions import InvalidQueryError, ServerRefusedQuery

ID, TIME_ID = uuid4(), uuid1()

VALUES = [
    ("ascii", "a"),
    ("bigint", 2**40),
    ("blob", b"\x00\xff"),
    ("boolean", True),
    ("date", date(2026, 11, 23)),
    ("decimal", Decimal("1.50")),
    ("double", 19.99),
    ("float", 1.5),
    ("duration", CqlDuration(1, 2, 3)),
    ("inet", "10.0.0.1"),
    ("inet", "::1"),
    ("int", -7),
    ("smallint", 7),
    ("tinyint", 7),
    ("text", "é\n'"),
    ("time", time(12, 30, 1, 500)),
    ("timestamp", datetime(2026, 11, 23, 12, 30, 0, 5000, tzinfo=UTC)),
    ("timeuuid", TIME_ID),
    ("uuid", ID),
    ("varint", 2**100),
    ("list<int>", [1, 2]),
    ("set<text>", {"a", "b"}),
    ("map<text, int>", {"a": 1}),
    ("map<text, frozen<set<int>>>", {"a": {1, 2}}),
    ("frozen<tuple<int, text>>", (1, "a")),
    ("vector<float, 2>", [1.0, 0.5]),
    ("frozen<list<frozen<map<text, timestamp>>>>", [{"a": datetime(2026, 1, 1, tzinfo=UTC)}]),
]


@pytest.fixture(autouse=True)
async def connection(coodie_aio_driver: Any) -> None:
    await execute_raw("CREATE TABLE IF NOT EXISTS users (id int PRIMARY KEY, name text, tags set<text>)")
    columns = ", ".join(f"v{number} {cql_type}" for number, (cql_type, _) in enumerate(VALUES))
    await execute_raw(f"CREATE TABLE IF NOT EXISTS every_type (id int PRIMARY KEY, {columns})")


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, id=cql_type, marks=pytest.mark.needs(DURATIONS) if cql_type == "duration" else ())
        for number, (cql_type, _) in enumerate(VALUES)
    ],
)
async def test_a_value_comes_back_as_the_plain_python_value_that_went_in(number: int):
    column, value = f"v{number}", VALUES[number][1]
    await execute_raw(f"INSERT INTO every_type (id, {column}) VALUES (?, ?)", [number, value])

    [row] = await execute_raw(f"SELECT {column} FROM every_type WHERE id = ?", [number])

    assert row == {column: value}
    assert type(row[column]) is type(value)
    json.dumps(to_jsonable_python(row, bytes_mode="base64"))


@pytest.mark.needs(EMPTY)
async def test_rows_are_dicts_by_column():
    await execute_raw("INSERT INTO users (id, name) VALUES (?, ?)", [1, "Alice"])

    assert await execute_raw("SELECT id, name, tags FROM users WHERE id = ?", [1]) == [
        {"id": 1, "name": "Alice", "tags": None}
    ]
    assert await execute_raw("SELECT * FROM users WHERE id = ?", [99]) == []


async def test_functions_have_the_names_that_the_server_gives_them():
    [row] = await execute_raw("SELECT count(*) AS number, toJson(name) FROM users WHERE id = ?", [1])

    assert set(row) == {"number", "system.tojson(name)"}


async def test_a_statement_without_an_answer_gives_an_empty_list():
    assert await execute_raw("INSERT INTO users (id, name) VALUES (2, 'Bob')") == []


@pytest.mark.needs(EMPTY)
async def test_a_lightweight_transaction_tells_its_outcome():
    await execute_raw("DELETE FROM users WHERE id = 3")

    first = await execute_raw("INSERT INTO users (id, name) VALUES (?, ?) IF NOT EXISTS", [3, "Carol"])
    second = await execute_raw("INSERT INTO users (id, name) VALUES (?, ?) IF NOT EXISTS", [3, "Dora"])

    assert first == [{"[applied]": True}]
    assert second == [{"[applied]": False, "id": 3, "name": "Carol", "tags": None}]


async def test_addresses_can_be_bound():
    await execute_raw("CREATE TABLE IF NOT EXISTS hosts (id int PRIMARY KEY, address inet)")
    await execute_raw("INSERT INTO hosts (id, address) VALUES (?, ?)", [1, ip_address("::1")])

    assert await execute_raw("SELECT address FROM hosts") == [{"address": "::1"}]


async def test_enums_and_tuples_can_be_bound():
    class Name(StrEnum):
        ALICE = "Alice"

    await execute_raw("INSERT INTO users (id, name, tags) VALUES (?, ?, ?)", (4, Name.ALICE, ("a", "b")))

    assert await execute_raw("SELECT name, tags FROM users WHERE id IN ?", [[4]]) == [
        {"name": "Alice", "tags": {"a", "b"}}
    ]


async def test_a_user_defined_type_is_a_dict_and_can_be_bound_as_a_model():
    class Address(BaseModel):
        street: str
        number: int | None = None

    await execute_raw("CREATE TYPE IF NOT EXISTS address (street text, number int)")
    await execute_raw("CREATE TABLE IF NOT EXISTS homes (id int PRIMARY KEY, home frozen<address>)")
    await execute_raw("INSERT INTO homes (id, home) VALUES (?, ?)", [1, Address(street="Kade", number=5)])

    assert await execute_raw("SELECT home FROM homes") == [{"home": {"street": "Kade", "number": 5}}]


@pytest.mark.parametrize(
    ("cql", "params", "words"),
    [
        ("SELEC * FROM users", None, "The server refuses the statement"),
        ("SELECT * FROM missing", None, "The server refuses the statement"),
        ("SELECT missing FROM users", None, "The server refuses the statement"),
    ],
)
async def test_what_the_server_refuses_is_an_invalid_query_with_its_words(cql: str, params: Any, words: str):
    with pytest.raises(ServerRefusedQuery, match=words) as refused:
        await execute_raw(cql, params)

    assert refused.value.statement == cql
    assert isinstance(refused.value, InvalidQueryError)


@pytest.mark.parametrize("params", [None, [], [1, 2]], ids=repr)
async def test_the_wrong_number_of_values_is_refused(params: Any):
    with pytest.raises(InvalidQueryError):
        await execute_raw("SELECT * FROM users WHERE id = ?", params)


async def test_a_value_of_the_wrong_type_is_refused_without_showing_it():
    with pytest.raises(InvalidQueryError, match="'id' is int") as refused:
        await execute_raw("SELECT * FROM users WHERE id = ?", ["my secret"])

    assert "secret" not in str(refused.value)
