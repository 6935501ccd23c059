"""What can go wrong on the way to a server, each in its own class: what was asked, what was wrong, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

MEBIBYTE = 1024 * 1024


class CoodieTestingError(Exception):
    """Anything that keeps coodie-testing from giving a server."""


class MissingExtra(CoodieTestingError):
    """A part of coodie-testing was asked for whose libraries are not installed."""

    def __init__(self, module: str | None, extra: str) -> None:
        self.module: str | None = module
        self.extra: str = extra
        super().__init__(
            f"This needs the Python module {module}, which is not installed. "
            f"Install it with: pip install 'coodie-testing[{extra}]'"
        )


class UnsupportedPlatform(CoodieTestingError):
    """Apache Cassandra does not run on this operating system."""

    def __init__(self, platform: str) -> None:
        self.platform: str = platform
        super().__init__(
            f"A local Cassandra was asked for, but it runs on Linux and macOS only; this is {platform!r}. "
            "On Windows use WSL 2. Or start a server elsewhere and name it in COODIE_TEST_HOSTS=host:port, "
            "or install Docker and coodie-testing[docker]."
        )


class UnknownCassandraVersion(CoodieTestingError):
    """No checksums are pinned for this version, so it is not downloaded."""

    def __init__(self, version: str, known: Sequence[str]) -> None:
        self.version: str = version
        self.known: tuple[str, ...] = tuple(known)
        super().__init__(
            f"Cassandra {version} was asked for, but coodie-testing has checksums for {', '.join(known)} only. "
            "Ask for one of these, or pin another one with tools/pin_jars.py."
        )


class JavaNotFound(CoodieTestingError):
    """There is no Java to run Cassandra with."""

    def __init__(self, tried: Sequence[str]) -> None:
        self.tried: tuple[str, ...] = tuple(tried)
        super().__init__(
            f"Cassandra needs Java 17 or 21, and none was found. Tried: {'; '.join(tried)}. "
            "Install one (on Linux x86-64, Linux ARM and macOS, pip install 'coodie-testing[server]' brings it), "
            "or set COODIE_JAVA to the path of a java program."
        )


class JavaNotSuitable(CoodieTestingError):
    """The Java named in COODIE_JAVA cannot run Cassandra."""

    def __init__(self, java: str, reason: str) -> None:
        self.java: str = java
        self.reason: str = reason
        super().__init__(
            f"COODIE_JAVA is {java!r}, but {reason}. Cassandra 5.0 needs Java 17 or 21: "
            "name such a java program, or unset COODIE_JAVA to have one found."
        )


class DownloadFailed(CoodieTestingError):
    """A jar of Cassandra could not be fetched, or was refused."""


class RepositoryUnreachable(DownloadFailed):
    """There is no network, or no way through it to the Maven repository."""

    def __init__(self, repository: str, cache: Path, reason: str) -> None:
        self.repository: str = repository
        self.cache: Path = cache
        self.reason: str = reason
        super().__init__(
            f"Cassandra's jars are not all in {cache}, and the Maven repository {repository} could not be reached: "
            f"{reason}. Check the network and the proxy (HTTPS_PROXY); set COODIE_MAVEN_REPOSITORY to the URL of a "
            "mirror; or copy the cache directory from a machine that has it and name it in COODIE_CACHE_DIR."
        )


class JarNotServed(DownloadFailed):
    """The Maven repository answered, but did not serve a jar."""

    def __init__(self, coordinate: str, url: str, status: int) -> None:
        self.coordinate: str = coordinate
        self.url: str = url
        self.status: int = status
        super().__init__(
            f"The jar {coordinate} was asked for, but {url} answered HTTP {status}. Try again later; "
            "if COODIE_MAVEN_REPOSITORY is set, check that the mirror there has this jar."
        )


class JarRefused(DownloadFailed):
    """A downloaded jar is not the one whose checksum is pinned; it was thrown away."""

    def __init__(self, coordinate: str, url: str, expected: str, actual: str) -> None:
        self.coordinate: str = coordinate
        self.url: str = url
        self.expected: str = expected
        self.actual: str = actual
        super().__init__(
            f"The jar {coordinate} from {url} has SHA-256 {actual}, but {expected} is pinned. It was thrown away. "
            "Something between you and the repository (a mirror, a proxy) serves another file: "
            "find out what before you trust it."
        )


class AddressNotUsable(CoodieTestingError):
    """The server cannot listen on this address of this machine."""

    def __init__(self, address: str, port: int, reason: str) -> None:
        self.address: str = address
        self.port: int = port
        self.reason: str = reason
        super().__init__(
            f"The server was to listen on {address}, port {port}, but this machine does not allow it: {reason}. "
            "Name one address this machine has (127.0.0.1 always works) and a port above 1023, or 0 for a free one. "
            "On macOS, further loopback addresses must be added first: sudo ifconfig lo0 alias 127.0.0.2"
        )


class PortInUse(CoodieTestingError):
    """Another process listens on the port that was asked for."""

    def __init__(self, address: str, port: int, owner: str | None, speaks_cql: bool) -> None:
        self.address: str = address
        self.port: int = port
        self.owner: str | None = owner
        self.speaks_cql: bool = speaks_cql
        whose = f" by {owner}" if owner else ""
        use_it = f" It is a CQL server: to use it, set COODIE_TEST_HOSTS={address}:{port}." if speaks_cql else ""
        super().__init__(
            f"The server was to listen on {address}, port {port}, but that port is in use{whose}.{use_it} "
            "To start another one, stop that process, or name another port (--port; 0 means any free one)."
        )


class HeapNotUnderstood(CoodieTestingError):
    """The size of the heap is not written as Java writes sizes."""

    def __init__(self, heap: str) -> None:
        self.heap: str = heap
        super().__init__(f"The heap {heap!r} is not a size. Write a number and its unit: 256m, 512m, 1g.")


class NotEnoughMemory(CoodieTestingError):
    """This machine, or this container, has too little free memory for the server."""

    def __init__(
        self, heap: str, needed_bytes: int, available_bytes: int | None, detail: str = "", *, nodes: int = 1
    ) -> None:
        self.heap: str = heap
        self.needed_bytes: int = needed_bytes
        self.available_bytes: int | None = available_bytes
        found = "Java was refused it" if available_bytes is None else f"{available_bytes // MEBIBYTE} MiB are available"
        needs = "needs" if nodes == 1 else f"needs, for {nodes} nodes,"
        super().__init__(
            f"Cassandra with a heap of {heap} {needs} about {needed_bytes // MEBIBYTE} MiB of memory, but {found}. "
            "Free some memory, or ask for a smaller heap (--heap 128m is enough for small tests)."
            + (f" Java said: {detail}" if detail else "")
        )


class HeapTooSmall(CoodieTestingError):
    """Cassandra filled its heap before it was up."""

    def __init__(self, heap: str) -> None:
        self.heap: str = heap
        super().__init__(
            f"Cassandra was given a heap of {heap}, and filled it before it was up. Give it more: --heap 256m is "
            "enough for most tests."
        )


class DataDirectoryRefused(CoodieTestingError):
    """The directory holds other files than a server's data."""

    def __init__(self, directory: Path) -> None:
        self.directory: Path = directory
        super().__init__(
            f"The data was to be kept in {directory}, but that directory has other files in it. "
            "Name a new or empty directory, or one that coodie-testing used before."
        )


class DataDirectoryInUse(CoodieTestingError):
    """Another running server has its data in this directory."""

    def __init__(self, directory: Path) -> None:
        self.directory: Path = directory
        super().__init__(
            f"The data was to be kept in {directory}, but another running server has its data there. "
            "Stop that one first (it needs a few seconds to stop), or name another directory."
        )


class NodeFailed(CoodieTestingError):
    """A local Cassandra did not run as it should; what it logged about that is in the message."""

    def __init__(self, summary: str, advice: str, logged: str, log: Path) -> None:
        self.logged: str = logged
        self.log: Path = log
        super().__init__(f"{summary} {advice} The whole log: {log}. From its end:\n{logged}")


class NodeDiedAtStart(NodeFailed):
    """Cassandra ended before it answered."""

    def __init__(self, exit_code: int, logged: str, log: Path, port_is_taken: bool) -> None:
        self.exit_code: int = exit_code
        self.port_is_taken: bool = port_is_taken
        super().__init__(
            f"Cassandra ended with exit code {exit_code} before it answered.",
            "Another process has its port: name another one, or 0 for a free one."
            if port_is_taken
            else "The cause is in its log; settings given by hand are the usual one.",
            logged,
            log,
        )


class StartTimedOut(NodeFailed):
    """Cassandra runs, but did not answer in time."""

    def __init__(self, timeout: float, logged: str, log: Path) -> None:
        self.timeout: float = timeout
        super().__init__(
            f"Cassandra did not answer within {timeout:g} seconds, and was stopped.",
            "On a busy machine give it more time (--timeout, or NodeConfig(timeout=...)).",
            logged,
            log,
        )


class NodeDied(NodeFailed):
    """Cassandra ended while it was in use."""

    def __init__(self, exit_code: int, logged: str, log: Path) -> None:
        self.exit_code: int = exit_code
        super().__init__(
            f"Cassandra ended by itself with exit code {exit_code}.",
            "137 means it was killed, often for want of memory; 3, that its heap was full (--heap gives it more).",
            logged,
            log,
        )


class HostsNotUnderstood(CoodieTestingError):
    """COODIE_TEST_HOSTS cannot be read."""

    def __init__(self, value: str, reason: str) -> None:
        self.value: str = value
        self.reason: str = reason
        super().__init__(
            f"COODIE_TEST_HOSTS is {value!r}, but {reason}. Write host:port, more of them with commas between, "
            "for example 127.0.0.1:9042; the port may be left out when it is 9042."
        )


class HostUnreachable(CoodieTestingError):
    """The server named in COODIE_TEST_HOSTS does not answer."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host: str = host
        self.port: int = port
        self.reason: str = reason
        super().__init__(
            f"COODIE_TEST_HOSTS names {host}, port {port}, but no CQL server answers there: {reason}. "
            "Start that server, or unset COODIE_TEST_HOSTS to have one started."
        )


class ContainerFailed(CoodieTestingError):
    """ScyllaDB cannot be had from a Docker engine."""


class NoServerAvailable(CoodieTestingError):
    """None of the three ways to a server worked."""

    def __init__(self, container: str, local: str) -> None:
        self.container: str = container
        self.local: str = local
        super().__init__(
            "No server for tests could be had. There are three ways, and each failed:\n"
            "1. A server that runs already: COODIE_TEST_HOSTS is not set. Set it to host:port.\n"
            f"2. ScyllaDB in a container: {container}\n"
            f"3. Cassandra on this machine: {local}"
        )


class CqlFailed(CoodieTestingError):
    """The server refused a statement, or did not answer it."""

    def __init__(self, cql: str, reason: str) -> None:
        self.cql: str = cql
        self.reason: str = reason
        super().__init__(f"The server did not carry out {cql!r}: {reason}")


class FaultDidNotHappen(CoodieTestingError):
    """A fault was waited for, and no request came that it was for."""

    def __init__(self, effect: str, expected: int, happened: int, timeout: float) -> None:
        self.effect: str = effect
        self.expected: int = expected
        self.happened: int = happened
        self.timeout: float = timeout
        super().__init__(
            f"{effect} was to happen {expected} times, but happened {happened} times in {timeout:g} seconds. Compare "
            "its text and opcode with what went through the proxy (proxy.requests and proxy.count), and see that the "
            "driver is connected to the proxy, not to the server."
        )


class FaultProxyNotRunning(CoodieTestingError):
    """A fault proxy was told to do something before `start()` or after `stop()`."""

    def __init__(self, address: str, port: int) -> None:
        self.address: str = address
        self.port: int = port
        super().__init__(
            f"The fault proxy on {address}:{port} was told to do something, but it does not run. "
            "Call its start() first, or use it inside its `with` block."
        )


class ClusterConfigRefused(CoodieTestingError):
    """A cluster was asked for that cannot be made."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"A cluster was asked for, but {what}. {advice}")


class ClusterNotReady(CoodieTestingError):
    """The nodes of a cluster run, but have not found each other in time."""

    def __init__(self, timeout: float, obstacle: str) -> None:
        self.timeout: float = timeout
        self.obstacle: str = obstacle
        super().__init__(
            f"The cluster was not ready within {timeout:g} seconds: {obstacle}. "
            "On a busy machine give it more time: NodeConfig(timeout=...)."
        )


class NoSuchNode(CoodieTestingError):
    """The cluster has no node of this number."""

    def __init__(self, number: int, nodes: int) -> None:
        self.number: int = number
        self.nodes: int = nodes
        has = f"has the nodes 0 to {nodes - 1}" if nodes else "was not started"
        super().__init__(f"Node {number} of a cluster was asked for, but the cluster {has}.")


class RoleNotReady(CoodieTestingError):
    """A role was made, but cannot log in."""

    def __init__(self, role: str, host: str, timeout: float) -> None:
        self.role: str = role
        self.host: str = host
        self.timeout: float = timeout
        super().__init__(
            f"The role {role!r} was made, but could not log in on {host} within {timeout:g} seconds. "
            "If nodes of the cluster are down, start them first."
        )


class CertificateNotIssued(CoodieTestingError):
    """A fault proxy was to stand before a server that encrypts, with a certificate that nobody can issue."""

    def __init__(self, server: str) -> None:
        self.server: str = server
        super().__init__(
            f"A fault proxy was to stand before {server}, which encrypts connections, but it has no authority to issue "
            "a certificate that clients trust. Start the server with NodeConfig(tls=...), or give "
            "Server(authority=CertificateAuthority()) and let clients trust that one."
        )
