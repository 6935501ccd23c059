"""What requests and answers of CQL's native protocol say, as far as a proxy between client and server must know.

Protocol versions 3 and 4: their frames stand alone. Version 5 wraps frames in segments, and is not read here.
Reference: Apache Cassandra, "CQL binary protocol v4".
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from coodie_testing.cql import Reader

READABLE_VERSIONS = (3, 4)
ANSWER = 0x80  # set in the version of every frame from the server
VERSION = 0x7F
HEADER = struct.Struct(">BBhBI")  # version, flags, stream, opcode, length of the body

COMPRESSED, TRACED, WITH_PAYLOAD, WITH_WARNINGS = 0x01, 0x02, 0x04, 0x08  # flags of a frame
TRACE_ID_BYTES = 16
PREPARED_RESULT = 4
TEXT, PREPARED = 0, 1  # kinds of the statements in a batch


class Opcode(IntEnum):
    """What a frame is."""

    ERROR = 0
    STARTUP = 1
    READY = 2
    AUTHENTICATE = 3
    OPTIONS = 5
    SUPPORTED = 6
    QUERY = 7
    RESULT = 8
    PREPARE = 9
    EXECUTE = 10
    REGISTER = 11
    EVENT = 12
    BATCH = 13
    AUTH_CHALLENGE = 14
    AUTH_RESPONSE = 15
    AUTH_SUCCESS = 16


class Frame(NamedTuple):
    """One frame, in either direction."""

    version: int
    flags: int
    stream: int
    opcode: int
    body: bytes

    def encoded(self) -> bytes:
        """The frame as it is sent."""
        return HEADER.pack(self.version, self.flags, self.stream, self.opcode, len(self.body)) + self.body


class Request(NamedTuple):
    """What a client asks for.

    Attributes:
        opcode: The name of the request's opcode, such as ``"EXECUTE"``.
        text: Its CQL, also of a prepared statement; that of a batch has its statements joined by ``"; "``. Empty for
            requests without CQL, and for statements that were prepared before anybody listened.
        prepared_id: The server's name for the prepared statement, or for the first one in a batch.
    """

    opcode: str
    text: str = ""
    prepared_id: bytes = b""


def request_in(frame: Frame, prepared_texts: Mapping[bytes, str]) -> Request:
    """What this frame of a client asks for.

    Args:
        frame: The frame.
        prepared_texts: The CQL of prepared statements, by the server's name for them.
    """
    name = Opcode(frame.opcode).name
    if frame.flags & COMPRESSED:
        return Request(name)
    reader = Reader(frame.body)
    if frame.flags & WITH_PAYLOAD:
        _skip_payload(reader)
    if frame.opcode in (Opcode.QUERY, Opcode.PREPARE):
        return Request(name, reader.long_string())
    if frame.opcode == Opcode.EXECUTE:
        prepared_id = reader.short_bytes()
        return Request(name, prepared_texts.get(prepared_id, ""), prepared_id)
    if frame.opcode == Opcode.BATCH:
        return _batch(name, reader, prepared_texts)
    return Request(name)


def _batch(name: str, reader: Reader, prepared_texts: Mapping[bytes, str]) -> Request:
    reader.byte()  # logged, unlogged, counter
    texts: list[str] = []
    first_prepared = b""
    for _ in range(reader.short()):
        if reader.byte() == TEXT:
            texts.append(reader.long_string())
        else:
            prepared_id = reader.short_bytes()
            first_prepared = first_prepared or prepared_id
            texts.append(prepared_texts.get(prepared_id, ""))
        for _ in range(reader.short()):
            reader.skip_bytes()
    return Request(name, "; ".join(texts), first_prepared)


def prepared_id_in(frame: Frame) -> bytes | None:
    """The server's name for the statement that it has just prepared, or None if this answer says something else."""
    if frame.opcode != Opcode.RESULT or frame.flags & COMPRESSED:
        return None
    reader = Reader(frame.body)
    if frame.flags & TRACED:
        reader.skip(TRACE_ID_BYTES)
    if frame.flags & WITH_WARNINGS:
        for _ in range(reader.short()):
            reader.string()
    if frame.flags & WITH_PAYLOAD:
        _skip_payload(reader)
    return reader.short_bytes() if reader.integer() == PREPARED_RESULT else None


def _skip_payload(reader: Reader) -> None:
    for _ in range(reader.short()):
        reader.string()
        reader.skip_bytes()


def error_answer(request: Frame, body: bytes) -> Frame:
    """The answer to this request that is this error."""
    version = request.version if request.version in READABLE_VERSIONS else max(READABLE_VERSIONS)
    return Frame(ANSWER | version, 0, request.stream, Opcode.ERROR, body)


def supported_body(options: Mapping[str, list[str]]) -> bytes:
    """The body of a SUPPORTED answer that lists these options."""
    return _short(len(options)) + b"".join(
        string(name) + _short(len(values)) + b"".join(map(string, values)) for name, values in options.items()
    )


def string(text: str) -> bytes:
    """A [string] of the protocol."""
    encoded = text.encode()
    return _short(len(encoded)) + encoded


def _short(number: int) -> bytes:
    return number.to_bytes(2)
