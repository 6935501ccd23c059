"""Fields of user-defined types that a value has and the database lacks: the driver would leave them out in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from coodie_core.codecs.nested import UserValue, items_of
from coodie_core.exceptions import InvalidQueryError

Serialize = Callable[[Any, int], bytes]


class FieldIsUnknown(Exception):
    """A value of a user-defined type has a field that the database's type has not.

    Args:
        type_name: The type.
        field: The field.
    """

    def __init__(self, type_name: str, field: str) -> None:
        self.type_name = type_name
        self.field = field
        super().__init__(
            f"the user-defined type {type_name!r} of the database has no field {field!r}, so its value would be lost. "
            f"Run sync_table() of the document, which adds the field."
        )

    def of_column(self, column: str, cql: str) -> InvalidQueryError:
        """Return the error for a value of this column of a statement."""
        return InvalidQueryError(f"Column {column!r}: {self} Statement: {cql}")


def serializer(cql_type: Any) -> Serialize:
    """Return what serializes values of a type of the driver, without losing fields of user-defined types.

    Args:
        cql_type: A class of ``cassandra.cqltypes``.
    """
    serialize: Serialize = cql_type.serialize
    if not _holds_user_type(cql_type):
        return serialize

    def serialize_all_fields(value: Any, protocol_version: int) -> bytes:
        refuse_unknown_fields(cql_type, value)
        return serialize(value, protocol_version)

    return serialize_all_fields


def refuse_unknown_fields(cql_type: Any, value: Any) -> None:
    """Raise for a field that is not null in *value*, and that *cql_type* does not have.

    Raises:
        FieldIsUnknown: There is one.
    """
    if not _holds_user_type(cql_type):
        return
    for part_type, part in _parts(cql_type, value):
        if part is not None:
            refuse_unknown_fields(part_type, part)


def _holds_user_type(cql_type: Any) -> bool:
    return _is_user_type(cql_type) or any(map(_holds_user_type, cql_type.subtypes))


def _is_user_type(cql_type: Any) -> bool:
    return bool(getattr(cql_type, "fieldnames", None))


def _parts(cql_type: Any, value: Any) -> Iterable[tuple[Any, Any]]:
    """Return what is inside of a value, each with its type; nothing of what coodie did not make."""
    if _is_user_type(cql_type):
        return _fields(cql_type, value) if isinstance(value, UserValue) else ()
    if cql_type.typename == "map":
        key_type, value_type = cql_type.subtypes
        return (
            (kind, part) for pair in items_of(value) for kind, part in zip((key_type, value_type), pair, strict=True)
        )
    if cql_type.typename == "tuple":
        return zip(cql_type.subtypes, value, strict=False)
    return ((cql_type.subtypes[0], part) for part in value)


def _fields(cql_type: Any, value: UserValue) -> list[tuple[Any, Any]]:
    types = dict(zip(cql_type.fieldnames, cql_type.subtypes, strict=True))
    given = {name: part for name, part in vars(value).items() if part is not None}
    for name in given:
        if name not in types:
            raise FieldIsUnknown(cql_type.typename, name)
    return [(types[name], part) for name, part in given.items()]
