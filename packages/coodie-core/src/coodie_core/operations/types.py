"""User-defined types: created before what holds them, and given new fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from coodie_core.cql_builder.tables import build_add_field, build_create_type, build_drop_type
from coodie_core.exceptions import InvalidQueryError, SchemaMismatch
from coodie_core.identifiers import checked_name
from coodie_core.operation import Operation
from coodie_core.operations.changing import carry_out, change_schema
from coodie_core.operations.live_schema import live_types
from coodie_core.results import Drift, SchemaChanges
from coodie_core.types import CqlType, user_type_name
from coodie_core.usertype import user_type_of, user_types

_PARTS = re.compile(r"\w+<?|>|[, ]+")


def sync_type(
    model: type[BaseModel], keyspace: str | None, connection_keyspace: str | None = None, *, dry_run: bool = False
) -> Operation[SchemaChanges]:
    """Create a model's type and those in it, or add the fields that they lack; return what ran, or would run."""
    asked = f"{model.__name__}.sync_type()"
    target = _keyspace(asked, keyspace or connection_keyspace)
    wanted = user_types([user_type_of(model)], model.__name__)

    def compare() -> Operation[SchemaChanges]:
        live = yield from live_types(target)
        return separated(type_changes(wanted, target, live, asked))

    return (yield from carry_out(compare, dry_run=dry_run))


def drop_type(model: type[BaseModel], keyspace: str | None, connection_keyspace: str | None = None) -> Operation[None]:
    """Drop a model's type, if it exists; not those in it, which others may hold."""
    target = _keyspace(f"{model.__name__}.drop_type()", keyspace or connection_keyspace)
    yield from change_schema(build_drop_type(user_type_name(model), target).cql)


def _keyspace(asked: str, keyspace: str | None) -> str:
    if keyspace is None:
        raise InvalidQueryError(f"{asked}: in which keyspace? Give it as keyspace=, or to init_coodie().")
    return checked_name("keyspace", keyspace)


def separated(steps: Iterator[str | Drift]) -> SchemaChanges:
    """Return CQL and drift, each in its order."""
    found = list(steps)
    return SchemaChanges(
        (step for step in found if isinstance(step, str)), (step for step in found if isinstance(step, Drift))
    )


def type_changes(
    wanted: Mapping[str, CqlType], keyspace: str, live: Mapping[str, Mapping[str, str]], asked: str
) -> Iterator[str | Drift]:
    """Yield the CQL that brings types to what the models say, each after those that it holds.

    Raises:
        SchemaMismatch: A field has another type, or was renamed or replaced, which CQL cannot change.
    """
    for name, cql in wanted.items():
        fields = {field: str(kind) for field, kind in cql.fields or ()}
        existing = live.get(name)
        if existing is None:
            yield build_create_type(name, keyspace, fields=fields).cql
        else:
            yield from _field_changes(name, keyspace, fields, existing, asked)


def _field_changes(
    name: str, keyspace: str, fields: Mapping[str, str], existing: Mapping[str, str], asked: str
) -> Iterator[str | Drift]:
    for field, kind in fields.items():
        if field in existing and _plain(kind) != _plain(existing[field]):
            raise SchemaMismatch(
                f"{asked}: field {field!r} of the user-defined type {name!r} is {kind} in the model, and "
                f"{existing[field]} in the database. CQL cannot change it: change the model back, or give the type "
                f"another Settings.__type_name__ and move the values into a new column."
            )
    added = [field for field in fields if field not in existing]
    unknown = [field for field in existing if field not in fields]
    if added and unknown:
        raise SchemaMismatch(
            f"{asked}: the user-defined type {name!r} of the database has {', '.join(unknown)}, which the model lacks, "
            f"and lacks {', '.join(added)}. Was a field renamed, or have two models one type name? CQL cannot drop a "
            f"field of a type: keep the old one in the model too, or give the model another Settings.__type_name__."
        )
    for field in added:
        yield build_add_field(name, keyspace, field=field, cql_type=fields[field]).cql
    for field in unknown:
        yield Drift(
            "field of a user-defined type",
            f"{name}.{field}",
            "the model lacks it, so that values written by it have null there. CQL cannot drop it.",
        )


def _plain(cql_type: str) -> str:
    """Return a type without quotes and without what is frozen: inside of a type there is no choice."""
    opened: list[str] = []
    kept: list[str] = []
    for part in _PARTS.findall(cql_type.replace('"', "")):
        if part.endswith("<"):
            opened.append(part)
        if (opened.pop() if part == ">" else part) != "frozen<":
            kept.append(part)
    return "".join(kept)
