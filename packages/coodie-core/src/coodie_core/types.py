"""CQL types: what they are called, and which one a Python annotation has.

| Python | CQL |
|---|---|
| `str`, `int`, `float`, `bool`, `bytes` | text, int, float, boolean, blob |
| `UUID`, `Decimal` | uuid, decimal |
| `datetime`, `date`, `time` | timestamp, date, time |
| `timedelta`, `CqlDuration` | duration |
| `IPv4Address`, `IPv6Address`, both, `IPvAnyAddress` | inet |
| `list[X]`, `tuple[X, ...]` | list<X> |
| `set[X]`, `frozenset[X]` | set<X> |
| `dict[K, V]` | map<K, V> |
| `tuple[X, Y]` | tuple<X, Y> |
| `UserType`, any other `BaseModel` | a user-defined type |
| `Enum`, `Literal` | the type of their values |
| `X | None`, `Annotated[X, ...]`, a `NewType` or alias of X, a `RootModel[X]` | as X |
| A union of models, told apart by `Field(discriminator=...)` | text, as JSON |
| Pydantic's and other custom types | the type that they wrap: text for `EmailStr`, `AnyUrl`, `SecretStr`, `Json` |

The markers of `coodie.fields` choose another type where there is a choice, also inside of collections:
``list[Annotated[int, BigInt()]]``. What is inside of another type is frozen, since CQL knows it no other way there;
a field itself is frozen by `Frozen()`. A ``tuple<...>`` is always frozen, and written so, as servers write it.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from coodie_core.duration import CqlDuration
from coodie_core.exceptions import UnmappableType
from coodie_core.fields import (
    Ascii,
    BigInt,
    Counter,
    Double,
    Duration,
    Marker,
    SmallInt,
    Time,
    TimeUUID,
    TinyInt,
    VarInt,
    Vector,
)
from coodie_core.identifiers import snake_case
from coodie_core.scalar_types import CQL_NAMES
from coodie_core.shapes import Kind, Shape, allows_none, name_of, shape_of

__all__ = ["CqlDuration", "CqlType", "allows_none", "cql_type", "python_type_to_cql_type_str", "user_type_name"]


@dataclass(frozen=True, slots=True)
class CqlType:
    """A CQL type; ``str()`` gives it as CQL text.

    Attributes:
        name: Such as ``"int"`` or ``"list"``, or the name of a user-defined type.
        arguments: The types inside of a list, set, map, tuple or vector.
        frozen: Whether it is stored as one value that can only be replaced as a whole.
        dimensions: The length of a vector.
        fields: The names and types of a user-defined type's fields, in their order; None for every other type.

    Example:
        >>> str(CqlType("list", (CqlType("int"),), frozen=True))
        'frozen<list<int>>'
    """

    name: str
    arguments: tuple[CqlType, ...] = ()
    frozen: bool = False
    dimensions: int | None = None
    fields: tuple[tuple[str, CqlType], ...] | None = None

    def __str__(self) -> str:
        inside = [str(argument) for argument in self.arguments]
        if self.dimensions is not None:
            inside.append(str(self.dimensions))
        name = '"{}"'.format(self.name.replace('"', '""')) if self.is_user_type else self.name
        text = f"{name}<{', '.join(inside)}>" if inside else name
        return f"frozen<{text}>" if self.frozen else text

    @property
    def is_collection(self) -> bool:
        """Whether it is a list, set or map."""
        return self.name in ("list", "set", "map") and not self.is_user_type

    @property
    def is_user_type(self) -> bool:
        """Whether it is a user-defined type."""
        return self.fields is not None

    @property
    def is_multicell(self) -> bool:
        """Whether its parts are stored one by one, so that they can be changed one by one."""
        return not self.frozen and (self.is_collection or self.is_user_type)


def cql_type(annotation: Any, metadata: Sequence[Any] = ()) -> CqlType:
    """Return the CQL type of an annotation.

    Args:
        annotation: A type as Pydantic resolved it, such as ``FieldInfo.annotation``.
        metadata: What `Annotated` adds to it, such as ``FieldInfo.metadata``.

    Raises:
        UnmappableType: There is none, or a marker does not fit the annotation.

    Example:
        >>> str(cql_type(dict[str, list[int] | None]))
        'map<text, frozen<list<int>>>'
    """
    return _type_of(shape_of(annotation, metadata), is_inside=False)


def python_type_to_cql_type_str(annotation: Any) -> str:
    """Return the CQL type of an annotation as text.

    Args:
        annotation: A type, such as ``int`` or ``Annotated[int, BigInt()]``.

    Raises:
        UnmappableType: There is none, or a marker does not fit the annotation.

    Example:
        >>> python_type_to_cql_type_str(set[str])
        'set<text>'
    """
    return str(cql_type(annotation))


def user_type_name(model: type[BaseModel]) -> str:
    """Return the name of a model's user-defined type: ``Settings.__type_name__``, or the class's name in snake_case.

    Raises:
        UnmappableType: The driver could not name its values after that, and would return them without field names.

    Example:
        >>> class PostalAddress(BaseModel): ...
        >>> user_type_name(PostalAddress)
        'postal_address'
    """
    name: str = getattr(vars(model).get("Settings"), "__type_name__", None) or snake_case(model.__name__)
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UnmappableType(
            f"{model.__name__}: its user-defined type cannot be called {name!r}, since that is no name in Python. "
            f"Set Settings.__type_name__ to letters, digits and underscores, and no keyword."
        )
    return name


#: What each marker stores, and which Python types it fits.
_MARKED: Mapping[type[Marker], tuple[str, tuple[type, ...]]] = {
    BigInt: ("bigint", (int,)),
    SmallInt: ("smallint", (int,)),
    TinyInt: ("tinyint", (int,)),
    VarInt: ("varint", (int,)),
    Counter: ("counter", (int,)),
    Double: ("double", (float,)),
    Ascii: ("ascii", (str,)),
    TimeUUID: ("timeuuid", (UUID,)),
    Time: ("time", (time, int)),
    Duration: ("duration", (CqlDuration, timedelta)),
}


def _type_of(shape: Shape, *, is_inside: bool) -> CqlType:
    marker = shape.type_marker
    if isinstance(marker, Vector):
        return _vector(shape, marker)
    if shape.kind is Kind.SCALAR:
        return _scalar(shape, marker, is_inside=is_inside)
    if marker is not None:
        raise UnmappableType(
            f"{name_of(shape.python_type)} cannot be marked {marker!r}: the marker is for what is inside, "
            f"as in list[Annotated[int, {marker!r}]]."
        )
    return _BY_KIND[shape.kind](shape, is_inside or shape.is_frozen)


def _scalar(shape: Shape, marker: Marker | None, *, is_inside: bool) -> CqlType:
    python = name_of(shape.python_type)
    if shape.is_frozen:
        raise UnmappableType(f"{python} cannot be Frozen(): that is for collections and user-defined types. Remove it.")
    if marker is None:
        return CqlType(CQL_NAMES[shape.python_type])
    name, fitting = _MARKED[type(marker)]
    if shape.python_type not in fitting:
        raise UnmappableType(
            f"{marker!r} is for {' or '.join(map(name_of, fitting))}, the field is {python}. "
            f"Change the type, or remove the marker."
        )
    if name == "counter" and is_inside:
        raise UnmappableType("CQL has no counters inside of other types. Use BigInt() there.")
    return CqlType(name)


def _vector(shape: Shape, marker: Vector) -> CqlType:
    inside = _type_of(shape.parts[0], is_inside=True) if shape.kind is Kind.LIST else None
    if inside is None or inside.name not in ("float", "double"):
        raise UnmappableType(f"{marker!r} is for list[float] or tuple[float, ...], not {name_of(shape.python_type)}.")
    return CqlType("vector", (inside,), dimensions=marker.dimensions)


def _collection(name: str) -> Callable[[Shape, bool], CqlType]:
    def collection(shape: Shape, frozen: bool) -> CqlType:
        inside = tuple(_type_of(part, is_inside=True) for part in shape.parts)
        if name != "list" and inside[0].name == "duration":
            raise UnmappableType(f"a {name} cannot be of durations: they have no order. Use a list.")
        return CqlType(name, inside, frozen=frozen)

    return collection


def _tuple(shape: Shape, _frozen: bool) -> CqlType:
    return CqlType("tuple", tuple(_type_of(part, is_inside=True) for part in shape.parts), frozen=True)


def _user_type(shape: Shape, frozen: bool) -> CqlType:
    fields = tuple(
        (name, _type_of_field(shape, name, part)) for name, part in zip(shape.names, shape.parts, strict=True)
    )
    return CqlType(user_type_name(shape.python_type), frozen=frozen, fields=fields)


def _type_of_field(shape: Shape, name: str, part: Shape) -> CqlType:
    try:
        return _type_of(part, is_inside=True)
    except UnmappableType as error:
        raise error.within(f"{name_of(shape.python_type)}.{name}") from None


def _root(shape: Shape, frozen: bool) -> CqlType:
    return _type_of(shape.parts[0], is_inside=frozen)


_BY_KIND: Mapping[Kind, Callable[[Shape, bool], CqlType]] = {
    Kind.LIST: _collection("list"),
    Kind.SET: _collection("set"),
    Kind.MAP: _collection("map"),
    Kind.TUPLE: _tuple,
    Kind.MODEL: _user_type,
    Kind.ROOT: _root,
}
