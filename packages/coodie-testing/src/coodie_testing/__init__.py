"""A real Cassandra or ScyllaDB server for development and tests.

    with coodie_testing.cassandra() as server:
        coodie.sync.init_coodie(**server.connect_arguments)

`choose_server()` gives the server that tests should use, `cassandra()` always a Cassandra of this machine, and
`CassandraNode` one node with its process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coodie_testing.choice import choose_server
    from coodie_testing.cluster import LocalCluster
    from coodie_testing.config import NodeConfig
    from coodie_testing.errors import CoodieTestingError
    from coodie_testing.fault_proxy import FaultProxy
    from coodie_testing.faults import Fault
    from coodie_testing.keyspaces import create_keyspace, drop_keyspace, fresh_keyspace, truncate_tables
    from coodie_testing.node import CassandraNode
    from coodie_testing.roles import create_role, drop_role
    from coodie_testing.scylla import scylla_container
    from coodie_testing.server import Server, cassandra
    from coodie_testing.tls import CertificateAuthority

__all__ = [
    "CassandraNode",
    "CertificateAuthority",
    "CoodieTestingError",
    "Fault",
    "FaultProxy",
    "LocalCluster",
    "NodeConfig",
    "Server",
    "cassandra",
    "choose_server",
    "create_keyspace",
    "create_role",
    "drop_keyspace",
    "drop_role",
    "fresh_keyspace",
    "scylla_container",
    "truncate_tables",
]

__version__ = "2.0.0"

# Imported when first used: pytest loads this package in every run, also in those that need no server.
_MODULE_OF = {
    "CassandraNode": "node",
    "CertificateAuthority": "tls",
    "CoodieTestingError": "errors",
    "Fault": "faults",
    "FaultProxy": "fault_proxy",
    "LocalCluster": "cluster",
    "NodeConfig": "config",
    "Server": "server",
    "cassandra": "server",
    "choose_server": "choice",
    "create_keyspace": "keyspaces",
    "create_role": "roles",
    "drop_keyspace": "keyspaces",
    "drop_role": "roles",
    "fresh_keyspace": "keyspaces",
    "scylla_container": "scylla",
    "truncate_tables": "keyspaces",
}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULE_OF])
