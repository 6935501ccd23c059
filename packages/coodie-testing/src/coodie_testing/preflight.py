"""What must hold before a node is started, so that a cause is named before Java prints a page about it."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

from coodie_testing.config import NodeConfig
from coodie_testing.cql import why_no_answer
from coodie_testing.errors import (
    AddressNotUsable,
    DataDirectoryInUse,
    DataDirectoryRefused,
    NotEnoughMemory,
    PortInUse,
    UnsupportedPlatform,
)
from coodie_testing.extras import untyped_module

SUPPORTED_PLATFORMS = ("linux", "darwin")
CGROUP = Path("/sys/fs/cgroup")
LOCK = ".lock"  # as supervisor.lock calls it
WILDCARDS = ("", "0.0.0.0", "::")


def require_platform(platform: str = sys.platform) -> None:
    """Raise UnsupportedPlatform where Apache Cassandra does not run."""
    if platform not in SUPPORTED_PLATFORMS:
        raise UnsupportedPlatform(platform)


def require_port(address: str, port: int) -> None:
    """Raise PortInUse or AddressNotUsable unless a server could listen there now (port 0: on any free port)."""
    if address in WILDCARDS:
        raise AddressNotUsable(address, port, "it stands for all addresses, and Cassandra needs a single one")
    try:
        _listening_socket(address, port).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            speaks_cql = why_no_answer(address, port, timeout=1) is None
            raise PortInUse(address, port, _owner_of_port(port), speaks_cql) from error
        raise AddressNotUsable(address, port, error.strerror or str(error)) from error


def free_ports(address: str, count: int) -> list[int]:
    """Some different ports of this address that nobody listens on."""
    sockets = [_listening_socket(address, 0) for _ in range(count)]
    try:
        return [taken.getsockname()[1] for taken in sockets]
    finally:
        for taken in sockets:
            taken.close()


def _listening_socket(address: str, port: int) -> socket.socket:
    family, kind, protocol, _, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does: old connections do not count
        listening.bind(target)
        listening.listen()
    except BaseException:
        listening.close()
        raise
    return listening


def _owner_of_port(port: int) -> str | None:
    """The process that listens on this port, if this user may know it."""
    psutil = untyped_module("psutil", extra="server")
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                name: str = psutil.Process(connection.pid).name()
                return f"{name} (process {connection.pid})"
    except psutil.Error:  # macOS shows other users' sockets to root only
        return None
    return None


def require_memory(config: NodeConfig, *, nodes: int = 1) -> None:
    """Raise NotEnoughMemory if so many nodes like this would not fit into what is available now."""
    available_bytes = available_memory_bytes()
    needed_bytes = nodes * config.needed_memory_bytes
    if needed_bytes > available_bytes:
        raise NotEnoughMemory(config.heap, needed_bytes, available_bytes, nodes=nodes)


def available_memory_bytes() -> int:
    """The memory that a new process can have: the machine's, or the container's if that is less."""
    psutil = untyped_module("psutil", extra="server")
    available_bytes: int = psutil.virtual_memory().available
    return min(available_bytes, available_in_cgroup(CGROUP) or available_bytes)


def available_in_cgroup(directory: Path) -> int | None:
    """What a container's limit leaves (Linux control groups, version 2), or None if there is no limit.

    File cache counts as available: the kernel drops it when memory is short.
    """
    try:
        limit = (directory / "memory.max").read_text().strip()
        used = int((directory / "memory.current").read_text())
        statistics = dict(line.split() for line in (directory / "memory.stat").read_text().splitlines())
    except OSError:
        return None
    return None if limit == "max" else max(0, int(limit) - used + int(statistics["file"]))


def require_data_directory(directory: Path) -> None:
    """Raise DataDirectoryRefused if files of others are in it, DataDirectoryInUse if a running node has it."""
    if directory.is_file():
        raise DataDirectoryRefused(directory)
    if directory.is_dir() and os.listdir(directory) and not (directory / "conf" / "cassandra.yaml").exists():
        raise DataDirectoryRefused(directory)
    if _is_locked(directory / LOCK):
        raise DataDirectoryInUse(directory)


def _is_locked(file: Path) -> bool:
    """Tell whether a node's supervisor holds this lock now. It alone decides: another may take it in the meantime."""
    import fcntl  # which Windows lacks; a node is not started there

    try:
        with file.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
