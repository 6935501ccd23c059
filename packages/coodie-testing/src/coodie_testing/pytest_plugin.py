"""pytest fixtures: a server for the session, keyspaces, and connections of both coodie APIs.

Loading this costs next to nothing; the server starts when the first test asks for it.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from coodie_testing import FaultProxy, LocalCluster, NodeConfig, Server

SERVER = pytest.StashKey["Server"]()
SHARED_SERVER = pytest.StashKey[tuple[str, bytes]]()  # where workers of pytest-xdist ask for theirs
SHARED_SERVER_OF_RUN = "coodie_shared_server"  # the same, in what a worker is told


def _async_fixture(function: Callable[..., AsyncIterator[Any]]) -> object:
    """Make a fixture of a coroutine, for pytest-asyncio in both of its modes where that is installed."""
    try:
        import pytest_asyncio
    except ModuleNotFoundError:
        return pytest.fixture(function)
    return pytest_asyncio.fixture(function)


@pytest.fixture(scope="session")
def coodie_node_config() -> NodeConfig:
    """How to start the local Cassandra. Override this fixture in a conftest.py to change that."""
    from coodie_testing import NodeConfig

    return NodeConfig()


@pytest.fixture(scope="session")
def coodie_server(
    request: pytest.FixtureRequest, coodie_node_config: NodeConfig, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A real server for the whole session: what COODIE_TEST_HOSTS names, ScyllaDB in a container, or Cassandra.

    The workers of pytest-xdist share it, unless it encrypts.
    """
    shared = None if coodie_node_config.tls else getattr(request.config, "workerinput", {}).get(SHARED_SERVER_OF_RUN)
    directory = tmp_path_factory.getbasetemp().parent if shared else tmp_path_factory.mktemp("coodie-server")
    config = _with_log(coodie_node_config, directory)
    with ExitStack() as running:
        with _visible_progress(request.config), _failing_in_a_few_lines():
            server = running.enter_context(_server(config, shared))
        request.config.stash[SERVER] = server
        yield server
        del request.config.stash[SERVER]


def _server(config: NodeConfig, shared: tuple[str, bytes] | None) -> AbstractContextManager[Server]:
    """A server of this process, or the one of the run, which goes on when this process is done with it."""
    if shared is None:
        from coodie_testing import choose_server

        return choose_server(config)
    from coodie_testing.shared_server import server_of_run

    return nullcontext(server_of_run(*shared, config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where to ask for the server that it shares with the others."""
    config: pytest.Config = node.config
    if SHARED_SERVER not in config.stash:
        from coodie_testing.shared_server import SharedServer

        server = SharedServer()
        config.add_cleanup(server.close)
        config.stash[SHARED_SERVER] = (server.address, server.key)
    node.workerinput[SHARED_SERVER_OF_RUN] = config.stash[SHARED_SERVER]


def _with_log(config: NodeConfig, directory: Path) -> NodeConfig:
    """Have the log where it outlives the node, so that a failed test can show it."""
    if config.log or config.data:
        return config
    return replace(config, log=directory / "cassandra.log")


@contextmanager
def _failing_in_a_few_lines() -> Generator[None]:
    """Show the error of a server that cannot be had as it is written, without a page of our code."""
    from coodie_testing import CoodieTestingError

    try:
        yield
    except CoodieTestingError as error:
        pytest.fail(str(error), pytrace=False)


def _visible_progress(config: pytest.Config) -> AbstractContextManager[object]:
    """Let the first download show its progress, in spite of pytest's capturing."""
    capturing: Any = config.pluginmanager.getplugin("capturemanager")
    visible: AbstractContextManager[object] = capturing.global_and_fixture_disabled() if capturing else nullcontext()
    return visible


@pytest.fixture(scope="module")
def coodie_keyspace(coodie_server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new keyspace for the tests of one module, dropped after them."""
    from coodie_testing import fresh_keyspace

    with fresh_keyspace(coodie_server, request.node.name.removesuffix(".py")) as name:
        yield name


@pytest.fixture
def coodie_fresh_keyspace(coodie_server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new keyspace for one test, dropped after it."""
    from coodie_testing import fresh_keyspace

    with fresh_keyspace(coodie_server, request.node.name) as name:
        yield name


@pytest.fixture
def coodie_empty_tables(coodie_server: Server, coodie_keyspace: str) -> None:
    """The module's keyspace with all its tables emptied before the test: cheaper than a new one."""
    from coodie_testing import truncate_tables

    truncate_tables(coodie_server, coodie_keyspace)


@pytest.fixture(scope="module")
def coodie_sync_driver(coodie_server: Server, coodie_keyspace: str) -> Iterator[Any]:
    """The sync API, initialised for the module's keyspace; closed after the module."""
    coodie_sync = _api("coodie_sync", "coodie-sync")
    driver = coodie_sync.init_coodie(**coodie_server.connect_arguments, keyspace=coodie_keyspace)
    try:
        yield driver
    finally:
        driver.close()


@pytest.fixture
def coodie_fault_proxy(coodie_server: Server) -> Iterator[FaultProxy]:
    """A proxy before the server, for one test: connect to ``coodie_fault_proxy.server``, and let it misbehave."""
    from coodie_testing import FaultProxy

    with FaultProxy(coodie_server) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def coodie_cluster_of_session(request: pytest.FixtureRequest, coodie_node_config: NodeConfig) -> Iterator[LocalCluster]:
    """Three local Cassandra nodes with a proxy before each, for the whole session. Tests use `coodie_cluster`."""
    from coodie_testing import LocalCluster

    with ExitStack() as running:
        with _visible_progress(request.config), _failing_in_a_few_lines():
            cluster = running.enter_context(LocalCluster(3, coodie_node_config, proxies=True))
        yield cluster


@pytest.fixture
def coodie_cluster(coodie_cluster_of_session: LocalCluster) -> Iterator[LocalCluster]:
    """Three local Cassandra nodes with proxies before them, started once. What a test does to them is undone after."""
    yield coodie_cluster_of_session
    coodie_cluster_of_session.heal()


@_async_fixture
async def coodie_aio_driver(coodie_server: Server, coodie_keyspace: str) -> AsyncIterator[Any]:
    """The async API, initialised for the module's keyspace in the test's event loop; closed after the test."""
    coodie_aio = _api("coodie_aio", "coodie-aio")
    driver = await coodie_aio.init_coodie(**coodie_server.connect_arguments, keyspace=coodie_keyspace)
    try:
        yield driver
    finally:
        await driver.close()


def _api(module: str, distribution: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        pytest.fail(
            f"This test asks for a connection of {distribution}, which is not installed. "
            f"Install it with: pip install {distribution}",
            pytrace=False,
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a failed test which server it used and, if that server has died, the end of its log."""
    report = yield
    server = item.config.stash.get(SERVER, None)
    if report.failed and server is not None and "coodie_server" in getattr(item, "fixturenames", ()):
        report.sections.append(("coodie server", description(server)))
    return report


def description(server: Server) -> str:
    """What a failed test tells about its server."""
    lines = [str(server), *(f"passed over: {way}" for way in server.passed_over)]
    if server.node is not None:
        lines.append(f"log: {server.node.log.path}")
        if not server.node.is_running:
            lines += ["It has ended. From the end of its log:", server.node.log.complaints()]
    return "\n".join(lines)
