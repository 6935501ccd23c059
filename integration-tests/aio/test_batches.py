"""Batches: all of their writes or none, in one request."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from driver_features import BATCH_TIMESTAMP

from coodie_aio import AsyncBatchQuery, CounterDocument, Document, execute_raw, register_driver
from coodie_core.exceptions import InvalidQueryError, ServerRefusedQuery
from coodie_core.fields import ClusteringKey, Counter, PrimaryKey
from coodie_core.results import LWTResult


class Item(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    name: str = ""

    class Settings:
        name = "items"


class Hits(CounterDocument):
    page: Annotated[str, PrimaryKey()]
    count: Annotated[int, Counter()] = 0


class Report(Document):
    id: Annotated[int, PrimaryKey()]

    class Settings:
        connection = "reports"


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    for model in (Item, Hits):
        await model.sync_table()
    await Item.truncate()


async def names() -> list[str]:
    return [item.name for item in await Item.find(part=1).all()]


async def test_writes_take_place_at_the_end_of_the_block():
    one, two = Item(part=1, number=1, name="one"), Item(part=1, number=2, name="two")

    async with AsyncBatchQuery() as batch:
        await one.save(batch=batch)
        await two.save(batch=batch)
        during = await names()

    assert (during, await names()) == ([], ["one", "two"])


async def test_every_kind_of_write_can_be_in_it():
    for number in (1, 2, 3):
        await Item(part=1, number=number, name="old").save()

    async with AsyncBatchQuery() as batch:
        await Item(part=1, number=1).update(name="updated", batch=batch)
        await Item(part=1, number=2).delete(batch=batch)
        await Item(part=1, number=3).delete_columns("name", batch=batch)
        batch.add("INSERT INTO items (part, number, name) VALUES (?, ?, ?)", [1, 4, "raw"])

    assert [(item.number, item.name) for item in await Item.find(part=1).all()] == [
        (1, "updated"),
        (3, ""),
        (4, "raw"),
    ]


async def test_an_exception_in_the_block_sends_nothing():
    async def save_and_fail() -> None:
        async with AsyncBatchQuery() as batch:
            await Item(part=1, number=1, name="one").save(batch=batch)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await save_and_fail()

    assert await names() == []


async def test_a_batch_can_be_sent_by_hand():
    batch = AsyncBatchQuery()
    await Item(part=1, number=1, name="one").save(batch=batch)

    await batch.execute()

    assert await names() == ["one"]


async def test_a_batch_that_was_sent_takes_no_more_and_is_not_sent_again():
    async with AsyncBatchQuery() as batch:
        await Item(part=1, number=1, name="one").save(batch=batch)

    with pytest.raises(InvalidQueryError, match=r"^\w*BatchQuery\.add\(\): this batch was sent already\. Open a new"):
        await Item(part=1, number=2, name="two").save(batch=batch)
    with pytest.raises(InvalidQueryError, match=r"^\w*BatchQuery\.execute\(\): this batch was sent already\."):
        await batch.execute()
    assert await names() == ["one"]


async def test_sending_by_hand_within_the_block_sends_once():
    async with AsyncBatchQuery() as batch:
        await Item(part=1, number=1, name="one").save(batch=batch)
        await batch.execute()

    assert await names() == ["one"]


async def test_an_empty_batch_is_fine():
    async with AsyncBatchQuery() as batch:
        pass

    assert batch.result is None


async def test_an_unlogged_batch():
    async with AsyncBatchQuery(logged=False) as batch:
        for number in range(50):
            await Item(part=1, number=number, name=str(number)).save(batch=batch)

    assert await names() == [str(number) for number in range(50)]


@pytest.mark.needs(BATCH_TIMESTAMP)
async def test_the_timestamp_of_a_batch_is_that_of_every_write_in_it():
    async with AsyncBatchQuery(timestamp=2_000_000_000_000_000) as batch:
        await Item(part=1, number=1, name="one").save(batch=batch)
        await Item(part=1, number=2, name="two").save(batch=batch)

    rows = await execute_raw("SELECT writetime(name) AS at FROM items WHERE part = 1")
    assert [row["at"] for row in rows] == [2_000_000_000_000_000] * 2


async def test_counter_updates_make_a_batch_of_their_own():
    async with AsyncBatchQuery() as batch:
        await Hits(page="/a").increment(count=1, batch=batch)
        await Hits(page="/b").increment(count=2, batch=batch)
        await Hits(page="/b").decrement(count=1, batch=batch)

    assert [(await Hits.get(page=page)).count for page in ("/a", "/b")] == [1, 1]


async def test_counters_and_other_writes_do_not_mix_and_nothing_is_sent():
    async def mix() -> None:
        async with AsyncBatchQuery() as batch:
            await Item(part=1, number=1, name="one").save(batch=batch)
            await Hits(page="/c").increment(count=1, batch=batch)

    with pytest.raises(InvalidQueryError, match="counter updates and other writes cannot be in one batch"):
        await mix()

    assert await names() == []
    assert await Hits.find_one(page="/c") is None


async def test_a_conditional_batch_is_all_or_nothing_and_tells_what_was_in_the_way():
    await Item(part=1, number=1, name="there").save()

    async with AsyncBatchQuery() as batch:
        await Item(part=1, number=1, name="new").insert(batch=batch)
        await Item(part=1, number=2, name="two").insert(batch=batch)

    assert batch.result is not None
    assert batch.result.applied is False
    assert batch.result.existing is not None
    assert batch.result.existing["name"] == "there"
    assert await names() == ["there"]


async def test_a_conditional_batch_that_is_applied():
    async with AsyncBatchQuery() as batch:
        outcome = await Item(part=1, number=1, name="new").insert(batch=batch)

    assert (outcome, batch.result) == (LWTResult(applied=None), LWTResult(applied=True))
    assert await names() == ["new"]


async def test_a_document_saved_in_a_batch_is_saved_whole_again():
    """The batch might not have been sent, so nothing of it is taken for stored."""
    item = Item(part=1, number=1, name="one")
    await item.save()
    item.name = "two"
    async with AsyncBatchQuery() as batch:
        await item.save(batch=batch)

    item.name = "one"
    await item.save()

    assert await names() == ["one"]


async def test_a_document_deleted_in_a_batch_is_saved_whole_again():
    item = Item(part=1, number=1, name="one")
    await item.save()
    async with AsyncBatchQuery() as batch:
        await item.delete(batch=batch)

    await item.save()

    assert await names() == ["one"]


async def test_a_batch_that_the_server_refuses_writes_nothing():
    batch = AsyncBatchQuery()
    await Item(part=1, number=1, name="one").save(batch=batch)
    batch.add("INSERT INTO missing (a) VALUES (?)", [1])

    with pytest.raises(ServerRefusedQuery):
        await batch.execute()

    assert await names() == []


async def test_a_batch_goes_to_one_connection(coodie_aio_driver: Any):
    register_driver("reports", coodie_aio_driver)
    batch = AsyncBatchQuery()
    await Item(part=1, number=1, name="one").save(batch=batch)

    with pytest.raises(InvalidQueryError, match=r"this write is for 'reports' while the batch goes to 'default'"):
        await Report(id=1).save(batch=batch)
