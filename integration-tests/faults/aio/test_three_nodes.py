"""Three nodes, of which one dies, hangs or restarts, while eight workers write and read at QUORUM."""

from __future__ import annotations

import time

import pytest

from coodie_testing import LocalCluster
from faults.aio.load import Entry, entries_while, stored_entries
from faults.calls import Calls
from faults.figures import Report, of_calls

pytestmark = [
    pytest.mark.faults,
    pytest.mark.usefixtures("clustered"),
    pytest.mark.parametrize("cluster", ["direct"], indirect=True),
]

SHORT_SECONDS = 2.0
HANGS_FOR_SECONDS = 8
LONGEST_PAUSE_SECONDS = 15
"""The driver's own 10 s for a request that went to the node, and time for a busy machine."""


async def test_one_node_is_killed_and_comes_back(cluster: LocalCluster, report: Report) -> None:
    await Entry.sync_table()

    def kill_one(calls: Calls) -> None:
        calls.wait_for_more(500)
        cluster.kill(2)
        calls.wait_for_more(3000)
        cluster.restart(2)
        calls.wait_for_more(500)

    calls = await entries_while(kill_one)

    unknown_there = calls.check(await stored_entries())
    assert calls.longest_pause < LONGEST_PAUSE_SECONDS
    report("`kill -9` of one node, and its restart", of_calls(calls, unknown_there))


async def test_all_nodes_restart_one_after_the_other(cluster: LocalCluster, report: Report) -> None:
    await Entry.sync_table()

    def restart_all(calls: Calls) -> None:
        calls.wait_for_more(500)
        cluster.rolling_restart()
        calls.wait_for_more(500)

    calls = await entries_while(restart_all)

    unknown_there = calls.check(await stored_entries())
    assert calls.longest_pause < LONGEST_PAUSE_SECONDS
    report("rolling restart of all three nodes", of_calls(calls, unknown_there))


async def test_one_node_hangs(cluster: LocalCluster, report: Report) -> None:
    await Entry.sync_table()

    def hang_one(calls: Calls) -> None:
        calls.wait_for_more(500)
        cluster.pause(1)
        time.sleep(HANGS_FOR_SECONDS)
        cluster.resume(1)
        cluster.wait_until_ready()
        calls.wait_for_more(500)

    calls = await entries_while(hang_one, timeout=SHORT_SECONDS)

    unknown_there = calls.check(await stored_entries())
    assert set(calls.errors) <= {"ClientTimeout", "WriteTimeout", "ReadTimeout", "NoHostAvailable", "Unavailable"}
    report(f"one node hangs for {HANGS_FOR_SECONDS} s; `timeout={SHORT_SECONDS}`", of_calls(calls, unknown_there))
