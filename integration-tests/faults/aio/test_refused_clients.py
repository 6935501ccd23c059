"""Clients that a server refuses, or that refuse the server: one clear error each, and no storm of attempts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from coodie_aio import init_coodie
from coodie_core.exceptions import AuthenticationFailed, DatabaseError, NoHostAvailable, TlsError, Unauthorized
from coodie_testing import CertificateAuthority, FaultProxy, Server, create_role, drop_role, fresh_keyspace
from coodie_testing.credentials import Credentials
from faults.aio.load import Entry
from faults.aio.workers import elsewhere
from faults.figures import Report
from faults.relay import Relay

pytestmark = pytest.mark.faults

CALLS = 10
QUIET_SECONDS = 1.5
"""For which nobody may try again after the error."""

MOST_CONNECTIONS = 2
"""For one attempt: the driver asks each node again with an older version of the protocol, or without its extensions."""


def wrong_password(server: Server) -> Server:
    return replace(server, credentials=Credentials("coodie", "wrong"))


def no_password(server: Server) -> Server:
    return replace(server, credentials=None)


def untrusted_authority(server: Server) -> Server:
    return replace(server, ssl_context=CertificateAuthority().client_context())


def no_client_certificate(server: Server) -> Server:
    assert server.authority is not None
    return replace(server, ssl_context=server.authority.client_context(certificate=None))


def expired_client_certificate(server: Server) -> Server:
    assert server.authority is not None
    return replace(server, ssl_context=server.authority.client_context(certificate="expired"))


def no_encryption(server: Server) -> Server:
    return replace(server, ssl_context=None)


REFUSALS: list[tuple[str, Callable[[Server], Server], type[DatabaseError]]] = [
    ("wrong password", wrong_password, AuthenticationFailed),
    ("no password", no_password, AuthenticationFailed),
    ("certificate of an authority that is not trusted", untrusted_authority, TlsError),
    ("no client certificate", no_client_certificate, TlsError),
    ("expired client certificate", expired_client_certificate, TlsError),
    ("no TLS to a server that wants it", no_encryption, NoHostAvailable),
]


@pytest.mark.parametrize(("what", "spoiled", "expected"), REFUSALS, ids=[refusal[0] for refusal in REFUSALS])
async def test_a_client_that_is_refused_is_told_why_once(
    guarded_server: Server,
    what: str,
    spoiled: Callable[[Server], Server],
    expected: type[DatabaseError],
    report: Report,
) -> None:
    with Relay(spoiled(guarded_server)) as relay:
        await check_refused(what, relay, expected, report)


@pytest.mark.parametrize("bad_server", ["expired", "other_host"], indirect=True)
async def test_a_server_whose_certificate_is_bad_is_refused(bad_server: Server, report: Report) -> None:
    what = {"expired": "expired certificate", "other_host": "certificate of another host"}
    with Relay(bad_server) as relay:
        await check_refused(what[bad_server.node.config.certificate], relay, TlsError, report)


async def check_refused(what: str, relay: Relay, expected: type[DatabaseError], report: Report) -> None:
    """Connect, and see one error; then use a connection that is made when needed, and see one error for each call."""
    arguments = relay.server.connect_arguments
    with pytest.raises(DatabaseError) as raised:
        await init_coodie(**arguments)
    to_connect = relay.accepted

    lazy = await init_coodie(**arguments, lazy=True, keyspace="anything")
    for _ in range(CALLS):
        with pytest.raises(expected):
            await Entry.find_one(worker=1, number=1)
    to_call = relay.accepted - to_connect
    await elsewhere(partial(time.sleep, QUIET_SECONDS))
    await lazy.close()

    assert type(raised.value) is expected, str(raised.value)
    assert 1 <= to_connect <= MOST_CONNECTIONS
    assert relay.accepted - to_connect == to_call <= MOST_CONNECTIONS * CALLS
    values = {
        "error": f"`{expected.__name__}`",
        "connections tried": to_connect,
        f"by {CALLS} calls": to_call,
        f"in the next {QUIET_SECONDS:g} s": 0,
    }
    report(what, values, table="Refusals")


async def test_a_role_without_a_grant_is_told_so_once(guarded_server: Server, report: Report) -> None:
    with fresh_keyspace(guarded_server) as keyspace, FaultProxy(guarded_server) as proxy:
        async with await init_coodie(**guarded_server.connect_arguments, keyspace=keyspace):
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
        drop_role(guarded_server, role)

    assert CALLS <= requests <= CALLS + 1
    report("missing grant", {"error": "`Unauthorized`", "requests": requests, "calls": CALLS}, table="Grants")
