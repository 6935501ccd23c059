"""Conversions of values that wrap what is stored: Url, secrets, root models, custom types."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal

from pydantic import IPvAnyAddress, NaiveDatetime, RootModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from coodie_core.codecs.scalars import Conversion, of_wrong_class
from coodie_core.exceptions import UnstorableValue

#: The classes of values where an annotation stands for others.
_INSTANCES: dict[Any, Any] = {NaiveDatetime: datetime, IPvAnyAddress: (IPv4Address, IPv6Address)}


def root_conversion(model: type[RootModel[Any]], inside: Conversion) -> Conversion:
    """Return the conversion of a root model to the type of its root."""

    def encode(value: Any) -> Any:
        if not issubclass(type(value), model):
            raise of_wrong_class(value, model)
        return inside.encode(value.root)

    def decode(value: Any) -> Any:
        return model.model_validate(inside.decode(value) if inside.decode else value, strict=False)

    def normalise(value: Any) -> Any:
        if not issubclass(type(value), model):
            return value
        held = value.root
        root = inside.normalise(held) if inside.normalise else held
        return value if root is held else value.model_copy(update={"root": root})

    return Conversion(encode, decode, normalise if inside.normalise else None)


def wrapped_conversion(adapter: TypeAdapter[Any], python_type: Any, inside: Conversion) -> Conversion:
    """Return the conversion of a type whose values wrap a scalar, or may.

    A value that is such a scalar is stored as it is, whatever its serializer would make of it for others to see, which
    may hide or format it. Only a value of another class is serialized.
    """
    wanted = _INSTANCES.get(python_type, python_type)

    def encode(value: Any) -> Any:
        if isinstance(value, Enum):
            value = value.value
        elif hasattr(value, "get_secret_value"):
            value = value.get_secret_value()
        if value is None or isinstance(value, wanted):
            return inside.encode(value)
        return inside.encode(_serialized(adapter, value, wanted))

    return inside._replace(encode=encode, sent_as_is=frozenset(), packed_as=None)


def serialized_conversion(adapter: TypeAdapter[Any], inside: Conversion) -> Conversion:
    """Return the conversion of a type that is stored as Pydantic serializes it, such as `Json`."""

    def encode(value: Any) -> Any:
        serialized = _dumped(adapter, value, "python")
        if serialized is None:
            raise UnstorableValue(f"Pydantic cannot serialize the {type(value).__name__} as the field's type.")
        return inside.encode(serialized)

    return Conversion(encode, inside.decode)


def json_conversion(adapter: TypeAdapter[Any], text: Conversion) -> Conversion:
    """Return the conversion of a union of models to its JSON, from which Pydantic must make the same model again."""

    def encode(value: Any) -> Any:
        try:
            dumped = adapter.dump_json(value, round_trip=True, warnings="error").decode()
            if adapter.validate_json(dumped) == value:
                return text.encode(dumped)
        except (PydanticSerializationError, ValidationError):
            pass
        raise UnstorableValue(
            f"the JSON of this {type(value).__name__} does not give the same value back as the field's type. Give the "
            f"models of the union a field that tells them apart, with Field(discriminator=...)."
        )

    return Conversion(encode, adapter.validate_json)


def _serialized(adapter: TypeAdapter[Any], value: Any, wanted: Any) -> Any:
    """Return *value* serialized to an instance of *wanted*, from which Pydantic makes the same value again."""
    for mode in ("python", "json"):
        dumped = _dumped(adapter, value, mode)
        if isinstance(dumped, wanted):
            if not _gives_back(adapter, dumped, value):
                raise UnstorableValue(
                    f"the {type(value).__name__} is serialized to something that does not give the same value back. "
                    f"Let its serializer keep the whole value, or store what it wraps."
                )
            return dumped
    return value


def _gives_back(adapter: TypeAdapter[Any], dumped: Any, value: Any) -> bool:
    """Whether *value* is read back, as far as its class says what is equal."""
    try:
        read = adapter.validate_python(dumped, strict=False)
    except ValidationError:
        return False
    return read == value or not _compares_by_value(value)


def _dumped(adapter: TypeAdapter[Any], value: Any, mode: Literal["python", "json"]) -> Any:
    try:
        return adapter.dump_python(value, mode=mode, round_trip=True, warnings="error")
    except PydanticSerializationError:
        return None


def _compares_by_value(value: object) -> bool:
    return any("__eq__" in vars(cls) for cls in type(value).__mro__[:-1])
