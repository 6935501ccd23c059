"""Batches that servers punish are told of where they are sent, or refused; others are not."""

from __future__ import annotations

import warnings
from typing import Annotated, Any

import pytest

from coodie_aio import AsyncBatchQuery, Document
from coodie_core.batch_cost import BatchWarning
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import ClusteringKey, PrimaryKey


class Item(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()] = 0
    name: str = ""

    class Settings:
        name = "costly_items"


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Item.sync_table()
    await Item.truncate()


async def send(parts: int, name: str = "", **options: Any) -> None:
    async with AsyncBatchQuery(**options) as batch:
        for part in range(parts):
            await Item(part=part, name=name).save(batch=batch)


async def test_a_batch_over_many_partitions_is_sent_and_warned_of_at_the_line_that_sends():
    with pytest.warns(BatchWarning, match="This LOGGED batch writes to 11 partitions") as caught:
        await send(11)

    assert caught[0].filename == __file__
    assert len(await Item.find().all()) == 11


async def test_sending_by_hand_is_warned_of_at_that_line():
    batch = AsyncBatchQuery(logged=False)
    for part in range(11):
        await Item(part=part).save(batch=batch)

    with pytest.warns(BatchWarning, match="This UNLOGGED batch") as caught:
        await batch.execute()

    assert caught[0].filename == __file__


async def test_a_strict_batch_is_refused_and_nothing_is_written():
    with pytest.raises(InvalidQueryError, match="writes to 11 partitions, where servers warn above 10"):
        await send(11, strict=True)

    assert await Item.find().all() == []


async def test_a_large_batch_over_several_partitions_is_warned_of():
    with pytest.warns(BatchWarning, match="bytes for several partitions"):
        await send(2, name="x" * 4000)


async def test_many_rows_of_one_partition_are_fine():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with AsyncBatchQuery(logged=False) as batch:
            for number in range(100):
                await Item(part=1, number=number, name="x" * 100).save(batch=batch)

    assert await Item.find(part=1).count() == 100


async def test_the_result_of_a_conditional_batch_has_the_rows_values_typed():
    await Item(part=1, number=1, name="there").save()

    async with AsyncBatchQuery(serial_consistency="LOCAL_SERIAL") as batch:
        await Item(part=1, number=1, name="new").insert(batch=batch)
        await Item(part=1, number=2, name="two").save(batch=batch)

    assert batch.result is not None
    assert (batch.result.applied, batch.result.existing) == (False, {"part": 1, "number": 1, "name": "there"})
    assert await Item.find(part=1).count() == 1
