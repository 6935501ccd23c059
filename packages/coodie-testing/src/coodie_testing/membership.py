"""Whether the nodes of a cluster know each other, asked of every node."""

from __future__ import annotations

from collections.abc import Sequence

from coodie_testing.cql import CONSISTENCY_ALL, CONSISTENCY_OF_COUNT
from coodie_testing.errors import CqlFailed
from coodie_testing.keyspaces import connection_to
from coodie_testing.server import Server

SCHEMA_VERSION = "SELECT CAST(schema_version AS text) FROM system"

# A tiny table that every cluster has. Asked at a level that needs all running nodes, it tells whether the node that is
# asked sees them alive: `system.peers` has rows of dead nodes too.
EVERYBODY_READS = "SELECT status FROM system_distributed.view_build_status WHERE keyspace_name='-' AND view_name='-'"


def obstacle_to_readiness(running: Sequence[Server], size: int) -> str | None:
    """Tell what keeps these nodes from being a cluster, or None if nothing does.

    Args:
        running: The nodes that can be asked.
        size: How many nodes the cluster has, those included that do not run.
    """
    try:
        versions = {schema_version_of(node, size) for node in running}
        if len(versions) > 1:
            return f"the nodes have different schemas: {', '.join(sorted(versions))}"
        level = CONSISTENCY_ALL if len(running) == size else CONSISTENCY_OF_COUNT.get(len(running), CONSISTENCY_ALL)
        for node in running:
            with connection_to(node) as connection:
                connection.execute(EVERYBODY_READS, consistency=level)
    except (_NotYetError, CqlFailed, OSError) as error:
        return str(error)
    return None


def schema_version_of(node: Server, size: int) -> str:
    """The schema that this node has, and knows all others to have.

    Raises:
        _NotYetError: It does not know all others.
    """
    with connection_to(node) as connection:
        (own,) = connection.execute(f"{SCHEMA_VERSION}.local")[0]
        peers = len(connection.execute(f"{SCHEMA_VERSION}.peers"))
    if peers != size - 1:
        raise _NotYetError(f"{node.hosts[0]} knows {peers} of the {size - 1} other nodes")
    return str(own)


class _NotYetError(Exception):
    """Why it is not ready yet."""
