"""Connections that break, and statements that the server forgot, while eight workers write and read."""

from __future__ import annotations

import pytest

from coodie_testing import FaultProxy, server_errors
from faults.aio.load import Entry, entries_while, stored_entries
from faults.calls import Calls
from faults.figures import Report, of_calls

pytestmark = pytest.mark.usefixtures("proxied")

RESETS = 2
LOST = 50
OPEN_ROUNDS = 200


async def test_a_reset_of_all_connections_loses_nothing_and_calls_work_again(proxy: FaultProxy, report: Report) -> None:
    await Entry.sync_table()

    def reset_again_and_again(calls: Calls) -> None:
        for _ in range(RESETS):
            calls.wait_for_more(OPEN_ROUNDS)
            assert proxy.reset() > 0
        calls.wait_for_more(OPEN_ROUNDS)

    calls = await entries_while(reset_again_and_again, consistency="ONE")

    unknown_there = calls.check(await stored_entries("ONE"))
    assert set(calls.errors) <= {"ConnectionLost", "NoHostAvailable"}
    report(f"{RESETS} resets of all connections", of_calls(calls, unknown_there))


async def test_statements_that_the_server_forgot_are_prepared_again_and_nobody_notices(
    proxy: FaultProxy, report: Report
) -> None:
    await Entry.sync_table()

    def forget_again_and_again(calls: Calls) -> None:
        calls.wait_for_more(OPEN_ROUNDS)
        proxy.reset_counts()
        proxy.fail(server_errors.Unprepared(), times=LOST).wait(LOST)
        calls.wait_for_more(OPEN_ROUNDS)

    calls = await entries_while(forget_again_and_again, consistency="ONE")

    assert proxy.requests["PREPARE"] == LOST
    assert calls.errors == {}
    unknown_there = calls.check(await stored_entries("ONE"))
    report("the server forgets prepared statements", of_calls(calls, unknown_there))
