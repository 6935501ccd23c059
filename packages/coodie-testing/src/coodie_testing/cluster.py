"""A cluster of real Cassandra nodes on this machine, whose nodes can be killed, paused and restarted."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from coodie_testing.config import NodeConfig
from coodie_testing.errors import ClusterConfigRefused, ClusterNotReady, NoSuchNode
from coodie_testing.fault_proxy import FaultProxy
from coodie_testing.jars import cassandra_jars
from coodie_testing.loopback import Places, free_places
from coodie_testing.membership import obstacle_to_readiness
from coodie_testing.node import CassandraNode, authority_of
from coodie_testing.preflight import require_memory, require_platform
from coodie_testing.running import Running
from coodie_testing.server import Server, server_of

KEEPER = Path(__file__).with_name("keeper.py")
POLL_SECONDS = 0.1
MOST_NODES = 20
NOT_FOR_CLUSTERS = ("address", "seeds", "data", "log")
FIRST_TOKEN, TOKENS = -(2**63), 2**64  # of the Murmur3Partitioner


class LocalCluster(Running):
    """Several real Cassandra nodes of this machine that form one cluster.

    It runs inside its `with` block, or between `start()` and `stop()`. Its nodes are numbered from 0. Several clusters
    can run on one machine: each takes loopback addresses of its own. Nothing is left behind, not even when the process
    that started it is killed. Each node needs about 600 MiB with the default heap.

    On macOS the addresses must be added first: ``sudo ifconfig lo0 alias 127.0.0.2``, and so on.

    Args:
        nodes: How many.
        config: How each node is to be started. Addresses, seeds, data and log directories are chosen by the cluster.
        proxies: Put a `FaultProxy` before each node, and let drivers know the nodes by the addresses of these.
        network: The first three numbers of the addresses, such as ``"127.0.0"``; by default free ones are chosen.
        quiet: Show no progress while jars are downloaded.

    Example:
        >>> with LocalCluster(3) as cluster:  # doctest: +SKIP
        ...     init_coodie(**cluster.server.connect_arguments, keyspace="shop")
        ...     cluster.kill(2)
        ...     ...  # QUORUM still works
        ...     cluster.restart(2)
    """

    def __init__(
        self,
        nodes: int = 3,
        config: NodeConfig | None = None,
        *,
        proxies: bool = False,
        network: str | None = None,
        quiet: bool = False,
    ) -> None:
        self._size = nodes
        wanted = config or NodeConfig()
        self._wanted = replace(wanted, authority=authority_of(wanted))
        self._with_proxies = proxies
        self._network = network
        self._quiet = quiet
        self._owner = os.getpid()
        self._directory: Path | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._paused: set[int] = set()
        self.nodes: tuple[CassandraNode, ...] = ()
        """Its nodes, by their number."""
        self.proxies: tuple[FaultProxy, ...] = ()
        """The proxy before each node, by the node's number; empty without `proxies=True`."""
        require_config(nodes, self._wanted)

    def __repr__(self) -> str:
        running = sum(node.is_running for node in self.nodes)
        return f"<LocalCluster of {self._size} nodes, {running} running>"

    @property
    def server(self) -> Server:
        """What clients connect to: all nodes, through their proxies if there are some."""
        one = self.proxies[0].server if self.proxies else self.node_server(0)
        hosts = tuple(listener.address for listener in (self.proxies or self.nodes))
        origin = f"a cluster of {self._size} nodes of Cassandra {self._wanted.version}"
        return replace(one, hosts=hosts, origin=origin, node=None)

    def node_server(self, number: int) -> Server:
        """One node, to connect to it alone and past its proxy.

        Args:
            number: Which, from 0.
        """
        return server_of(self._node(number))

    # Its life

    def start(self) -> None:
        """Start all nodes at the same time, and return when each knows all others and one schema.

        Raises:
            NotEnoughMemory: There is too little memory for all of them.
            ClusterNotReady: The nodes did not find each other in time.
            CoodieTestingError: A node could not be started; `CassandraNode.start` lists the reasons.
        """
        if self._directory is not None:
            return
        require_platform()
        require_memory(self._wanted, nodes=self._size)
        cassandra_jars(self._wanted.version, quiet=self._quiet)
        ports = (self._wanted.port, self._wanted.storage_port)
        places = free_places(self._size, self._network, ports=ports)
        self._directory = Path(tempfile.mkdtemp(prefix="coodie-cluster-"))
        try:
            self._keeper = keep(self._directory)
            self.nodes = self._make_nodes(places, self._directory)
            in_parallel(node.start for node in self.nodes)
            self.wait_until_ready()
            self._start_proxies(places)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Kill all nodes, and throw their data away."""
        if self._directory is None or os.getpid() != self._owner:
            return
        for proxy in self.proxies:
            proxy.stop()
        in_parallel(node.kill for node in self.nodes)
        in_parallel(node.stop for node in self.nodes)
        if self._keeper is not None:
            self._keeper.communicate()  # the end of its input; it then removes the directory
        self._directory, self._keeper = None, None
        self._paused.clear()

    def wait_until_ready(self) -> None:
        """Return when all running nodes know all others, see each other alive, and have one schema.

        Raises:
            ClusterNotReady: That did not come in time (`NodeConfig.timeout`).
        """
        end = time.monotonic() + self._wanted.timeout
        while obstacle := obstacle_to_readiness(self._reachable(), self._size):
            if time.monotonic() > end:
                raise ClusterNotReady(self._wanted.timeout, obstacle)
            time.sleep(POLL_SECONDS)

    # Faults

    def kill(self, *numbers: int) -> None:
        """Kill nodes at once (SIGKILL), as a power cut does. Their data stays for `restart()`.

        Args:
            numbers: Which, from 0.
        """
        in_parallel(node.kill for node in self._chosen(numbers))
        self._paused.difference_update(numbers)

    def shut_down(self, *numbers: int) -> None:
        """Stop nodes as administrators do: they tell the others, write everything to disk, and end (2 to 3 s).

        Args:
            numbers: Which, from 0.
        """
        in_parallel(node.stop for node in self._chosen(numbers))
        self._paused.difference_update(numbers)

    def restart(self, *numbers: int) -> None:
        """Start nodes again, with their data, and return when all running nodes see them alive.

        Nodes that still run are shut down first.

        Args:
            numbers: Which, from 0; of several, all at the same time.

        Raises:
            ClusterNotReady: The others did not see them in time.
            CoodieTestingError: One could not be started; `CassandraNode.start` lists the reasons.
        """
        self.shut_down(*numbers)
        in_parallel(node.start for node in self._chosen(numbers))
        self.wait_until_ready()

    def rolling_restart(self) -> None:
        """Restart all nodes, one after the other, each when the cluster is whole again."""
        for number in range(self._size):
            self.restart(number)

    def pause(self, *numbers: int) -> None:
        """Let nodes hang (SIGSTOP): their connections stay open, and nothing is answered. `resume()` ends it.

        Args:
            numbers: Which, from 0.
        """
        for node in self._chosen(numbers):
            node.pause()
        self._paused.update(numbers)

    def resume(self, *numbers: int) -> None:
        """Let paused nodes go on. The others need some seconds to trust them again: see `wait_until_ready()`.

        Args:
            numbers: Which, from 0.
        """
        for node in self._chosen(numbers):
            node.resume()
        self._paused.difference_update(numbers)

    def heal(self) -> None:
        """Undo all faults: clear the proxies, resume what is paused, start what does not run, and wait for it all."""
        for proxy in self.proxies:
            proxy.clear()
        self.resume(*self._paused)
        in_parallel(node.start for node in self.nodes)  # those that run are left alone
        self.wait_until_ready()

    def wait(self) -> None:
        """Return never; raise when a node ends by itself.

        Raises:
            NodeDied: One ended.
        """
        while all(node.is_running for node in self.nodes):
            time.sleep(POLL_SECONDS)
        for node in self.nodes:
            if not node.is_running:
                node.wait()

    def _make_nodes(self, places: Places, directory: Path) -> tuple[CassandraNode, ...]:
        configs = (
            config_of(number, self._wanted, places, directory, self._with_proxies) for number in range(self._size)
        )
        return tuple(CassandraNode(config, quiet=self._quiet) for config in configs)

    def _start_proxies(self, places: Places) -> None:
        if not self._with_proxies:
            return
        prepared_texts: dict[bytes, str] = {}
        self.proxies = tuple(
            FaultProxy(self.node_server(number), address=address, port=places.port, prepared_texts=prepared_texts)
            for number, address in enumerate(places.proxy_addresses)
        )
        for proxy in self.proxies:
            proxy.start()

    def _reachable(self) -> list[Server]:
        return [
            server_of(node) for number, node in enumerate(self.nodes) if node.is_running and number not in self._paused
        ]

    def _chosen(self, numbers: Sequence[int]) -> list[CassandraNode]:
        return [self._node(number) for number in numbers]

    def _node(self, number: int) -> CassandraNode:
        if not 0 <= number < len(self.nodes):
            raise NoSuchNode(number, len(self.nodes))
        return self.nodes[number]


def require_config(nodes: int, config: NodeConfig) -> None:
    """Raise ClusterConfigRefused unless a cluster of so many nodes can be made like this."""
    if not 1 <= nodes <= MOST_NODES:
        raise ClusterConfigRefused(f"it was to have {nodes} nodes", f"Ask for 1 to {MOST_NODES}.")
    usual = NodeConfig()
    for name in NOT_FOR_CLUSTERS:
        if getattr(config, name) != getattr(usual, name):
            raise ClusterConfigRefused(
                f"NodeConfig.{name} was given", "The cluster chooses that for each of its nodes: leave it out."
            )


def config_of(number: int, wanted: NodeConfig, places: Places, directory: Path, proxied: bool) -> NodeConfig:
    """How the node of this number is to be started."""
    nodes = len(places.addresses)
    settings = {
        "cluster_name": directory.name,
        "initial_token": str(FIRST_TOKEN + number * TOKENS // nodes),
        "auto_bootstrap": False,  # all start empty, and at the same time
        "dynamic_snitch": False,
        **({"broadcast_rpc_address": places.proxy_addresses[number]} if proxied else {}),
        **wanted.settings,
    }
    return replace(
        wanted,
        address=places.addresses[number],
        port=places.port,
        storage_port=places.storage_port,
        seeds=places.addresses,  # all: so that each can start while others are down
        data=directory / f"node{number}",
        settings=settings,
        properties={**properties_of(nodes), **wanted.properties},
    )


def properties_of(nodes: int) -> dict[str, str]:
    """The Java system properties of a cluster of so many nodes: each has a copy of what all need, such as roles."""
    copies = {f"cassandra.{keyspace}.default_rf": str(nodes) for keyspace in ("system_auth", "system_distributed")}
    return {"cassandra.consistent.rangemovement": "false", **copies}


def in_parallel(actions: Iterable[Callable[[], None]]) -> None:
    """Do all of this at the same time, and raise the first error when all is done."""
    with ThreadPoolExecutor(MOST_NODES) as threads:
        futures = [threads.submit(action) for action in actions]
    for future in futures:
        future.result()


def keep(directory: Path) -> subprocess.Popen[bytes]:
    """Have this directory removed when we close the pipe to this process, or end."""
    command = [sys.executable, "-I", "-S", str(KEEPER), str(directory)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
