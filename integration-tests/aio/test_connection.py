"""Connecting: what `init_coodie` takes, whom documents get by which name, and what is left behind when it fails."""

from __future__ import annotations

import ssl
import threading
import time
import warnings
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from cassandra.cluster import EXEC_PROFILE_DEFAULT, ExecutionProfile
from cassandra.policies import FallthroughRetryPolicy, RoundRobinPolicy
from driver_features import CLUSTER, PACKAGE, RETRY_OF_DRIVER, SSL

from coodie_aio.connection import Driver, driver_for, get_driver, init_coodie, register_driver, registry
from coodie_aio.raw import execute_raw
from coodie_core.consistency import ConsistencyLevel
from coodie_core.exceptions import (
    ConfigurationError,
    KeyspaceNotFound,
    NoHostAvailable,
    ServerRefusedQuery,
    TlsError,
)
from coodie_core.statement import Statement
from coodie_testing import FaultProxy, Server

Connect = dict[str, Any]
NODE = Statement("SELECT key FROM system.local")
REFUSING_PORT = 1
"""Nothing listens here: ports below 1024 are for root, and this one is for a service of 1988 (RFC 1078)."""


@pytest.fixture
def connect(coodie_server: Any) -> Connect:
    """The arguments of `init_coodie` that reach the server."""
    return dict(coodie_server.connect_arguments)


@pytest.fixture(autouse=True)
async def _nothing_left_open() -> AsyncIterator[None]:
    yield
    for name in ("default", "reports", "other"):
        try:
            await get_driver(name).close()
        except ConfigurationError:
            continue


def threads_of_drivers() -> list[str]:
    """The threads that open drivers have: coodie's own, and those of the driver's package."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("coodie-", "Task Scheduler", "Connection heartbeat"))
    ]


def threads_left(before: list[str]) -> list[str]:
    """The threads of drivers beyond those *before*, after a moment in which the last one may end."""
    patience = time.monotonic() + 2
    while len(threads_of_drivers()) > len(before) and time.monotonic() < patience:
        time.sleep(0.01)
    return threads_of_drivers()[len(before) :]


async def test_the_first_connection_is_the_default_one(connect: Connect, coodie_keyspace: str) -> None:
    driver = await init_coodie(**connect, keyspace=coodie_keyspace)

    assert get_driver() is driver
    assert driver_for(None) is driver
    assert (driver.name, driver.keyspace, driver.api) == ("default", coodie_keyspace, registry.api)
    assert (await driver.execute(NODE)).rows == [("local",)]


async def test_a_driver_shows_where_it_is_connected(connect: Connect, coodie_keyspace: str) -> None:
    driver = await init_coodie(**connect, keyspace=coodie_keyspace)

    host = f"{connect['hosts'][0]}:{connect['port']}"
    assert repr(driver).startswith(f"<coodie.{driver.api} driver 'default': {host}, keyspace '{coodie_keyspace}', ")
    await driver.close()
    assert repr(driver).endswith(", closed>")


async def test_hosts_may_carry_the_port(connect: Connect) -> None:
    rest = {key: value for key, value in connect.items() if key not in ("hosts", "port")}

    driver = await init_coodie(hosts=f"{connect['hosts'][0]}:{connect['port']}", **rest)

    assert (await driver.execute(NODE)).rows == [("local",)]


async def test_raw_cql_needs_no_keyspace_in_front_of_the_table(connect: Connect, coodie_fresh_keyspace: str) -> None:
    driver = await init_coodie(**connect, keyspace=coodie_fresh_keyspace)

    await driver.execute(Statement("CREATE TABLE unqualified (id int PRIMARY KEY)", prepared=False))

    assert (await driver.execute(Statement("SELECT id FROM unqualified"))).rows == []


async def test_no_server_is_an_error_that_names_host_and_port(connect: Connect) -> None:
    with pytest.raises(NoHostAvailable, match=rf"127\.0\.0\.1:{REFUSING_PORT} refuses the connection") as raised:
        await init_coodie(hosts=["127.0.0.1"], port=REFUSING_PORT)

    assert raised.value.hosts == (f"127.0.0.1:{REFUSING_PORT}",)
    assert raised.value.applied is False
    assert "hosts= and port=" in str(raised.value)
    assert raised.value.__cause__ is not None


async def test_a_name_that_cannot_be_resolved_is_named() -> None:
    with pytest.raises(NoHostAvailable, match=r"no-such-host\.invalid"):
        await init_coodie(hosts=["no-such-host.invalid"])


async def test_an_unknown_keyspace_is_named_with_how_to_create_it(connect: Connect) -> None:
    keyspace = f"missing_{uuid4().hex[:8]}"

    with pytest.raises(KeyspaceNotFound, match=f"create_keyspace.'{keyspace}'") as raised:
        await init_coodie(**connect, keyspace=keyspace)

    assert raised.value.keyspace == keyspace
    assert isinstance(raised.value, ConfigurationError)


@pytest.mark.needs(SSL)
async def test_encryption_that_the_server_does_not_speak_is_an_error_about_tls(connect: Connect) -> None:

    with pytest.raises(TlsError, match="ssl_context="):
        await init_coodie(**connect, ssl_context=ssl.create_default_context())


@pytest.mark.parametrize("failing", [{"port": REFUSING_PORT}, {"keyspace": "no_such_keyspace"}])
async def test_a_connection_that_failed_leaves_nothing_behind(connect: Connect, failing: dict[str, Any]) -> None:
    before = threads_of_drivers()

    with pytest.raises((NoHostAvailable, KeyspaceNotFound)):
        await init_coodie(**{**connect, **failing})

    assert threads_left(before) == []
    with pytest.raises(ConfigurationError, match="no connection called 'default'"):
        get_driver()


async def test_a_connection_that_failed_leaves_the_one_of_that_name_in_place(connect: Connect) -> None:
    first = await init_coodie(**connect)

    with pytest.raises(KeyspaceNotFound):
        await init_coodie(**connect, keyspace="no_such_keyspace")

    assert get_driver() is first
    assert (await first.execute(NODE)).rows == [("local",)]


async def test_a_new_connection_of_the_same_name_takes_its_place_and_closes_it(connect: Connect) -> None:
    first = await init_coodie(**connect)

    second = await init_coodie(**connect)

    assert get_driver() is second
    assert (await second.execute(NODE)).rows == [("local",)]
    with pytest.raises(ConfigurationError, match="was closed"):
        await first.execute(NODE)


async def test_a_connection_with_another_name_does_not_become_the_default(connect: Connect) -> None:
    default = await init_coodie(**connect)

    reports = await init_coodie(**connect, name="reports")

    assert get_driver() is default
    assert get_driver("reports") is driver_for("reports") is reports


async def test_the_first_connection_with_another_name_is_not_the_default_either(connect: Connect) -> None:
    await init_coodie(**connect, name="reports")

    with pytest.raises(ConfigurationError, match="no connection called 'default'") as raised:
        get_driver()

    assert "reports" in str(raised.value)


async def test_a_driver_can_have_a_second_name_and_be_the_default(connect: Connect) -> None:
    reports = await init_coodie(**connect, name="reports")

    register_driver("other", reports, default=True)

    assert get_driver("other") is get_driver() is reports
    await reports.close()
    for name in ("other", "reports", None):
        with pytest.raises(ConfigurationError, match="no connection called"):
            get_driver(name)


async def test_leaving_the_block_closes_the_connection(connect: Connect) -> None:
    before = threads_of_drivers()

    async with await init_coodie(**connect) as driver:
        assert (await driver.execute(NODE)).rows == [("local",)]

    with pytest.raises(ConfigurationError, match="was closed"):
        await driver.execute(NODE)
    assert threads_left(before) == []


async def test_an_error_in_the_block_closes_the_connection_and_goes_on(connect: Connect) -> None:
    with pytest.raises(ServerRefusedQuery):
        async with await init_coodie(**connect) as driver:
            await driver.execute(Statement("SELECT nonsense"))

    with pytest.raises(ConfigurationError, match="was closed"):
        await driver.execute(NODE)


async def test_a_closed_connection_says_what_to_do_and_closing_twice_is_fine(connect: Connect) -> None:
    driver = await init_coodie(**connect)
    await driver.close()
    await driver.close()

    with pytest.raises(ConfigurationError, match=r"was closed.* Call coodie\.\w+\.init_coodie\(\)"):
        await driver.execute(NODE)
    with pytest.raises(ConfigurationError, match=r"Call coodie\.\w+\.init_coodie\("):
        get_driver()


async def test_a_lazy_connection_connects_at_its_first_use(connect: Connect, coodie_keyspace: str) -> None:
    driver: Any = await init_coodie(**connect, keyspace=coodie_keyspace, lazy=True)

    assert driver.session is None
    assert driver.keyspace == coodie_keyspace
    assert "not connected yet" in repr(driver)
    assert (await driver.execute(NODE)).rows == [("local",)]
    assert driver.session is not None


async def test_a_lazy_connection_tells_at_its_first_use_that_it_cannot_connect() -> None:
    driver = await init_coodie(port=REFUSING_PORT, lazy=True)

    for _ in ("the first use", "and the next one tries again"):
        with pytest.raises(NoHostAvailable, match="refuses the connection"):
            await driver.execute(NODE)


async def test_a_lazy_connection_that_was_never_used_can_be_closed(connect: Connect) -> None:
    driver = await init_coodie(**connect, lazy=True)

    await driver.close()

    with pytest.raises(ConfigurationError, match="was closed"):
        await driver.execute(NODE)


@pytest.mark.needs(RETRY_OF_DRIVER)
async def test_policies_are_used_without_a_warning(connect: Connect) -> None:
    load_balancing, retry = RoundRobinPolicy(), FallthroughRetryPolicy()

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        driver: Any = await init_coodie(**connect, load_balancing_policy=load_balancing, default_retry_policy=retry)

    profile = driver.session.get_execution_profile(EXEC_PROFILE_DEFAULT)
    assert profile.load_balancing_policy is load_balancing
    assert profile.retry_policy is retry
    assert [str(warning.message) for warning in warned] == []


@pytest.mark.needs(CLUSTER)
async def test_the_callers_execution_profiles_are_used_as_they_are(connect: Connect) -> None:
    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), request_timeout=7.5)

    driver: Any = await init_coodie(**connect, execution_profiles={EXEC_PROFILE_DEFAULT: profile})

    assert driver.session.get_execution_profile(EXEC_PROFILE_DEFAULT) is profile
    assert (await driver.execute(NODE)).rows == [("local",)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hots": ["127.0.0.1"]}, r"hots=.*did you mean 'hosts'"),
        ({"conect_timeout": 1}, r"conect_timeout=.*did you mean 'connect_timeout'"),
        ({"contact_points": ["127.0.0.1"]}, r"hosts="),
        ({"username": "me"}, r"password=.*give both"),
        ({"driver_type": "scyla"}, r"did you mean 'scylla'.*'scylla', 'cassandra'"),
        ({"driver_type": "acsylla"}, r"tells neither the types.*use driver_type='rust'"),
        ({"keyspace": "my-keyspace"}, r"keyspace='my-keyspace'.*letters, digits and underscores"),
        ({"hosts": []}, r"at least one node"),
        ({"hosts": ["127.0.0.1:port"]}, r"'port' is not a port"),
        ({"auth_provider": 5}, r"driver refuses an argument.*auth"),
        ({"name": ""}, r"name="),
        ({"load_balancing_policy": RoundRobinPolicy(), "execution_profiles": {}}, r"execution profiles"),
    ],
)
async def test_a_wrong_argument_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        await init_coodie(**arguments)


async def test_a_driver_type_named_cassandra_is_the_package_that_is_installed(coodie_server: Any) -> None:
    driver = await init_coodie(**coodie_server.arguments_for("cassandra"))

    assert isinstance(driver, Driver)
    assert (await driver.execute(NODE)).rows == [("local",)]


@pytest.mark.needs(PACKAGE)
async def test_the_connections_own_consistency_and_timeout_hold_where_nothing_else_is_said(
    connect: Connect, coodie_keyspace: str
):
    seen: list[tuple[int, int | None, float | None]] = []

    def look(response: Any) -> None:
        seen.append((response.message.consistency_level, response.message.serial_consistency_level, response.timeout))

    usual = {"consistency": "QUORUM", "serial_consistency": "LOCAL_SERIAL", "timeout": 7.5}
    async with await init_coodie(**connect, keyspace=coodie_keyspace, name="usual", **usual) as driver:
        session: Any = driver.session
        session.add_request_init_listener(look)
        await execute_raw("SELECT key FROM system.local", connection="usual")
        await execute_raw("SELECT key FROM system.local", connection="usual", consistency="ONE", timeout=3)

    assert [one[0] for one in seen] == [ConsistencyLevel.QUORUM, ConsistencyLevel.ONE]
    assert seen[0][1] == ConsistencyLevel.LOCAL_SERIAL
    assert [one[2] for one in seen] == pytest.approx([7.5, 3], abs=0.2)


@pytest.mark.parametrize("usual", [{"consistency": "ONE"}, {"timeout": 1}, {"username": "me", "password": "x"}])
async def test_a_session_of_ones_own_has_its_own(usual: dict[str, Any]):
    with pytest.raises(ConfigurationError, match="a session is connected already"):
        await init_coodie(session=object(), **usual)


@pytest.mark.needs(CLUSTER)
async def test_a_server_that_is_slow_at_first_is_waited_for(coodie_server: Server):
    """The driver alone would give up after 2 seconds."""
    with FaultProxy(coodie_server) as proxy:
        slow = proxy.delay(2.5, text="system.local")
        async with await init_coodie(**proxy.server.connect_arguments, name="slow", connect_timeout=30):
            assert slow.happened == 1

        proxy.delay(2.5, text="system.local", times=None)  # another connection to it may ask as well
        with pytest.raises(NoHostAvailable, match="does not answer in time"):
            await init_coodie(**proxy.server.connect_arguments, name="slow", control_connection_timeout=0.5)
