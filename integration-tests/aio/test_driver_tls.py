"""TLS of scylladb-rs-driver, which is of a kind of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from driver_features import RUST
from scylla.tls import TlsContext, VerifyMode
from tls_relay import tls_relay

from coodie_aio import init_coodie
from coodie_core.exceptions import NoHostAvailable, TlsError
from coodie_core.statement import Statement
from coodie_testing import Server
from coodie_testing.tls import OTHER_HOST, CertificateAuthority

AUTHORITY = CertificateAuthority()
NODE = Statement("SELECT key FROM system.local")


@pytest.fixture
def encrypted(coodie_server: Server) -> Iterator[dict[str, Any]]:
    """The way to a server that speaks TLS, with the name that clients call it by in its certificate."""
    with tls_relay(coodie_server, AUTHORITY.server_context("127.0.0.1")) as server:
        yield {"hosts": list(server.hosts), "port": server.port, "driver_type": RUST, "name": "encrypted"}


def trusting(authority: CertificateAuthority) -> Any:
    context = TlsContext()
    context.load_verify_locations(cadata=authority.pem)
    return context


async def test_who_is_trusted_is_spoken_with(encrypted: dict[str, Any]) -> None:
    async with await init_coodie(**encrypted, tls_context=trusting(AUTHORITY)) as driver:
        assert (await driver.execute(NODE)).rows == [("local",)]


async def test_who_is_not_trusted_is_not_spoken_with(encrypted: dict[str, Any]) -> None:
    with pytest.raises(TlsError, match="No encrypted connection to"):
        await init_coodie(**encrypted, tls_context=trusting(CertificateAuthority()))


async def test_a_certificate_for_another_host_is_refused_unless_nothing_is_checked(coodie_server: Server) -> None:
    unchecking = TlsContext()
    unchecking.verify_mode = VerifyMode.CERT_NONE
    with tls_relay(coodie_server, AUTHORITY.server_context(OTHER_HOST)) as server:
        way: Any = {"hosts": list(server.hosts), "port": server.port, "driver_type": RUST, "name": "encrypted"}

        with pytest.raises(TlsError, match="for this host name"):
            await init_coodie(**way, tls_context=trusting(AUTHORITY))
        async with await init_coodie(**way, tls_context=unchecking) as driver:
            assert (await driver.execute(NODE)).rows == [("local",)]


async def test_a_server_that_wants_tls_is_told_from_one_that_does_not(
    encrypted: dict[str, Any], coodie_server: Server
) -> None:
    plain = {**encrypted, "port": coodie_server.port}
    with pytest.raises(NoHostAvailable, match="does it want TLS"):
        await init_coodie(**encrypted)
    with pytest.raises(TlsError, match="speaks TLS on this port"):
        await init_coodie(**plain, tls_context=trusting(AUTHORITY))
