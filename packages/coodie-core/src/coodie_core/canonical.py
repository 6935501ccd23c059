"""One sequence of bytes for equal values, in every process: what a digest of a query is made of.

Each value begins with a letter for its kind, and each part of a value with its length, so that two different values
never have the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from itertools import repeat
from typing import Any
from uuid import UUID

from coodie_core.codecs.nested import UserValue
from coodie_core.duration import CqlDuration
from coodie_core.types import CqlType


def canonical(value: Any, cql: CqlType | None = None) -> bytes:
    """Return the bytes of *value*: a scalar as drivers take it, or any nesting of such.

    Args:
        value: The value.
        cql: Its type, which tells a set, whose elements have no order, from a list.

    Raises:
        TypeError: It is of a class that no driver takes.

    Example:
        >>> canonical(("a", 1)) == canonical(["a", 1]) != canonical(["a", "1"])
        True
    """
    for kind in type(value).__mro__:
        if kind in _SCALARS:
            letter, to_bytes = _SCALARS[kind]
            return _joined(letter, [to_bytes(value)])
        if kind in _NESTED:
            return _NESTED[kind](value, cql)
    raise TypeError(f"canonical({type(value).__name__}): there is no such value in CQL.")


def _of_elements(elements: Iterable[Any], cql: CqlType | None) -> bytes:
    if cql is None or not cql.arguments:
        return _joined(b"l", map(canonical, elements))
    types = cql.arguments if cql.name == "tuple" else repeat(cql.arguments[0])
    parts = [canonical(element, kind) for element, kind in zip(elements, types, strict=False)]
    return _joined(b"l", sorted(parts) if cql.name == "set" else parts)


def _of_items(items: Mapping[Any, Any], cql: CqlType | None) -> bytes:
    key_type, value_type = cql.arguments if cql else (None, None)
    pairs = (canonical(key, key_type) + canonical(value, value_type) for key, value in items.items())
    return _joined(b"m", sorted(pairs))


def _of_fields(value: UserValue, cql: CqlType | None) -> bytes:
    types, fields = dict((cql and cql.fields) or ()), vars(value)
    return _joined(b"o", (canonical(name) + canonical(fields[name], types.get(name)) for name in sorted(fields)))


def _joined(letter: bytes, parts: Iterable[bytes]) -> bytes:
    return letter + b"".join(b"%d:%b" % (len(part), part) for part in parts) + b";"


_NESTED: Mapping[type, Callable[[Any, CqlType | None], bytes]] = {
    list: _of_elements,
    tuple: _of_elements,
    dict: _of_items,
    UserValue: _of_fields,
}
_SCALARS: Mapping[type, tuple[bytes, Callable[[Any], bytes]]] = {
    type(None): (b"n", lambda value: b""),
    bool: (b"b", lambda value: b"1" if value else b"0"),
    int: (b"i", lambda value: f"{value:x}".encode()),  # decimal digits have a limit in Python
    float: (b"f", lambda value: value.hex().encode()),
    str: (b"s", lambda value: value.encode()),
    bytes: (b"x", bytes),
    UUID: (b"u", lambda value: value.bytes),
    Decimal: (b"d", lambda value: str(value).encode()),
    IPv4Address: (b"4", lambda value: value.packed),
    IPv6Address: (b"6", lambda value: value.packed),
    CqlDuration: (b"t", lambda value: f"{value.months},{value.days},{value.nanoseconds}".encode()),
}
