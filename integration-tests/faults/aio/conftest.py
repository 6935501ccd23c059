"""Connections to what misbehaves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from coodie_aio import init_coodie
from coodie_aio.drivers import Driver
from coodie_testing import FaultProxy, LocalCluster


@pytest.fixture
async def proxied(proxy: FaultProxy, coodie_fresh_keyspace: str) -> AsyncIterator[Driver]:
    """The default connection, through the proxy, in a keyspace of its own."""
    async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_fresh_keyspace) as driver:
        yield driver


@pytest.fixture
async def clustered(cluster: LocalCluster, keyspace_of_three: str) -> AsyncIterator[Driver]:
    """The default connection, to three nodes, in a keyspace of its own of which each has all rows."""
    async with await init_coodie(**cluster.server.connect_arguments, keyspace=keyspace_of_three) as driver:
        yield driver
