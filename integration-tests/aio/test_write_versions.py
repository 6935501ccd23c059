"""Optimistic locking: nobody overwrites a change that he has not seen."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from pydantic import Field

from coodie_aio import AsyncBatchQuery, Document, execute_raw
from coodie_core.exceptions import InvalidQueryError, VersionConflict
from coodie_core.fields import ClusteringKey, PrimaryKey, Version


class Account(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    owner: str = "Alice"
    tags: set[str] = Field(default_factory=set)
    version: Annotated[int, Version()] = 0

    class Settings:
        name = "versioned_accounts"


class Line(Document):
    order: Annotated[UUID, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    text: str = ""
    version: Annotated[int | None, Version()] = None

    class Settings:
        name = "versioned_lines"


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Account.sync_table()
    await Line.sync_table()


async def test_the_first_of_two_writers_wins_and_the_second_learns_of_it():
    account = Account()
    await account.save()
    mine, yours = await Account.get(id=account.id), await Account.get(id=account.id)

    mine.owner = "Mine"
    await mine.save()
    yours.owner = "Yours"
    with pytest.raises(VersionConflict) as conflict:
        await yours.save()

    assert conflict.value.result.existing == {"version": 2}
    assert (yours.owner, yours.version) == ("Yours", 1)
    assert await Account.get(id=account.id) == mine == Account(id=account.id, owner="Mine", version=2)


async def test_after_reading_again_it_works():
    account = await Account.create(owner="Bob")
    await Account.get(id=account.id)

    for expected in (1, 2, 3):
        read = await Account.get(id=account.id)
        assert read.version == expected
        read.tags.add(str(expected))
        await read.save()

    assert (await Account.get(id=account.id)).tags == {"1", "2", "3"}


async def test_a_new_document_does_not_overwrite_a_row():
    account = await Account.create(owner="Bob")

    with pytest.raises(VersionConflict) as conflict:
        await Account(id=account.id, owner="Carol").save()

    assert conflict.value.result.existing == account.model_dump()
    assert await Account.get(id=account.id) == account


async def test_an_update_and_a_delete_need_the_version_too():
    account = await Account.create()
    stale = await Account.get(id=account.id)
    await account.update(owner="Bob")

    with pytest.raises(VersionConflict):
        await stale.update(owner="Carol")
    with pytest.raises(VersionConflict):
        await stale.delete()
    assert (await account.delete()).applied

    assert await Account.find_one(id=account.id) is None


async def test_a_row_that_is_gone_is_a_conflict():
    account = await Account.create()
    await (await Account.get(id=account.id)).delete()

    with pytest.raises(VersionConflict, match="or was deleted"):
        await account.save()


async def test_a_query_does_not_write_past_the_version():
    account = await Account.create(owner="Alice")
    with pytest.raises(InvalidQueryError, match="nobody would compare and count 'version'"):
        await Account.find(id=account.id).update(owner="Bob")
    with pytest.raises(InvalidQueryError, match="it would delete whatever 'version' is"):
        await Account.find(id=account.id).delete()

    assert await Account.get(id=account.id) == account


async def test_a_query_may_compare_and_count_itself():
    account = await Account.create(owner="Alice")
    query = Account.find(id=account.id)

    assert (await query.update(owner="Bob", version=2, if_conditions={"version": 1})).applied
    with pytest.raises(VersionConflict):
        await account.save()
    assert not (await query.delete(if_conditions={"version": 1})).applied
    assert (await query.delete(if_conditions={"version": 2})).applied


async def test_rows_without_a_version_get_one():
    order = uuid4()
    await execute_raw("INSERT INTO versioned_lines (\"order\", number, text) VALUES (?, 1, 'old')", [order])
    line = await Line.get(order=order, number=1)

    line.text = "new"
    await line.save()

    assert await Line.get(order=order, number=1) == Line(order=order, number=1, text="new", version=1)


async def test_a_batch_is_all_or_nothing_and_its_result_tells():
    order = uuid4()
    one, two = Line(order=order, number=1, text="1"), Line(order=order, number=2, text="2")
    async with AsyncBatchQuery() as batch:
        await one.save(batch=batch)
        await two.save(batch=batch)
    assert (one.version, two.version) == (1, 1)

    stale = await Line.get(order=order, number=2)
    await two.update(text="two")
    async with AsyncBatchQuery() as refused:
        await one.update(text="one", batch=refused)
        await stale.update(text="stale", batch=refused)

    assert refused.result is not None
    assert refused.result.applied is False
    assert (one.version, stale.version, two.version) == (1, 1, 2)
    assert [line.text for line in await Line.find(order=order).all()] == ["1", "two"]
