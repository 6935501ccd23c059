"""One connection of a client through a fault proxy: requests and answers carried from one side to the other."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from coodie_testing.cql import supported_options
from coodie_testing.faults import Answer, Cut, Delay, DropReply, Fault
from coodie_testing.frames import (
    HEADER,
    READABLE_VERSIONS,
    VERSION,
    Frame,
    Opcode,
    Request,
    error_answer,
    prepared_id_in,
    request_in,
    string,
    supported_body,
)

PROTOCOL_ERROR = 0x000A
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: close() sends RST

# Shards have ports of their own, to which a driver would go round the proxy; and what is compressed cannot be read.
NOT_OFFERED = ("SCYLLA_SHARD", "SCYLLA_NR_SHARDS", "SCYLLA_PARTITIONER", "SCYLLA_SHARDING")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Line(Protocol):
    """The state that all connections of a proxy share."""

    latency: float
    moving: asyncio.Event  # cleared while the proxy stalls
    prepared_texts: dict[bytes, str]
    fault_for: Callable[[Request], Fault | None]


class Due(NamedTuple):
    """An answer, and when it may be sent."""

    time: float
    frame: Frame


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked on a stream, where the answer matters."""

    request: Request
    fault: Fault | None


class ProxiedConnection:
    """Carries frames between a client and the server until one of them closes, or a fault cuts the connection."""

    def __init__(self, line: Line, client: Streams, server: Streams) -> None:
        self._line = line
        self._from_client, self._to_client = client
        self._from_server, self._to_server = server
        self._exchanges: dict[int, Exchange] = {}
        self._answers: asyncio.Queue[Due] = asyncio.Queue()

    async def run(self) -> None:
        """Carry frames until the connection ends on either side, then end it on both."""
        tasks = [asyncio.create_task(part()) for part in (self._requests, self._replies, self._send_answers)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reset(self._to_client)
            self._to_server.transport.abort()
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, (OSError, asyncio.IncompleteReadError)):
                raise result

    async def _requests(self) -> None:
        while True:
            frame = await read_frame(self._from_client)
            await self._line.moving.wait()
            if frame.version not in READABLE_VERSIONS:
                self._answer(error_answer(frame, version_error(frame.version)))
            elif not self._intercept(frame):
                self._to_server.write(frame.encoded())
                await self._to_server.drain()

    def _intercept(self, frame: Frame) -> bool:
        """Tell whether this request is dealt with here, and never gets to the server."""
        request = request_in(frame, self._line.prepared_texts)
        fault = self._line.fault_for(request)
        if fault is None or fault.effect.carried_out:
            if fault or request.opcode in ("PREPARE", "OPTIONS"):
                self._exchanges[frame.stream] = Exchange(request, fault)
            return False
        fault.has_happened()
        if isinstance(fault.effect, Cut):
            raise ConnectionAbortedError
        if isinstance(fault.effect, Answer):
            self._answer(error_answer(frame, fault.effect.error.body(request.prepared_id)))
        return True

    async def _replies(self) -> None:
        while True:
            frame = await read_frame(self._from_server)
            exchange = self._exchanges.pop(frame.stream, None)
            if exchange is None:
                self._answer(frame)
                continue
            self._note_prepared(exchange.request, frame)
            if exchange.fault is None:
                self._answer(offered(frame))
            else:
                self._play(exchange.fault, exchange.request, frame)

    def _note_prepared(self, request: Request, frame: Frame) -> None:
        if request.opcode == "PREPARE":
            prepared_id = prepared_id_in(frame)
            if prepared_id is not None:
                self._line.prepared_texts[prepared_id] = request.text

    def _play(self, fault: Fault, request: Request, frame: Frame) -> None:
        """Do to the answer what the fault wants."""
        match fault.effect:
            case Delay(seconds):
                self._answer(frame, after=seconds)
            case Answer(error):
                self._answer(error_answer(frame, error.body(request.prepared_id)))
            case DropReply():
                pass
            case Cut():
                fault.has_happened()
                raise ConnectionAbortedError
        fault.has_happened()

    def _answer(self, frame: Frame, after: float = 0) -> None:
        now = asyncio.get_running_loop().time()
        if after:
            asyncio.get_running_loop().call_later(after, self._answers.put_nowait, Due(now + after, frame))
        else:
            self._answers.put_nowait(Due(now + self._line.latency, frame))

    async def _send_answers(self) -> None:
        while True:
            due = await self._answers.get()
            delay = due.time - asyncio.get_running_loop().time()
            if delay > 0:
                await asyncio.sleep(delay)
            await self._line.moving.wait()
            self._to_client.write(due.frame.encoded())
            await self._to_client.drain()


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """The next frame that comes.

    Raises:
        asyncio.IncompleteReadError: The other side has closed the connection.
    """
    version, flags, stream, opcode, length = HEADER.unpack(await reader.readexactly(HEADER.size))
    return Frame(version, flags, stream, opcode, await reader.readexactly(length))


def version_error(version: int) -> bytes:
    """What a server says that does not know this version of the protocol; drivers then take an older one."""
    message = f"Invalid or unsupported protocol version ({version & VERSION}); supported versions are (3/v3, 4/v4)"
    return struct.pack(">i", PROTOCOL_ERROR) + string(message)


def offered(frame: Frame) -> Frame:
    """A SUPPORTED answer without what does not work through a proxy; other answers as they are."""
    if frame.opcode != Opcode.SUPPORTED:
        return frame
    options = supported_options(frame.body)
    kept = {name: values for name, values in options.items() if not name.startswith(NOT_OFFERED)}
    return frame._replace(body=supported_body({**kept, "COMPRESSION": []}))


def reset(writer: asyncio.StreamWriter) -> None:
    """Close this connection at once, with RST, throwing away what was not sent."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()
