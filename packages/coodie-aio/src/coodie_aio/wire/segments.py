"""Segments of the CQL binary protocol v5, whose header has a checksum that Python has to work out bit by bit.

A header says how long a segment is and little else, so the same ones come again and again: they are remembered.
"""

# pyright: basic, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportOptionalIterable=false
# (the driver has no types, and what is inferred of it is not what it does)

from __future__ import annotations

from io import BytesIO
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

from cassandra.segment import CRC32_INITIAL, CRC32_LENGTH, CrcException, Segment, SegmentCodec

WORTH_COMPRESSING = 1_024
"""Bytes. What is shorter goes out in one packet in any case (of 1,280 bytes at least: RFC 8200, section 5), so nothing
would be gained by compressing it."""

HEADERS_REMEMBERED = 4_096

_CHECKSUM = Struct("<I")


class Payload(NamedTuple):
    """What a segment holds.

    Attributes:
        frames: The frames, or a part of one.
        end: Where the next segment begins.
        is_self_contained: Whether it is whole frames.
    """

    frames: bytes
    end: int
    is_self_contained: bool


class QuickSegments(SegmentCodec):  # type: ignore[misc]  # the driver has no types
    """What `SegmentCodec` does, with headers that are worked out once.

    Args:
        codec: What the driver chose for a connection.
    """

    def __init__(self, codec: Any) -> None:
        super().__init__(codec.compressor, codec.decompressor)
        self._longest: int = WORTH_COMPRESSING if self.compression else Segment.MAX_PAYLOAD_LENGTH
        self._header_length: int = self.header_length_with_crc
        self._headers: dict[int, bytes] = {}
        self._known: dict[bytes, Any] = {}

    def encode(self, buffer: Any, msg: bytes) -> None:
        """Write *msg* to *buffer*, as one segment or more."""
        length = len(msg)
        if length > self._longest:
            super().encode(buffer, msg)
            return
        header = self._headers.get(length) or self._header_of(length)
        buffer.write(header + msg + _CHECKSUM.pack(crc32(msg, CRC32_INITIAL)))

    def payload(self, data: bytes, start: int) -> Payload | None:
        """Return the segment that begins at *start*, or None if not all of it is there.

        Raises:
            CrcException: A checksum is wrong.
        """
        begin = start + self._header_length
        encoded = data[start:begin]
        if len(encoded) < self._header_length:
            return None
        header = self._known.get(encoded) or self._decoded(encoded)
        end = begin + header.payload_length
        if end + CRC32_LENGTH > len(data):
            return None
        payload = data[begin:end]
        if _CHECKSUM.unpack_from(data, end)[0] != crc32(payload, CRC32_INITIAL):
            raise CrcException("CRC mismatch on the payload of a segment")
        if header.uncompressed_payload_length > 0:
            payload = self.decompress(payload, header.uncompressed_payload_length)
        return Payload(payload, end + CRC32_LENGTH, header.is_self_contained)

    def _header_of(self, length: int) -> bytes:
        """Return the header of a segment that is not compressed, and remember it."""
        buffer = BytesIO()
        self.encode_header(buffer, length, 0, True)
        header = buffer.getvalue()
        if len(self._headers) < HEADERS_REMEMBERED:
            self._headers[length] = header
        return header

    def _decoded(self, encoded: bytes) -> Any:
        header = self.decode_header(BytesIO(encoded))
        if len(self._known) < HEADERS_REMEMBERED:
            self._known[encoded] = header
        return header
