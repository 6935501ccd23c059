"""Compiled code makes the documents that reading one by one and Pydantic's validation make: of any model, any rows.

So does the part in C.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any

from budget import bounded
from cassandra import cqltypes
from every_type import CASES, Case, exactly
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, ConfigDict, Field, PrivateAttr, StringConstraints, create_model
from rows_in_c import both_ways, rows_by

from coodie_core.codecs import codec_for
from coodie_core.document import BaseDocument, stored_row
from coodie_core.exceptions import RowDoesNotFit, UnstorableValue
from coodie_core.fields import PrimaryKey
from coodie_core.hydration import documents_of
from coodie_core.operations import documents
from coodie_core.options import WriteOptions
from coodie_core.row_reader import document_reader
from coodie_core.schema import table_of
from coodie_core.statement import Rows
from coodie_core.types import CqlType, cql_type

PROTOCOL = 4

CONSTRAINED: dict[str, Case] = {
    "positive": Case(Annotated[int, Field(gt=0)], [1, 2], st.integers(-2, 5)),
    "short": Case(Annotated[str, StringConstraints(strip_whitespace=True, max_length=3)], ["", " a "], st.text()),
    "upper": Case(Annotated[str, AfterValidator(str.upper)], ["", "a"], st.text("abC")),
}
ALL: dict[str, Case] = {**CASES, **CONSTRAINED}

CONFIGS: list[dict[str, Any]] = [
    {},
    {},
    {"frozen": True},
    {"str_strip_whitespace": True},
    {"use_enum_values": True},
    {"allow_inf_nan": False},
    {"extra": "allow"},
]

#: How a field is declared besides its annotation.
MANNERS = ("required", "optional", "default", "factory", "optional factory", "aliased")


def field_of(name: str, manner: str) -> tuple[Any, Any]:
    annotation, edges = ALL[name].annotation, as_read(name)
    return {
        "required": (annotation, ...),
        "optional": (annotation | None, None),
        "default": (annotation, edges[0]),
        "factory": (annotation, Field(default_factory=lambda: edges[-1])),
        "optional factory": (annotation | None, Field(default_factory=lambda: edges[-1])),
        "aliased": (annotation, Field(alias=f"{name}Alias")),
    }[manner]


@lru_cache(maxsize=100)
def as_read(name: str) -> list[Any]:
    """Return the values at the edges as they are once they were stored."""
    annotation = ALL[name].annotation
    normalise = codec_for(annotation, (), cql_type(annotation)).normalise
    return [normalise(edge) if normalise else edge for edge in ALL[name].edges]


numbers = itertools.count()


def document_class(fields: Mapping[str, str], config: Mapping[str, Any], *, has_private: bool) -> type[BaseDocument]:
    """Return a document with these fields of the zoo, each declared in some manner."""
    namespace = {"model_config": ConfigDict(**config), "__module__": __name__}
    if has_private:
        namespace["_private"] = PrivateAttr(default=5)
    base = type(BaseDocument)(f"Base{next(numbers)}", (BaseDocument,), namespace)
    return create_model(
        f"Zoo{next(numbers)}",
        __base__=base,
        id=(Annotated[int, PrimaryKey()], ...),
        **{name: field_of(name, manner) for name, manner in fields.items()},
    )


models = st.builds(
    document_class,
    st.dictionaries(st.sampled_from(sorted(ALL)), st.sampled_from(MANNERS), max_size=6),
    st.sampled_from(CONFIGS),
    has_private=st.sampled_from([False, False, False, True]),
)


def drivers_type(kind: CqlType) -> Any:
    """Return the driver's own class for a CQL type, which writes and reads what is on the wire."""
    inside = [drivers_type(argument) for argument in kind.arguments]
    if kind.fields is not None:
        names = tuple(name for name, _ in reversed(kind.fields))
        types = tuple(drivers_type(of) for _, of in reversed(kind.fields))
        return cqltypes.UserType.make_udt_class("ks", kind.name, names, types)
    if kind.dimensions is not None:
        return cqltypes.VectorType.apply_parameters([*inside, kind.dimensions], [])
    if inside:
        return _by_name(kind.name).apply_parameters(inside)
    return _by_name(kind.name)


@lru_cache(maxsize=100)
def _by_name(name: str) -> Any:
    return cqltypes._cqltypes[name]


def as_received(model: type[BaseDocument], name: str, value: Any) -> Any:
    """Return a value as the driver receives it where it was saved to the field."""
    encode = table_of(model).codecs[name].encode
    kind = drivers_type(table_of(model).types[name])
    sent = encode(value) if encode else value
    return kind.from_binary(kind.to_binary(sent, PROTOCOL), PROTOCOL)


@st.composite
def cells(draw: st.DrawFn, model: type[BaseDocument], name: str) -> Any:
    case = ALL[name]
    value = draw(st.none() | st.sampled_from(case.edges) | case.values)
    try:
        return None if value is None else as_received(model, name, value)
    except UnstorableValue:
        return as_received(model, name, case.edges[0])


@st.composite
def answers(draw: st.DrawFn, *, whole: bool) -> tuple[type[BaseDocument], Rows]:
    """Draw a document class and rows with its columns, or with some of them."""
    model = draw(models)
    others = [name for name in model.model_fields if name != "id"]
    named = others if whole else draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    row = st.tuples(st.integers(0, 9), *(cells(model, name) for name in named))
    return model, Rows(("id", *named), draw(st.lists(row, min_size=1, max_size=3)))


def state(document: Any) -> Any:
    """Return all that there is about a document, what a save of it would write included."""
    known = stored_row(document)
    assert known is not None
    return (
        type(document),
        [(name, exactly(value)) for name, value in vars(document).items()],
        document.model_fields_set,
        document.model_extra,
        document.__pydantic_private__,
        {name: exactly(value) for name, value in known.values().items()},
        requests_of_save(document),
    )


def requests_of_save(document: Any) -> list[str]:
    return [request.cql for request in documents.save(document, "ks", WriteOptions())]


def outcome(read: Any) -> Any:
    """Return the states of the documents that were read, or what is said of a row that does not fit."""
    try:
        return [state(document) for document in read()]
    except RowDoesNotFit as error:
        return error.document, error.problems


def one_by_one(model: type[BaseDocument], rows: Rows) -> Any:
    reader = document_reader(model, rows.columns, validated=False)
    return [reader._document(row) for row in rows.rows]


@both_ways
@bounded(60)
@given(answers(whole=False))
def test_like_reading_one_column_after_the_other(way: str, answer: tuple[type[BaseDocument], Rows]) -> None:
    model, rows = answer

    with rows_by(way):
        assert outcome(lambda: documents_of(model, rows)) == outcome(lambda: one_by_one(model, rows))


@both_ways
@bounded(60)
@given(answers(whole=True))
def test_like_pydantics_validation(way: str, answer: tuple[type[BaseDocument], Rows]) -> None:
    model, rows = answer

    with rows_by(way):
        assert outcome(lambda: documents_of(model, rows)) == outcome(lambda: documents_of(model, rows, validated=True))


def is_compiled(model: type[BaseDocument]) -> bool:
    return document_reader(model, ("id",), validated=False)._compiled is not None


def test_most_models_are_read_by_compiled_code() -> None:
    """So that the tests above compare it with something else."""
    fields = dict.fromkeys(ALL, "required")

    assert is_compiled(document_class(fields, {"frozen": True}, has_private=False))
    assert not is_compiled(document_class(fields, {}, has_private=True))
    assert not is_compiled(document_class(fields, {"extra": "allow"}, has_private=False))


def comparable(model: type[BaseDocument]) -> Sequence[str]:
    """The fields of the zoo whose values equal themselves, which NaN does not."""
    return [name for name in model.model_fields if name not in ("id", "float", "double", "vector", "list_of_floats")]


@bounded(40)
@given(answers(whole=True), st.data())
def test_a_save_writes_what_was_changed_after_the_read_and_nothing_else(
    answer: tuple[type[BaseDocument], Rows], data: st.DataObject
) -> None:
    model, rows = answer
    try:
        read, other = documents_of(model, rows)[0], documents_of(model, rows)[0]
    except RowDoesNotFit:
        return
    unequal = [name for name in vars(read) if vars(read)[name] != vars(read)[name]]
    if unequal:
        return

    assert requests_of_save(read) == []
    changed = data.draw(st.sampled_from(["id", *comparable(model)]))
    if changed == "id" or vars(other)[changed] == as_read(changed)[-1]:
        return
    vars(other)[changed] = as_read(changed)[-1]
    written = requests_of_save(other)
    assert [f'"{changed}"' in cql for cql in written] in ([True], [])
    assert not any(f'"{name}"' in cql for cql in written for name in model.model_fields if name not in ("id", changed))
