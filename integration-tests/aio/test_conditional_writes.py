"""Lightweight transactions: the server decides, and the caller learns what it found."""

from __future__ import annotations

import reprlib
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from pydantic import Field

from coodie_aio import Document
from coodie_core.exceptions import ConditionNotMet
from coodie_core.fields import PrimaryKey
from coodie_core.results import LWTResult


class Account(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    owner: str = "Alice"
    version: int = 1
    tags: set[str] = Field(default_factory=set)

    class Settings:
        name = "accounts"


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Account.sync_table()


async def stored(**fields: Any) -> Account:
    account = Account(**fields)
    await account.save()
    return account


async def test_insert_writes_where_no_row_has_the_key():
    account = Account()

    assert await account.insert() == LWTResult(applied=True)
    assert await Account.get(id=account.id) == account


async def test_insert_where_a_row_has_the_key_writes_nothing_and_returns_that_row():
    account = await stored(tags={"a", "b"})

    result = await Account(id=account.id, owner="Bob").insert()

    assert result == LWTResult(applied=False, existing=account.model_dump())
    assert await Account.get(id=account.id) == account


async def test_create_if_not_exists_raises_with_the_row_that_was_found():
    account = await stored(tags={"a"})

    with pytest.raises(ConditionNotMet) as refused:
        await Account.find().if_not_exists().create(id=account.id, owner="Bob")

    assert refused.value.result.existing == account.model_dump()


async def test_an_update_whose_condition_holds_is_applied():
    account = await stored()

    result = await account.update(if_conditions={"version": 1}, version=2)

    assert result == LWTResult(applied=True)
    assert (account.version, (await Account.get(id=account.id)).version) == (2, 2)


async def test_an_update_whose_condition_does_not_hold_changes_neither_the_row_nor_the_document():
    account = await stored(version=5)

    result = await account.update(if_conditions={"version": 1}, version=2)

    assert result == LWTResult(applied=False, existing={"version": 5})
    assert (account.version, (await Account.get(id=account.id)).version) == (5, 5)


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"version__lt": 6}, True),
        ({"version__gte": 6}, False),
        ({"version__ne": 5}, False),
        ({"version__in": [4, 5, 6]}, True),
        ({"version__in": [4]}, False),
        ({"version": 5, "owner": "Alice"}, True),
        ({"version": 5, "owner": "Bob"}, False),
        ({"tags": {"a", "b"}}, True),
        ({"owner": None}, False),
    ],
    ids=reprlib.repr,
)
async def test_conditions(conditions: dict[str, Any], holds: bool):
    account = await stored(version=5, tags={"a", "b"})

    assert (await account.update(if_conditions=conditions, version=7)).applied is holds


async def test_lists_of_different_lengths_in_a_condition():
    account = await stored(version=5)

    outcomes = [
        (await account.update(if_conditions={"version__in": versions}, owner="Bob")).applied
        for versions in ([5], [4, 5], [1, 2, 3, 4], [3, 4, 5])
    ]

    assert outcomes == [True, True, False, True]


async def test_update_if_exists_creates_no_row():
    account = Account()

    assert await account.update(if_exists=True, owner="Bob") == LWTResult(applied=False)
    assert account.owner == "Alice"
    assert await Account.find_one(id=account.id) is None


async def test_update_by_query_if_exists():
    account = await stored()

    assert (await Account.find(id=account.id).if_exists().update(owner="Bob")).applied
    assert not (await Account.find(id=uuid4()).if_exists().update(owner="Bob")).applied


async def test_delete_if_exists_tells_whether_the_row_existed():
    account = await stored()

    assert await account.delete(if_exists=True) == LWTResult(applied=True)
    assert await account.delete(if_exists=True) == LWTResult(applied=False)


async def test_delete_on_a_condition():
    account = await stored(version=5)

    refused = await account.delete(if_conditions={"version": 1})
    allowed = await Account.find(id=account.id).delete(if_conditions={"version": 5})

    assert refused == LWTResult(applied=False, existing={"version": 5})
    assert allowed == LWTResult(applied=True)
    assert await Account.find_one(id=account.id) is None


async def test_writes_without_a_condition_are_always_applied():
    account = Account()

    assert await account.update(owner="Bob") == LWTResult(applied=True)
    assert await account.delete() == LWTResult(applied=True)


async def test_of_many_updates_on_the_same_version_one_is_applied():
    account = await stored()

    outcomes = [(await account.update(if_conditions={"version": 1}, version=2)).applied for _ in range(3)]

    assert outcomes == [True, False, False]
