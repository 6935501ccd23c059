"""A way to a server that speaks TLS: it encrypts for clients what a server says in plain, and passes it on."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace

from coodie_testing import Server

CHUNK_BYTES = 65_536


@contextmanager
def tls_relay(server: Server, context: ssl.SSLContext) -> Generator[Server]:
    """Give *server* as clients reach it that encrypt what they say, for the length of the block.

    Args:
        server: A server that speaks no TLS.
        context: What clients are met with.
    """
    ready, loop = threading.Event(), asyncio.new_event_loop()
    end = asyncio.Event()
    ports: list[int] = []

    async def serve() -> None:
        listening = await asyncio.start_server(relayed, "127.0.0.1", 0, ssl=context)
        ports.append(listening.sockets[0].getsockname()[1])
        ready.set()
        await end.wait()
        listening.close()

    async def relayed(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(server.hosts[0], server.port)
        try:
            await asyncio.gather(carry(client, to_server), carry(from_server, to_client))
        finally:
            for writer in (to_client, to_server):
                writer.transport.abort()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield replace(server, hosts=("127.0.0.1",), port=ports[0])
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Pass on what comes, until one end hangs up."""
    with suppress(OSError):
        while data := await source.read(CHUNK_BYTES):
            target.write(data)
            await target.drain()
        target.close()
