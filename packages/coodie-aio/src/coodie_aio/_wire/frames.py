"""Requests to bytes and answers to rows, where they are the ones of prepared statements.

The description of the columns, which each answer repeats, is parsed once: an answer that begins with the same bytes has
the same columns, whatever became of the schema meanwhile, and any other is parsed anew.
"""

# pyright: basic, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportOptionalIterable=false
# (the driver has no types, and what is inferred of it is not what it does)

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from struct import Struct
from typing import Any, NamedTuple

from cassandra import ProtocolVersion
from cassandra.cqltypes import UserType
from cassandra.protocol import BatchMessage, ExecuteMessage, ProtocolHandler, ResultMessage
from cassandra.query import UNSET_VALUE

from coodie_aio._wire.rows import Row, rows_reader
from coodie_aio._wire.segments import WORTH_COMPRESSING

DESCRIPTIONS_REMEMBERED = 1_024

EXECUTE = 0x0A
BATCH = 0x0D
RESULT = 0x08
VOID, ROWS = 1, 2

COMPRESSED = 0x01
SPEC_OF_ALL_COLUMNS, MORE_PAGES, NO_METADATA = 0x01, 0x02, 0x04

VALUES, SKIP_METADATA, PAGE_SIZE, PAGING_STATE, SERIAL_CONSISTENCY, TIMESTAMP = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
"""Flags of the CQL binary protocol v4, section 4.1.4; v5 has the same."""

FRAME_HEADER = Struct(">BBhBi")
INT = Struct(">i")
INTS = Struct(">ii")
NULL, UNSET = INT.pack(-1), INT.pack(-2)
LENGTHS = tuple(INT.pack(length) for length in range(257))


class Description(NamedTuple):
    """The columns of an answer, ready for reading rows.

    Attributes:
        metadata: What the driver's prepared statement has, or the statement; kept so that its identity stays its own.
        encoded: What the server sends of it.
        names: The columns' names.
        types: Their types.
        rows: Reads the rows of a body, from a place in it on.
        user_types: The user-defined types, and the classes that stood for them.
    """

    metadata: Any
    encoded: bytes
    names: list[str]
    types: list[Any]
    rows: Callable[[bytes, int], list[Row]]
    user_types: tuple[tuple[str, str, Any], ...]


class QuickRows(ResultMessage):  # type: ignore[misc]  # the driver has no types
    """An answer with rows."""

    kind = ROWS
    result_metadata_id = None
    trace_id = None

    def __init__(self, description: Description, rows: Any, paging_state: bytes | None) -> None:
        self.column_names = description.names
        self.column_types = description.types
        self.parsed_rows = rows
        self.paging_state = paging_state


class QuickVoid(ResultMessage):  # type: ignore[misc]  # the driver has no types
    """An answer that says no more than that it was done."""

    kind = VOID
    trace_id = None

    def __init__(self) -> None:
        pass


DONE = QuickVoid()
_descriptions: dict[tuple[int, int, int, int], Description] = {}


class QuickFrames(ProtocolHandler):  # type: ignore[misc]  # the driver has no types
    """The driver's protocol handler, which need not be asked for what is common."""

    @classmethod
    def encode_message(
        cls,
        msg: Any,
        stream_id: int,
        protocol_version: int,
        compressor: Any,
        allow_beta_protocol_version: bool,
        protocol_features: Any,
    ) -> bytes:
        """Return *msg* as a frame."""
        encode = _ENCODERS.get(type(msg))
        if (
            encode is not None
            and not msg.tracing
            and not msg.custom_payload
            and not allow_beta_protocol_version
            and msg.keyspace is None
        ):
            body: bytes = encode(msg, protocol_version, protocol_features)
            if compressor is None or len(body) < WORTH_COMPRESSING or protocol_version >= ProtocolVersion.V5:
                return FRAME_HEADER.pack(protocol_version, 0, stream_id, msg.opcode, len(body)) + body
        whole: bytes = ProtocolHandler.encode_message(
            msg, stream_id, protocol_version, compressor, allow_beta_protocol_version, protocol_features
        )
        return whole

    @classmethod
    def decode_message(
        cls,
        protocol_version: int,
        protocol_features: Any,
        user_type_map: Any,
        stream_id: int,
        flags: int,
        opcode: int,
        body: bytes,
        decompressor: Any,
        result_metadata: Any,
    ) -> Any:
        """Return the answer that *body* is."""
        if opcode == RESULT:
            if flags == COMPRESSED and decompressor is not None and protocol_version < ProtocolVersion.V5:
                body, flags = decompressor(body), 0
            if not flags:
                kind = INT.unpack_from(body)[0]
                if kind == VOID:
                    return DONE
                if kind == ROWS and result_metadata:
                    answer = quick_rows(body, protocol_version, user_type_map, result_metadata)
                    if answer is not None:
                        return answer
        return ProtocolHandler.decode_message(
            protocol_version,
            protocol_features,
            user_type_map,
            stream_id,
            flags,
            opcode,
            body,
            decompressor,
            result_metadata,
        )


def quick_rows(body: bytes, protocol_version: int, user_type_map: Any, metadata: Any) -> QuickRows | None:
    """Return the rows of an answer, or None where the driver has to look at it itself.

    Args:
        body: The answer.
        protocol_version: Of the connection.
        user_type_map: Which classes stand for user-defined types: by keyspace, and then by name.
        metadata: The columns that the statement had when it was prepared: what the answer is remembered by. Where it
            had none, because it depends on a condition what is answered, the statement stands for them.
    """
    flags, columns = INTS.unpack_from(body, 4)
    if flags & ~(SPEC_OF_ALL_COLUMNS | MORE_PAGES | NO_METADATA):
        return None
    if flags & NO_METADATA and type(metadata) is not list:
        return None
    start, paging_state = 12, None
    if flags & MORE_PAGES:
        length = INT.unpack_from(body, start)[0]
        start += INT.size
        paging_state = body[start : start + length]
        start += length
    known = _descriptions.get((id(metadata), protocol_version, flags & NO_METADATA, columns))
    if known is None or not body.startswith(known.encoded, start):
        known = described(body, flags, columns, start, protocol_version, user_type_map, metadata)
    for keyspace, name, mapped in known.user_types:
        if user_type_map.get(keyspace, {}).get(name) is not mapped:
            known = described(body, flags, columns, start, protocol_version, user_type_map, metadata)
            break
    try:
        rows = known.rows(body, start + len(known.encoded))
    except Exception:  # the driver reads it once more, and says which column it is
        return None
    return QuickRows(known, rows, paging_state)


def described(
    body: bytes, flags: int, columns: int, start: int, protocol_version: int, user_type_map: Any, metadata: Any
) -> Description:
    """Return the columns that are described in *body* from *start* on, or else by *metadata*, and remember them."""
    found, end = metadata, start
    if not flags & NO_METADATA:
        spec = BytesIO(INTS.pack(flags & SPEC_OF_ALL_COLUMNS, columns) + body[start:])
        message = ResultMessage(ROWS)
        message.recv_results_metadata(spec, user_type_map)
        found, end = message.column_metadata, start + spec.tell() - INTS.size
    names, types = [column[2] for column in found], [column[3] for column in found]
    rows = rows_reader([*found], protocol_version)
    description = Description(metadata, body[start:end], names, types, rows, tuple(user_types_in(types)))
    if len(_descriptions) >= DESCRIPTIONS_REMEMBERED:
        _descriptions.clear()
    _descriptions[id(metadata), protocol_version, flags & NO_METADATA, columns] = description
    return description


def user_types_in(types: Any) -> list[tuple[str, str, Any]]:
    """Return the user-defined types in *types*, also within others, with the classes that stand for them."""
    found: list[tuple[str, str, Any]] = []
    for kind in types:
        if issubclass(kind, UserType):
            found.append((kind.keyspace, kind.typename, kind.mapped_class))
        found += user_types_in((*kind.subtypes, *filter(None, [getattr(kind, "subtype", None)])))
    return found


def execute_body(message: Any, protocol_version: int, features: Any) -> bytes:
    """Return the body of an EXECUTE request, with what a connection with such *features* has in it."""
    query_id = message.query_id
    flags = _flags(message)
    values = message.query_params
    if values is not None:
        flags |= VALUES
    if message.fetch_size:
        flags |= PAGE_SIZE
    if message.paging_state:
        flags |= PAGING_STATE
    parts = [len(query_id).to_bytes(2, "big"), query_id]
    if protocol_version >= ProtocolVersion.V5 or features.use_metadata_id:
        if message.skip_meta and features.use_metadata_id:
            flags |= SKIP_METADATA
        metadata_id = message.result_metadata_id or b""
        parts += (len(metadata_id).to_bytes(2, "big"), metadata_id)
    parts += (message.consistency_level.to_bytes(2, "big"), _flag_bytes(flags, protocol_version))
    if values is not None:
        parts.append(len(values).to_bytes(2, "big"))
        _add_values(parts, values)
    if message.fetch_size:
        parts.append(INT.pack(message.fetch_size))
    if message.paging_state:
        parts += (INT.pack(len(message.paging_state)), message.paging_state)
    _add_end(parts, message)
    if features.tablets_routing_v2:
        parts.append((message.tablet_version_block or 0).to_bytes(1, "big"))
    return b"".join(parts)


def batch_body(message: Any, protocol_version: int, _features: Any) -> bytes:
    """Return the body of a BATCH request."""
    parts = [message.batch_type.value.to_bytes(1, "big"), len(message.queries).to_bytes(2, "big")]
    for prepared, query, values in message.queries:
        if prepared:
            parts += (b"\x01", len(query).to_bytes(2, "big"), query)
        else:
            text = query.encode() if isinstance(query, str) else query
            parts += (b"\x00", INT.pack(len(text)), text)
        parts.append(len(values).to_bytes(2, "big"))
        _add_values(parts, values)
    parts += (message.consistency_level.to_bytes(2, "big"), _flag_bytes(_flags(message), protocol_version))
    _add_end(parts, message)
    return b"".join(parts)


def _flags(message: Any) -> int:
    flags = SERIAL_CONSISTENCY if message.serial_consistency_level else 0
    return flags if message.timestamp is None else flags | TIMESTAMP


def _flag_bytes(flags: int, protocol_version: int) -> bytes:
    return INT.pack(flags) if protocol_version >= ProtocolVersion.V5 else flags.to_bytes(1, "big")


def _add_values(parts: list[bytes], values: Any) -> None:
    for value in values:
        if value is None:
            parts.append(NULL)
        elif value is UNSET_VALUE:
            parts.append(UNSET)
        else:
            length = len(value)
            parts.append(LENGTHS[length] if length < len(LENGTHS) else INT.pack(length))
            parts.append(value)


def _add_end(parts: list[bytes], message: Any) -> None:
    if message.serial_consistency_level:
        parts.append(message.serial_consistency_level.to_bytes(2, "big"))
    if message.timestamp is not None:
        parts.append(message.timestamp.to_bytes(8, "big"))


_ENCODERS: dict[type, Any] = {ExecuteMessage: execute_body, BatchMessage: batch_body}
