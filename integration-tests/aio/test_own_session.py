"""A session of the caller's own: coodie uses it, and leaves it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.query import dict_factory
from driver_features import OWN_TIMEOUTS

from coodie_aio.connection import get_driver, init_coodie
from coodie_core.exceptions import ClientTimeout, ConfigurationError
from coodie_core.statement import BatchStatement, ExecutionOptions, Statement

NODE = Statement("SELECT key FROM system.local")


def open_cluster(server: Any, **arguments: Any) -> Any:
    if not arguments:
        arguments = {"execution_profiles": {EXEC_PROFILE_DEFAULT: ExecutionProfile(row_factory=dict_factory)}}
    return Cluster(**server.cluster_arguments, **arguments)


@pytest.fixture
def session(coodie_server: Any, coodie_keyspace: str) -> Iterator[Any]:
    """A session whose rows are dicts, by its execution profile."""
    with open_cluster(coodie_server) as cluster:
        yield cluster.connect(coodie_keyspace)


@pytest.fixture
def older_session(coodie_server: Any) -> Iterator[Any]:
    """A session whose rows are dicts, by its own attribute, as before execution profiles."""
    with open_cluster(coodie_server, connect_timeout=5) as cluster:
        session = cluster.connect()
        session.row_factory = dict_factory
        yield session


async def test_documents_use_the_keyspace_of_the_session(session: Any, coodie_keyspace: str) -> None:
    async with await init_coodie(session=session) as driver:
        assert driver.keyspace == session.keyspace == coodie_keyspace
        assert (await driver.execute(NODE)).rows == [("local",)]


async def test_another_keyspace_for_documents_leaves_the_sessions_own(session: Any, coodie_keyspace: str) -> None:
    async with await init_coodie(session=session, keyspace="system") as driver:
        assert driver.keyspace == "system"
        assert (await driver.execute(NODE)).rows == [("local",)]

    assert session.keyspace == coodie_keyspace


async def test_closing_leaves_the_session_open_and_as_it_was(session: Any) -> None:
    listeners = list(session._request_init_callbacks)
    driver = await init_coodie(session=session)
    assert session._request_init_callbacks != listeners

    await driver.close()

    assert session._request_init_callbacks == listeners

    with pytest.raises(ConfigurationError, match="was closed"):
        await driver.execute(NODE)
    with pytest.raises(ConfigurationError, match="no connection"):
        get_driver()
    assert list(session.execute("SELECT key FROM system.local")) == [{"key": "local"}]


@pytest.mark.parametrize("kind", ["session", "older_session"])
async def test_coodie_gets_tuples_and_the_caller_what_it_asked_for(kind: str, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue(kind)

    async with await init_coodie(session=session) as driver:
        assert (await driver.execute(NODE)).rows == [("local",)]
        assert (await driver.execute(NODE._replace(prepared=False))).rows == [("local",)]
        assert (await driver.execute(BatchStatement(()))).rows == []
        assert list(session.execute("SELECT key FROM system.local")) == [{"key": "local"}]


@pytest.mark.needs(OWN_TIMEOUTS)
async def test_the_sessions_defaults_hold_for_coodie(coodie_server: Any) -> None:
    impatient = ExecutionProfile(request_timeout=1e-6)

    with open_cluster(coodie_server, execution_profiles={EXEC_PROFILE_DEFAULT: impatient}) as cluster:
        async with await init_coodie(session=cluster.connect()) as driver:
            with pytest.raises(ClientTimeout, match="within 1e-06 s"):
                await driver.execute(NODE)
            patient = NODE._replace(options=ExecutionOptions(timeout=10))
            assert (await driver.execute(patient)).rows == [("local",)]


async def test_a_session_that_becomes_old_fashioned_later_is_served_on(coodie_server: Any) -> None:
    with open_cluster(coodie_server, connect_timeout=5) as cluster:
        session = cluster.connect()
        async with await init_coodie(session=session) as driver:
            session.row_factory = dict_factory

            assert (await driver.execute(NODE)).rows == [("local",)]


@pytest.mark.parametrize(
    "contradiction", [{"hosts": ["127.0.0.1"]}, {"lazy": True}, {"port": 9042}, {"connect_timeout": 1}]
)
async def test_a_session_with_something_that_says_how_to_connect_is_refused(
    session: Any, contradiction: dict[str, Any]
) -> None:
    (argument,) = contradiction

    with pytest.raises(ConfigurationError, match=rf"session=\.\.\., {argument}=\.\.\."):
        await init_coodie(session=session, **contradiction)


async def test_a_cluster_is_no_session(session: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"session= is a Cluster.*Cluster\.connect\(\)"):
        await init_coodie(session=session.cluster)


async def test_a_session_that_was_shut_down_is_refused(session: Any) -> None:
    session.shutdown()

    with pytest.raises(ConfigurationError, match="was shut down"):
        await init_coodie(session=session)
