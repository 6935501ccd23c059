"""User-defined types: models whose values are kept in one column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from coodie_core.exceptions import InvalidModel
from coodie_core.settings import PYTHONS_OWN
from coodie_core.suggestions import nearest
from coodie_core.types import CqlType, cql_type, user_type_name

_SETTINGS = ("__type_name__",)


class BaseUserType(BaseModel):
    """What the user-defined types of both APIs share. It has no method that talks to a server."""

    # The values that a document is made of are in no message either.
    model_config: ClassVar[ConfigDict] = ConfigDict(
        ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        settings: type = vars(cls).get("Settings", _Empty)
        unknown = [name for name in vars(settings) if name not in (*PYTHONS_OWN, *_SETTINGS)]
        if unknown:
            raise InvalidModel(
                f"{cls.__name__}.Settings.{unknown[0]}: there is no such setting{nearest(unknown[0], _SETTINGS)}. "
                f"A user-defined type has {', '.join(_SETTINGS)} only: it is in the keyspace of the table."
            )

    @classmethod
    def type_name(cls) -> str:
        """Return the name of the type: ``Settings.__type_name__``, or the class's name in snake_case.

        Raises:
            UnmappableType: The name is no name in Python, so that the driver could not return its values.
        """
        return user_type_name(cls)


class _Empty:
    """Stands for no ``class Settings``."""


def user_type_of(model: type[BaseModel]) -> CqlType:
    """Return a model as a user-defined type.

    Raises:
        InvalidModel: It cannot be one.
    """
    described = cql_type(model)
    if not described.is_user_type:
        raise InvalidModel(f"{model.__name__} is no user-defined type, but {described}: derive it from UserType.")
    return described


def user_types(types: Iterable[CqlType], asked: str) -> dict[str, CqlType]:
    """Return the user-defined types in some types by their names, each after those that it holds.

    Args:
        types: Types of columns.
        asked: Whose they are, for the error.

    Raises:
        InvalidModel: Two different ones have one name.
    """
    found: dict[str, CqlType] = {}
    for cql in _user_types_in(types):
        before = found.setdefault(cql.name, cql)
        if before != cql:
            raise InvalidModel(
                f"{asked}: two models with different fields would be one user-defined type, {cql.name!r} "
                f"({_fields(before)}, and {_fields(cql)}). Give one of them another name, by Settings.__type_name__."
            )
    return found


def _user_types_in(types: Iterable[CqlType]) -> Iterator[CqlType]:
    for cql in types:
        yield from _user_types_in(cql.arguments)
        if cql.fields is not None:
            yield from _user_types_in(kind for _, kind in cql.fields)
            yield replace(cql, frozen=False)


def _fields(cql: CqlType) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in cql.fields or ())
