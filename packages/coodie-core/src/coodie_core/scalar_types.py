"""The Python classes whose values CQL holds in one piece, and how to find them in what Pydantic makes of a type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any
from uuid import UUID

from pydantic import IPvAnyAddress, NaiveDatetime

from coodie_core.duration import CqlDuration

#: The CQL type of each, where no marker says another.
CQL_NAMES: Mapping[Any, str] = {
    str: "text",
    int: "int",
    float: "float",
    bool: "boolean",
    bytes: "blob",
    UUID: "uuid",
    datetime: "timestamp",
    NaiveDatetime: "timestamp",
    date: "date",
    time: "time",
    timedelta: "duration",
    CqlDuration: "duration",
    Decimal: "decimal",
    IPv4Address: "inet",
    IPv6Address: "inet",
    IPvAnyAddress: "inet",
}

_IN_CORE_SCHEMAS: Mapping[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "bytes": bytes,
    "date": date,
    "time": time,
    "datetime": datetime,
    "timedelta": timedelta,
    "decimal": Decimal,
    "uuid": UUID,
    "url": str,
    "multi-host-url": str,
    "json": str,
}

#: Core schemas that wrap another, and where it is. What a column holds is given to Pydantic as JSON would be.
_WRAPPERS: Mapping[str, str] = {
    "nullable": "schema",
    "default": "schema",
    "custom-error": "schema",
    "function-before": "schema",
    "function-after": "schema",
    "function-wrap": "schema",
    "json-or-python": "json_schema",
}


def scalar_base(cls: type[Any]) -> Any:
    """Return the scalar class that *cls* is or derives from, or None.

    An interface derives from an address, but is more than one.
    """
    if issubclass(cls, (IPv4Interface, IPv6Interface)):
        return None
    return next((base for base in cls.__mro__ if base in CQL_NAMES), None)


def scalar_bases_of_values(values: Iterable[Any]) -> set[Any]:
    """Return the scalar classes of the values of an Enum or Literal; None is among them if one is of no such class."""
    return {scalar_base(_without_enum(value).__class__) for value in values}


def _without_enum(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def scalars_in_core_schema(schema: Any, definitions: Mapping[str, Any] | None = None) -> set[Any]:
    """Return the scalar classes that Pydantic makes a type's values of, by its core schema.

    Args:
        schema: A core schema, such as ``TypeAdapter(...).core_schema``.
        definitions: The schemas that it may refer to.

    Returns:
        One class for most types; none where the schema does not tell; several for a union.
    """
    definitions = definitions or {}
    kind: str = schema["type"]
    serialization: Mapping[str, Any] = schema.get("serialization", {})
    if "return_schema" in serialization:
        return scalars_in_core_schema(serialization["return_schema"], definitions)
    if serialization.get("type") == "to-string":
        return {str}
    if kind in _IN_CORE_SCHEMAS:
        is_naive = schema.get("tz_constraint") == "naive"
        return {NaiveDatetime if is_naive and kind == "datetime" else _IN_CORE_SCHEMAS[kind]}
    if kind in ("enum", "literal"):
        return scalar_bases_of_values(schema["members" if kind == "enum" else "expected"])
    inner, definitions = _inner_schemas(kind, schema, definitions)
    found = (scalars_in_core_schema(one, definitions) for one in inner)
    if kind == "union":
        return set[Any]().union(*found)
    return next(filter(None, found), set[Any]())


def _inner_schemas(kind: str, schema: Any, definitions: Mapping[str, Any]) -> tuple[list[Any], Mapping[str, Any]]:
    """Return the schemas that say what *schema* accepts, and the definitions that hold inside."""
    if kind in _WRAPPERS:
        return [schema[_WRAPPERS[kind]]], definitions
    if kind == "union":
        choices: list[Any] = schema["choices"]
        return [choice[0] if isinstance(choice, tuple) else choice for choice in choices], definitions
    if kind == "lax-or-strict":
        return [schema["lax_schema"], schema["strict_schema"]], definitions
    if kind == "chain":
        return schema["steps"], definitions
    if kind == "definitions":
        return [schema["schema"]], {one["ref"]: one for one in schema["definitions"]}
    if kind == "definition-ref":
        reference = schema["schema_ref"]
        others = {name: one for name, one in definitions.items() if name != reference}  # a cycle ends here
        return [definitions[reference]] if reference in definitions else [], others
    return [], definitions
