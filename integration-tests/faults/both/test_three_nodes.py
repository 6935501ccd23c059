"""Three nodes, of which one dies, hangs or restarts, while each API works: eight workers write and read at QUORUM."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from threading import Event
from typing import Any

import pytest
from chosen_driver import for_chosen_driver

from coodie_core.retrying import SpeculativePolicy
from coodie_testing import LocalCluster, Server, fresh_keyspace, server_errors
from faults.aio import scans as aio_scans
from faults.aio import three_nodes as aio
from faults.both.at_once import APIS, Once, at_once
from faults.calls import LONGEST_WAIT_SECONDS, Calls
from faults.figures import Report, of_calls, of_walks
from faults.sync import scans as sync_scans
from faults.sync import three_nodes as sync
from faults.sync.walks import ROWS, WALKS

DIRECT = pytest.mark.parametrize("cluster", ["direct"], indirect=True)
PROXIED = pytest.mark.parametrize("cluster", ["proxied"], indirect=True)
pytestmark = pytest.mark.faults

SHORT_SECONDS = 2.0
SLOW_SECONDS = 0.1
HANGS_FOR_SECONDS = 6
LONGEST_PAUSE_SECONDS = 15
"""The driver's own 10 s for a request that went to the node, and time for a busy machine."""

TIMEOUT_OF_COUNTER_SECONDS = 1.0
DROPPED, TIMED_OUT = 8, 8
"""Replies of each node that get lost, for both APIs together."""

Keyspaces = Mapping[str, str]
Play = Callable[[LocalCluster, list[Calls]], None]


class ClusterForDrivers(LocalCluster):
    """A cluster to which tests connect by the chosen driver, with its options."""

    @property
    def server(self) -> Server:
        return for_chosen_driver(super().server)


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """Three nodes, with a proxy before each where a test asks for that; one cluster at a time."""
    with ClusterForDrivers(3, proxies=request.param == "proxied") as cluster:
        yield cluster


@pytest.fixture
def keyspaces(cluster: LocalCluster, request: pytest.FixtureRequest) -> Iterator[Keyspaces]:
    """A new keyspace for each API, of which each node has all rows; all nodes run again when they are dropped."""
    with ExitStack() as made:
        name = request.node.originalname
        yield {
            api: made.enter_context(fresh_keyspace(cluster.server, f"{api}_{name}", replication_factor=3))
            for api in APIS
        }
        cluster.heal()


Measured = Mapping[str, tuple[Calls, int]]
"""Of each API: its calls, and how many of the writes of which nobody knew were found."""


def entries_while(play: Play, cluster: LocalCluster, keyspaces: Keyspaces, **options: Any) -> Measured:
    """Return what each API measured that wrote and read entries while *play* happened to the cluster."""
    once = Once(partial(play, cluster))
    return at_once(
        {
            "aio": lambda: asyncio.run(aio.entries(cluster.server, keyspaces["aio"], once, **options)),
            "sync": lambda: sync.entries(cluster.server, keyspaces["sync"], once, **options),
        }
    )


def check_and_report(what: str, measured: Measured, report: Report) -> None:
    for api, (calls, unknown_there) in measured.items():
        assert calls.longest_pause < LONGEST_PAUSE_SECONDS
        report(what, of_calls(calls, unknown_there), api=api)


def wait_for_more(count: int, calls: list[Calls]) -> None:
    """Return when each API had *count* more successes."""
    for of_api in calls:
        of_api.wait_for_more(count)


def restart_all(cluster: LocalCluster, calls: list[Calls]) -> None:
    wait_for_more(500, calls)
    cluster.rolling_restart()
    wait_for_more(500, calls)


def hang_one(cluster: LocalCluster, calls: list[Calls]) -> None:
    wait_for_more(500, calls)
    cluster.pause(1)
    time.sleep(HANGS_FOR_SECONDS)
    cluster.resume(1)
    cluster.wait_until_ready()
    wait_for_more(500, calls)


@DIRECT
def test_one_node_is_killed_and_comes_back(cluster: LocalCluster, keyspaces: Keyspaces, report: Report) -> None:
    """Each of a hundred walks over pages that go on meanwhile gets exactly its rows: never some of them only."""
    server, walks = cluster.server, (Event(), Event())

    def kill_one(calls: list[Calls]) -> None:
        begin_to_walk, one_has_ended = walks
        wait_for_more(500, calls)
        begin_to_walk.set()
        assert one_has_ended.wait(LONGEST_WAIT_SECONDS)
        cluster.kill(2)
        wait_for_more(1500, calls)
        cluster.restart(2)
        wait_for_more(500, calls)

    once = Once(kill_one)
    measured = at_once(
        {
            "aio": lambda: asyncio.run(aio.entries_and_walks(server, keyspaces["aio"], once, *walks)),
            "sync": lambda: sync.entries_and_walks(server, keyspaces["sync"], once, *walks),
        }
    )

    what = "`kill -9` of one node, and its restart"
    for api, (calls, unknown_there, errors_of_walks) in measured.items():
        check_and_report(what, {api: (calls, unknown_there)}, report)
        report(what, of_walks(WALKS, ROWS, errors_of_walks), table="Walks", api=api)


@DIRECT
def test_all_nodes_restart_one_after_the_other(cluster: LocalCluster, keyspaces: Keyspaces, report: Report) -> None:
    measured = entries_while(restart_all, cluster, keyspaces)

    check_and_report("rolling restart of all three nodes", measured, report)


@DIRECT
def test_one_node_hangs(cluster: LocalCluster, keyspaces: Keyspaces, report: Report) -> None:
    measured = entries_while(hang_one, cluster, keyspaces, timeout=SHORT_SECONDS)

    for calls, _ in measured.values():
        assert set(calls.errors) <= {"ClientTimeout", "WriteTimeout", "ReadTimeout", "NoHostAvailable", "Unavailable"}
    check_and_report(f"one node hangs for {HANGS_FOR_SECONDS} s; `timeout={SHORT_SECONDS:g}`", measured, report)


@DIRECT
def test_one_node_hangs_and_slow_requests_are_sent_to_another_node_too(
    cluster: LocalCluster, keyspaces: Keyspaces, report: Report
) -> None:
    policy = SpeculativePolicy(after=SLOW_SECONDS, attempts=2)

    measured = entries_while(hang_one, cluster, keyspaces, timeout=SHORT_SECONDS, speculative=policy)

    what = f"one node hangs for {HANGS_FOR_SECONDS} s; `SpeculativePolicy(after={SLOW_SECONDS}, attempts=2)`"
    check_and_report(what, measured, report)


@PROXIED
def test_a_counter_adds_up_on_three_nodes_of_which_one_dies(
    cluster: LocalCluster, keyspaces: Keyspaces, report: Report
) -> None:
    def misbehave(_works: list[None]) -> None:
        faults = [proxy.drop_reply(text="UPDATE", times=DROPPED) for proxy in cluster.proxies]
        cluster.kill(2)
        faults[0].wait(DROPPED, timeout=LONGEST_WAIT_SECONDS)
        for proxy in cluster.proxies:
            proxy.reset()
            proxy.fail(server_errors.WriteTimeout(write_type="CAS"), text="UPDATE", times=TIMED_OUT, carried_out=True)
        cluster.restart(2)
        for proxy in cluster.proxies:
            proxy.clear()

    once = Once(misbehave)
    server, timeout = cluster.server, TIMEOUT_OF_COUNTER_SECONDS
    figures = at_once(
        {
            "aio": lambda: asyncio.run(aio.count(server, keyspaces["aio"], timeout, once)),
            "sync": lambda: sync.count(server, keyspaces["sync"], timeout, once),
        }
    )

    what = "lost replies, reset connections, one node killed and restarted"
    for api in APIS:
        report(what, figures[api], table="Counter", api=api)


@PROXIED
@pytest.mark.parametrize("api", APIS)
def test_each_range_of_a_scan_is_asked_of_the_node_that_has_it(cluster: LocalCluster, api: str) -> None:
    with fresh_keyspace(cluster.server, f"{api}_scans", replication_factor=1) as keyspace:
        if api == "aio":
            asyncio.run(aio_scans.check_scan(cluster, keyspace))
        else:
            sync_scans.check_scan(cluster, keyspace)
