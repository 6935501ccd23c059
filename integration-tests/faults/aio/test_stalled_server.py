"""The server hangs: its connections stay open, and nothing is answered."""

from __future__ import annotations

import time
from functools import partial

import pytest

from coodie_aio import deadline
from coodie_core.exceptions import ClientTimeout, DeadlineExceeded, OutcomeUnknown
from coodie_testing import FaultProxy
from faults.aio.load import Entry, entries_while, stored_entries
from faults.aio.workers import together
from faults.calls import Calls
from faults.figures import Report, of_calls, seconds

pytestmark = pytest.mark.usefixtures("proxied")

CALLS = 32
BUDGET_SECONDS = 0.4
TOLERANCE_SECONDS = 2
"""Of a busy machine with two processors, that has 32 calls to wake up."""

STALLS = 3
STALL_SECONDS = 0.5


async def test_calls_end_within_their_deadline_and_work_again_afterwards(proxy: FaultProxy, report: Report) -> None:
    await Entry.sync_table()
    await Entry(worker=0, number=0, text="before").save()
    took: list[float] = []

    async def read_and_write(number: int) -> None:
        async with deadline(BUDGET_SECONDS):
            await Entry(worker=1, number=number, text="during").save()
            await Entry.find_one(worker=0, number=0)

    async def read_and_write_in_time(number: int) -> None:
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded) as raised:
            await read_and_write(number)
        took.append(time.monotonic() - began)
        assert raised.value.budget == BUDGET_SECONDS

    open_connections = proxy.connections
    proxy.stall()
    await together(*(partial(read_and_write_in_time, number) for number in range(CALLS)))
    assert proxy.connections == open_connections
    proxy.resume()

    assert min(took) >= BUDGET_SECONDS
    assert max(took) < BUDGET_SECONDS + TOLERANCE_SECONDS
    assert (await Entry.get(worker=0, number=0)).text == "before"
    values = {"calls": CALLS, "budget": seconds(BUDGET_SECONDS), "longest call": seconds(max(took))}
    report("the server hangs", values, table="Deadlines")


async def test_a_write_that_was_sent_into_the_stall_is_unknown_and_arrives_later(proxy: FaultProxy) -> None:
    await Entry.sync_table()
    await Entry(worker=0, number=0, text="prepares").save()
    entry = Entry(worker=0, number=1, text="later")
    proxy.stall()

    with pytest.raises(OutcomeUnknown):
        await entry.save(timeout=BUDGET_SECONDS)
    proxy.resume()

    assert await Entry.find_one(worker=0, number=1) == entry, "it has waited in the line, before this question"


async def test_a_write_that_was_not_sent_when_its_time_was_up_surely_did_not_take_place(proxy: FaultProxy) -> None:
    await Entry.sync_table()
    await Entry(worker=0, number=0, text="before").save()
    assert await Entry.find_one(worker=0, number=1) is None
    proxy.stall()

    with pytest.raises(ClientTimeout) as raised:
        await Entry(worker=0, number=1, text="never").update(text="still preparing", timeout=BUDGET_SECONDS)
    proxy.resume()

    assert raised.value.applied is False
    assert await Entry.find_one(worker=0, number=1) is None


async def test_short_stalls_are_waited_for(proxy: FaultProxy, report: Report) -> None:
    await Entry.sync_table()

    def stall_again_and_again(calls: Calls) -> None:
        for _ in range(STALLS):
            calls.wait_for_more(100)
            proxy.stall()
            time.sleep(STALL_SECONDS)
            proxy.resume()
        calls.wait_for_more(100)

    calls = await entries_while(stall_again_and_again, consistency="ONE")

    assert calls.errors == {}
    assert calls.longest_pause > STALL_SECONDS
    unknown_there = calls.check(await stored_entries("ONE"))
    report(f"the server hangs for {STALL_SECONDS} s, {STALLS} times", of_calls(calls, unknown_there))
