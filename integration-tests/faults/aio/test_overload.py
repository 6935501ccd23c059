"""The server says that it has too much to do: calls fail, and retries do not make it worse."""

from __future__ import annotations

import pytest

from coodie_core.retrying import RetryPolicy
from coodie_testing import FaultProxy, server_errors
from faults.aio.load import WORKERS, Entry, entries_while, stored_entries
from faults.calls import Calls
from faults.figures import Report, of_calls

pytestmark = pytest.mark.usefixtures("proxied")

REFUSED = 100


async def test_an_overloaded_server_is_asked_a_few_times_for_each_call(proxy: FaultProxy, report: Report) -> None:
    await Entry.sync_table()
    refused = []

    def overload(calls: Calls) -> None:
        calls.wait_for_more(100)
        fault = proxy.fail(server_errors.Overloaded(), times=None)
        fault.wait(REFUSED, timeout=60)
        fault.cancel()
        calls.wait_for_more(100)
        refused.append(fault.happened)

    calls = await entries_while(overload, consistency="ONE")

    unknown_there = calls.check(await stored_entries("ONE"))
    assert set(calls.errors) == {"Overloaded"}
    assert REFUSED <= refused[0] <= RetryPolicy().attempts * (calls.errors.total() + WORKERS)
    report("the server is overloaded", of_calls(calls, unknown_there))
