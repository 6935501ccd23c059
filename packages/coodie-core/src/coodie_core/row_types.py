"""Whether the values of rows are of the types that the model says: a table may have others, made by somebody else.

Reading trusts those types. So the first value that is read of each column is looked at, and no other: a column does not
change its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

from coodie_core.codecs.nested import items_of
from coodie_core.types import CqlType

MOST_LOOKS = 1_000
"""After so many rows a column that was empty in all of them is taken as it comes."""

_Check = Callable[[Any], bool]


class TypesOfRows:
    """Looks at rows until a value of each column was seen.

    Args:
        columns: The types of the columns that the model says, in the order of the rows.
    """

    __slots__ = ("_left", "_unseen")

    def __init__(self, columns: Mapping[str, CqlType]) -> None:
        self._unseen = [(place, name, cql) for place, (name, cql) in enumerate(columns.items())]
        self._left = MOST_LOOKS

    @property
    def are_known(self) -> bool:
        """Whether no more rows are to be looked at."""
        return not self._unseen

    def problems_in(self, row: Sequence[Any]) -> dict[str, str]:
        """Return what is wrong with the types of a row's values, by column."""
        problems = {
            name: f"the column holds {type(row[place]).__name__}, and the field is {cql}: the table has another type. "
            f"sync_table() compares them"
            for place, name, cql in self._unseen
            if row[place] is not None and not _fits(cql, row[place])
        }
        if not problems:
            self._left -= 1
            self._unseen = [item for item in self._unseen if row[item[0]] is None] if self._left else []
        return problems


def _fits(cql: CqlType, value: Any) -> bool:
    """Whether a driver gives such a value for a column of this type, as far as its first elements tell."""
    if cql.is_user_type:
        return hasattr(value, "_asdict") or type(value).__module__ != "builtins"  # a class that the user registered
    check = _CHECKS.get(cql.name)
    return check is None or (check(value) and all(_fits(kind, part) for kind, part in _first_parts(cql, value)))


def _first_parts(cql: CqlType, value: Any) -> Iterable[tuple[CqlType, Any]]:
    if not cql.arguments:
        return ()
    if cql.name == "tuple":
        parts = zip(cql.arguments, value, strict=False)
    elif cql.name == "map":
        parts = zip(cql.arguments, next(iter(items_of(value)), ()), strict=False)
    else:
        parts = zip(cql.arguments, value, strict=False)  # of the first element alone
    return [(kind, part) for kind, part in parts if part is not None]


def _instance(*classes: type) -> _Check:
    return lambda value: isinstance(value, classes)


def _with(attribute: str) -> _Check:
    return lambda value: hasattr(value, attribute)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_set(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (hasattr(value, "isdisjoint") and not hasattr(value, "items"))


_CHECKS: Mapping[str, _Check] = {
    **dict.fromkeys(("text", "ascii"), _instance(str)),
    **dict.fromkeys(("int", "bigint", "smallint", "tinyint", "varint", "counter"), _is_whole),
    **dict.fromkeys(("float", "double"), _instance(float)),
    **dict.fromkeys(("uuid", "timeuuid"), _instance(UUID)),
    "boolean": _instance(bool),
    "blob": _instance(bytes),
    "decimal": _instance(Decimal),
    "timestamp": _instance(datetime),
    "inet": _instance(str, IPv4Address, IPv6Address),
    "date": _with("days_from_epoch"),
    "time": _with("nanosecond_time"),
    "duration": _with("months"),
    **dict.fromkeys(("list", "vector", "tuple"), _instance(list, tuple)),
    "set": _is_set,
    "map": _with("items"),
}
