"""A hundred walks over pages at the same time, with noise: each gets exactly its rows, in their order."""

from __future__ import annotations

import random
from functools import partial
from threading import Event

import pytest

from coodie_aio import bulk
from coodie_testing import FaultProxy, server_errors
from faults.aio.load import Entry
from faults.aio.workers import pause, together
from faults.figures import Report

pytestmark = pytest.mark.usefixtures("proxied")

WALKS = 100
ROWS = 60
PAGE_SIZES = [1, 7, 20, 59, 60, 61]
"""Around the number of rows too: where a walk that takes another's next page goes wrong."""


async def stored() -> dict[int, list[Entry]]:
    """Return the rows of each walk, which are in the table."""
    await Entry.sync_table()
    rows = {walk: [Entry(worker=walk, number=n, text=f"{walk}:{n}") for n in range(ROWS)] for walk in range(WALKS)}
    async with bulk() as writes:
        for row in (row for rows_of_walk in rows.values() for row in rows_of_walk):
            await writes.save(row)
    return rows


async def test_each_of_a_hundred_walks_gets_exactly_its_rows(proxy: FaultProxy, report: Report) -> None:
    rows, walked, walks_ended = await stored(), {}, Event()
    proxy.latency = 0.002
    delays = proxy.delay(0.05, text="SELECT", times=200)
    forgotten = proxy.fail(server_errors.Unprepared(), times=50, text="SELECT")

    async def walk(number: int) -> None:
        size = PAGE_SIZES[number % len(PAGE_SIZES)]
        walked[number] = [entry async for entry in Entry.find(worker=number).fetch_size(size)]

    async def all_walks() -> None:
        await together(*(partial(walk, number) for number in range(WALKS)))
        walks_ended.set()

    async def make_noise() -> None:
        chance = random.Random(1)
        while not walks_ended.is_set():
            await Entry(worker=WALKS + chance.randrange(9), number=chance.randrange(999), text="noise").save()
            await Entry.find(worker=WALKS + chance.randrange(9)).fetch_size(3).limit(10).all()
            await pause(0)

    proxy.reset_counts()
    await together(all_walks, make_noise, make_noise)

    assert walked == rows
    assert delays.happened == 200
    assert forgotten.happened == 50
    values = {"walks": WALKS, "pages": proxy.count(text="SELECT"), "rows": WALKS * ROWS, "wrong rows": 0}
    report("late answers, forgotten statements, other reads and writes", values, table="Walks at the same time")
