"""Keyspaces for tests: made, emptied and dropped without a driver."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager

from coodie_testing.cql import CqlConnection
from coodie_testing.server import Server

LONGEST_NAME = 48  # Apache Cassandra, "Data definition": the limit of a keyspace's name
STATEMENT_TIMEOUT_SECONDS = 60  # changes of the schema are slow on a busy machine
AGREEMENT_TIMEOUT_SECONDS = 10
POLL_SECONDS = 0.05


@contextmanager
def fresh_keyspace(server: Server, name_for_people: str = "test", *, replication_factor: int = 1) -> Generator[str]:
    """Give a new, empty keyspace for the length of the `with` block, and drop it after.

    Args:
        server: Where to make it.
        name_for_people: Its name begins like this, and ends in random digits.
        replication_factor: How many nodes have a copy of each row.

    Example:
        >>> with fresh_keyspace(server, "orders") as keyspace:  # doctest: +SKIP
        ...     print(keyspace)
        orders_3f9c1d20
    """
    name = unique_name(name_for_people)
    create_keyspace(server, name, replication_factor=replication_factor)
    try:
        yield name
    finally:
        drop_keyspace(server, name)


def unique_name(name_for_people: str) -> str:
    """A keyspace name that begins like this and was never used before."""
    ending = f"_{secrets.token_hex(4)}"
    beginning = re.sub(r"\W+", "_", name_for_people, flags=re.ASCII).strip("_").lower()
    return (beginning or "test")[: LONGEST_NAME - len(ending)] + ending


def create_keyspace(server: Server, name: str, *, replication_factor: int = 1) -> None:
    """Create a keyspace, and return when all nodes know it.

    Args:
        server: Where to make it.
        name: Its name.
        replication_factor: How many nodes have a copy of each row.
    """
    with connection_to(server) as connection:
        # ScyllaDB's tablets still lack counters and lightweight transactions in some versions.
        scylla = any(option.startswith("SCYLLA_") for option in connection.options())
        connection.execute(
            f'CREATE KEYSPACE "{name}" WITH replication = '
            f"{{'class': 'NetworkTopologyStrategy', 'replication_factor': {replication_factor}}}"
            + (" AND tablets = {'enabled': false}" if scylla else "")
        )
        _wait_for_agreement(connection)


def drop_keyspace(server: Server, name: str) -> None:
    """Drop a keyspace and all in it, if it is still there."""
    with connection_to(server) as connection:
        connection.execute(f'DROP KEYSPACE IF EXISTS "{name}"')


def truncate_tables(server: Server, keyspace: str) -> None:
    """Empty every table of this keyspace, and so its views and indexes."""
    with connection_to(server) as connection:
        for (table,) in connection.execute(
            f"SELECT table_name FROM system_schema.tables WHERE keyspace_name = '{keyspace}'"
        ):
            connection.execute(f'TRUNCATE "{keyspace}"."{table}"')


@contextmanager
def connection_to(server: Server) -> Generator[CqlConnection]:
    """Give a connection to the first host of this server that is ready for statements."""
    with CqlConnection(
        server.hosts[0], server.port, timeout=STATEMENT_TIMEOUT_SECONDS, ssl_context=server.ssl_context
    ) as connection:
        connection.start(server.credentials)
        yield connection


def _wait_for_agreement(connection: CqlConnection) -> None:
    """Return when all nodes have one version of the schema, or when waiting longer makes no sense (a node is down)."""
    end = time.monotonic() + AGREEMENT_TIMEOUT_SECONDS
    while len(_schema_versions(connection)) > 1 and time.monotonic() < end:
        time.sleep(POLL_SECONDS)


def _schema_versions(connection: CqlConnection) -> set[str | None]:
    version = "SELECT CAST(schema_version AS text) FROM system"
    return {row[0] for table in ("local", "peers") for row in connection.execute(f"{version}.{table}")}
