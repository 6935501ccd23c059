"""Rows as JSON: what the server reads as each type."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from coodie_core.document import BaseDocument
from coodie_core.duration import CqlDuration
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import Double, PrimaryKey, Version
from coodie_core.operations.json_writes import save_json
from coodie_core.options import WriteOptions, write_options


class Address(BaseModel):
    city: str
    zipCode: int | None = None


class Everything(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    uid: UUID | None = None
    text: str | None = None
    data: bytes | None = None
    at: datetime | None = None
    day: date | None = None
    clock: time | None = None
    amount: Decimal | None = None
    host: IPv4Address | None = None
    span: CqlDuration | None = None
    ratio: Annotated[float, Double()] | None = None
    flag: bool | None = None
    home: Address | None = None
    pair: tuple[int, str] | None = None
    tags: set[str] | None = None
    counts: dict[int, bool] | None = None
    nested: dict[str, list[int]] | None = None
    Upper: int | None = None


@pytest.mark.parametrize(
    ("field", "value", "as_json"),
    [
        ("uid", UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ("text", 'a "b" é', 'a "b" é'),
        ("data", b"\x00\xff", "0x00ff"),
        ("at", datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), "-1"),
        ("day", date(1960, 2, 29), "1960-02-29"),
        ("clock", time(1, 2, 3, 4), "01:02:03.000004000"),
        ("amount", Decimal("1E+3"), "1E+3"),
        ("host", IPv4Address("10.0.0.1"), "10.0.0.1"),
        ("span", CqlDuration(1, 2, 3), "1mo2d3ns"),
        ("ratio", 1.5, 1.5),
        ("ratio", float("nan"), "NaN"),
        ("ratio", float("-inf"), "-Infinity"),
        ("flag", True, True),
        ("home", Address(city="Ghent"), {"city": "Ghent", '"zipCode"': None}),
        ("pair", (1, "a"), [1, "a"]),
        ("tags", {"a"}, ["a"]),
        ("counts", {1: True}, {"1": True}),
        ("nested", {"a": [1, 2]}, {"a": [1, 2]}),
    ],
)
def test_a_value(start: Any, field: str, value: Any, as_json: Any):
    conversation = start(save_json(Everything(id=7, **{field: value}), "shop", WriteOptions()))

    assert conversation.cql == 'INSERT INTO "shop"."everything" JSON ? DEFAULT UNSET'
    assert json.loads(conversation.params[0]) == {"id": 7, field: as_json}


def test_names_in_upper_case_are_quoted(start: Any):
    assert json.loads(start(save_json(Everything(id=7, Upper=1), "shop", WriteOptions())).params[0]) == {
        "id": 7,
        '"Upper"': 1,
    }


def test_none_that_was_given_is_written_and_what_nobody_set_is_not(start: Any):
    conversation = start(save_json(Everything(id=7, text=None), "shop", write_options(ttl=60, timestamp=5)))

    assert conversation.cql == 'INSERT INTO "shop"."everything" JSON ? DEFAULT UNSET USING TTL ? AND TIMESTAMP ?'
    assert conversation.params == ('{"id": 7, "text": null}', 60, 5)
    assert conversation.answer().result.applied


def test_versions_are_refused(start: Any):
    class Account(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        version: Annotated[int, Version()] = 0

    with pytest.raises(InvalidQueryError, match=r"Account.save_json\(\): CQL cannot compare"):
        start(save_json(Account(id=7), "shop", WriteOptions()))
