"""Which server to test against: the one that is named, else ScyllaDB in a container, else Cassandra of this machine."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from coodie_testing.config import NodeConfig
from coodie_testing.cql import why_no_answer
from coodie_testing.errors import (
    ContainerFailed,
    CoodieTestingError,
    HostsNotUnderstood,
    HostUnreachable,
    MissingExtra,
    NoServerAvailable,
)
from coodie_testing.scylla import scylla_container
from coodie_testing.server import Server, cassandra

HOSTS_VARIABLE = "COODIE_TEST_HOSTS"
DEFAULT_PORT = 9042
ANSWER_TIMEOUT_SECONDS = 10


@contextmanager
def choose_server(config: NodeConfig | None = None, *, quiet: bool = False) -> Generator[Server]:
    """Give a server to test against, for the length of the `with` block.

    It is the first that can be had of: the servers that COODIE_TEST_HOSTS names (`host[:port]`, more with commas
    between); ScyllaDB in a container, if the `docker` extra is installed and a Docker engine answers; a real Cassandra
    of this machine. A server named but not answering is an error: nothing else is taken in its place.

    Args:
        config: How to start a Cassandra of this machine, if it comes to that.
        quiet: Show no progress while its jars are downloaded.

    Raises:
        HostsNotUnderstood: COODIE_TEST_HOSTS cannot be read.
        HostUnreachable: No CQL server answers at an address in COODIE_TEST_HOSTS.
        NoServerAvailable: None of the three ways worked; the message says why for each.

    Example:
        >>> with choose_server() as server:  # doctest: +SKIP
        ...     init_coodie(**server.connect_arguments, keyspace="test")
    """
    if named := os.environ.get(HOSTS_VARIABLE):
        yield named_server(named)
        return
    with ExitStack() as running:
        try:
            server = running.enter_context(scylla_container())
        except (ContainerFailed, MissingExtra) as no_container:
            server = _local_server(running, config, quiet, no_container)
        yield server


def _local_server(
    running: ExitStack, config: NodeConfig | None, quiet: bool, no_container: CoodieTestingError
) -> Server:
    try:
        server = running.enter_context(cassandra(config, quiet=quiet))
    except CoodieTestingError as no_local:
        raise NoServerAvailable(str(no_container), str(no_local)) from no_local
    passed_over = (f"{HOSTS_VARIABLE} is not set", f"ScyllaDB in a container: {no_container}")
    return replace(server, passed_over=passed_over)


def named_server(value: str) -> Server:
    """The server that a value of COODIE_TEST_HOSTS names, after all its hosts have answered.

    Raises:
        HostsNotUnderstood: The value cannot be read.
        HostUnreachable: One of them does not answer.
    """
    hosts, port = named_hosts(value)
    for host in hosts:
        if reason := why_no_answer(host, port, timeout=ANSWER_TIMEOUT_SECONDS):
            raise HostUnreachable(host, port, reason)
    return Server(hosts=hosts, port=port, origin=f"the server named in {HOSTS_VARIABLE}")


def named_hosts(value: str) -> tuple[tuple[str, ...], int]:
    """The hosts, and the port of them all, in a value of COODIE_TEST_HOSTS.

    Raises:
        HostsNotUnderstood: The value names no host, an impossible port, or different ports.

    Example:
        >>> named_hosts("db1:9142, db2:9142")
        (('db1', 'db2'), 9142)
        >>> named_hosts("[::1]")
        (('::1',), 9042)
    """
    addresses = [_host_and_port(part.strip(), value) for part in value.split(",") if part.strip()]
    if not addresses:
        raise HostsNotUnderstood(value, "it names no host")
    ports = {port for _, port in addresses}
    if len(ports) > 1:
        raise HostsNotUnderstood(value, "the ports differ, and a driver uses one port for all hosts")
    return tuple(host for host, _ in addresses), ports.pop()


def _host_and_port(part: str, value: str) -> tuple[str, int]:
    if part.startswith("["):  # an IPv6 address
        host, _, rest = part[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = part.partition(":")
    if not host:
        raise HostsNotUnderstood(value, f"{part!r} has no host")
    if not port:
        return host, DEFAULT_PORT
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise HostsNotUnderstood(value, f"{port!r} is not a port (an IPv6 address needs brackets: [::1]:9042)")
    return host, int(port)
