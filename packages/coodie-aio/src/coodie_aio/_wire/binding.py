"""Values bound to prepared statements, with what is the same for all of them worked out once a statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from cassandra import ProtocolVersion
from cassandra.query import UNSET_VALUE

from coodie_core.driver_support.user_fields import serializer


class Binder:
    """Binds values to one prepared statement.

    Args:
        prepared: The driver's prepared statement.
        kind: The class of bound statements: one of the driver's that is made by ``kind(prepared)``.
    """

    def __init__(self, prepared: Any, kind: type[Any]) -> None:
        self._kind = kind
        self._common: dict[str, Any] = {**kind(prepared).__dict__, "prepared_statement": None}  # or it would never go
        self._version: int = prepared.protocol_version
        self._serializers: tuple[Callable[[Any, int], bytes], ...] = tuple(
            serializer(column.type) for column in prepared.column_metadata
        )
        self._needed: frozenset[int] = frozenset(prepared.routing_key_indexes or ())

    def bound(self, prepared: Any, values: Sequence[Any]) -> Any:
        """Return *prepared* with *values*, of which there are as many as markers.

        Raises:
            ValueError: A part of the partition key is missing.
            Exception: Whatever the driver raises for a value that does not fit its column.
        """
        version = self._version
        encoded: list[Any] = [
            value if value is None or value is UNSET_VALUE else serialize(value, version)
            for value, serialize in zip(values, self._serializers, strict=True)
        ]
        if UNSET_VALUE in encoded and any(encoded[place] is UNSET_VALUE for place in self._needed):
            raise ValueError("a part of the partition key is not set")
        statement: Any = object.__new__(self._kind)
        statement.__dict__.update(self._common)
        statement.prepared_statement = prepared
        statement.values = encoded
        statement.raw_values = values
        return statement


_binders: WeakKeyDictionary[Any, dict[type[Any], Binder]] = WeakKeyDictionary()


def bound(prepared: Any, kind: type[Any], values: Sequence[Any]) -> Any:
    """Return what ``kind(prepared).bind(values)`` would, where there are as many values as markers.

    Raises:
        Exception: Whatever the driver raises for a value that does not fit its column.
    """
    binders = _binders.get(prepared)
    binder = binders.get(kind) if binders is not None else None
    if binder is None:
        if prepared.column_encryption_policy is not None or prepared.protocol_version < ProtocolVersion.V4:
            return kind(prepared).bind(values)
        binder = _binders.setdefault(prepared, {})[kind] = Binder(prepared, kind)
    return binder.bound(prepared, values)
