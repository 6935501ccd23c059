"""The node that a request goes to first the short way is one that the driver's own plan could begin with."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from cassandra import ConsistencyLevel
from cassandra.connection import DefaultEndPoint
from cassandra.metadata import KeyspaceMetadata, Metadata
from cassandra.policies import (
    DCAwareRoundRobinPolicy,
    RackAwareRoundRobinPolicy,
    RoundRobinPolicy,
    SimpleConvictionPolicy,
    TokenAwarePolicy,
)
from cassandra.pool import Host
from cassandra.query import BoundStatement, PreparedStatement

APIS = ["coodie_aio", "coodie_sync"]
DRAWS = 60
"""So many that a replica of three is missed once in 10 to the power of 10."""

POLICIES: dict[str, Any] = {
    "default": lambda: TokenAwarePolicy(DCAwareRoundRobinPolicy("near")),
    "default, in order": lambda: TokenAwarePolicy(DCAwareRoundRobinPolicy("near"), shuffle_replicas=False),
    "by racks": lambda: TokenAwarePolicy(RackAwareRoundRobinPolicy("near", "a")),
    "with nodes far away": lambda: TokenAwarePolicy(DCAwareRoundRobinPolicy("near", used_hosts_per_remote_dc=2)),
    "round robin": RoundRobinPolicy,
}


class Ring:
    """Six nodes, two of them far away, with the driver's own idea of who has which rows."""

    def __init__(self, policy: Any) -> None:
        self.hosts = [
            Host(DefaultEndPoint(f"127.0.0.{number}"), SimpleConvictionPolicy, host_id=uuid4()) for number in range(6)
        ]
        self.metadata = Metadata()
        tokens = {}
        for number, host in enumerate(self.hosts):
            host.set_location_info("far" if number % 3 == 2 else "near", "ab"[number % 2])
            host.set_up()
            self.metadata.add_or_return_host(host)
            tokens[host] = [str((2**62 * number // 2) - 2**62)]
        replication = {"near": "3", "far": "1"}
        keyspace = KeyspaceMetadata("shop", True, "NetworkTopologyStrategy", replication)
        self.metadata.keyspaces["shop"] = keyspace
        self.metadata.rebuild_token_map("org.apache.cassandra.dht.Murmur3Partitioner", tokens)
        self.policy = policy
        policy.populate(SimpleNamespace(metadata=self.metadata), self.hosts)
        for host in self.hosts:
            policy.on_up(host)
        self.session = SimpleNamespace(cluster=SimpleNamespace(metadata=self.metadata), keyspace="shop")

    def first_ones(self, api: str, statement: Any) -> set[Any]:
        """The nodes that *statement* goes to first the short way."""
        sending = import_module(f"{api}._wire.sending")
        token = sending.token_of(self.session, statement)
        return {sending.first_host(self.session, self.policy, statement, token) for _ in range(DRAWS)}

    def planned(self, statement: Any) -> set[Any]:
        """The nodes that the driver's plans begin with."""
        return {next(iter(self.policy.make_query_plan("shop", statement)), None) for _ in range(DRAWS)}


def statement_for(key: bytes | None, *, is_lwt: bool = False, level: int | None = None) -> Any:
    prepared = PreparedStatement([], b"id", None if key is None else [0], "", "shop", 4, None, None, is_lwt=is_lwt)
    statement = BoundStatement(prepared, consistency_level=level, keyspace="shop")
    statement.table = "users"
    statement.values = [key]
    return statement


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("policy", POLICIES)
def test_it_is_one_that_a_plan_begins_with(api: str, policy: str) -> None:
    ring = Ring(POLICIES[policy]())

    for number in range(20):
        statement = statement_for(b"key %d" % number)

        assert ring.first_ones(api, statement) == ring.planned(statement)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("down", [1, 3, 6])
def test_nodes_that_are_down_are_not_asked(api: str, down: int) -> None:
    ring = Ring(POLICIES["default"]())
    for host in ring.hosts[:down]:
        host.set_down()
        ring.policy.on_down(host)

    for number in range(20):
        statement = statement_for(b"key %d" % number)

        found = ring.first_ones(api, statement)
        assert found == ring.planned(statement)
        assert not found & set(ring.hosts[:down])


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("options", [{"is_lwt": True}, {"level": ConsistencyLevel.SERIAL}])
def test_a_conditional_statement_goes_to_the_same_replica_each_time(api: str, options: Any) -> None:
    ring = Ring(POLICIES["default"]())

    for number in range(20):
        statement = statement_for(b"key %d" % number, **options)

        found = ring.first_ones(api, statement)
        assert len(found) == 1
        assert found == ring.planned(statement)


@pytest.mark.parametrize("api", APIS)
def test_a_statement_without_a_partition_goes_round(api: str) -> None:
    ring = Ring(POLICIES["default"]())
    statement = statement_for(None)

    assert (
        ring.first_ones(api, statement)
        == ring.planned(statement)
        == {host for host in ring.hosts if host.datacenter == "near"}
    )
