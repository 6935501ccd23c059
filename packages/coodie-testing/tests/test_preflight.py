"""What is said before a node is started, when it cannot be."""

from __future__ import annotations

import os
import socket

import pytest

from coodie_testing import NodeConfig
from coodie_testing.errors import (
    AddressNotUsable,
    DataDirectoryRefused,
    HeapNotUnderstood,
    NotEnoughMemory,
    PortInUse,
    UnsupportedPlatform,
)
from coodie_testing.preflight import (
    available_in_cgroup,
    available_memory_bytes,
    free_ports,
    require_data_directory,
    require_memory,
    require_platform,
    require_port,
)

MEBIBYTE = 1024 * 1024


def test_a_port_in_use_is_named_with_the_process_that_has_it():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(PortInUse) as error:
            require_port("127.0.0.1", port)

    assert (error.value.address, error.value.port) == ("127.0.0.1", port)
    assert f"(process {os.getpid()})" in str(error.value)
    assert "--port" in str(error.value)
    assert "CQL server" not in str(error.value)


def test_a_port_that_a_cql_server_has_is_offered_for_use(coodie_server):
    with pytest.raises(PortInUse) as error:
        require_port(coodie_server.hosts[0], coodie_server.port)

    assert f"set COODIE_TEST_HOSTS={coodie_server.hosts[0]}:{coodie_server.port}" in str(error.value)


def test_a_free_port_passes():
    (port,) = free_ports("127.0.0.1", 1)

    require_port("127.0.0.1", port)


def test_free_ports_differ():
    assert len(set(free_ports("127.0.0.1", 20))) == 20


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("192.0.2.1", "assign requested address"),
        ("0.0.0.0", "a single one"),
        ("no.such.host.invalid", "does not allow it"),
    ],
)
def test_an_address_that_this_machine_has_not_is_refused(address, reason):
    with pytest.raises(AddressNotUsable, match=reason):
        require_port(address, 9042)


def test_windows_is_told_its_ways_out():
    with pytest.raises(UnsupportedPlatform) as error:
        require_platform("win32")

    assert all(way in str(error.value) for way in ("WSL 2", "COODIE_TEST_HOSTS", "coodie-testing[docker]"))


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_cassandra_runs_on_linux_and_macos(platform):
    require_platform(platform)


def test_too_little_memory_is_told_in_figures():
    with pytest.raises(NotEnoughMemory) as error:
        require_memory(NodeConfig(heap="900000g"))

    assert error.value.needed_bytes == 900_000 * 1024 * MEBIBYTE + 350 * MEBIBYTE
    assert 0 < error.value.available_bytes < error.value.needed_bytes
    assert "--heap 128m" in str(error.value)


def test_this_machine_has_memory_for_a_small_node():
    assert available_memory_bytes() > NodeConfig(heap="128m").needed_memory_bytes

    require_memory(NodeConfig(heap="128m"))


@pytest.mark.parametrize(("heap", "size"), [("128m", 128 * MEBIBYTE), ("1g", 1024 * MEBIBYTE), ("64K", 65536)])
def test_a_heap_is_written_as_for_java(heap, size):
    assert NodeConfig(heap=heap).heap_bytes == size


@pytest.mark.parametrize("heap", ["", "256", "m", "-1g", "1.5g", "256mb"])
def test_a_heap_that_java_would_not_understand_is_refused(heap):
    with pytest.raises(HeapNotUnderstood, match="256m, 512m, 1g"):
        require_memory(NodeConfig(heap=heap))


@pytest.mark.parametrize(
    ("limit", "available"),
    [("1000000\n", 1_000_000 - 700_000 + 100_000), ("500000\n", 0), ("max\n", None)],
)
def test_a_containers_limit_counts_and_its_file_cache_does_not(tmp_path, limit, available):
    (tmp_path / "memory.max").write_text(limit)
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 600000\nfile 100000\n")

    assert available_in_cgroup(tmp_path) == available


def test_without_a_container_there_is_no_limit(tmp_path):
    assert available_in_cgroup(tmp_path) is None


def test_a_directory_with_other_files_is_not_taken_for_data(tmp_path):
    (tmp_path / "thesis.tex").touch()

    with pytest.raises(DataDirectoryRefused, match="has other files in it"):
        require_data_directory(tmp_path)


def test_a_file_is_not_taken_for_data(tmp_path):
    (tmp_path / "data").touch()

    with pytest.raises(DataDirectoryRefused):
        require_data_directory(tmp_path / "data")


def test_a_new_an_empty_and_a_used_directory_are_taken_for_data(tmp_path):
    require_data_directory(tmp_path / "new")
    require_data_directory(tmp_path)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "cassandra.yaml").touch()
    require_data_directory(tmp_path)
