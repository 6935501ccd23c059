"""Connections that send from the thread that asks, instead of waking the driver's reactor to do it.

They are the driver's own on libev, and everything that is rare is still done by it: connecting, TLS, authentication,
frames that arrive in pieces, errors.
"""

# pyright: basic, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportOptionalIterable=false
# (the driver has no types, and what is inferred of it is not what it does)

from __future__ import annotations

import socket
from collections.abc import Callable
from struct import Struct
from typing import Any, ClassVar

from cassandra import ProtocolVersion
from cassandra.connection import CrcMismatchException, ProtocolError
from cassandra.connection import _Frame as Frame
from cassandra.io import libevreactor
from cassandra.io.libevreactor import LibevConnection
from cassandra.segment import CrcException

from coodie_aio._wire.outgoing import FEW, outgoing
from coodie_aio._wire.segments import QuickSegments
from coodie_aio._wire.timers import Timers

READ_AT_ONCE = 64 * 1024
"""Bytes asked of a socket at once; the driver's 4 KiB take 16 calls for a page of rows."""

NOT_SENDABLE_NOW = (BlockingIOError, InterruptedError)

_HEADER = Struct(">BBhBi")
_VERSION_BITS = 0x7F


class DirectConnection(LibevConnection):  # type: ignore[misc]  # the driver has no types
    """A connection whose requests are sent at once, and whose timers cost nothing until they are due."""

    _timers: ClassVar[Timers | None] = None

    @classmethod
    def create_timer(cls, timeout: float, callback: Callable[[], object]) -> Any:
        """Return a timer that calls *callback* in *timeout* seconds, on the thread of the reactor."""
        reactor = libevreactor._global_loop
        timers = DirectConnection._timers
        if timers is None or timers.reactor is not reactor:
            timers = DirectConnection._timers = Timers(reactor, LibevConnection.create_timer)
        return timers.add(timeout, callback)

    def push(self, data: bytes) -> None:
        """Send *data* at once, or with what else the thread sends on this connection."""
        if type(self._socket) is not socket.socket:  # TLS: not to be read and written by two threads
            super().push(data)
        elif outgoing.collect is None or self.in_flight <= FEW:
            self.send_now(data)
        else:
            outgoing.collect(self, data)

    def send_now(self, data: bytes) -> None:
        """Send *data*, and leave it to the reactor as soon as the socket takes no more."""
        with self._deque_lock:
            rest = data if self.deque else self._sent_at_once(data)
            if not rest:
                return
            self.deque.append(rest)
        libevreactor._global_loop.notify()

    def _sent_at_once(self, data: Any) -> Any:
        """Send as much of *data* as the socket takes, and return the rest."""
        try:
            sent: int = self._socket.send(data)
        except OSError:  # the socket is full; or it is broken, and the reactor finds out when it writes to it
            return data
        return memoryview(data)[sent:] if sent < len(data) else None

    def handle_write(self, watcher: Any, revents: int, errno: int | None = None) -> None:
        """Send what is left, as the socket can take it; no other thread sends meanwhile."""
        if self.is_closed:
            return
        if type(self._socket) is not socket.socket or revents & libevreactor.libev.EV_ERROR:
            super().handle_write(watcher, revents, errno)
            return
        try:
            with self._deque_lock:
                while self.deque:
                    sent = self._socket.send(self.deque[0])
                    if sent < len(self.deque[0]):
                        self.deque[0] = memoryview(self.deque[0])[sent:]
                    else:
                        self.deque.popleft()
            self._socket_writable = True
        except NOT_SENDABLE_NOW:
            self._socket_writable = False
        except OSError as error:
            self.defunct(error)

    def handle_read(self, watcher: Any, revents: int, errno: int | None = None) -> None:
        """Take what has arrived."""
        if type(self._socket) is not socket.socket or self.is_closed or revents & libevreactor.libev.EV_ERROR:
            super().handle_read(watcher, revents, errno)
            return
        try:
            data = self._socket.recv(READ_AT_ONCE)
        except NOT_SENDABLE_NOW:
            return
        except OSError as error:
            self.defunct(error)
            return
        if data:
            self._take(data)
        else:
            self.close()  # as the server did

    def _take(self, data: bytes) -> None:
        """Take whole frames as they are, and let the driver put together what came in pieces."""
        if not self._has_pieces():
            try:
                data = self._rest_after_segments(data) if self._is_checksumming_enabled else self._rest_after(data)
            except CrcException as error:
                self.defunct(CrcMismatchException(str(error), self.endpoint))
                return
            except Exception as error:
                self.defunct(error)
                return
        if data and not self.is_closed:
            self._iobuf.write(data)
            self.process_io_buffer()

    def _has_pieces(self) -> bool:
        """Tell whether a part of a frame arrived before, and waits for the rest."""
        buffer = self._io_buffer
        return bool(self._current_frame or buffer.io_buffer.tell() or buffer.cql_frame_buffer.tell())

    def _rest_after(self, data: bytes) -> bytes:
        """Take the frames that *data* begins with, and return what is no whole frame."""
        start, end = 0, len(data)
        while end - start >= _HEADER.size:
            version, flags, stream, opcode, length = _HEADER.unpack_from(data, start)
            begin = start + _HEADER.size
            if begin + length > end or length < 0 or version & _VERSION_BITS not in ProtocolVersion.SUPPORTED_VERSIONS:
                break
            start = begin + length
            frame = Frame(version & _VERSION_BITS, flags, stream, opcode, _HEADER.size, length + _HEADER.size)
            self.process_msg(frame, data[begin:start])
        return data[start:] if start else data

    def _rest_after_segments(self, data: bytes) -> bytes:
        """Take the frames of the segments that *data* begins with, and return what the driver is to put together.

        Raises:
            CrcException: A checksum is wrong.
            ProtocolError: A segment ends in the middle of a frame, and says that it does not.
        """
        start = 0
        while start < len(data):
            segment = self._segment_codec.payload(data, start)
            if segment is None or not segment.is_self_contained:
                break
            start = segment.end
            if self._rest_after(segment.frames):
                raise ProtocolError("A self-contained segment ends in the middle of a frame")
        return data[start:] if start else data

    def _enable_checksumming(self) -> None:
        super()._enable_checksumming()
        self._segment_codec: Any = QuickSegments(self._segment_codec)
