"""Many writes in an event loop: from async generators, cancelled, and beside other tasks."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Annotated, Any, ClassVar

import pandas
import polars
import pyarrow
import pytest
from blockbuster import blockbuster_ctx

from coodie_aio import Document, bulk
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_core.results import BulkProgress

IMPORTED = pandas, polars, pyarrow
"""Importing them reads files, as every import does."""


class Row(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]

    class Settings:
        name = "many_rows"


class Patient(Row):
    """A row that waits before it is written."""

    may_go_on: ClassVar[asyncio.Event]
    waiting: ClassVar[asyncio.Event]

    async def before_save(self) -> None:
        self.waiting.set()
        await self.may_go_on.wait()

    class Settings:
        name = "patient_rows"


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Row.sync_table()
    await Row.truncate()


@pytest.fixture(autouse=True)
async def complaints() -> AsyncIterator[None]:
    """The event loop has nothing to complain about during the test."""
    complained: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complained.append(str(context)))
    yield
    await asyncio.sleep(0.05)  # replies of what was cancelled arrive here
    gc.collect()
    assert complained == []


async def rows(count: int) -> AsyncIterator[dict[str, int]]:
    for number in range(count):
        yield {"part": number % 50, "number": number}
        if number % 10 == 0:
            await asyncio.sleep(0)


async def test_rows_may_come_from_an_async_generator():
    report = await Row.insert_many(rows(500))

    assert report.applied == await Row.find().count() == 500


async def test_a_run_that_is_cancelled_leaves_nothing_running_and_goes_on_from_its_progress():
    told: list[BulkProgress] = []
    some_were_written = asyncio.Event()

    def note(progress: BulkProgress) -> None:
        told.append(progress)
        if progress.applied:
            some_were_written.set()

    run = asyncio.create_task(Row.insert_many(rows(100_000), on_progress=note))
    await some_were_written.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert asyncio.all_tasks() == {asyncio.current_task()}

    report = await Row.insert_many(rows(told[-1].taken), checkpoint=told[-1].checkpoint)

    assert report.applied >= len(told[-1].checkpoint["remaining"])
    stored = {row.number for row in await Row.find().all()}
    assert set(range(told[-1].taken)) <= stored


@pytest.mark.parametrize("raised", [None, ZeroDivisionError()], ids=["at the end", "after an error"])
async def test_a_run_that_is_cancelled_while_it_waits_for_its_rows_leaves_nothing_running(raised: Exception | None):
    Patient.may_go_on = asyncio.Event()
    Patient.waiting = asyncio.Event()

    async def given() -> AsyncIterator[Patient]:
        yield Patient(part=1, number=1)
        if raised:
            raise raised

    run = asyncio.create_task(Patient.insert_many(given()))
    await Patient.waiting.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_callback_that_raises_ends_the_run_once_what_was_begun_is_written():
    def fail(progress: BulkProgress) -> None:
        if not progress.in_flight:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Row.insert_many(rows(3), on_progress=fail)

    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert await Row.find().count() == 3


async def test_a_block_that_is_cancelled_says_what_it_does_not_know():
    writes = bulk()
    begun = asyncio.Event()

    async def write_without_end() -> None:
        async with writes:
            async for row in rows(100_000):
                await writes.save(Row(**row))
                if row["number"] == 200:
                    begun.set()

    run = asyncio.create_task(write_without_end())
    await begun.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    report = writes.report
    stored = {row.number for row in await Row.find().all()}
    unknown = {outcome.index for outcome in report.errors}
    assert report.applied + len(unknown) == report.checkpoint["next"]
    assert set(range(report.checkpoint["next"])) - unknown <= stored


async def test_other_tasks_have_their_turn_while_rows_are_passed_over():
    """Rows that an earlier run wrote need no waiting: a million of them must not stop everything else."""
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    given = [{"part": 1, "number": 1}] * 100_000
    await Row.insert_many(given, checkpoint={"next": 100_000, "remaining": []})
    counting.cancel()

    assert turns > 100


async def test_nothing_blocks_the_event_loop():
    with blockbuster_ctx():
        await Row.insert_many(rows(300))
        async with bulk() as writes:
            for number in range(300, 330):
                await writes.save(Row(part=1, number=number))
        query = Row.find().fetch_size(50)
        assert len([row async for row in query]) == 330
        assert len([row async for row in query.scan()]) == 330
        assert sum([len(batch) async for batch in query.scan().arrow_batches()]) == 330
        assert sum([len(frame) async for frame in query.scan().polars_batches()]) == 330
        assert sum([len(frame) async for frame in query.scan().pandas_batches()]) == 330
