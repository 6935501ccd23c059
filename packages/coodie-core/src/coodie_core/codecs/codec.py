"""The codec of a field: the conversions of its type, and Pydantic's validation where the annotation asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from functools import partial
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter

from coodie_core.codecs.nested import (
    list_conversion,
    map_conversion,
    model_conversion,
    set_conversion,
    tuple_conversion,
    vector_conversion,
)
from coodie_core.codecs.scalars import SCALARS, Conversion, Convert
from coodie_core.codecs.wrapped import json_conversion, root_conversion, serialized_conversion, wrapped_conversion
from coodie_core.shapes import Kind, Shape, allows_none, shape_of
from coodie_core.types import CqlType


class Codec(NamedTuple):
    """How the values of one field are written and read; None for "unchanged". None itself is given to none of them.

    Attributes:
        encode: Gives a value as the driver takes it, which shares nothing with it that can change later. Raises
            `UnstorableValue` if the column cannot hold it.
        decode: Gives what the driver returns as Pydantic would make it, sharing no list, set or dict with it. Raises
            `ValueError`, of which `pydantic.ValidationError` is one, if the field does not accept it.
        normalise: Gives a value as it will be read back: a timestamp has milliseconds, in UTC, and an IPv4 address is
            not written as IPv6. It is the same object if nothing changes, or if `encode` refuses it.
        prepare: Gives what the driver returns as the input of a validation that makes what `decode` gives.
    """

    encode: Convert | None
    decode: Convert | None
    normalise: Convert | None = None
    prepare: Convert | None = None


#: Model settings that let Pydantic change or refuse a value that has its field's type already.
_CHANGES_VALUES = (
    "str_to_lower",
    "str_to_upper",
    "str_strip_whitespace",
    "str_min_length",
    "str_max_length",
    "use_enum_values",
)


def codec_for(annotation: Any, metadata: Sequence[Any], cql: CqlType, config: ConfigDict | None = None) -> Codec:
    """Return the codec of a field.

    Args:
        annotation: The field's type as Pydantic resolved it, such as ``FieldInfo.annotation``.
        metadata: What `Annotated` adds to it, such as ``FieldInfo.metadata``.
        cql: The column's type.
        config: The configuration of the model. Its field validators are not known here: where a model has some,
            validate the whole model of the decoded values.

    Raises:
        UnmappableType: The annotation has no CQL type.
    """
    shape = shape_of(annotation, metadata)
    conversion = _conversion(shape, cql)
    if shape.is_plain and not _may_change_values(config):
        return Codec(conversion.encode, conversion.decode, conversion.normalise, conversion.decode)
    decode = _validated(shape.annotation, conversion.decode, config)
    return Codec(conversion.encode, decode, conversion.normalise, conversion.decode)


def _may_change_values(config: ConfigDict | None) -> bool:
    return config is not None and (
        any(config.get(key) for key in _CHANGES_VALUES) or not config.get("allow_inf_nan", True)
    )


def _validated(annotation: Any, decode: Convert | None, config: ConfigDict | None) -> Convert:
    """Return *decode* followed by validation: by field names, and lax, since an Enum comes as its value."""
    adapter = TypeAdapter[Any](annotation, config=None if _has_own_config(annotation) else config)
    validate = partial(adapter.validate_python, strict=False, by_alias=False, by_name=True)
    return validate if decode is None else lambda value: validate(decode(value))


def _has_own_config(annotation: Any) -> bool:
    """Whether Pydantic refuses a configuration beside the type's own."""
    kind = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return is_dataclass(kind) or (isinstance(kind, type) and issubclass(kind, BaseModel))


def _conversion(shape: Shape, cql: CqlType) -> Conversion:
    if shape.kind is Kind.SCALAR:
        return _scalar(shape, cql)
    if shape.kind is Kind.ROOT:
        return root_conversion(shape.python_type, _conversion(shape.parts[0], cql))
    if shape.kind is Kind.MODEL:
        return _model(shape, dict(cql.fields or ()))
    inside = [_conversion(part, argument) for part, argument in zip(shape.parts, cql.arguments, strict=True)]
    match shape.kind:
        case Kind.LIST if cql.dimensions is not None:
            return vector_conversion(shape.python_type, inside[0], cql.dimensions)
        case Kind.LIST:
            return list_conversion(shape.python_type, inside[0])
        case Kind.SET:
            return set_conversion(shape.python_type, inside[0])
        case Kind.MAP:
            return map_conversion(*inside)
        case Kind.TUPLE:
            return tuple_conversion(inside)


def _scalar(shape: Shape, cql: CqlType) -> Conversion:
    conversion = SCALARS[cql.name, shape.python_type]
    if shape.is_json:
        return json_conversion(TypeAdapter(shape.annotation), conversion)
    if shape.is_serialized:
        return serialized_conversion(TypeAdapter(shape.annotation), conversion)
    if shape.is_wrapped:
        return wrapped_conversion(TypeAdapter(shape.annotation), shape.python_type, conversion)
    return conversion


def _model(shape: Shape, types: Mapping[str, CqlType]) -> Conversion:
    model: type[BaseModel] = shape.python_type
    return model_conversion(
        model,
        {name: _conversion(part, types[name]) for name, part in zip(shape.names, shape.parts, strict=True)},
        frozenset(name for name, field in model.model_fields.items() if allows_none(field.annotation)),
    )
