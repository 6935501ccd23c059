"""The command line, run as a user runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

from coodie_testing import CassandraNode, NodeConfig, Server, cassandra
from coodie_testing.cql import CqlConnection, why_no_answer
from coodie_testing.errors import DataDirectoryInUse

COMMAND = [sys.executable, "-m", "coodie_testing"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env=os.environ | environment, timeout=120, check=False
    )


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_help_tells_the_options_and_the_environment():
    told = run("--help").stdout

    assert all(word in told for word in ("--data", "--address", "--port", "--heap", "--quiet", "--once", "download"))
    assert all(name in told for name in ("COODIE_CACHE_DIR", "COODIE_JAVA", "COODIE_MAVEN_REPOSITORY"))


def test_it_says_how_to_connect_and_ctrl_c_stops_it_cleanly():
    process = start("--port", "0", "--heap", "128m")
    with process:
        ready = process.stdout.readline()
        told = [process.stdout.readline() for _ in range(4)]
        port = port_in(ready)
        answered = why_no_answer("127.0.0.1", port, timeout=5) is None

        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)

    assert ready.startswith(f"Cassandra 5.0.9 is ready on 127.0.0.1:{port} (")
    assert ready.endswith(" s). Ctrl-C stops it.\n")
    assert told[0] == "Data:    thrown away at the end (--data DIRECTORY keeps it)\n"
    assert f'init_coodie(hosts=["127.0.0.1"], port={port})' in told[2]
    assert f"COODIE_TEST_HOSTS=127.0.0.1:{port} pytest" in told[3]
    assert answered
    assert process.returncode == 0
    assert (rest, errors) == ("Stopping it, and throwing its data away.\n", "")
    assert "refused" in why_no_answer("127.0.0.1", port, timeout=5)


def test_data_in_a_named_directory_outlives_sigterm_and_is_there_at_the_next_start(tmp_path):
    kept = tmp_path / "kept"
    process = start("--port", "0", "--data", str(kept))
    with process:
        port = port_in(process.stdout.readline())
        execute(port, "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        execute(port, "CREATE TABLE k.t (id text PRIMARY KEY, v text)")
        execute(port, "INSERT INTO k.t (id, v) VALUES ('1', 'kept')")
        configuration = (kept / "conf" / "cassandra.yaml").read_text()
        with pytest.raises(DataDirectoryInUse, match="another running server has its data there"):
            CassandraNode(NodeConfig(data=kept)).start()
        unchanged = (kept / "conf" / "cassandra.yaml").read_text() == configuration

        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)

    assert unchanged
    assert process.returncode == 0
    assert (rest.splitlines()[-1], errors) == ("Stopping it.", "")
    with cassandra(NodeConfig(data=kept)) as server:
        assert execute(server.port, "SELECT v FROM k.t") == [("kept",)]
    assert "unsafesystem" not in (kept / "conf" / "order.json").read_text()


def port_in(ready: str) -> int:
    return int(ready.split("127.0.0.1:")[1].split()[0])


def execute(port: int, cql: str) -> list[tuple[str | None, ...]]:
    with CqlConnection("127.0.0.1", port, timeout=30) as connection:
        connection.start()
        return connection.execute(cql)


@pytest.mark.parametrize(("stopping", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_before_it_was_ready_it_does_not_claim_success(stopping, code):
    process = start("--port", "0")
    with process:
        wait_for_child(process)
        process.send_signal(stopping)
        output, errors = process.communicate(timeout=30)

    assert (process.returncode, output, errors) == (code, "", "")


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return ""


def wait_for_child(process: subprocess.Popen[str]) -> None:
    """Return when it has started its node's supervisor, and so handles signals."""
    end = time.monotonic() + 20
    while not any("supervisor" in command_of(child) for child in psutil.Process(process.pid).children()):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_port_in_use_is_a_line_and_not_a_traceback(coodie_server: Server):
    done = run("--address", coodie_server.hosts[0], "--port", str(coodie_server.port))

    assert done.returncode == 1
    assert done.stderr.startswith("coodie-testing: The server was to listen on ")
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_option_is_refused():
    done = run("--prot", "1")

    assert done.returncode == 2
    assert "Did you mean --port?" in done.stdout + done.stderr


def test_download_says_where_the_jars_are():
    done = run("download")

    assert done.returncode == 0
    assert done.stdout.startswith("Cassandra 5.0.9: 100 jars, verified, in ")


def test_quiet_download_says_nothing():
    done = run("download", "--quiet")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_with_the_base_install_only_it_says_what_to_install():
    without_cyclopts = "import sys; sys.modules['cyclopts'] = None; from coodie_testing.__main__ import main; main()"

    done = subprocess.run([sys.executable, "-c", without_cyclopts], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == (
        "coodie-testing: This needs the Python module cyclopts, which is not installed. "
        "Install it with: pip install 'coodie-testing[server]'\n"
    )


def test_a_cluster_that_encrypts_and_asks_for_passwords_says_how_to_connect():
    process = start("--nodes", "2", "--tls", "--auth", "--heap", "128m")
    with process:
        ready = process.stdout.readline()
        told = [process.stdout.readline() for _ in range(6)]

        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)

    first, second = re.search(r"ready on (\S+):9042, (\S+):9042 ", ready).groups()
    assert [line.split(":")[0] for line in told] == ["Data", "Log", "Log", "Python", "Python", "Python"]
    assert f'init_coodie(hosts=["{first}", "{second}"], port=9042, ssl_context=' in told[-1]
    assert "authority.pem" in told[-1]
    assert "auth_provider=PlainTextAuthProvider('coodie', 'coodie'))" in told[-1]
    assert rest.endswith("Stopping it, and throwing its data away.\n")
    assert (process.returncode, errors) == (0, "")


def test_a_cluster_keeps_no_data_and_says_so(tmp_path):
    refused = run("--nodes", "3", "--data", str(tmp_path / "kept"))

    assert refused.returncode == 1
    assert "NodeConfig.data was given. The cluster chooses that" in refused.stderr
