"""Hostile text in what CQL is made from is refused, or bound, or in quotes that it cannot leave: never part of the CQL.

The parameters of builders, the settings of documents and the attributes of markers are found by themselves: one that is
added is tried. The integration test of the same name does this for the API, on a real server.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Protocol

import pytest
from budget import bounded
from hostile_text import NASTY, VALUES, hostile_texts, is_out_of_hand, parameters
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError, create_model

from coodie_core import cql_builder, fields
from coodie_core.cql_builder import Assignment, Cql, Element, Nearness, Ordering, Restriction, Selector
from coodie_core.document import BaseDocument
from coodie_core.exceptions import CoodieError
from coodie_core.fields import Indexed, Marker, PrimaryKey, Vector
from coodie_core.operations import tables, views
from coodie_core.schema import ColumnDefinition, TableKind
from coodie_core.settings import DocumentSettings
from coodie_core.statement import Rows

REFUSALS = (CoodieError, TypeError, ValidationError)
EXAMPLES = 500

ID = ColumnDefinition("id", "int", partition_key_index=0)
REQUIRED: dict[str, Any] = {
    "table": "users",
    "keyspace": "ks",
    "view": "shown",
    "base_table": "users",
    "columns": [ID],
    "column": "name",
    "name": "a_name",
    "field": "a_field",
    "cql_type": "int",
    "fields": {"a": "int"},
    "index": Indexed(),
    "where": [Restriction("id", "=", 1)],
    "values": {"id": 1},
    "assignments": [Assignment("name", "set", "a")],
    "functions": {"total": ("sum", "a")},
    "deltas": {"a": 1},
    "options": {"comment": "a"},
    "row": "{}",
    "statements": [Cql("UPDATE users SET a = ? WHERE id = ?", (1, 2))],
}
"""What builders need, besides the argument that is tried."""

REQUIRED_BY: dict[str, dict[str, Any]] = {
    "build_select": {"columns": ["a"]},
    "build_alter_keyspace": {"durable_writes": True},
}
"""What only one builder needs."""

CQL_BY_DESIGN = {"cql_type", "where_clause", "statements"}
"""Arguments that are CQL of the application's own, or what `build_schema` and other builders made."""

PIECES: list[Callable[[str], Any]] = [
    *VALUES,
    lambda text: {text: "int"},
    lambda text: {text: ("sum", "a")},
    lambda text: {"a": ("sum", text)},
    lambda text: {"a": (text, "b")},
    lambda text: {"comment": text, "compression": {text: text}},
    lambda text: [Restriction(text, "=", text)],
    lambda text: [Restriction("a", text, text)],
    lambda text: [Restriction("a", ">", text, token_of=(text,))],
    lambda text: [Assignment(text, "set", text)],
    lambda text: [Assignment("a", text, text)],
    lambda text: [Assignment(text, "put", text, key=text)],
    lambda text: [Element(text, text)],
    lambda text: [Ordering(text), Ordering(text, descending=True)],
    lambda text: [Selector((text,))],
    lambda text: [Selector(("a",), text)],
    lambda text: [Selector(("a",), None, text)],
    lambda text: [Selector(("a",), alias=text)],
    lambda text: Nearness(text, text),
    lambda text: [ID, ColumnDefinition(text, "int", clustering_key_index=0, clustering_order="DESC")],
    lambda text: [ID, ColumnDefinition("a", "int", clustering_key_index=0, clustering_order=text)],  # type: ignore[arg-type]
    lambda text: Indexed(index_name=text, index_class=text, options={text: text}),
]
"""What an argument of a builder is given."""

BUILDERS = {name: value for name, value in vars(cql_builder).items() if name.startswith("build_")}
BUILDER_ARGUMENTS = [
    (name, parameter.name)
    for name, builder in BUILDERS.items()
    for parameter in parameters(builder)
    if parameter.name not in CQL_BY_DESIGN
]


def required_by(name: str) -> dict[str, Any]:
    required = {item.name: REQUIRED[item.name] for item in parameters(BUILDERS[name]) if item.default is item.empty}
    return {**required, **REQUIRED_BY.get(name, {})}


def check_builder(name: str, argument: str, piece: Any) -> None:
    if (name, argument) == ("build_create_type", "fields") and isinstance(piece, dict):
        piece = dict.fromkeys(piece, "int")  # what a field is called; its type is CQL
    try:
        built = BUILDERS[name](**{**required_by(name), argument: piece})
    except (
        *REFUSALS,
        AttributeError,
        ValueError,
    ):  # builders take plain values of their types, and check what they say
        return
    assert not is_out_of_hand(without_end_of_batch(built.cql)), (name, argument, piece)


def without_end_of_batch(cql: str) -> str:
    """Return a statement without the semicolon that CQL wants at the end of a batch."""
    return cql.replace("; APPLY BATCH", "") if cql.startswith("BEGIN ") else cql


@pytest.mark.parametrize(("name", "argument"), BUILDER_ARGUMENTS)
def test_hostile_text_in_each_argument_of_a_builder(name: str, argument: str) -> None:
    for piece in PIECES:
        for text in NASTY[::3]:
            check_builder(name, argument, piece(text))


@bounded(EXAMPLES)
@given(named=st.sampled_from(BUILDER_ARGUMENTS), piece=st.sampled_from(PIECES), text=hostile_texts)
def test_any_hostile_text_in_any_argument_of_a_builder(named: tuple[str, str], piece: Any, text: str) -> None:
    check_builder(*named, piece(text))


def test_every_builder_can_be_called_with_what_is_required() -> None:
    for name, builder in BUILDERS.items():
        assert builder(**required_by(name)).cql


class Start(Protocol):
    def __call__(self, operation: Any) -> Any: ...


def definitions(operation: Any) -> Iterator[str]:
    """Drive an operation on the schema against a server without any tables, and yield the CQL that it sends."""
    try:
        request = next(operation)
        while True:
            yield request.cql
            request = operation.send(Rows())
    except StopIteration:
        return


SETTING_NAMES = {
    name: name if name in ("name", "keyspace", "connection") else f"__{name}__"
    for name in (item.name for item in dataclasses.fields(DocumentSettings))
}
SETTINGS = [name for name in SETTING_NAMES.values() if name != "__where_clause__"]  # which is CQL by design


def check_setting(setting: str, value: Any) -> None:
    view = setting in ("__base_table__", "__view_columns__", "__clustering_order__")
    given_settings = {**({"__base_table__": "users"} if view else {}), setting: value}
    settings = type("Settings", (), {"__qualname__": "Odd.Settings", **given_settings})
    namespace = {
        "__qualname__": "Odd",
        "__module__": __name__,
        "__annotations__": {"id": Annotated[int, PrimaryKey()], "name": str},
        "__coodie_kind__": TableKind.VIEW if view else TableKind.TABLE,
        "Settings": settings,
    }
    try:
        model: Any = type(BaseDocument)("Odd", (BaseDocument,), namespace)
        operation = views.sync_view(model, "ks") if view else tables.sync_table(model, "ks")
        sent = list(definitions(operation))
    except REFUSALS:
        return
    assert [cql for cql in sent if is_out_of_hand(cql)] == [], (setting, value)


@pytest.mark.parametrize("setting", SETTINGS)
def test_hostile_text_in_each_setting(setting: str) -> None:
    for shape in VALUES:
        for text in NASTY[::4]:
            check_setting(setting, shape(text))


MARKERS = [
    (marker, item.name)
    for marker in vars(fields).values()
    if isinstance(marker, type) and issubclass(marker, Marker) and marker is not Marker
    for item in dataclasses.fields(marker)
]


@pytest.mark.parametrize(("marker", "attribute"), MARKERS, ids=[f"{kind.__name__}.{name}" for kind, name in MARKERS])
def test_hostile_text_in_each_attribute_of_a_marker(marker: Any, attribute: str) -> None:
    for shape in VALUES:
        for text in NASTY[::4]:
            check_marker(marker, {attribute: shape(text)})


def check_marker(marker: Any, given: dict[str, Any]) -> None:
    try:
        kind: Any = Annotated[list[float], Vector(2), marker(**given)]
        model = create_model("Odd", __base__=BaseDocument, id=(Annotated[int, PrimaryKey()], ...), marked=(kind, ...))
        sent = list(definitions(tables.sync_table(model, "ks")))
    except REFUSALS:
        return
    assert [cql for cql in sent if is_out_of_hand(cql)] == [], (marker, given)


def test_what_it_is_that_is_out_of_hand() -> None:
    for text in NASTY:
        assert is_out_of_hand(f"SELECT * FROM {text}")
    assert is_out_of_hand("SELECT * FROM users WHERE name = 'zqx' OR '1'='1")
    assert is_out_of_hand('SELECT * FROM users WHERE "zqx"; DROP TABLE users; --" = 1')
    assert not is_out_of_hand("""SELECT "zqx""; --" FROM "ks"."zqx" WHERE comment = 'zqx''; --'""")
