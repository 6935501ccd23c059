"""Servers that want encryption, certificates and passwords: whom they refuse, who refuses them, and forked clients."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from chosen_driver import OPTIONS, for_chosen_driver
from programs import APIS, CONNECTING_IMPORTS_NOTHING, run_program

from coodie_testing import NodeConfig, Server, cassandra
from faults.aio import refusals as aio
from faults.figures import Report
from faults.refusing import Servers, refusals_of
from faults.relay import Relay
from faults.sync import refusals as sync

pytestmark = pytest.mark.faults


CONFIGS = (
    NodeConfig(tls="mutual", auth=True),
    NodeConfig(tls="server", certificate="expired", heap="128m"),
    NodeConfig(tls="server", certificate="other_host", heap="128m"),
)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """The servers, all started at the same time."""
    with ExitStack() as running, ThreadPoolExecutor() as threads:
        started = list(threads.map(running.enter_context, map(cassandra, CONFIGS)))
        yield Servers(*map(for_chosen_driver, started))


@pytest.mark.parametrize("api", APIS)
def test_a_client_that_is_refused_or_refuses_is_told_why_once(servers: Servers, api: str, report: Report) -> None:
    refusals = refusals_of(servers)

    figures = asyncio.run(aio.check_refusals(refusals)) if api == "aio" else sync.check_refusals(refusals)

    for refusal, values in zip(refusals, figures, strict=True):
        report(refusal.what, values, table="Refusals", api=api)


@pytest.mark.parametrize("api", APIS)
def test_a_role_without_a_grant_is_told_so_once(servers: Servers, api: str, report: Report) -> None:
    guarded = servers.guarded

    figures = asyncio.run(aio.check_missing_grant(guarded)) if api == "aio" else sync.check_missing_grant(guarded)

    report("missing grant", figures, table="Grants", api=api)


@pytest.fixture
def over_tls(servers: Servers, tmp_path: Path) -> str:
    """A part of a program that adds to its ``arguments`` what the guarded server wants."""
    guarded = servers.guarded
    assert guarded.authority is not None
    assert guarded.credentials is not None
    certificate = tmp_path / "client.pem"
    certificate.write_text(guarded.authority.server_pem("client.example"), encoding="utf-8")
    return f"""
        import ssl

        context = ssl.create_default_context(cadata={guarded.authority.pem!r})
        context.load_cert_chain({str(certificate)!r})
        username, password = {tuple(guarded.credentials)!r}
        arguments |= {{"ssl_context": context, "username": username, "password": password}}
    """


@pytest.mark.parametrize("api", APIS)
def test_a_forked_client_connects_anew_over_tls_and_the_parent_keeps_its_connections(
    servers: Servers, over_tls: str, api: str
) -> None:
    program = """
        driver = do(init_coodie, **arguments)
        use(driver)
        session = driver.session
        child = os.fork()
        if not child:
            use(driver)
            assert driver.session is not session
            sys.exit(0)
        wait_for(child)
        for _ in range(100):
            use(driver)
        assert driver.session is session
        assert not session.is_shutdown
    """
    with Relay(servers.guarded) as relay:
        run_over_tls(api, over_tls, program, relay.server)

        connections_of_a_process = 2
        assert relay.accepted == 2 * connections_of_a_process, "the parent had to connect again"


@pytest.mark.parametrize("api", APIS)
def test_connecting_over_tls_imports_nothing(servers: Servers, over_tls: str, api: str) -> None:
    run_over_tls(api, over_tls, CONNECTING_IMPORTS_NOTHING, servers.guarded)


def run_over_tls(api: str, over_tls: str, program: str, server: Server) -> None:
    arguments = {"hosts": list(server.hosts), "port": server.port, **OPTIONS}
    ended = run_program(api, textwrap.dedent(over_tls) + textwrap.dedent(program), arguments)
    assert (ended.code, ended.complaints) == (0, ""), ended.complaints
