"""The running part of a fault proxy: a thread with an event loop, a listening socket, and the connections."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from coodie_testing.errors import FaultProxyNotRunning
from coodie_testing.faults import Fault
from coodie_testing.frames import Request
from coodie_testing.proxied_connection import ProxiedConnection, Streams, reset

T = TypeVar("T")
FaultFor = Callable[[Request], Fault | None]
Endpoint = tuple[str, int]
BACKLOG = 128


class ProxyThread:
    """Carries connections from where it listens to the server, in a thread of its own between `start()` and `stop()`.

    Args:
        listen: The address and port to listen on; port 0 takes a free one at the start.
        upstream: The address and port of the server.
        fault_for: Is asked about every request.
        prepared_texts: Where the CQL of prepared statements is noted, by the server's name for them.
        listen_tls: How clients are to encrypt their connections.
        upstream_tls: How to encrypt those to the server.
    """

    def __init__(
        self,
        listen: Endpoint,
        upstream: Endpoint,
        fault_for: FaultFor,
        prepared_texts: dict[bytes, str],
        listen_tls: ssl.SSLContext | None = None,
        upstream_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.listen: Endpoint = listen
        self.fault_for: FaultFor = fault_for
        self.prepared_texts: dict[bytes, str] = prepared_texts
        self.latency: float = 0.0
        self.accepted: int = 0
        self.clients: set[asyncio.StreamWriter] = set()
        self.moving: asyncio.Event = asyncio.Event()
        self._upstream = upstream
        self._listen_tls, self._upstream_tls = listen_tls, upstream_tls
        self._ended = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reservation: socket.socket | None = None
        self._listener: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._thread is not None

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: The address or the port cannot be had.
        """
        self._reservation = bound_socket(self.listen)
        port: int = self._reservation.getsockname()[1]
        self.listen = (self.listen[0], port)
        self.moving, self._ended = asyncio.Event(), asyncio.Event()
        self.moving.set()
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live(started)), name=str(self), daemon=True)
        self._thread.start()
        started.wait()

    def stop(self) -> None:
        """Reset all connections, and listen no more."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._ended.set)
        thread.join()
        self._loop = None
        if self._reservation is not None:
            self._reservation.close()

    def soon(self, action: Callable[[], object]) -> None:
        """Do this in the proxy's thread, before anything that clients send from now on."""
        self._running_loop().call_soon_threadsafe(action)

    def accept(self) -> None:
        """Listen again."""
        self._wait_for(self._accept())

    def refuse(self) -> None:
        """Close the listening socket."""
        self._wait_for(self._refuse())

    def reset_clients(self) -> int:
        """Reset all connections of clients, and return how many there were."""
        return self._wait_for(self._reset_clients())

    def _wait_for(self, action: Coroutine[Any, Any, T]) -> T:
        try:
            loop = self._running_loop()
        except FaultProxyNotRunning:
            action.close()
            raise
        return asyncio.run_coroutine_threadsafe(action, loop).result()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._thread is None or self._loop is None:
            raise FaultProxyNotRunning(*self.listen)
        return self._loop

    async def _live(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._listen()
        started.set()
        await self._ended.wait()
        await self._refuse()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close their sockets at the loop's next turn

    def _listen(self) -> None:
        if self._listener is None:
            listening = bound_socket(self.listen)
            listening.listen(BACKLOG)
            listening.setblocking(False)
            self._listener = asyncio.get_running_loop().create_task(self._accept_from(listening))

    async def _accept_from(self, listening: socket.socket) -> None:
        with listening:
            while True:
                connected, _ = await asyncio.get_running_loop().sock_accept(listening)
                self.accepted += 1
                task = asyncio.get_running_loop().create_task(self._carry(connected))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _carry(self, connected: socket.socket) -> None:
        try:
            client = await accepted_streams(connected, self._listen_tls)
        except OSError:  # it speaks no TLS, or is gone
            connected.close()
            return
        self.clients.add(client[1])
        try:
            await self.moving.wait()
            server = await asyncio.open_connection(*self._upstream, ssl=self._upstream_tls)
            await ProxiedConnection(self, client, server).run()
        except OSError:  # the server is down, and so we look as if we were
            pass
        finally:
            self.clients.discard(client[1])
            reset(client[1])

    async def _refuse(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.cancel()
            await asyncio.wait([listener])

    async def _accept(self) -> None:
        self._listen()

    async def _reset_clients(self) -> int:
        resetting, self.clients = self.clients, set()
        for client in resetting:
            reset(client)
        await asyncio.sleep(0)  # transports close their sockets at the loop's next turn
        return len(resetting)


async def accepted_streams(connected: socket.socket, tls: ssl.SSLContext | None) -> Streams:
    """The streams of a connection that a client has made to us."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connected, ssl=tls)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def bound_socket(endpoint: Endpoint) -> socket.socket:
    """A socket that has this address and port, and does not listen: connections are refused.

    Others may have the same with the same option as long as none listens, so one of them reserves the port while the
    listening one comes and goes.
    """
    family, kind, protocol, _, target = socket.getaddrinfo(*endpoint, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(target)
    except BaseException:
        bound.close()
        raise
    return bound
