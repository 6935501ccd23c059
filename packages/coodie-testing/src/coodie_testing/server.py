"""A server to test against, wherever it came from."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from coodie_testing.config import NodeConfig
from coodie_testing.node import CassandraNode


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running server that answers CQL.

    Args:
        hosts: Names or addresses to connect to.
        port: The CQL port of all of them.
        origin: What it is and where it came from, for people.
        arguments: What a driver's `Cluster(...)`, and so `init_coodie(...)`, needs besides hosts to reach it.
        passed_over: The ways to a server that came first and were not taken, with the reason.
        node: Its process and its log, if it is a Cassandra of this machine.

    Example:
        >>> server = Server(hosts=("127.0.0.1",), port=9042, origin="mine")
        >>> str(server)
        'mine on 127.0.0.1:9042'
    """

    hosts: tuple[str, ...]
    port: int
    origin: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    passed_over: tuple[str, ...] = ()
    node: CassandraNode | None = None

    def __str__(self) -> str:
        return f"{self.origin} on {', '.join(f'{host}:{self.port}' for host in self.hosts)}"

    @property
    def connect_arguments(self) -> dict[str, Any]:
        """All keyword arguments for `init_coodie(...)`: hosts, port, and what else is needed to reach it."""
        return {"hosts": list(self.hosts), "port": self.port, **self.arguments}


@contextmanager
def cassandra(config: NodeConfig | None = None, *, quiet: bool = False) -> Generator[Server]:
    """Give a real Cassandra of this machine for the length of the `with` block.

    Args:
        config: How to start it; by default on a free port, its data thrown away at the end.
        quiet: Show no progress while its jars are downloaded.

    Raises:
        CoodieTestingError: It could not be started; `CassandraNode.start` lists the reasons.

    Example:
        >>> with cassandra() as server:  # doctest: +SKIP
        ...     print(server.hosts, server.port)
        ('127.0.0.1',) 40211
    """
    with CassandraNode(config, quiet=quiet) as node:
        yield server_of(node)


def server_of(node: CassandraNode) -> Server:
    """The server that this running node is."""
    return Server(
        hosts=(node.address,),
        port=node.port,
        origin=f"Cassandra {node.config.version} of this machine",
        node=node,
    )
