"""What a field's annotation means in Python, before any CQL.

An annotation such as ``Annotated[dict[str, list[int] | None], Frozen()]`` becomes a tree of `Shape`. CQL types
(``types.py``) and conversions (``codecs``) are both made from that tree, so they always agree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from types import UnionType
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NewType,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    is_typeddict,
)

from pydantic import (
    AwareDatetime,
    BaseModel,
    EncodedBytes,
    EncodedStr,
    IPvAnyAddress,
    Json,
    RootModel,
    TypeAdapter,
)
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic.fields import FieldInfo

from coodie_core.exceptions import UnmappableType
from coodie_core.fields import (
    Ascii,
    BigInt,
    Counter,
    Double,
    Duration,
    Frozen,
    Marker,
    SmallInt,
    Time,
    TimeUUID,
    TinyInt,
    VarInt,
    Vector,
)
from coodie_core.scalar_types import CQL_NAMES, scalar_base, scalar_bases_of_values, scalars_in_core_schema

#: Markers that choose the CQL type.
TYPE_MARKERS = (BigInt, SmallInt, TinyInt, VarInt, Double, Ascii, TimeUUID, Time, Duration, Counter, Vector)

#: Pydantic's types whose value in memory is not what was validated, so that they are stored as they are serialized.
SERIALIZED: tuple[Any, ...] = (Json, EncodedBytes, EncodedStr)

_AWARE: Any = AwareDatetime  # a class, though type checkers are told that it is an alias of datetime


class Kind(Enum):
    """The few ways in which a value is built."""

    SCALAR = "scalar"
    LIST = "list"
    SET = "set"
    MAP = "map"
    TUPLE = "tuple"
    MODEL = "model"
    ROOT = "root model"


@dataclass(frozen=True, slots=True)
class Shape:
    """One level of an annotation.

    Attributes:
        kind: How its values are built.
        annotation: The annotation with its metadata, for Pydantic and for errors.
        python_type: The class of its values; for a scalar a key of `CQL_NAMES`: what they are, or what they wrap.
        parts: The shapes inside: elements, keys and values, fields.
        names: The names of the fields, for a model.
        markers: The markers found at this level.
        is_plain: Whether a value built of its parts is what Pydantic would give, so that it need not be validated.
            Models are: they are validated while they are built, since they may have to be hashable.
        is_wrapped: Whether a scalar is no subclass of its `python_type`, as a Url is no str.
        is_serialized: Whether it is stored as Pydantic serializes it, like `Json`.
        is_json: Whether it is stored as its JSON: a union of models, of which CQL has no one type.
    """

    kind: Kind
    annotation: Any
    python_type: Any
    parts: tuple[Shape, ...] = ()
    names: tuple[str, ...] = ()
    markers: tuple[Marker, ...] = ()
    is_plain: bool = True
    is_wrapped: bool = False
    is_serialized: bool = False
    is_json: bool = False

    @property
    def is_frozen(self) -> bool:
        """Whether it is marked with `Frozen`."""
        return any(isinstance(marker, Frozen) for marker in self.markers)

    @property
    def type_marker(self) -> Marker | None:
        """The one marker that chooses the CQL type.

        Raises:
            UnmappableType: There are several.
        """
        found = list(dict.fromkeys(marker for marker in self.markers if isinstance(marker, TYPE_MARKERS)))
        if len(found) > 1:
            raise UnmappableType(f"{' and '.join(map(repr, found))} contradict each other. Keep one of them.")
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class _Level:
    """Where the walk is: an annotation without its `Annotated`, its metadata, and the models and aliases around it."""

    annotation: Any
    metadata: tuple[Any, ...] = ()
    around: tuple[Any, ...] = ()

    @property
    def whole(self) -> Any:
        return Annotated[(self.annotation, *self.metadata)] if self.metadata else self.annotation

    def inside(self, annotation: Any, metadata: Sequence[Any] = ()) -> Shape:
        return _shape(_unwrapped(_Level(annotation, tuple(metadata), self.around)))

    def shape(self, kind: Kind, python_type: Any, *parts: Shape, is_plain: bool = True, **more: Any) -> Shape:
        markers = markers_in(self.metadata)
        is_validated = kind in (Kind.MODEL, Kind.ROOT) or all(part.is_plain for part in parts)
        return Shape(
            kind=kind,
            annotation=self.whole,
            python_type=python_type,
            parts=parts,
            markers=markers,
            is_plain=is_plain and is_validated and len(markers) == len(self.metadata),
            **more,
        )

    def refused(self, why: str) -> UnmappableType:
        return UnmappableType(f"{name_of(self.annotation)} {why}")


def shape_of(annotation: Any, metadata: Sequence[Any] = ()) -> Shape:
    """Return what an annotation means.

    Args:
        annotation: A type as Pydantic resolved it, such as ``FieldInfo.annotation``.
        metadata: What `Annotated` adds to it, such as ``FieldInfo.metadata``.

    Raises:
        UnmappableType: No CQL value could hold its values.
    """
    return _Level(None).inside(annotation, metadata)


def markers_in(metadata: Iterable[Any]) -> tuple[Marker, ...]:
    """Return the markers among an annotation's metadata; one given as a class, without parentheses, counts too."""
    return tuple(_marker(item) for item in metadata if isinstance(item, Marker) or _is_marker_class(item))


def _is_marker_class(item: Any) -> bool:
    return isinstance(item, type) and issubclass(item, Marker)


def _marker(item: Any) -> Marker:
    if isinstance(item, Marker):
        return item
    try:
        marker: Marker = item()
    except TypeError as error:
        raise UnmappableType(f"{item.__name__} needs its arguments, as in {item.__name__}(...).") from error
    return marker


def allows_none(annotation: Any) -> bool:
    """Whether None is a value of the annotation.

    Example:
        >>> allows_none(int | None)
        True
    """
    annotation = _unwrapped(_Level(annotation)).annotation
    if get_origin(annotation) in (Union, UnionType):
        return any(allows_none(member) for member in get_args(annotation))
    return annotation in (None, type(None)) or (get_origin(annotation) is Literal and None in get_args(annotation))


def name_of(annotation: Any) -> str:
    """Return an annotation as a user would write it."""
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "")


def _unwrapped(level: _Level) -> _Level:
    """Return the level without `Annotated`, NewType, type aliases and type variables around its annotation."""
    annotation, metadata, around = level.annotation, level.metadata, level.around
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *inner = get_args(annotation)
            metadata = (*inner, *metadata)
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif isinstance(annotation, TypeVar):
            annotation = _stand_in(annotation)
        elif _is_alias(annotation) or _is_alias(origin):
            if annotation in around:
                raise level.refused("refers to itself, and no CQL type can. Store it as text, with pydantic.Json.")
            around = (*around, cast("Any", annotation))
            annotation = _alias_value(annotation)
        else:
            return _Level(annotation, metadata, around)


def _is_alias(annotation: Any) -> bool:
    """Whether it is a `type` statement's alias, of `typing` or, before Python 3.12, of `typing_extensions`."""
    return type(annotation).__name__ == "TypeAliasType"


def _alias_value(alias: Any) -> Any:
    origin = get_origin(alias)
    if origin is None:
        return alias.__value__
    given = dict(zip(origin.__type_params__, get_args(alias), strict=True))
    value = origin.__value__
    return value[tuple(given[parameter] for parameter in value.__parameters__)]


def _stand_in(variable: Any) -> Any:
    """Return what Pydantic validates where a generic model is used without its type arguments."""
    if variable.__bound__ is not None:
        return variable.__bound__
    if variable.__constraints__:
        return Union[variable.__constraints__]  # noqa: UP007 - a tuple of members
    raise UnmappableType(f"{variable} may be any type. Use the model with a type argument, as in Model[int].")


def _shape(level: _Level) -> Shape:
    annotation = level.annotation
    origin = get_origin(annotation)
    if any(map(_is_serialized, (annotation, *level.metadata))):
        return _by_core_schema(level, is_serialized=True)
    if origin in (Union, UnionType):
        return _union(level)
    if origin is Literal:
        return _by_values(level, [value for value in get_args(annotation) if value is not None])
    container = _CONTAINERS.get(origin or annotation)
    if container is not None:
        return container(level, get_args(annotation))
    if isinstance(annotation, (str, ForwardRef)):
        raise level.refused("is not resolved yet. Define the class, then call model_rebuild() on the one that uses it.")
    if isinstance(annotation, type):
        return _class(level, annotation)
    return _by_core_schema(level)


def _is_serialized(item: Any) -> bool:
    return isinstance(item, SERIALIZED) or any(item is kind for kind in SERIALIZED)


# ---------------------------------------------------------------------------------------------------------------------
# Collections


def _elements(kind: Kind, python_type: type) -> Callable[[_Level, tuple[Any, ...]], Shape]:
    def shape(level: _Level, arguments: tuple[Any, ...]) -> Shape:
        if len(arguments) != (2 if kind is Kind.MAP else 1):
            example = "dict[str, int]" if kind is Kind.MAP else f"{python_type.__name__}[int]"
            raise level.refused(f"does not say what it holds. Write, for example, {example}.")
        return level.shape(kind, python_type, *(level.inside(argument) for argument in arguments))

    return shape


def _tuple(level: _Level, arguments: tuple[Any, ...]) -> Shape:
    """``tuple[X, ...]`` is a CQL list, since a CQL tuple has a fixed length."""
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return level.shape(Kind.LIST, tuple, level.inside(arguments[0]))
    if not arguments:
        raise level.refused("does not say what it holds. Write, for example, tuple[int, str] or tuple[int, ...].")
    return level.shape(Kind.TUPLE, tuple, *(level.inside(argument) for argument in arguments))


_CONTAINERS: dict[Any, Callable[[_Level, tuple[Any, ...]], Shape]] = {
    list: _elements(Kind.LIST, list),
    set: _elements(Kind.SET, set),
    frozenset: _elements(Kind.SET, frozenset),
    dict: _elements(Kind.MAP, dict),
    tuple: _tuple,
}


# ---------------------------------------------------------------------------------------------------------------------
# Scalars and models


def _union(level: _Level) -> Shape:
    """Return the one shape of the members: they differ in Python only, or it is ``X | None``."""
    members = [member for member in get_args(level.annotation) if member is not type(None)]
    if len(members) > 1 and all(_is_model(member) for member in members):
        return level.shape(Kind.SCALAR, str, is_json=True)
    shapes = [level.inside(member, level.metadata) for member in members]
    if len(shapes) == 1:
        return shapes[0]
    if any((shape.kind, shape.markers) != (Kind.SCALAR, shapes[0].markers) for shape in shapes):
        raise level.refused(_SEVERAL_TYPES)
    return _one_scalar(level, {shape.python_type for shape in shapes})


def _is_model(member: Any) -> bool:
    annotation = _unwrapped(_Level(member)).annotation
    return isinstance(annotation, type) and issubclass(annotation, BaseModel) and not issubclass(annotation, RootModel)


_SEVERAL_TYPES = (
    "would be several CQL types, and a column has one. Choose one type, or store it as text with pydantic.Json."
)


def _by_values(level: _Level, values: Iterable[Any]) -> Shape:
    """Return the shape of an Enum or Literal: that of its values."""
    bases = scalar_bases_of_values(values)
    if not bases or None in bases:
        raise level.refused("has values that no CQL type holds. Use values of one type, such as str or int.")
    return _one_scalar(level, bases)


def _one_scalar(level: _Level, bases: set[Any]) -> Shape:
    if bases == {IPv4Address, IPv6Address}:
        bases = {IPvAnyAddress}
    if len(bases) != 1:
        raise level.refused(_SEVERAL_TYPES)
    return level.shape(Kind.SCALAR, bases.pop(), is_plain=False, is_wrapped=True)


def _class(level: _Level, cls: type[Any]) -> Shape:
    if cls in CQL_NAMES or cls is _AWARE:
        return level.shape(Kind.SCALAR, datetime if cls is _AWARE else cls)
    if issubclass(cls, Enum):
        return _by_values(level, cls)
    if issubclass(cls, BaseModel):
        return _model(level, cls)
    base = scalar_base(cls)
    if base is not None:
        return level.shape(Kind.SCALAR, base, is_plain=False)
    return _by_core_schema(level)


def _model(level: _Level, model: type[BaseModel]) -> Shape:
    if model in level.around:
        raise level.refused("contains itself, and no user-defined type can. Store it as text, with pydantic.Json.")
    if not model.__pydantic_complete__ and not model.model_rebuild(raise_errors=False):
        raise level.refused("refers to a type that is not defined yet. Define it, then call model_rebuild().")
    within = _Level(model, around=(*level.around, model))
    parts = [_field(within, name, field) for name, field in model.model_fields.items()]
    if issubclass(model, RootModel):
        return level.shape(Kind.ROOT, model, *parts)
    if not parts:
        raise level.refused("has no fields, and a user-defined type has at least one.")
    return level.shape(Kind.MODEL, model, *parts, names=tuple(model.model_fields))


def _field(model: _Level, name: str, field: FieldInfo) -> Shape:
    try:
        return model.inside(field.annotation, field.metadata)
    except UnmappableType as error:
        raise error.within(f"{name_of(model.annotation)}.{name}") from None


def _by_core_schema(level: _Level, *, is_serialized: bool = False) -> Shape:
    try:
        schema = TypeAdapter(level.whole).core_schema
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise level.refused(_advice(level.annotation)) from error
    bases = scalars_in_core_schema(schema)
    if not bases:
        raise level.refused(_advice(level.annotation))
    shape = _one_scalar(level, bases)
    return dataclasses.replace(shape, is_serialized=is_serialized)


def _advice(annotation: Any) -> str:
    cls = _class_in(annotation)
    if dataclasses.is_dataclass(cls) or _is_typed_dict(cls) or issubclass(cls, tuple):
        return "has no CQL type. Make it a UserType (or another BaseModel), which becomes a user-defined type."
    if issubclass(cls, Iterable):
        return "has no CQL type. Use list, set, frozenset, dict or tuple, which are read back as what they were."
    return (
        "has no CQL type. Use a type that has one, or give the class a __get_pydantic_core_schema__ that wraps one, "
        "or store it as text with pydantic.Json."
    )


def _is_typed_dict(cls: type[Any]) -> bool:
    return is_typeddict(cls) or (hasattr(cls, "__total__") and issubclass(cls, dict))  # the one of typing_extensions


def _class_in(annotation: Any) -> type[Any]:
    origin = get_origin(annotation) or annotation
    return origin if isinstance(origin, type) else object
