"""Addresses and ports of this machine for the nodes of a cluster, which nobody else uses."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from typing import NamedTuple

from coodie_testing.errors import PortInUse
from coodie_testing.preflight import free_ports, require_port

CQL_PORT, STORAGE_PORT = 9042, 7000  # Cassandra's usual ones, if they are free
FIRST_NODE, FIRST_PROXY = 1, 101  # the last number of an address
ATTEMPTS = 20


class Places(NamedTuple):
    """Where the nodes of a cluster listen. All have the same ports, as drivers and Cassandra expect."""

    addresses: tuple[str, ...]
    proxy_addresses: tuple[str, ...]
    port: int
    storage_port: int


def free_places(nodes: int, network: str | None, *, ports: tuple[int, int] = (0, 0)) -> Places:
    """Addresses and ports for a cluster of so many nodes, and for as many proxies.

    Args:
        nodes: How many.
        network: The first three numbers of all addresses. None: random ones on Linux, where all of 127.0.0.0/8 is this
            machine; 127.0.0 elsewhere.
        ports: The CQL port and the storage port; 0 takes Cassandra's usual one if it is free, else any that is.

    Raises:
        AddressNotUsable: This machine does not have these addresses.
        PortInUse: Another process listens on a port that was asked for.
    """
    network = network or (random_network() if sys.platform == "linux" else "127.0.0")
    addresses = tuple(f"{network}.{FIRST_NODE + number}" for number in range(nodes))
    proxy_addresses = tuple(f"{network}.{FIRST_PROXY + number}" for number in range(nodes))
    return Places(
        addresses,
        proxy_addresses,
        common_port([*addresses, *proxy_addresses], ports[0], usual=CQL_PORT),
        common_port(addresses, ports[1], usual=STORAGE_PORT),
    )


def random_network() -> str:
    """Three first numbers of loopback addresses that hardly anybody else has just chosen."""
    chosen = random.SystemRandom()
    return f"127.{chosen.randint(1, 254)}.{chosen.randint(0, 255)}"


def common_port(addresses: Sequence[str], wanted: int, *, usual: int) -> int:
    """A port that is free on all these addresses.

    Args:
        addresses: Addresses of this machine.
        wanted: The port to have; 0 takes the usual one, or any.
        usual: The port to take if there is no wish and it is free.
    """
    if wanted:
        require_port_on_all(addresses, wanted)
        return wanted
    candidates = [usual, *(free_ports(addresses[0], ATTEMPTS))]
    for candidate in candidates[:-1]:
        try:
            require_port_on_all(addresses, candidate)
        except PortInUse:
            continue
        return candidate
    require_port_on_all(addresses, candidates[-1])
    return candidates[-1]


def require_port_on_all(addresses: Sequence[str], port: int) -> None:
    """Raise PortInUse or AddressNotUsable unless servers could listen there now."""
    for address in addresses:
        require_port(address, port)
