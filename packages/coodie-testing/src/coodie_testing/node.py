"""One local Cassandra node: started, waited for, stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from coodie_testing.config import (
    KEY_AND_CERTIFICATE,
    LOGBACK,
    TRUSTED_CERTIFICATE,
    NodeConfig,
    cassandra_settings,
    java_command,
)
from coodie_testing.cql import CqlConnection, why_no_answer
from coodie_testing.credentials import BUILT_IN, SUPERUSER
from coodie_testing.errors import (
    CoodieTestingError,
    CqlFailed,
    DataDirectoryInUse,
    HeapTooSmall,
    NodeDied,
    NodeDiedAtStart,
    NotEnoughMemory,
    StartTimedOut,
)
from coodie_testing.jars import cassandra_jars
from coodie_testing.java import Java, suitable_java
from coodie_testing.node_log import HEAP_IS_FULL, MEMORY_IS_REFUSED, PORT_IS_TAKEN, NodeLog
from coodie_testing.preflight import (
    free_ports,
    require_data_directory,
    require_memory,
    require_platform,
    require_port,
)
from coodie_testing.running import Running
from coodie_testing.tls import CertificateAuthority

if TYPE_CHECKING:
    from coodie_testing.supervisor import Order  # at run time a program of its own, which Windows cannot import

SUPERVISOR = Path(__file__).with_name("supervisor.py")
POLL_SECONDS = 0.05
CREATE_SUPERUSER = (
    f"CREATE ROLE IF NOT EXISTS {SUPERUSER.username} "
    f"WITH PASSWORD = '{SUPERUSER.password}' AND SUPERUSER = true AND LOGIN = true"
)
GRACE_SECONDS = 30  # to flush and end, when the data is kept; it takes about 2.5
ATTEMPTS_AT_FREE_PORTS = 3  # another process may take a free port before the node does


class CassandraNode(Running):
    """A real Cassandra node of this machine, running inside its `with` block or between `start()` and `stop()`.

    It never outlives the process that started it, not even when that is killed.

    Args:
        config: How to start it.
        quiet: Show no progress while its jars are downloaded.

    Example:
        >>> with CassandraNode(NodeConfig(heap="128m")) as node:  # doctest: +SKIP
        ...     print(node.address, node.port)
        127.0.0.1 40211
    """

    def __init__(self, config: NodeConfig | None = None, *, quiet: bool = False) -> None:
        self._wanted = config or NodeConfig()
        self._quiet = quiet
        self._owner = os.getpid()
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._server_pid: int | None = None
        self._home = Path()
        self._log: NodeLog | None = None
        self.config: NodeConfig = self._wanted
        self.authority: CertificateAuthority | None = authority_of(self._wanted)
        """Who issued its certificate, if it encrypts."""
        self._probe = self.authority.unchecking_context() if self.authority else None

    def __repr__(self) -> str:
        state = "running" if self.is_running else "not running"
        return f"<CassandraNode {self.config.version} on {self.address}:{self.port}, {state}>"

    @property
    def address(self) -> str:
        """The address it listens on."""
        return self.config.address

    @property
    def port(self) -> int:
        """The CQL port it listens on."""
        return self.config.port

    @property
    def pid(self) -> int | None:
        """The process id of its Java, or None when it does not run."""
        return self._server_pid if self.is_running else None

    @property
    def authority_file(self) -> Path | None:
        """The certificate of who issued its own, in PEM, for clients to trust; None unless it encrypts."""
        return self._home / "conf" / TRUSTED_CERTIFICATE if self.authority else None

    @property
    def log(self) -> NodeLog:
        """What it logged since it was started."""
        assert self._log is not None, "the node was not started"
        return self._log

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._supervisor is not None and self._supervisor.poll() is None

    def start(self) -> None:
        """Start the node, unless it runs, and return when it answers CQL.

        Raises:
            UnsupportedPlatform: Cassandra does not run here.
            AddressNotUsable: This machine does not have the address.
            PortInUse: Another process listens on the port.
            NotEnoughMemory: There is too little memory.
            DataDirectoryRefused: The data directory has other files in it.
            DataDirectoryInUse: The data directory belongs to a running node.
            JavaNotFound: There is no Java to run it.
            JavaNotSuitable: COODIE_JAVA names one that cannot run it.
            DownloadFailed: Its jars could not be fetched.
            NodeDiedAtStart: It ended before it answered.
            StartTimedOut: It did not answer in time.
        """
        if self.is_running:
            return
        self.stop()  # what it has left, if it was killed
        wanted = self._wanted
        require_platform()
        require_port(wanted.address, wanted.port)
        require_memory(wanted)
        if wanted.data:
            require_data_directory(wanted.data)
        java = suitable_java()
        jars = cassandra_jars(wanted.version, quiet=self._quiet)
        for attempts_left in reversed(range(ATTEMPTS_AT_FREE_PORTS)):
            self.config = with_ports(wanted)
            try:
                return self._start(java, jars)
            except NodeDiedAtStart as error:
                if not attempts_left or self.config == wanted or not error.port_is_taken:
                    raise

    def stop(self) -> None:
        """Stop the node: at once if its data is thrown away, else after it has written everything (2 to 3 s)."""
        process, self._supervisor = self._supervisor, None
        if process is None or os.getpid() != self._owner:
            return
        try:
            _tell_to_stop(process)
            process.wait()
        except BaseException:  # impatience: a second Ctrl-C
            if self._server_pid is not None and process.poll() is None:
                os.kill(self._server_pid, signal.SIGKILL)  # its supervisor then ends too
            process.wait()
            raise
        finally:
            self._throw_away()

    def kill(self) -> None:
        """End the node at once (SIGKILL), as a power cut does. With a data directory it can be started again."""
        self._signal(signal.SIGKILL)
        if self._supervisor is not None and os.getpid() == self._owner:
            self._supervisor.wait()

    def pause(self) -> None:
        """Let the node hang (SIGSTOP): its connections stay open, and nothing is answered. `resume()` ends it."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused node go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is not None and os.getpid() == self._owner:
            os.kill(pid, number)

    def wait(self) -> None:
        """Return never; raise when the node ends by itself.

        Raises:
            NodeDied: It ended.
        """
        if self._supervisor is not None:
            exit_code = self._supervisor.wait()
            raise NodeDied(exit_code, self.log.complaints(), self.log.path)

    def _throw_away(self) -> None:
        if self.config.data is None:
            shutil.rmtree(self._home, ignore_errors=True)

    def _start(self, java: Java, jars: Sequence[Path]) -> None:
        self._home = _home_of(self.config)
        try:
            write_configuration(self.config, self._home)
            write_certificates(self.config, self._home, self.authority)
            self._log = NodeLog(self.config.log or self._home / "cassandra.log")
            self._launch(java_command(self.config, self._home, java, jars))
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            self._throw_away()
            raise

    def _launch(self, command: list[str]) -> None:
        order: Order = {
            "command": command,
            "directory": str(self._home),
            "log": str(self.log.path),
            "grace_seconds": GRACE_SECONDS if self.config.data else 0,
            "remove": not self.config.data,
        }
        order_file = self._home / "conf" / "order.json"
        order_file.write_text(json.dumps(order, indent=1))
        with self.log.path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SUPERVISOR), str(order_file)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # a terminal's Ctrl-C is for us; we stop the server
            )
        self._supervisor = process
        with _pipe(process.stdout) as answers:
            answer = json.loads(answers.readline() or b"{}")
        self._server_pid = answer.get("pid")
        if answer.get("error") == "locked":
            raise DataDirectoryInUse(self._home)
        if self._server_pid is None:
            raise CoodieTestingError(f"Java could not be started: {answer.get('error') or self.log.tail()}")

    def _wait_until_it_answers(self) -> None:
        assert self._supervisor is not None
        end = time.monotonic() + self.config.timeout
        while self._is_not_ready():
            exit_code = self._supervisor.poll()
            if exit_code is not None:
                raise self._reason_of_death(exit_code)
            if time.monotonic() > end:
                raise StartTimedOut(self.config.timeout, self.log.tail(), self._kept_log())
            time.sleep(POLL_SECONDS)

    def _is_not_ready(self) -> bool:
        if why_no_answer(self.address, self.port, timeout=5, ssl_context=self._probe) is not None:
            return True
        return self.config.auth and not self._superuser_can_log_in()

    def _superuser_can_log_in(self) -> bool:
        try:
            with self._connection() as connection:
                connection.start(SUPERUSER)
            return True
        except (CqlFailed, OSError):
            pass
        try:
            with self._connection() as connection:
                connection.start(BUILT_IN)
                connection.execute(CREATE_SUPERUSER)
        except (CqlFailed, OSError):
            pass
        return False  # look again

    def _connection(self) -> CqlConnection:
        return CqlConnection(self.address, self.port, timeout=5, ssl_context=self._probe)

    def _reason_of_death(self, exit_code: int) -> CoodieTestingError:
        config, log = self.config, self.log
        if log.shows(HEAP_IS_FULL):
            return HeapTooSmall(config.heap)
        if log.shows(MEMORY_IS_REFUSED):
            return NotEnoughMemory(config.heap, config.needed_memory_bytes, None, log.complaints())
        return NodeDiedAtStart(exit_code, log.complaints(), self._kept_log(), log.shows(PORT_IS_TAKEN))

    def _kept_log(self) -> Path:
        """The log, copied elsewhere if it would be thrown away with the node's directory."""
        if self.config.data or self.config.log:
            return self.log.path
        handle, kept = tempfile.mkstemp(prefix="coodie-cassandra-", suffix=".log")
        with os.fdopen(handle, "wb") as copy, self.log.path.open("rb") as log:
            shutil.copyfileobj(log, copy)
        return Path(kept)


def with_ports(config: NodeConfig) -> NodeConfig:
    """The same configuration with free ports in place of 0."""
    free_port, free_storage_port = free_ports(config.address, 2)
    return replace(config, port=config.port or free_port, storage_port=config.storage_port or free_storage_port)


def write_configuration(config: NodeConfig, home: Path) -> None:
    """Write the files that the node reads at its start."""
    directory = home / "conf"
    directory.mkdir(parents=True, exist_ok=True)
    settings = json.dumps(cassandra_settings(config, home), indent=1, default=list)  # JSON is YAML
    (directory / "cassandra.yaml").write_text(settings)
    (directory / "logback.xml").write_text(LOGBACK)


def authority_of(config: NodeConfig) -> CertificateAuthority | None:
    """Who issues the certificates of this node, if it encrypts."""
    return (config.authority or CertificateAuthority()) if config.tls else None


def write_certificates(config: NodeConfig, home: Path, authority: CertificateAuthority | None) -> None:
    """Write the files that a node reads which encrypts."""
    if authority is not None:
        private = home / "conf" / KEY_AND_CERTIFICATE
        private.touch(mode=0o600)
        private.write_text(authority.server_pem(config.address, config.certificate))
        (home / "conf" / TRUSTED_CERTIFICATE).write_text(authority.pem)


def _home_of(config: NodeConfig) -> Path:
    if config.data is None:
        return Path(tempfile.mkdtemp(prefix="coodie-cassandra-"))
    home = config.data.absolute()
    home.mkdir(parents=True, exist_ok=True)
    return home


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # it was asked for
    return stream


def _tell_to_stop(process: subprocess.Popen[bytes]) -> None:
    with _pipe(process.stdin) as orders:
        try:
            orders.write(b"stop\n")
        except BrokenPipeError:  # it has ended already
            pass
