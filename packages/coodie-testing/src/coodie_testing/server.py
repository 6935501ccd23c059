"""A server to test against, wherever it came from."""

from __future__ import annotations

import ssl
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from coodie_testing.config import NodeConfig
from coodie_testing.credentials import SUPERUSER, Credentials
from coodie_testing.node import CassandraNode
from coodie_testing.tls import CertificateAuthority


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
        ssl_context: How to encrypt connections to it; None: not at all.
        credentials: With what to log in; None: it does not ask.
        authority: Who issued its certificate, if that was made for a test: it gives other, worse, SSL contexts too.

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
    ssl_context: ssl.SSLContext | None = None
    credentials: Credentials | None = None
    authority: CertificateAuthority | None = None

    def __str__(self) -> str:
        return f"{self.origin} on {', '.join(f'{host}:{self.port}' for host in self.hosts)}"

    @property
    def connect_arguments(self) -> dict[str, Any]:
        """All keyword arguments for `init_coodie(...)`: hosts, port, and what else is needed to reach it.

        For a server that asks for a password, the driver must be installed.
        """
        encrypted = {} if self.ssl_context is None else {"ssl_context": self.ssl_context}
        logged_in = {} if self.credentials is None else {"auth_provider": auth_provider(self.credentials)}
        return {"hosts": list(self.hosts), "port": self.port, **encrypted, **logged_in, **self.arguments}


def auth_provider(credentials: Credentials) -> Any:
    """What the driver logs in with."""
    return import_module("cassandra.auth").PlainTextAuthProvider(*credentials)


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
        ssl_context=node.authority.client_context() if node.authority else None,
        credentials=SUPERUSER if node.config.auth else None,
        authority=node.authority,
    )
