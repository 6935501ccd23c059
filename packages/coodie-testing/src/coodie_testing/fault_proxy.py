"""A proxy before a server that speaks CQL, and plays the faults of networks and clusters."""

from __future__ import annotations

import re
import ssl
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from coodie_testing.errors import CertificateNotIssued
from coodie_testing.faults import (
    STATEMENTS,
    WITH_PREPARED_STATEMENT,
    Answer,
    Cut,
    Delay,
    DropReply,
    Effect,
    Fault,
    Matcher,
)
from coodie_testing.frames import Request
from coodie_testing.preflight import require_port
from coodie_testing.proxy_thread import ProxyThread
from coodie_testing.running import Running
from coodie_testing.server import Server
from coodie_testing.server_errors import InjectedError, Unprepared

Text = str | re.Pattern[str] | None


class Sort(NamedTuple):
    """What requests are counted by."""

    opcode: str
    text: str


class FaultProxy(Running):
    """Stands between clients and one server, and misbehaves as it is told.

    It runs in a thread of its own, between `start()` and `stop()` or inside its `with` block, so that tests of both
    APIs use it alike. Faults are of two kinds: those of the line (`latency`, `stall`, `refuse`, `reset`) concern
    all that passes; `fail`, `drop_reply`, `cut` and `delay` pick requests by their CQL, that of prepared statements
    too.

    It speaks the versions 3 and 4 of the protocol. A client that begins with 5 is told so, as older servers tell it,
    and drivers then use 4 by themselves (one that insists on `protocol_version=5` cannot connect). It offers no
    compression, and no shards of ScyllaDB.

    Where the server encrypts connections, so does the proxy, with a certificate of the server's authority; it asks
    clients for none.

    Connect clients to `proxy.server`. A driver finds further nodes of a cluster by itself, and goes to them directly:
    `LocalCluster(proxies=True)` has a proxy before every node.

    Args:
        server: The server to stand before; of several hosts, before the first.
        address: The address of this machine to listen on.
        port: The port to listen on; 0 takes a free one.
        prepared_texts: Where the CQL of prepared statements is noted, by the server's name for them. The proxies before
            the nodes of one cluster share it: drivers prepare a statement on one node, and execute it on all.

    Example:
        >>> with FaultProxy(server) as proxy:  # doctest: +SKIP
        ...     init_coodie(**proxy.server.connect_arguments, keyspace="shop")
        ...     proxy.drop_reply(text="INSERT")
    """

    def __init__(
        self,
        server: Server,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        prepared_texts: dict[bytes, str] | None = None,
    ) -> None:
        self._upstream = server
        self._faults: list[Fault] = []
        self._counts: Counter[Sort] = Counter()
        self._accepted_before = 0
        texts: dict[bytes, str] = {} if prepared_texts is None else prepared_texts
        self._thread = ProxyThread(
            (address, port),
            (server.hosts[0], server.port),
            self._fault_for,
            texts,
            listen_tls=listening_context(server, address),
            upstream_tls=server.ssl_context,
        )

    def __repr__(self) -> str:
        state = "running" if self.is_running else "not running"
        return f"<FaultProxy on {self.address}:{self.port} before {self._upstream}, {state}>"

    @property
    def address(self) -> str:
        """The address it listens on."""
        return self._thread.listen[0]

    @property
    def port(self) -> int:
        """The port it listens on; before `start()`, the one it was given."""
        return self._thread.listen[1]

    @property
    def server(self) -> Server:
        """What clients connect to: the server as it is seen through the proxy."""
        origin = f"a fault proxy before {self._upstream}"
        arguments = {
            **self._upstream.arguments,
            "protocol_version": 4,
            "compression": False,
        }  # without a warning of each
        return replace(self._upstream, hosts=(self.address,), port=self.port, origin=origin, arguments=arguments)

    @property
    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._thread.is_running

    @property
    def connections(self) -> int:
        """How many connections of clients are open through it."""
        return len(self._thread.clients)

    @property
    def accepted(self) -> int:
        """How many connections were made to it since `reset_counts()`."""
        return self._thread.accepted - self._accepted_before

    @property
    def latency(self) -> float:
        """Seconds by which every answer comes later; 0 at first. Set it at any time."""
        return self._thread.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._thread.latency = seconds

    def start(self) -> None:
        """Listen, unless it does already.

        Raises:
            PortInUse: Another process listens on the port.
            AddressNotUsable: This machine does not have the address.
        """
        if not self.is_running:
            require_port(self.address, self.port)
            self._thread.start()

    def stop(self) -> None:
        """Reset all connections, and listen no more."""
        self._thread.stop()

    # The line

    def stall(self) -> None:
        """Let nothing pass in either direction, as if the server hung; connections stay open. `resume()` ends it."""
        self._thread.soon(self._thread.moving.clear)

    def resume(self) -> None:
        """Let pass again what `stall()` has held, and what comes."""
        self._thread.soon(self._thread.moving.set)

    def refuse(self) -> None:
        """Refuse new connections, as a machine does where nothing listens. Those that are open stay so."""
        self._thread.refuse()

    def accept(self) -> None:
        """Accept new connections again."""
        self._thread.accept()

    def reset(self) -> int:
        """Reset all open connections (RST), and return how many there were."""
        return self._thread.reset_clients()

    # Requests

    def fail(
        self,
        error: InjectedError,
        *,
        text: Text = None,
        opcodes: Collection[str] | None = None,
        times: int | None = 1,
        carried_out: bool = False,
    ) -> Fault:
        """Answer the next requests that match with an error of the server.

        Args:
            error: One of `coodie_testing.server_errors`.
            text: Which requests, by their CQL: a part of it, in capitals or not, or a compiled pattern. None takes any
                statement of the application; not what drivers send for themselves (reads of `system` tables, `USE`).
            opcodes: Which requests, by their opcodes; by default ``{"QUERY", "EXECUTE", "BATCH"}``.
            times: For how many of them; None: for all, until `Fault.cancel()` or `clear()`.
            carried_out: Let the server carry the request out, and replace its answer.

        Returns:
            The fault, to see whether it has happened.

        Example:
            >>> proxy.fail(server_errors.Overloaded(), times=3)  # doctest: +SKIP
            >>> proxy.fail(server_errors.WriteTimeout(write_type="CAS"), text="IF NOT EXISTS")  # doctest: +SKIP
        """
        usual = WITH_PREPARED_STATEMENT if isinstance(error, Unprepared) else STATEMENTS
        return self._play(Answer(error, carried_out), text, opcodes or usual, times)

    def drop_reply(self, *, text: Text = None, opcodes: Collection[str] = STATEMENTS, times: int | None = 1) -> Fault:
        """Let the server carry out the next requests that match, and keep its answers: the client waits in vain.

        Args:
            text: As of `fail`.
            opcodes: As of `fail`.
            times: As of `fail`.

        Returns:
            The fault; its `wait()` returns when the server has carried the request out.
        """
        return self._play(DropReply(), text, opcodes, times)

    def cut(
        self,
        *,
        text: Text = None,
        opcodes: Collection[str] = STATEMENTS,
        times: int | None = 1,
        carried_out: bool = False,
    ) -> Fault:
        """Reset the connection on which a request comes that matches.

        Args:
            text: As of `fail`.
            opcodes: As of `fail`.
            times: As of `fail`.
            carried_out: Let the server carry the request out first; else it never sees the request.
        """
        return self._play(Cut(carried_out), text, opcodes, times)

    def delay(
        self, seconds: float, *, text: Text = None, opcodes: Collection[str] = STATEMENTS, times: int | None = 1
    ) -> Fault:
        """Hold back the answers to the next requests that match; others pass them by.

        Args:
            seconds: For how long.
            text: As of `fail`.
            opcodes: As of `fail`.
            times: As of `fail`.
        """
        return self._play(Delay(seconds), text, opcodes, times)

    def clear(self) -> None:
        """Forget all faults, and be a good line again: no latency, nothing held back, new connections accepted."""
        for fault in self._faults:
            fault.cancel()
        self._faults = []
        self.latency = 0.0
        self.resume()
        self.accept()

    # What has passed

    @property
    def requests(self) -> Counter[str]:
        """How many requests of each opcode came from clients, such as ``{"EXECUTE": 20, "PREPARE": 1}``."""
        counts: Counter[str] = Counter()
        for sort, count in self._counts.copy().items():
            counts[sort.opcode] += count
        return counts

    def count(self, *, text: Text = None, opcodes: Collection[str] = STATEMENTS) -> int:
        """How many requests came that match, those included that a fault has happened to.

        Args:
            text: As of `fail`.
            opcodes: As of `fail`.

        Example:
            >>> assert proxy.count(text="INSERT") == 1  # no retry storm  # doctest: +SKIP
        """
        matcher = Matcher(text, opcodes)
        return sum(count for sort, count in self._counts.copy().items() if matcher.matches(sort))

    def reset_counts(self) -> None:
        """Count from 0 again."""
        self._counts = Counter()
        self._accepted_before = self._thread.accepted

    def _fault_for(self, request: Request) -> Fault | None:
        """Count this request, and give the fault that is to happen to it: the first one declared."""
        self._counts[Sort(request.opcode, request.text)] += 1
        return next((fault for fault in tuple(self._faults) if fault.takes(request)), None)

    def _play(self, effect: Effect, text: Text, opcodes: Collection[str], times: int | None) -> Fault:
        fault = Fault(Matcher(text, opcodes), effect, times)
        self._faults = [earlier for earlier in self._faults if earlier.remaining != 0] + [fault]
        return fault


def listening_context(server: Server, address: str) -> ssl.SSLContext | None:
    """How clients encrypt their connections to a proxy at this address.

    Raises:
        CertificateNotIssued: The server encrypts, and there is no authority to issue a certificate that clients trust.
    """
    if server.ssl_context is None:
        return None
    if server.authority is None:
        raise CertificateNotIssued(str(server))
    return server.authority.server_context(address)
