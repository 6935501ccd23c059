"""Three real nodes, with passwords, certificates and proxies: killed, paused, restarted, and gone without a trace."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from coodie_testing import LocalCluster, NodeConfig, Server, fresh_keyspace, server_errors
from coodie_testing.cluster import config_of
from coodie_testing.cql import CONSISTENCY_ALL, CONSISTENCY_OF_COUNT, why_no_answer
from coodie_testing.errors import ClusterConfigRefused, CqlFailed, NodeDiedAtStart, NoSuchNode, NotEnoughMemory
from coodie_testing.keyspaces import connection_to
from coodie_testing.loopback import Places, free_places
from coodie_testing.membership import obstacle_to_readiness

TWO = CONSISTENCY_OF_COUNT[2]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """The one of all these tests. Each leaves it whole."""
    with LocalCluster(3, NodeConfig(auth=True, tls="server", heap="128m"), proxies=True) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def keyspace(cluster) -> Iterator[str]:
    with fresh_keyspace(cluster.server, "cluster", replication_factor=3) as keyspace:
        with connection_to(cluster.server) as connection:
            connection.execute(f"CREATE TABLE {keyspace}.t (id text PRIMARY KEY)")
        cluster.wait_until_ready()  # all know the table
        yield keyspace


def execute(server: Server, cql: str, consistency: int) -> list[tuple[str | None, ...]]:
    """Run a statement; again if the nodes do not answer each other in time, as happens on a busy machine."""
    end = time.monotonic() + 60
    while True:
        try:
            with connection_to(server) as connection:
                return connection.execute(cql, consistency=consistency)
        except CqlFailed:
            if time.monotonic() > end:
                raise


def write(server: Server, keyspace: str, value: str, consistency: int) -> None:
    execute(server, f"INSERT INTO {keyspace}.t (id) VALUES ('{value}')", consistency)


def has(server: Server, keyspace: str, value: str, consistency: int) -> bool:
    return execute(server, f"SELECT id FROM {keyspace}.t WHERE id = '{value}'", consistency) == [(value,)]


def test_every_node_knows_all_others_and_is_known_by_its_proxy(cluster):
    assert repr(cluster) == "<LocalCluster of 3 nodes, 3 running>"
    assert cluster.server.hosts == tuple(proxy.address for proxy in cluster.proxies)
    for number, proxy in enumerate(cluster.proxies):
        with connection_to(cluster.node_server(number)) as connection:
            known = connection.execute("SELECT CAST(native_address AS text) FROM system.peers_v2")
        assert {row[0] for row in known} == set(cluster.server.hosts) - {proxy.address}


def test_a_killed_node_is_missed_and_all_come_back_with_their_data(cluster, keyspace):
    write(cluster.server, keyspace, "before", CONSISTENCY_ALL)
    pids = [node.pid for node in cluster.nodes]

    cluster.kill(2)

    assert not psutil.pid_exists(pids[2])
    assert repr(cluster) == "<LocalCluster of 3 nodes, 2 running>"
    assert why_no_answer(cluster.nodes[2].address, cluster.nodes[2].port, timeout=5) is not None
    write(cluster.server, keyspace, "without", TWO)
    with connection_to(cluster.server) as connection, pytest.raises(CqlFailed):
        connection.execute(f"INSERT INTO {keyspace}.t (id) VALUES ('all')", consistency=CONSISTENCY_ALL)

    cluster.rolling_restart()

    assert not set(pids) & {node.pid for node in cluster.nodes}
    assert has(cluster.node_server(2), keyspace, "before", CONSISTENCY_OF_COUNT[1])
    write(cluster.server, keyspace, "again", CONSISTENCY_ALL)


def test_a_paused_node_holds_its_connections_and_answers_later(cluster, keyspace):
    with connection_to(cluster.node_server(1)) as connection:
        cluster.pause(1)
        write(cluster.node_server(0), keyspace, "meanwhile", TWO)

        cluster.proxies[0].latency = 5

        cluster.heal()

        assert connection.execute("SELECT cluster_name FROM system.local")
    assert cluster.proxies[0].latency == 0
    write(cluster.server, keyspace, "after", CONSISTENCY_ALL)


def test_a_proxy_of_one_node_knows_what_was_prepared_through_another(cluster, keyspace):
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
    from cassandra.policies import FallthroughRetryPolicy, RoundRobinPolicy
    from cassandra.protocol import ErrorMessage

    arguments = cluster.server.connect_arguments
    profile = ExecutionProfile(RoundRobinPolicy(), FallthroughRetryPolicy(), request_timeout=60)
    driver = Cluster(
        arguments.pop("hosts"), execution_profiles={EXEC_PROFILE_DEFAULT: profile}, connect_timeout=60, **arguments
    )
    session = driver.connect(keyspace)
    insert = session.prepare("INSERT INTO t (id) VALUES (?)")

    faults = [proxy.fail(server_errors.Overloaded(), text="INSERT INTO t") for proxy in cluster.proxies]
    refused = 0
    end = time.monotonic() + 60
    while refused < 3 and time.monotonic() < end:  # the driver opens connections to the nodes one after the other
        try:
            session.execute(insert, ("x",))
        except ErrorMessage:
            refused += 1
    driver.shutdown()

    assert [fault.happened for fault in faults] == [1, 1, 1]
    assert all(proxy.count(text="INSERT INTO t") >= 1 for proxy in cluster.proxies)


def test_a_node_that_is_not_there_is_told(cluster):
    with pytest.raises(NoSuchNode, match=r"Node 3 of a cluster was asked for, but the cluster has the nodes 0 to 2\."):
        cluster.kill(3)


def test_what_keeps_a_cluster_from_being_ready_is_told(cluster):
    assert (
        obstacle_to_readiness([cluster.node_server(0)], 5) == f"{cluster.nodes[0].address} knows 2 of the 4 other nodes"
    )


OWNER = """
    import time
    from coodie_testing import LocalCluster, NodeConfig
    cluster = LocalCluster(2, NodeConfig(heap="128m"))
    cluster.start()
    cluster.pause(0)
    cluster.kill(1)
    print(cluster.nodes[0].pid, flush=True)
    time.sleep(60)
"""


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_nothing_outlives_an_owner_that_was_killed_and_clusters_do_not_meet(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNER)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert owner.stdout
    node = int(owner.stdout.readline())

    owner.kill()

    owner.wait()
    owner.stdout.close()
    wait_until(lambda: not psutil.pid_exists(node))
    wait_until(lambda: list(tmp_path.iterdir()) == [])


def test_a_cluster_that_does_not_come_up_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cluster = LocalCluster(2, NodeConfig(heap="128m", settings={"no_such_setting": 1}))

    with pytest.raises(NodeDiedAtStart, match=r"Please remove properties \[no_such_setting\]") as error:
        cluster.start()

    assert [node.is_running for node in cluster.nodes] == [False, False]
    assert [path for path in tmp_path.iterdir() if path != error.value.log] == []


def test_too_little_memory_for_all_nodes_is_told_before_any_starts():
    with pytest.raises(NotEnoughMemory, match=r"needs, for 3 nodes, about \d{7,} MiB"):
        LocalCluster(3, NodeConfig(heap="900g")).start()


@pytest.mark.parametrize("given", [{"address": "127.0.0.2"}, {"seeds": ["127.0.0.2"]}, {"data": Path("here")}])
def test_what_the_cluster_chooses_itself_is_refused(given):
    with pytest.raises(ClusterConfigRefused, match="leave it out"):
        LocalCluster(3, NodeConfig(**given))


def test_a_cluster_of_no_nodes_is_refused():
    with pytest.raises(ClusterConfigRefused, match="Ask for 1 to 20"):
        LocalCluster(0)


def test_tokens_divide_the_ring_evenly(tmp_path):
    places = Places(("127.1.1.1", "127.1.1.2"), ("127.1.1.101", "127.1.1.102"), 9042, 7000)

    tokens = [config_of(number, NodeConfig(), places, tmp_path, False).settings["initial_token"] for number in (0, 1)]

    assert tokens == [str(-(2**63)), "0"]


def test_ports_that_are_wished_are_taken_and_the_usual_ones_otherwise():
    assert free_places(3, "127.99.99", ports=(19042, 17000))[2:] == (19042, 17000)
    assert free_places(3, "127.99.99").addresses == ("127.99.99.1", "127.99.99.2", "127.99.99.3")
