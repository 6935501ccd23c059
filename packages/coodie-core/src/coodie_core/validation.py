"""Values given by keyword, checked against the field that they are for and turned into the driver's types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from coodie_core.codecs import codec_for
from coodie_core.codecs.scalars import Convert
from coodie_core.exceptions import InvalidQueryError, UnstorableValue
from coodie_core.schema import Table
from coodie_core.shapes import shape_of


def encoded(table: Table, field: str, value: Any) -> Any:
    """Return a field's value as the driver takes it, without validating it again.

    Raises:
        UnstorableValue: The column cannot hold it.
    """
    encode = table.encoders[field]
    if encode is None or value is None:
        return value
    try:
        return encode(value)
    except UnstorableValue as error:
        raise error.named(table.document, field) from None


def all_encoded(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of some fields as the driver takes them.

    Raises:
        UnstorableValue: A column cannot hold its value.
    """
    given, name = dict(values), ""
    try:
        for name, encode in table.conversions.items():
            value = given.get(name)
            if value is not None:
                given[name] = encode(value)
    except UnstorableValue as error:
        raise error.named(table.document, name) from None
    return given


def validated(table: Table, field: str, value: Any, asked: str, *, constrained: bool = True) -> Any:
    """Return *value* as Pydantic makes it for this field, or for its type without constraints.

    Raises:
        InvalidQueryError: It is not of the field's type.
    """
    try:
        return _validator(table, field, constrained=constrained)(value)
    except ValidationError as error:
        raise InvalidQueryError(
            f"{table.document}.{asked}: {field} is {table.types[field]}: {reasons(error)}."
        ) from None


def compared(table: Table, field: str, value: Any, asked: str) -> Any:
    """Return *value*, checked against the field's type alone, as the driver takes it.

    Constraints are for what is stored: ``price__gt=0`` must be possible where each price is above 0.

    Raises:
        InvalidQueryError: It is not of the field's type, or the column cannot hold it.
    """
    return encoded(table, field, validated(table, field, value, asked, constrained=False))


def bound(table: Table, field: str, value: Any, asked: str) -> Any:
    """Return *value*, checked against the field, as the driver takes it."""
    return encoded(table, field, validated(table, field, value, asked))


def binder(table: Table, field: str) -> Callable[[Any], Any]:
    """Return what does the same as `bound`, with errors that do not say what was asked.

    It raises `pydantic.ValidationError` or `UnstorableValue`.
    """
    made = table.binders.get(field)
    if made is None:
        made = table.binders[field] = _encoding(_validator(table, field, constrained=True), table.encoders[field])
    return made


def comparer(table: Table, field: str) -> Callable[[Any], Any]:
    """Return what does the same as `compared`, with errors that do not say what was asked.

    It raises `pydantic.ValidationError` or `UnstorableValue`.
    """
    made = table.comparers.get(field)
    if made is None:
        made = table.comparers[field] = _encoding(_validator(table, field, constrained=False), table.encoders[field])
    return made


def _encoding(validate: Callable[[Any], Any], encode: Convert | None) -> Callable[[Any], Any]:
    if encode is None:
        return validate

    def validated_and_encoded(value: Any) -> Any:
        checked = validate(value)
        return checked if checked is None else encode(checked)

    return validated_and_encoded


def judge_of(table: Table, field: str) -> Callable[[Any], Any] | None:
    """Return what makes of a value what the model would, or None where more than the value may count for the model.

    What it returns raises `pydantic.ValidationError`.
    """
    info, codec = table.model.model_fields[field], table.codecs[field]
    is_plain = codec.decode is codec.prepare  # nothing in the annotation converts or refuses values of its type
    if info.frozen or info.discriminator or not is_plain:
        return None
    try:
        return TypeAdapter[Any](_annotation(table, field), config=table.model.model_config).validator.validate_python
    except PydanticUserError:  # it brings a configuration of its own
        return None


def _validator(table: Table, field: str, *, constrained: bool) -> Callable[[Any], Any]:
    key = ("validator", field, constrained)
    return table.memory.of(key, lambda: _adapter(table, field, constrained=constrained).validator.validate_python)


def _annotation(table: Table, field: str) -> Any:
    info = table.model.model_fields[field]
    annotation: Any = info.annotation
    for item in info.metadata:
        annotation = Annotated[annotation, item]
    return annotation


def _adapter(table: Table, field: str, *, constrained: bool) -> TypeAdapter[Any]:
    annotation = _annotation(table, field)
    return adapter(annotation if constrained else _without_constraints(annotation), table.model.model_config)


def _without_constraints(annotation: Any) -> Any:
    """Return an annotation with only that metadata which is part of its type, such as validators that convert."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kept = [item for item in arguments[1:] if hasattr(item, "__get_pydantic_core_schema__")]
        inside = _without_constraints(arguments[0])
        return Annotated[(inside, *kept)] if kept else inside
    if origin in (Union, UnionType):
        return Union[tuple(map(_without_constraints, arguments))]  # noqa: UP007  # their number is known at run time
    return annotation


def adapter(annotation: Any, config: ConfigDict) -> TypeAdapter[Any]:
    """Return the validator of an annotation under a model's configuration, where the annotation allows one."""
    try:
        return TypeAdapter(annotation, config=config)
    except PydanticUserError:  # models, dataclasses and typed dicts bring their own configuration
        return TypeAdapter(annotation)


def bound_element(table: Table, field: str, position: int, value: Any, asked: str) -> Any:
    """Return an element of a collection field, checked, as the driver takes it.

    Args:
        table: The field's table.
        field: A list, set or map.
        position: Which type argument the element has: 0 for elements and a map's keys, 1 for a map's values.
        value: The element.
        asked: What was asked, for the error.

    Raises:
        InvalidQueryError: The field is no collection, or the value is not of the elements' type.
    """
    cql = table.types[field]
    if not cql.is_collection or position >= len(cql.arguments):
        raise InvalidQueryError(f"{table.document}.{asked}: {field} is {cql}, which has no elements to look for.")
    checker, encode = _element(table, field, position)
    try:
        checked = checker.validate_python(value)
        return encode(checked) if encode else checked
    except ValidationError as error:
        raise InvalidQueryError(
            f"{table.document}.{asked}: elements of {field} are {cql.arguments[position]}: {reasons(error)}."
        ) from None
    except UnstorableValue as error:
        raise error.named(table.document, field) from None


def _element(table: Table, field: str, position: int) -> tuple[TypeAdapter[Any], Any]:
    return table.memory.of(("element", field, position), lambda: _make_element(table, field, position))


def _make_element(table: Table, field: str, position: int) -> tuple[TypeAdapter[Any], Any]:
    info, config = table.model.model_fields[field], table.model.model_config
    annotation = shape_of(info.annotation, info.metadata).parts[position].annotation
    return adapter(annotation, config), codec_for(annotation, (), table.types[field].arguments[position], config).encode


def reasons(error: ValidationError) -> str:
    """Return what Pydantic says, without the value."""
    return ", ".join(problem["msg"] for problem in error.errors(include_input=False, include_url=False))
