"""Which of the quick parts are used: where the installed version of the driver has what they stand in for.

The version is not asked for its number. A quick part is used where everything that it touches exists, and where samples
of requests and answers come out of it as they come out of the driver's own.
"""

# pyright: basic, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportOptionalIterable=false
# (the driver has no types, and what is inferred of it is not what it does)

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from inspect import signature
from types import ModuleType
from typing import Any

from cassandra import DependencyException
from cassandra.cluster import Cluster
from cassandra.protocol import BatchMessage, ExecuteMessage, ProtocolHandler
from cassandra.query import BatchType

from coodie_aio._wire.full_way import FullRequest

PARTS_OF_CONNECTIONS = (
    "_current_frame",
    "_enable_checksumming",
    "_iobuf",
    "_is_checksumming_enabled",
    "_socket",
    "defunct",
    "handle_read",
    "handle_write",
    "is_closed",
    "process_io_buffer",
    "process_msg",
    "push",
)

ROWS_OF_SYSTEM_LOCAL = bytes.fromhex(
    "00000002 00000001 00000002 0006 73797374656d 0005 6c6f63616c 0003 6b6579 000d 0002 6964 0009"  # key text, id int
    "00000001 00000005 6c6f63616c 00000004 0000002a"
)
"""The answer to a query, as the CQL binary protocol has it (v4, section 4.2.5.2)."""


def cluster_arguments(fast: bool) -> dict[str, Any]:
    """Return what ``Cluster`` is given for connections that send at once; nothing where its own class has to do."""
    direct = _module("direct") if fast else None
    if direct is None or Cluster.connection_class is not direct.LibevConnection:
        return {}
    return {"connection_class": direct.DirectConnection}


def use_quick_frames(session: Any) -> None:
    """Have *session*, which coodie has opened, speak with less work, unless it has a way of its own to speak."""
    frames = _module("frames")
    if frames is not None and session.client_protocol_handler is ProtocolHandler:
        session.client_protocol_handler = frames.QuickFrames


def send(session: Any, statement: Any, arguments: Mapping[str, Any]) -> Any:
    """Send *statement*, and return the request under way: the short way where it can go that, or else the driver's.

    Args:
        session: The driver's session.
        statement: The driver's statement, with its values.
        arguments: Further keyword arguments of ``Session.execute_async``.
    """
    sending = _module("sending")
    request = None if sending is None else sending.sent(session, statement, **arguments)
    return FullRequest(session.execute_async(statement, **arguments)) if request is None else request


@cache
def _module(name: str) -> ModuleType | None:
    """Return a module of this package, or None where it does not fit the installed driver."""
    try:
        module = import_module(f"coodie_aio._wire.{name}")
        return module if _FITS[name](module) else None
    except (ImportError, DependencyException, AttributeError, TypeError):
        return None


def _direct_fits(module: Any) -> bool:
    return all(hasattr(module.LibevConnection, part) for part in PARTS_OF_CONNECTIONS)


def _frames_fit(module: Any) -> bool:
    features = import_module("cassandra.protocol_features").ProtocolFeatures()
    samples = (
        ExecuteMessage(b"id", [b"a", None], 1, 8, 100, b"state", 1_000, False, None, b"metadata id", 7),
        BatchMessage(BatchType.LOGGED, [(True, b"id", [b"a"]), (False, "SELECT", [])], 1, 8, 1_000, None),
    )
    for sample in samples:
        for version in (4, 5):
            arguments = (sample, 1, version, None, False, features)
            if module.QuickFrames.encode_message(*arguments) != ProtocolHandler.encode_message(*arguments):
                return False
    answers = [
        handler.decode_message(4, features, {}, 1, 0, 8, ROWS_OF_SYSTEM_LOCAL, None, [("system", "local", "key", None)])
        for handler in (module.QuickFrames, ProtocolHandler)
    ]
    read, expected = ((one.column_names, one.column_types, one.parsed_rows, one.kind) for one in answers)
    return bool(read == expected)


def _sending_fits(module: Any) -> bool:
    return all(list(signature(part).parameters) == names.split() for part, names in module.PARTS_OF_DRIVER.items())


_FITS = {"direct": _direct_fits, "frames": _frames_fit, "sending": _sending_fits}

# Now, and not when somebody connects: a fork at that moment would leave the import locked in the child, for ever.
for _part in _FITS:
    _module(_part)
