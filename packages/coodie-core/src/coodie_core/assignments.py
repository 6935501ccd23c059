"""Keywords such as ``tags__add={"x"}``, read into what an UPDATE or DELETE changes, with checked values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from coodie_core.cql_builder import Assignment, Element
from coodie_core.exceptions import InvalidQueryError
from coodie_core.lookups import split_keyword
from coodie_core.schema import Table
from coodie_core.validation import bound, bound_element

#: What may follow a field's name in update(), the kind of assignment that it means, and what it works on.
UPDATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "add": ("append", ("set", "list", "map")),
    "append": ("append", ("list", "set", "map")),
    "prepend": ("prepend", ("list",)),
    "remove": ("remove", ("set", "list", "map")),
    "update": ("append", ("map", "set", "list")),
    "put": ("put", ("map",)),
    "setindex": ("put", ("list",)),
}
_KINDS = {name: kind for name, (kind, _) in UPDATES.items()}

#: The largest index of a list: CQL binds it as an int.
MAX_INDEX = 2**31 - 1

#: Elements of collections by their fields: one key or index, or a list or set of them; or pairs of field and key.
CollectionElements = Mapping[str, Any] | Sequence[tuple[str, Any]]


def assignments_of(table: Table, method: str, given: Mapping[str, Any]) -> tuple[Assignment, ...]:
    """Return what ``update(name=..., tags__add={"x"})`` changes, with checked values in the driver's types.

    Raises:
        InvalidQueryError: A field or operation does not exist, the field is part of the primary key or a counter,
            a value is not of the field's type, or a field is both set and changed.
    """
    _refuse_set_and_changed(table, method, given)
    return tuple(assignment for keyword, value in given.items() for assignment in _read(table, method, keyword, value))


def elements_of(table: Table, method: str, given: CollectionElements) -> tuple[Element, ...]:
    """Return which elements ``collection_elements={"prices": ["EUR"], "scores": 0}`` names.

    Raises:
        InvalidQueryError: It is neither a dict nor pairs, a field does not exist or is no collection, or a key is not
            of its type.
    """
    pairs: Any = given.items() if isinstance(given, Mapping) else given
    if isinstance(pairs, str | bytes) or not all(_is_pair(pair) for pair in pairs):
        raise InvalidQueryError(
            f'{table.document}.{method}(collection_elements=...): give a dict, as in {{"prices": ["EUR"]}}, '
            f"or pairs of a field and a key."
        )
    return tuple(
        Element(field, _element_key(table, field, key, f"{method}(collection_elements={{{field!r}: ...}})"))
        for field, named in pairs
        for key in _each_named(named)
    )


def _each_named(named: Any) -> Iterable[Any]:
    return named if isinstance(named, list | set | frozenset) else [named]  # pyright: ignore[reportUnknownVariableType]


def _read(table: Table, method: str, keyword: str, value: Any) -> list[Assignment]:
    asked = f"{method}({keyword}=...)"
    field, operation = split_keyword(table, keyword, asked, _KINDS)
    _check_can_be_updated(table, field, asked)
    if not operation:
        return [Assignment(field, "set", bound(table, field, value, asked))]
    kind, collections = UPDATES[operation]
    cql = table.types[field]
    if not (cql.is_collection and cql.is_multicell) or cql.name not in collections:
        whole = " A frozen collection is set as a whole." if cql.is_collection and cql.frozen else ""
        raise InvalidQueryError(
            f"{table.document}.{asked}: {field} is {cql}, for which there is no {operation!r}.{whole}"
        )
    if kind == "put":
        return [_put(table, field, key, element, asked) for key, element in _pairs(table, value, asked)]
    if kind == "remove" and cql.name == "map":
        return [Assignment(field, kind, _keys(table, field, value, asked))]
    return [Assignment(field, kind, bound(table, field, value, asked))]


def _put(table: Table, field: str, key: Any, element: Any, asked: str) -> Assignment:
    place = 1 if table.types[field].name == "map" else 0
    return Assignment(
        field, "put", bound_element(table, field, place, element, asked), _element_key(table, field, key, asked)
    )


def _pairs(table: Table, value: Any, asked: str) -> Iterable[tuple[Any, Any]]:
    """Return what is put where: of a dict, or of one pair."""
    given: Any = value.items() if isinstance(value, Mapping) else (value,)  # pyright: ignore[reportUnknownVariableType]
    if given and all(_is_pair(pair) for pair in given):
        return [(where, what) for where, what in given]
    raise InvalidQueryError(f"{table.document}.{asked}: give a pair (where, what), or a dict with several.")


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2  # pyright: ignore[reportUnknownArgumentType]


def _keys(table: Table, field: str, keys: Any, asked: str) -> tuple[Any, ...]:
    if not isinstance(keys, list | tuple | set | frozenset):
        raise InvalidQueryError(f"{table.document}.{asked}: give the keys to remove as a set or list.")
    return tuple(bound_element(table, field, 0, key, asked) for key in keys)  # pyright: ignore[reportUnknownVariableType]


def _element_key(table: Table, field: str, key: Any, asked: str) -> Any:
    """Return where an element of a collection is: the map's key, the set's element, or the list's index."""
    table.column(field, asked)
    cql = table.types[field]
    if not (cql.is_collection and cql.is_multicell):
        raise InvalidQueryError(
            f"{table.document}.{asked}: {field} is {cql}, whose elements cannot be changed one by one."
        )
    if cql.name != "list":
        return bound_element(table, field, 0, key, asked)
    if isinstance(key, bool) or not isinstance(key, int) or not 0 <= key <= MAX_INDEX:
        raise InvalidQueryError(
            f"{table.document}.{asked}: a list's index is a whole number from 0; CQL does not count from the end."
        )
    return key


def _refuse_set_and_changed(table: Table, method: str, given: Iterable[str]) -> None:
    """A field that is set cannot be changed as well: servers refuse it, since the two have the same time."""
    fields: dict[str, str] = {}
    for keyword in given:
        field, operation = split_keyword(table, keyword, f"{method}({keyword}=...)", _KINDS)
        other = fields.setdefault(field, operation)
        if "" in (other, operation) and other != operation:
            raise InvalidQueryError(
                f"{table.document}.{method}({keyword}=...): {field} is set as a whole in the same call. Do one of both."
            )


def _check_can_be_updated(table: Table, field: str, asked: str) -> None:
    column = table.by_name[field]
    if column.is_primary_key:
        raise InvalidQueryError(
            f"{table.document}.{asked}: {field} is part of the primary key, which never changes. "
            f"Save a new document and delete this one."
        )
    if column.counter:
        raise InvalidQueryError(f"{table.document}.{asked}: {field} is a counter: use increment() or decrement().")
