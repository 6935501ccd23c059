"""Connections to what misbehaves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from coodie_aio import init_coodie
from coodie_aio.drivers import Driver
from coodie_testing import FaultProxy


@pytest.fixture
async def proxied(proxy: FaultProxy, coodie_fresh_keyspace: str) -> AsyncIterator[Driver]:
    """The default connection, through the proxy, in a keyspace of its own."""
    async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_fresh_keyspace) as driver:
        yield driver
