"""The server carried a write out, and its answer never came."""

from __future__ import annotations

import pytest

from coodie_core.exceptions import ClientTimeout, ConnectionLost, DatabaseError, OutcomeUnknown, WriteTimeout
from coodie_testing import FaultProxy, server_errors
from coodie_testing.faults import Fault
from faults.aio.load import Entry, entries_while, stored_entries
from faults.aio.workers import elsewhere, pause
from faults.calls import Calls
from faults.figures import Report, of_calls

pytestmark = pytest.mark.usefixtures("proxied")

DROPPED = 20
SHORT_SECONDS = 0.5
ATTEMPTS, PAUSE_SECONDS = 200, 0.1  # 20 s for the driver to come back

WAYS_TO_LOSE_A_REPLY = {
    "dropped": (lambda proxy: proxy.drop_reply(text="INSERT"), ClientTimeout),
    "cut off": (lambda proxy: proxy.cut(text="INSERT", carried_out=True), ConnectionLost),
    "timed out": (
        lambda proxy: proxy.fail(server_errors.WriteTimeout(), text="INSERT", carried_out=True, times=None),
        WriteTimeout,
    ),
}


@pytest.mark.parametrize("way", WAYS_TO_LOSE_A_REPLY)
async def test_a_write_whose_reply_is_lost_is_unknown_and_its_row_is_there(proxy: FaultProxy, way: str) -> None:
    await Entry.sync_table()
    play, error = WAYS_TO_LOSE_A_REPLY[way]
    entry = Entry(worker=1, number=1, text="here")
    fault: Fault = play(proxy)

    with pytest.raises(OutcomeUnknown) as raised:
        await entry.insert(timeout=SHORT_SECONDS)

    assert isinstance(raised.value, error)
    assert raised.value.applied is None
    await elsewhere(fault.wait)
    fault.cancel()
    assert await eventually_found(entry)


async def eventually_found(entry: Entry) -> bool:
    """Return whether the row is there, once the cluster can be asked again."""
    for _ in range(ATTEMPTS):
        try:
            return await Entry.find_one(worker=entry.worker, number=entry.number) == entry
        except DatabaseError:
            await pause(PAUSE_SECONDS)
    return False


async def test_lost_replies_under_load_are_unknown_each_and_their_rows_are_there(
    proxy: FaultProxy, report: Report
) -> None:
    await Entry.sync_table()

    def drop_replies(calls: Calls) -> None:
        calls.wait_for_more(100)
        proxy.drop_reply(text="INSERT", times=DROPPED).wait(DROPPED, timeout=60)
        calls.wait_for_more(100)

    calls = await entries_while(drop_replies, consistency="ONE", timeout=SHORT_SECONDS)

    unknown_there = calls.check(await stored_entries("ONE"))
    assert set(calls.errors) == {"ClientTimeout"}
    assert DROPPED <= unknown_there <= len(calls.unknown)
    report(f"{DROPPED} replies are lost after the write", of_calls(calls, unknown_there))
