"""Clients that a server refuses, or that refuse the server: one clear error each, and no storm of attempts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import pytest

from coodie_aio import execute_raw, init_coodie
from coodie_core.exceptions import DatabaseError, Unauthorized
from coodie_testing import FaultProxy, Server, create_role, drop_role, fresh_keyspace
from faults.aio.load import Entry
from faults.aio.workers import elsewhere, together
from faults.refusing import Refusal
from faults.relay import Relay

CALLS = 10
QUIET_SECONDS = 1.5
"""For which nobody may try again after the error."""

MOST_CONNECTIONS = 2
"""For one attempt: the driver asks each node again with an older version of the protocol, or without its extensions."""


async def check_refusals(refusals: Sequence[Refusal]) -> list[dict[str, str | int]]:
    """Return the figures of each refusal, all tried at the same time."""
    return await together(*(partial(check_refusal, refusal) for refusal in refusals))


async def check_refusal(refusal: Refusal) -> dict[str, str | int]:
    """Connect, and see one error; then use a connection that is made when needed, and see one error for each call."""
    with Relay(refusal.server) as relay:
        arguments = {**relay.server.connect_arguments, "name": refusal.what}
        with pytest.raises(DatabaseError) as raised:
            await init_coodie(**arguments)
        to_connect = relay.accepted

        lazy = await init_coodie(**arguments, lazy=True)
        for _ in range(CALLS):
            with pytest.raises(refusal.error):
                await execute_raw("SELECT key FROM system.local", connection=refusal.what)
        to_call = relay.accepted - to_connect
        await elsewhere(partial(time.sleep, QUIET_SECONDS))
        await lazy.close()

        assert type(raised.value) is refusal.error, f"{refusal.what}: {raised.value}"
        assert 1 <= to_connect <= MOST_CONNECTIONS, refusal.what
        assert relay.accepted - to_connect == to_call <= MOST_CONNECTIONS * CALLS, refusal.what
    return {
        "error": f"`{refusal.error.__name__}`",
        "connections tried": to_connect,
        f"by {CALLS} calls": to_call,
        f"in the next {QUIET_SECONDS:g} s": 0,
    }


async def check_missing_grant(server: Server) -> dict[str, str | int]:
    """Write as a role that may only read, and see one error for each call; return the figures."""
    with fresh_keyspace(server) as keyspace, FaultProxy(server) as proxy:
        async with await init_coodie(**server.connect_arguments, keyspace=keyspace):
            await Entry.sync_table()
        role = f"reader_of_{keyspace}"[:40]
        reader = create_role(proxy.server, role, grants=[f"SELECT ON KEYSPACE {keyspace}"])

        async with await init_coodie(**reader.connect_arguments, keyspace=keyspace):
            proxy.reset_counts()
            for number in range(CALLS):
                with pytest.raises(Unauthorized) as raised:
                    await Entry(worker=1, number=number, text="not allowed").save()
                assert raised.value.applied is False
            requests = proxy.count(text="INSERT", opcodes={"PREPARE", "EXECUTE"})
            assert await Entry.find(worker=1).all() == []
        drop_role(server, role)

    assert CALLS <= requests <= CALLS + 1
    return {"error": "`Unauthorized`", "requests": requests, "calls": CALLS}
