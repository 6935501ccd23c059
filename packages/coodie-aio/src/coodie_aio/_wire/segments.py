"""Segments of the CQL binary protocol v5: the checksum of a header is worked out byte by byte, not bit by bit."""

# pyright: basic, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportOptionalIterable=false
# (the driver has no types, and what is inferred of it is not what it does)

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

from cassandra.segment import (
    CRC24_INIT,
    CRC24_LENGTH,
    CRC24_POLY,
    CRC32_INITIAL,
    CRC32_LENGTH,
    CrcException,
    Segment,
    SegmentCodec,
    SegmentHeader,
)

WORTH_COMPRESSING = 1_024
"""Bytes. What is shorter goes out in one packet in any case (of 1,280 bytes at least: RFC 8200, section 5), so nothing
would be gained by compressing it."""

HEADERS_REMEMBERED = 4_096
"""A header is little more than a length, and most requests and answers are as long as others were."""

LENGTH_BITS = 17
LENGTH_MASK = (1 << LENGTH_BITS) - 1

_CHECKSUM = Struct("<I")


def _checksums_of_bytes() -> tuple[int, ...]:
    found: list[int] = []
    for byte in range(256):
        checksum = byte << 16
        for _ in range(8):
            checksum <<= 1
            if checksum & 0x1000000:
                checksum ^= CRC24_POLY
        found.append(checksum)
    return tuple(found)


_CHECKSUMS = _checksums_of_bytes()


@lru_cache(HEADERS_REMEMBERED)
def checksum_of_header(header: bytes) -> int:
    """Return the CRC24 of *header* (CQL binary protocol v5, section 2.2)."""
    checksum: int = CRC24_INIT
    for byte in header:
        checksum = (checksum << 8 & 0xFFFFFF) ^ _CHECKSUMS[checksum >> 16 ^ byte]
    return checksum


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


class Header(SegmentHeader):  # type: ignore[misc]  # the driver has no types
    """The header of a segment, which knows how long the segment is.

    The driver's own takes one that was not worth compressing for 2 bytes shorter where the connection compresses, and
    gives the connection up if exactly those have not arrived yet (scylla-driver 3.29, cassandra-driver 3.30).
    """

    segment_length: int = 0


class QuickSegments(SegmentCodec):  # type: ignore[misc]  # the driver has no types
    """What `SegmentCodec` does, in fewer steps.

    Args:
        codec: What the driver chose for a connection.
    """

    def __init__(self, codec: Any) -> None:
        super().__init__(codec.compressor, codec.decompressor)
        self._compresses: bool = bool(self.compression)
        self._header_length: int = self.header_length

    def encode(self, buffer: Any, msg: bytes) -> None:
        """Write *msg* to *buffer*, as one segment or more."""
        longest = Segment.MAX_PAYLOAD_LENGTH
        if len(msg) <= longest:
            buffer.write(self._segment(msg, is_self_contained=True))
        else:
            for start in range(0, len(msg), longest):
                buffer.write(self._segment(msg[start : start + longest], is_self_contained=False))

    def _segment(self, payload: bytes, *, is_self_contained: bool) -> bytes:
        encoded, original_length = payload, 0
        if self._compresses and len(payload) >= WORTH_COMPRESSING:
            compressed: bytes = self.compress(payload)
            if len(compressed) < len(payload):
                encoded, original_length = compressed, len(payload)
        fields = len(encoded) | is_self_contained << LENGTH_BITS
        if self._compresses:
            fields = len(encoded) | original_length << LENGTH_BITS | is_self_contained << 2 * LENGTH_BITS
        header = fields.to_bytes(self._header_length, "little")
        checksum = checksum_of_header(header).to_bytes(CRC24_LENGTH, "little")
        return header + checksum + encoded + _CHECKSUM.pack(crc32(encoded, CRC32_INITIAL))

    def decode_header(self, buffer: Any) -> Header:
        """Return the header that *buffer* goes on with."""
        read: Any = super().decode_header(buffer)
        header = Header(read.payload_length, read.uncompressed_payload_length, read.is_self_contained)
        header.segment_length = self._header_length + CRC24_LENGTH + read.payload_length + CRC32_LENGTH
        return header

    def payload(self, data: bytes, start: int) -> Payload | None:
        """Return the segment that begins at *start*, or None if not all of it is there.

        Raises:
            CrcException: A checksum is wrong.
        """
        end_of_header = start + self._header_length
        begin = end_of_header + CRC24_LENGTH
        if begin > len(data):
            return None
        header = data[start:end_of_header]
        if checksum_of_header(header) != int.from_bytes(data[end_of_header:begin], "little"):
            raise CrcException("The checksum of the header of a segment is wrong")
        fields = int.from_bytes(header, "little")
        end = begin + (fields & LENGTH_MASK)
        if end + CRC32_LENGTH > len(data):
            return None
        payload = data[begin:end]
        if _CHECKSUM.unpack_from(data, end)[0] != crc32(payload, CRC32_INITIAL):
            raise CrcException("The checksum of the payload of a segment is wrong")
        fields >>= LENGTH_BITS
        if self._compresses:
            original_length, fields = fields & LENGTH_MASK, fields >> LENGTH_BITS
            if original_length:
                payload = self.decompress(payload, original_length)
        return Payload(payload, end + CRC32_LENGTH, bool(fields & 1))
