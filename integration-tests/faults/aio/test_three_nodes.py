"""Three nodes, of which one dies, hangs or restarts, while eight workers write and read at QUORUM."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from threading import Event

import pytest

from coodie_aio import init_coodie
from coodie_core.retrying import SpeculativePolicy
from coodie_testing import LocalCluster
from faults.aio.load import Entry, entries_while, stored_entries
from faults.aio.walks import ROWS, WALKS, stored_walks, walk_all
from faults.aio.workers import elsewhere, together
from faults.calls import LONGEST_WAIT_SECONDS, Calls
from faults.figures import Report, of_calls, of_walks

pytestmark = [
    pytest.mark.faults,
    pytest.mark.usefixtures("clustered"),
    pytest.mark.parametrize("cluster", ["direct"], indirect=True),
]

SHORT_SECONDS = 2.0
SLOW_SECONDS = 0.1
HANGS_FOR_SECONDS = 6
LONGEST_PAUSE_SECONDS = 15
"""The driver's own 10 s for a request that went to the node, and time for a busy machine."""


def hang_one(cluster: LocalCluster, calls: Calls) -> None:
    calls.wait_for_more(500)
    cluster.pause(1)
    time.sleep(HANGS_FOR_SECONDS)
    cluster.resume(1)
    cluster.wait_until_ready()
    calls.wait_for_more(500)


async def test_one_node_is_killed_and_comes_back(cluster: LocalCluster, report: Report) -> None:
    await Entry.sync_table()

    def kill_one(calls: Calls) -> None:
        calls.wait_for_more(500)
        cluster.kill(2)
        calls.wait_for_more(1500)
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

    calls = await entries_while(partial(hang_one, cluster), timeout=SHORT_SECONDS)

    unknown_there = calls.check(await stored_entries())
    assert set(calls.errors) <= {"ClientTimeout", "WriteTimeout", "ReadTimeout", "NoHostAvailable", "Unavailable"}
    report(f"one node hangs for {HANGS_FOR_SECONDS} s; `timeout={SHORT_SECONDS:g}`", of_calls(calls, unknown_there))


async def test_one_node_hangs_and_slow_requests_are_sent_to_another_node_too(
    cluster: LocalCluster, keyspace_of_three: str, report: Report
) -> None:
    policy = SpeculativePolicy(after=SLOW_SECONDS, attempts=2)
    async with await init_coodie(**cluster.server.connect_arguments, keyspace=keyspace_of_three, speculative=policy):
        await Entry.sync_table()
        calls = await entries_while(partial(hang_one, cluster), timeout=SHORT_SECONDS)
        unknown_there = calls.check(await stored_entries())

    assert calls.longest_pause < LONGEST_PAUSE_SECONDS
    what = f"one node hangs for {HANGS_FOR_SECONDS} s; `SpeculativePolicy(after={SLOW_SECONDS}, attempts=2)`"
    report(what, of_calls(calls, unknown_there))


async def test_walks_over_pages_while_a_node_is_killed(cluster: LocalCluster, report: Report) -> None:
    """Each walk gets exactly its rows, or an error: never some of them only."""
    rows, errors, one_has_ended = await stored_walks("QUORUM"), Counter[str](), Event()

    def kill_one() -> None:
        assert one_has_ended.wait(LONGEST_WAIT_SECONDS)
        cluster.kill(0)

    async def walks() -> None:
        assert await walk_all("QUORUM", one_has_ended, errors) == rows

    await together(walks, partial(elsewhere, kill_one))

    report("`kill -9` of one node", of_walks(WALKS, ROWS, errors), table="Walks")
