"""Conversions of values that hold others: collections, tuples, vectors, user-defined types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import is_
from struct import error as StructError
from struct import pack
from typing import Any

from pydantic import BaseModel

from coodie_core.codecs.scalars import Conversion, Convert, of_wrong_class
from coodie_core.exceptions import UnstorableValue, WrongVectorLength


class UserValue:
    """A value of a user-defined type, whose fields the driver looks up by name.

    So their order in the database does not matter. It is hashable, by identity, since it may be part of a map's key.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__ = fields


def list_conversion(python_type: type, element: Conversion) -> Conversion:
    """Return the conversion of a list, or of a tuple of any length, to a CQL list."""
    encode_each = _encode_each(element)

    def encode(values: Any) -> Any:
        return encode_each(_checked(values, list, tuple))

    return Conversion(encode, _rebuild(python_type, element.decode), _normalise_each(python_type, element.normalise))


def vector_conversion(python_type: type, element: Conversion, dimensions: int) -> Conversion:
    """Return the conversion of a list, or of a tuple of any length, to a CQL vector."""
    as_list = list_conversion(python_type, element)

    def encode(values: Any) -> Any:
        if len(_checked(values, list, tuple)) != dimensions:
            raise WrongVectorLength(dimensions, len(values))
        return as_list.encode(values)

    return as_list._replace(encode=encode)


def set_conversion(python_type: type, element: Conversion) -> Conversion:
    """Return the conversion of a set or frozenset to a CQL set."""
    encode_each = _encode_each(element)
    normalise = _normalise_each(python_type, element.normalise)

    def encode(values: Any) -> Any:
        _checked(values, set, frozenset)
        return encode_each(normalise(values) if normalise else values)

    return Conversion(encode, _rebuild(python_type, element.decode), normalise)


def map_conversion(key: Conversion, value: Conversion) -> Conversion:
    """Return the conversion of a dict to a CQL map."""
    normalise_items = _convert_items(key.normalise, value.normalise)
    normalise = _if_changed(normalise_items, dict) if key.normalise or value.normalise else None
    encode_items = _convert_items(key.encode, value.encode)

    def encode(values: Any) -> Any:
        _checked(values, dict)
        return encode_items(normalise(values) if normalise else values)

    return Conversion(encode, _convert_items(key.decode, value.decode), normalise)


def tuple_conversion(parts: Sequence[Conversion]) -> Conversion:
    """Return the conversion of a tuple of fixed length, whose parts may be null."""
    size = len(parts)
    encode_parts = _convert_parts([part.encode for part in parts])
    decode = _convert_parts([part.decode for part in parts])
    normalise_parts = _if_changed(_convert_parts([part.normalise for part in parts]), tuple)

    def encode(values: Any) -> Any:
        if len(_checked(values, tuple, list)) != size:
            raise UnstorableValue(f"the column's tuple has {size} parts, the value has {len(values)}. Give as many.")
        return encode_parts(values)

    def normalise(values: Any) -> Any:
        return normalise_parts(values) if values.__class__ is tuple and len(values) == size else values

    return Conversion(
        encode,
        decode if any(part.decode for part in parts) else None,
        normalise if any(part.normalise for part in parts) else None,
    )


def model_conversion(model: type[BaseModel], fields: Mapping[str, Conversion], nullable: frozenset[str]) -> Conversion:
    """Return the conversion of a model to a user-defined type.

    Pydantic makes the model, by field names, and lax, since an Enum comes as its value. A field that the type does not
    have yet, or that is null although it cannot be None, is left out: the model's default stands in for it.

    Args:
        model: The class of the values.
        fields: The conversion of each field.
        nullable: The fields that may be None.
    """
    encoders = [(name, conversion.encode) for name, conversion in fields.items()]
    decoders = [(name, conversion.decode) for name, conversion in fields.items()]
    normalisers = [(name, conversion.normalise) for name, conversion in fields.items() if conversion.normalise]

    def encode(value: Any) -> UserValue:
        _check_model(model, value)
        held = value.__dict__
        encoded: dict[str, Any] = {}
        for name, encode_part in encoders:
            part = held.get(name)
            try:
                encoded[name] = None if part is None else encode_part(part)
            except UnstorableValue as error:
                raise error.within(f"{model.__name__}.{name}") from None
        return UserValue(encoded)

    def decode(value: Any) -> Any:
        held = _fields_of(value)
        parts = {
            name: part if part is None or convert is None else convert(part)
            for name, convert in decoders
            if (part := held.get(name)) is not None or (name in nullable and name in held)
        }
        return model.model_validate(parts, strict=False, by_alias=False, by_name=True)

    def normalise(value: Any) -> Any:
        if type(value) is not model:
            return value
        held = value.__dict__
        normal = {name: convert(held[name]) for name, convert in normalisers if held.get(name) is not None}
        changed = {name: part for name, part in normal.items() if part is not held[name]}
        return value.model_copy(update=changed) if changed else value

    return Conversion(encode, decode, normalise if normalisers else None)


def _encode_each(element: Conversion) -> Convert:
    """Return what encodes every element, into a tuple: it may be part of a map's key, and cannot change any more."""
    encode, sent_as_is, packed_as = element.encode, element.sent_as_is, element.packed_as

    def encode_each(values: Any) -> Any:
        if sent_as_is.issuperset(map(type, values)) or (packed_as and _can_be_packed(values, packed_as)):
            return tuple(values)
        return tuple(map(encode, values))

    return encode_each


def _can_be_packed(numbers: Sequence[Any], code: str) -> bool:
    """Whether all are numbers in the range of a `struct` code: a tenth of the time that looking at each takes."""
    try:
        pack(f">{len(numbers)}{code}", *numbers)
    except (StructError, OverflowError):
        return False
    return True


def _rebuild(python_type: type, convert: Convert | None) -> Convert:
    """Return what makes a collection of the converted elements of another."""
    if convert is None:
        return python_type
    return lambda values: python_type(map(convert, values))


def _convert_parts(converters: Sequence[Convert | None]) -> Convert:
    """Return what converts each part of a tuple by its own converter; null stays None."""

    def convert(values: Any) -> Any:
        return tuple(
            part if converter is None or part is None else converter(part)
            for converter, part in zip(converters, values, strict=True)
        )

    return convert


def _convert_items(key: Convert | None, value: Convert | None) -> Convert:
    """Return what makes a dict of the converted items of a mapping."""
    if key is None and value is None:
        return lambda values: dict(items_of(values))
    convert_key, convert_value = key or _unchanged, value or _unchanged
    return lambda values: {convert_key(k): convert_value(v) for k, v in items_of(values)}


def _unchanged(value: Any) -> Any:
    return value


def items_of(values: Any) -> Iterable[tuple[Any, Any]]:
    """Return the items of a dict or of the driver's map, whose own ``items()`` serializes each key to look it up."""
    items: list[tuple[Any, Any]] | None = getattr(values, "_items", None)
    return values.items() if items is None else items


def _normalise_each(python_type: type, normalise: Convert | None) -> Convert | None:
    """Return what normalises every element, if they need that."""
    return None if normalise is None else _if_changed(_rebuild(python_type, normalise), python_type)


def _if_changed(convert: Convert, python_type: type) -> Convert:
    """Return *convert* for collections of one class, giving the original where nothing in it changed."""

    def changed(original: Any) -> Any:
        if type(original) is not python_type:
            return original
        new = convert(original)
        return original if _holds_the_same(new, original) else new

    return changed


def _holds_the_same(new: Any, old: Any) -> bool:
    """Whether two collections hold the very same objects, in the same order."""
    if len(new) != len(old) or not all(map(is_, new, old)):
        return False
    return old.__class__ is not dict or all(map(is_, new.values(), old.values()))


def _fields_of(value: Any) -> Mapping[str, Any]:
    """Return the fields of a user-defined type as the driver gives it: a named tuple, or a class of the user's."""
    as_dict: Any = getattr(value, "_asdict", None)
    fields: Mapping[str, Any] = as_dict() if as_dict else value.__dict__
    return fields


def _checked(values: Any, *classes: type) -> Any:
    """Return *values*, a collection of one of these classes."""
    if isinstance(values, classes):
        return values
    raise of_wrong_class(values, *classes)


def _check_model(model: type[BaseModel], value: Any) -> None:
    """A subclass and extra fields hold more than the type's fields, which would be lost."""
    if type(value) is not model:
        raise of_wrong_class(value, model)
    if value.model_extra:
        raise UnstorableValue(f"{model.__name__} holds extra fields, which its user-defined type does not have.")
