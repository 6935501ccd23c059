"""ScyllaDB in a container, where a Docker engine answers.

The container's port 9042 appears on the host as another port, while the node tells its clients the container's own
address. So a driver must be told to look for the node where the host shows it; `Server.arguments` does that.
"""

from __future__ import annotations

import gc
import os
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from coodie_testing.cql import why_no_answer
from coodie_testing.errors import ContainerFailed
from coodie_testing.extras import untyped_module
from coodie_testing.server import Server

DEFAULT_IMAGE = "scylladb/scylla:2025.1"
CQL_PORT = 9042
# One shard, little memory, and no insistence on having the machine for itself.
ARGUMENTS = "--smp 1 --memory 1G --overprovisioned 1 --developer-mode 1 --skip-wait-for-gossip-to-settle 0"
ANSWER_TIMEOUT_SECONDS = 10
START_TIMEOUT_SECONDS = 180
POLL_SECONDS = 0.5


@contextmanager
def scylla_container(*, image: str | None = None) -> Generator[Server]:
    """Give a ScyllaDB in a container for the length of the `with` block.

    Args:
        image: The image to run; by default $COODIE_SCYLLA_IMAGE, else `DEFAULT_IMAGE`.

    Raises:
        MissingExtra: The `docker` extra is not installed.
        ContainerFailed: No Docker engine answers, or it cannot run the image.

    Example:
        >>> with scylla_container() as server:  # doctest: +SKIP
        ...     init_coodie(**server.connect_arguments)
    """
    image = image or os.environ.get("COODIE_SCYLLA_IMAGE", DEFAULT_IMAGE)
    containers = untyped_module("testcontainers.core.container", extra="docker")
    require_engine()
    container = containers.DockerContainer(image).with_exposed_ports(CQL_PORT).with_command(ARGUMENTS)
    try:
        container.start()
    except _docker_error() as error:
        raise ContainerFailed(f"the Docker engine could not start {image}: {error}") from error
    try:
        host, port = str(container.get_container_host_ip()), int(container.get_exposed_port(CQL_PORT))
        _wait_until_it_answers(container, image, host, port)
        yield Server(hosts=(host,), port=port, origin=f"{image} in a container", arguments=mapped_node(host, port))
    finally:
        container.stop()


def require_engine() -> None:
    """Return if a Docker engine answers. An installed client proves nothing, so the engine itself is asked.

    Raises:
        MissingExtra: The `docker` extra is not installed.
        ContainerFailed: No engine answers.
    """
    docker_error = _docker_error()
    clients = untyped_module("testcontainers.core.docker_client", extra="docker")
    problem: str | None = None
    with warnings.catch_warnings():
        # Docker's client leaves its sockets open when it finds no engine: let them go here, where nobody minds.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            clients.DockerClient(timeout=ANSWER_TIMEOUT_SECONDS).client.ping()
        except (docker_error, OSError) as error:
            problem = str(error)
        gc.collect()
    if problem is not None:
        raise ContainerFailed(f"no Docker engine answers: {problem}")


def _docker_error() -> type[Exception]:
    found: type[Exception] = untyped_module("docker.errors", extra="docker").DockerException
    return found


def _wait_until_it_answers(container: Any, image: str, host: str, port: int) -> None:
    end = time.monotonic() + START_TIMEOUT_SECONDS
    while (reason := why_no_answer(host, port, timeout=5)) is not None:
        container.reload()
        if container.status == "exited" or time.monotonic() > end:
            said = b"".join(container.get_logs()).decode(errors="replace")[-2000:]
            raise ContainerFailed(f"{image} did not answer on {host}:{port}: {reason}. It said:\n{said}")
        time.sleep(POLL_SECONDS)


def mapped_node(host: str, port: int) -> dict[str, Any]:
    """What a driver needs to reach a one-node server that is seen at this host and port only."""
    return {
        "endpoint_factory": MappedEndPointFactory(host, port),
        # This port is not mapped; and a mapping hides the client's port, by which a shard is chosen.
        "shard_aware_options": {"disable_shardaware_port": True},
    }


@dataclass(frozen=True, slots=True)
class MappedEndPointFactory:
    """Tells a driver to find the cluster's only node at this host and port, whatever address the node gives.

    It does what the driver asks of a `cassandra.connection.EndPointFactory`.

    Args:
        host: Where the node is seen from here.
        port: The port at which it is seen.
    """

    host: str
    port: int

    def configure(self, cluster: object) -> Self:
        """Return itself: it needs to know nothing of the driver's cluster."""
        return self

    def create(self, row: object) -> Any:
        """Return the node's end point, whatever this row of system.local or system.peers says."""
        connection = untyped_module("cassandra.connection", extra="docker")
        return connection.DefaultEndPoint(self.host, self.port)
