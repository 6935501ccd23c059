"""Calls that are cancelled while the server hangs: they end at once, and leave nothing behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from coodie_aio import deadline, init_coodie
from coodie_testing import FaultProxy
from faults.aio.load import Entry
from faults.figures import Report, seconds

CALLS = 200
ROUNDS = 10
"""More calls in all than a few: what each left behind would add up."""

TOLERANCE_SECONDS = 2


async def test_cancelled_calls_end_at_once_and_the_connections_work_again(
    proxy: FaultProxy, coodie_fresh_keyspace: str, report: Report
) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    longest = 0.0
    async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_fresh_keyspace):
        await Entry.sync_table()
        entry = Entry(worker=0, number=0, text="before")
        await entry.save()
        await entry.find_one(worker=0, number=0)
        open_connections = proxy.connections

        for _ in range(ROUNDS):
            proxy.stall()
            calls = [asyncio.create_task(Entry.find_one(worker=0, number=0)) for _ in range(CALLS)]
            await asyncio.sleep(0)  # each task runs until it waits for the answer
            began = time.monotonic()
            for call in calls:
                call.cancel()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            longest = max(longest, time.monotonic() - began)
            proxy.resume()

            assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}
            async with deadline(30):
                assert await Entry.find_one(worker=0, number=0) == entry

        assert proxy.connections == open_connections
    assert complaints == []
    assert longest < TOLERANCE_SECONDS
    values = {"calls": CALLS * ROUNDS, "budget": "cancelled", "longest call": seconds(longest)}
    report("the server hangs, calls are cancelled", values, table="Deadlines", api="aio")


async def test_a_timeout_of_asyncio_around_a_call_is_kept(proxy: FaultProxy, coodie_fresh_keyspace: str) -> None:
    async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_fresh_keyspace):
        await Entry.sync_table()
        await Entry(worker=0, number=0, text="before").save()
        proxy.stall()

        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Entry(worker=0, number=1, text="during").save(), 0.3)
        took = time.monotonic() - began
        proxy.resume()

        assert 0.3 <= took < 0.3 + TOLERANCE_SECONDS
        assert (await Entry.get(worker=0, number=0)).text == "before"
