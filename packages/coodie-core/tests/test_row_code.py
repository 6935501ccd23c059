"""The code that makes results of rows knows places only, and reads a model with any names and any number of fields."""

from __future__ import annotations

from types import CodeType
from typing import Annotated, Any

import pytest
from pydantic import ConfigDict, Field, PrivateAttr, create_model
from pydantic_core import core_schema
from rows_in_c import both_ways, rows_by

from coodie_core.document import BaseDocument
from coodie_core.fields import PrimaryKey
from coodie_core.hydration import documents_of
from coodie_core.row_code import RowValue, documents_maker, tuples_maker
from coodie_core.row_reader import document_reader
from coodie_core.statement import Rows

NAMES = ["new", "made", "row", "known", "document", "special", "model", "set", "object", "v0", "k1", "d2", "n3", "a_b"]


def words_in(code: CodeType) -> set[str]:
    """Every name and every text in compiled code, that of functions inside of it included."""
    own = {*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars}
    texts = {constant for constant in code.co_consts if isinstance(constant, str)}
    return own | texts | {word for inner in code.co_consts if isinstance(inner, CodeType) for word in words_in(inner)}


def test_names_of_fields_are_no_part_of_the_code():
    names = ["__import__('os')", "x); import os", "price"]
    values = [RowValue(), RowValue(int, when_null=int), RowValue(str)]

    with rows_by("Python"):
        make: Any = documents_maker(object, object, None, names, values, print)

    assert not any(name in word for word in words_in(make.__code__) for name in names)


@both_ways
def test_fields_may_be_called_as_the_code_calls_its_own(way):
    fields: dict[str, Any] = {name: (int, ...) for name in NAMES}
    model = create_model("Clash", __base__=BaseDocument, id=(Annotated[int, PrimaryKey()], ...), **fields)
    row = tuple(range(len(NAMES) + 1))

    with rows_by(way):
        (document,) = documents_of(model, Rows(("id", *NAMES), [row]))

    assert vars(document) == dict(zip(("id", *NAMES), row, strict=True))


@both_ways
def test_tables_may_have_many_columns(way):
    fields: dict[str, Any] = {f"f{number}": (int, 0) for number in range(400)}
    model = create_model("Wide", __base__=BaseDocument, id=(Annotated[int, PrimaryKey()], ...), **fields)

    with rows_by(way):
        (document,) = documents_of(model, Rows(("id", *fields), [(1, *range(400))]))

    assert document == model(id=1, **{name: number for number, name in enumerate(fields)})


@both_ways
@pytest.mark.parametrize("row", [(1,), (1, 2, 3)])
def test_rows_of_another_length_are_refused(row, way):
    with rows_by(way), pytest.raises(ValueError, match="unpack"):
        tuples_maker([RowValue(), RowValue()])([row])


@both_ways
def test_one_column_makes_tuples_too(way):
    with rows_by(way):
        assert tuples_maker([RowValue(str, when_null=lambda: "?")])([(1,), (None,)]) == [("1",), ("?",)]


@both_ways
def test_tuples_of_unchanged_values_equal_their_rows(way):
    with rows_by(way):
        assert tuples_maker([RowValue(), RowValue()])([(1, None), [2, "a"]]) == [(1, None), (2, "a")]


class Plain(BaseDocument):
    id: Annotated[int, PrimaryKey()]


class WithSlots(BaseDocument):
    __slots__ = ("extra",)
    id: Annotated[int, PrimaryKey()]


class WithNew(BaseDocument):
    id: Annotated[int, PrimaryKey()]

    def __new__(cls, *args: Any, **fields: Any) -> Any:
        made = super().__new__(cls)
        object.__setattr__(made, "__dict__", {})
        return made


class WithSchema(BaseDocument):
    id: Annotated[int, PrimaryKey()]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_after_validator_function(lambda made: made, handler(source))


class WithPrivate(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    _cache: int = PrivateAttr(default=1)


class WithValidatedDefault(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    size: int = Field(default="5", validate_default=True)  # type: ignore[assignment]


class WithExtra(BaseDocument):
    model_config = ConfigDict(extra="allow")
    id: Annotated[int, PrimaryKey()]


def is_compiled(model: type[BaseDocument]) -> bool:
    return document_reader(model, ("id",), validated=False)._compiled is not None


def test_a_plain_model_is_read_by_compiled_code():
    assert is_compiled(Plain)


@pytest.mark.parametrize("model", [WithSlots, WithNew, WithSchema, WithPrivate, WithValidatedDefault, WithExtra])
def test_a_model_with_a_life_of_its_own_is_read_without_and_as_pydantic_makes_it(model: type[BaseDocument]):
    columns = tuple(model.model_fields)
    rows = Rows(columns, [(1, None)[: len(columns)]])

    (document,) = documents_of(model, rows)

    assert not is_compiled(model)
    assert document == model(id=1)
