"""Just enough of CQL's native protocol to see that a server answers and to run a few statements.

Written with plain sockets, so that the base install needs no driver. It reads text columns only.
Reference: Apache Cassandra, "CQL binary protocol v4".
"""

from __future__ import annotations

import socket
import ssl
import struct
from types import TracebackType
from typing import NamedTuple, Self

from coodie_testing.credentials import Credentials
from coodie_testing.errors import CqlFailed

PROTOCOL_VERSION = 4
HEADER = struct.Struct(">BBhBi")  # version, flags, stream, opcode, length of the body
CONSISTENCY_ONE, CONSISTENCY_ALL = 1, 5
CONSISTENCY_OF_COUNT = {1: 1, 2: 2, 3: 3}  # ONE, TWO, THREE

# Opcodes
ERROR, STARTUP, READY, AUTHENTICATE, OPTIONS, SUPPORTED, QUERY, RESULT = 0, 1, 2, 3, 5, 6, 7, 8
AUTH_RESPONSE, AUTH_SUCCESS = 15, 16

ROWS_RESULT = 2
GLOBAL_TABLE = 0x0001
TEXT_TYPES = {0x0001, 0x000D}  # ascii, varchar


class Answer(NamedTuple):
    """One frame from the server."""

    opcode: int
    body: bytes


class Reader:
    """Reads the protocol's notations from a frame's body, one after the other."""

    def __init__(self, body: bytes) -> None:
        self._body, self._position = body, 0

    def _take(self, length: int) -> bytes:
        taken = self._body[self._position : self._position + length]
        if len(taken) < length:
            raise ValueError("the frame is shorter than it says")
        self._position += length
        return taken

    def byte(self) -> int:
        return self._take(1)[0]

    def integer(self) -> int:
        return int.from_bytes(self._take(4), signed=True)

    def short(self) -> int:
        return int.from_bytes(self._take(2))

    def string(self) -> str:
        return self._take(self.short()).decode()

    def long_string(self) -> str:
        return self._take(self.integer()).decode()

    def short_bytes(self) -> bytes:
        return self._take(self.short())

    def skip_bytes(self) -> None:
        self._take(max(0, self.integer()))  # less than 0 is null, or not set

    def skip(self, length: int) -> None:
        self._take(length)

    def rest(self) -> bytes:
        return self._body[self._position :]

    def skip_table(self) -> None:
        self.string()  # its keyspace
        self.string()

    def value(self) -> str | None:
        length = self.integer()
        return None if length < 0 else self._take(length).decode()


def _string(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded


def _long_string(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">i", len(encoded)) + encoded


def supported_options(body: bytes) -> dict[str, list[str]]:
    """What a SUPPORTED answer lists: protocol options and their values."""
    reader = Reader(body)
    return {reader.string(): [reader.string() for _ in range(reader.short())] for _ in range(reader.short())}


def text_rows(body: bytes) -> list[tuple[str | None, ...]]:
    """The rows of a RESULT answer, whose columns must all be text; none if it carries no rows."""
    reader = Reader(body)
    if reader.integer() != ROWS_RESULT:
        return []
    flags, column_count = reader.integer(), reader.integer()
    if flags & GLOBAL_TABLE:
        reader.skip_table()
    for _ in range(column_count):
        if not flags & GLOBAL_TABLE:
            reader.skip_table()
        name = reader.string()
        if reader.short() not in TEXT_TYPES:
            raise ValueError(f"column {name} is not text")
    return [tuple(reader.value() for _ in range(column_count)) for _ in range(reader.integer())]


class CqlConnection:
    """One connection to a server, closed at the end of its `with` block.

    Args:
        host: Name or address of the server.
        port: Its CQL port.
        timeout: Seconds to wait for the connection and for each answer.
        ssl_context: How to encrypt it; None: not at all.

    Raises:
        OSError: There is no connection to be had.
    """

    def __init__(self, host: str, port: int, *, timeout: float, ssl_context: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_connection((host, port), timeout)
        if ssl_context is not None:
            self._socket = _encrypted(self._socket, ssl_context, host)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def options(self) -> dict[str, list[str]]:
        """Ask what the server supports. Every CQL server answers this, also before authentication."""
        answer = self._ask(OPTIONS, b"")
        if answer.opcode != SUPPORTED:
            raise ValueError(f"it answered OPTIONS with opcode {answer.opcode}")
        return supported_options(answer.body)

    def start(self, credentials: Credentials | None = None) -> None:
        """Make the connection ready for statements.

        Args:
            credentials: With what to log in, where the server wants that.

        Raises:
            CqlFailed: The server wants a password, and there are no credentials, or wrong ones.
        """
        answer = self._ask(STARTUP, struct.pack(">H", 1) + _string("CQL_VERSION") + _string("3.0.0"))
        if answer.opcode == AUTHENTICATE and credentials is not None:
            return self._log_in(credentials)
        if answer.opcode == AUTHENTICATE:
            raise CqlFailed("STARTUP", "it asks for a password, and coodie-testing has none to give")
        if answer.opcode != READY:
            raise CqlFailed("STARTUP", _reason(answer))

    def _log_in(self, credentials: Credentials) -> None:
        token = f"\0{credentials.username}\0{credentials.password}"
        answer = self._ask(AUTH_RESPONSE, _long_string(token))
        if answer.opcode != AUTH_SUCCESS:
            raise CqlFailed("the login", _reason(answer))

    def execute(self, cql: str, *, consistency: int = CONSISTENCY_ONE) -> list[tuple[str | None, ...]]:
        """Run one statement and return its rows, whose columns must be text.

        Args:
            cql: The statement.
            consistency: The protocol's number of the consistency level.

        Raises:
            CqlFailed: The server refused it; its message is in the error.
        """
        no_flags = 0
        answer = self._ask(QUERY, _long_string(cql) + struct.pack(">HB", consistency, no_flags))
        if answer.opcode != RESULT:
            raise CqlFailed(cql, _reason(answer))
        return text_rows(answer.body)

    def _ask(self, opcode: int, body: bytes) -> Answer:
        self._socket.sendall(HEADER.pack(PROTOCOL_VERSION, 0, 0, opcode, len(body)) + body)
        _, _, _, answer_opcode, length = HEADER.unpack(self._receive(HEADER.size))
        return Answer(answer_opcode, self._receive(length))

    def _receive(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            chunk = self._socket.recv(length - len(received))
            if not chunk:
                raise ConnectionError("it closed the connection without an answer")
            received += chunk
        return received


def _encrypted(plain: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _reason(answer: Answer) -> str:
    if answer.opcode != ERROR:
        return f"it answered with opcode {answer.opcode}"
    reader = Reader(answer.body)
    code, message = reader.integer(), reader.string()
    return f"{message} (error 0x{code:04X})"


def why_no_answer(host: str, port: int, *, timeout: float, ssl_context: ssl.SSLContext | None = None) -> str | None:
    """Tell why no CQL server answers at this address, or None if one does.

    An open port is not enough: the server must answer a CQL request.

    Args:
        host: Name or address of the server.
        port: Its CQL port.
        timeout: Seconds to wait for the connection and for the answer.
        ssl_context: How to encrypt the connection; None: not at all.
    """
    try:
        with CqlConnection(host, port, timeout=timeout, ssl_context=ssl_context) as connection:
            connection.options()
    except OSError as error:
        return str(error)
    except (ValueError, struct.error) as error:
        return f"what answers there is not a CQL server ({error})"
    return None
