"""The command line: start a real Cassandra and keep it running, or only fetch what it needs."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from coodie_testing import __version__
from coodie_testing.cluster import LocalCluster
from coodie_testing.config import NodeConfig
from coodie_testing.credentials import SUPERUSER
from coodie_testing.errors import CoodieTestingError
from coodie_testing.jars import DEFAULT_VERSION, cache_directory, cassandra_jars
from coodie_testing.node import CassandraNode

SUCCESS, FAILURE = 0, 1
INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM  # as shells count

app: App = App(
    name="coodie-testing",
    version=__version__,
    help="""Start a real Apache Cassandra for development and tests: no Docker, no system Java, no Maven.

The first start downloads 66 MiB, which are kept. Ctrl-C, or SIGTERM, stops the server.

The exit code is 0 after a server that was ready has been stopped, 1 if it could not be started or ended by itself,
and 130 or 143 after Ctrl-C or SIGTERM before it was ready.

Environment: COODIE_CACHE_DIR (where downloads are kept), COODIE_JAVA (the java program to use),
COODIE_MAVEN_REPOSITORY (the URL of a mirror to download from).""",
)
console: Console = Console(highlight=False, soft_wrap=True)


@app.default
def start(
    *,
    data: Path | None = None,
    address: str = NodeConfig().address,
    port: int = 9042,
    heap: str = NodeConfig().heap,
    cassandra: str = DEFAULT_VERSION,
    timeout: float = NodeConfig().timeout,
    nodes: int = 1,
    tls: Annotated[bool, Parameter(negative="")] = False,
    auth: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
    once: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Start Cassandra and keep it running until Ctrl-C.

    Args:
        data: Keep the data in this directory, for the next start too. Without it, the data is thrown away at the end.
        address: The address of this machine to listen on.
        port: The port to listen on; 0 takes a free one.
        heap: Java's heap. 128m serves small tests, 512m those that load much.
        cassandra: The version of Apache Cassandra.
        timeout: Seconds until the server must answer.
        nodes: How many. More than one form a cluster, on loopback addresses that it chooses, and keep no data.
        tls: Encrypt the connections of clients (needs the extra `tls`).
        auth: Ask for a user name and a password: coodie and coodie, for a superuser.
        quiet: Print nothing but errors.
        once: Stop as soon as the server is ready: to see whether it can be started.
    """
    began = time.monotonic()
    config = NodeConfig(
        data=data,
        address=address,
        port=port,
        heap=heap,
        version=cassandra,
        timeout=timeout,
        tls="server" if tls else None,
        auth=auth,
    )
    with CassandraNode(config, quiet=quiet) if nodes == 1 else LocalCluster(nodes, config, quiet=quiet) as running:
        if not quiet:
            took = f"({time.monotonic() - began:.1f} s)"
            end = "" if once else " Ctrl-C stops it."
            where = ", ".join(f"{node.address}:{node.port}" for node in nodes_of(running))
            console.print(f"[bold green]Cassandra {cassandra} is ready on {where}[/] {took}.{end}")
        if not once:
            _stay(running, quiet)
    return SUCCESS


def nodes_of(running: CassandraNode | LocalCluster) -> tuple[CassandraNode, ...]:
    """The nodes of a cluster, or the single one."""
    return running.nodes if isinstance(running, LocalCluster) else (running,)


def _stay(running: CassandraNode | LocalCluster, quiet: bool) -> None:
    """Return when the user wants no more of it."""
    kept = isinstance(running, CassandraNode) and running.config.data
    try:
        if not quiet:
            console.print(how_to_use(nodes_of(running), kept or None), markup=False)
        running.wait()
    except (KeyboardInterrupt, _StopRequestedError):
        if not quiet:
            console.print("Stopping it." if kept else "Stopping it, and throwing its data away.")


@app.command
def download(*, cassandra: str = DEFAULT_VERSION, quiet: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Download and verify what a start needs, and start nothing.

    Args:
        cassandra: The version of Apache Cassandra.
        quiet: Print nothing but errors.
    """
    jars = cassandra_jars(cassandra, quiet=quiet)
    if not quiet:
        console.print(f"Cassandra {cassandra}: {len(jars)} jars, verified, in {cache_directory()}", markup=False)
    return SUCCESS


def how_to_use(nodes: Sequence[CassandraNode], kept: Path | None) -> str:
    """What is printed about a running server: where its data is, and how to connect."""
    logs = [f"Log:     {node.log.path}" for node in nodes]
    lines = [f"Data:    {kept or 'thrown away at the end (--data DIRECTORY keeps it)'}", *logs, *how_to_connect(nodes)]
    return "\n".join(lines)


def how_to_connect(nodes: Sequence[CassandraNode]) -> list[str]:
    """Lines of Python that connect to these nodes, and what to set for tests where that is enough to reach them."""
    first = nodes[0]
    hosts = ", ".join(f'"{node.address}"' for node in nodes)
    arguments, before = [f"hosts=[{hosts}]", f"port={first.port}"], list[str]()
    if first.authority_file:
        arguments.append(f'ssl_context=ssl.create_default_context(cafile="{first.authority_file}")')
        before.append("import ssl")
    if first.config.auth:
        arguments.append("auth_provider=PlainTextAuthProvider({!r}, {!r})".format(*SUPERUSER))
        before.append("from cassandra.auth import PlainTextAuthProvider")
    python = [f"Python:  {line}" for line in (*before, f"init_coodie({', '.join(arguments)})")]
    named = ",".join(f"{node.address}:{node.port}" for node in nodes)
    return python if before else [*python, f"Tests:   COODIE_TEST_HOSTS={named} pytest"]


class _StopRequestedError(BaseException):
    """SIGTERM came."""


def _stop_requested(_signal: int, _frame: FrameType | None) -> None:
    raise _StopRequestedError


@contextmanager
def _stopped_by_sigterm() -> Generator[None]:
    before = signal.signal(signal.SIGTERM, _stop_requested)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: What follows the command's name; by default what the shell gave.
    """
    try:
        with _stopped_by_sigterm():
            code: int = app(arguments, result_action="return_value")
            return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except _StopRequestedError:
        return TERMINATED
    except (CoodieTestingError, OSError) as error:
        print(f"coodie-testing: {error}", file=sys.stderr)
        return FAILURE
