"""Columns compared in Python become restrictions, and nothing else does."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Annotated

import pytest
from pydantic import BaseModel

from coodie_core.cql_builder import Restriction
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.expressions import Column, Condition, col
from coodie_core.fields import PrimaryKey
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    age: int = 0
    nick: str | None = None
    tags: list[str] = []
    scores: dict[str, int] = {}


class Admin(User):
    level: int = 1


class Order(BaseDocument):
    id: Annotated[int, PrimaryKey()]


def users() -> BaseQuerySet[User]:
    return BaseQuerySet(Query(User))


@pytest.mark.parametrize(
    ("condition", "restriction"),
    [
        (col(User.age) == 18, Restriction("age", "=", 18)),
        (col(User.age) != 18, Restriction("age", "!=", 18)),
        (col(User.age) < 18, Restriction("age", "<", 18)),
        (col(User.age) <= 18, Restriction("age", "<=", 18)),
        (col(User.age) > 18, Restriction("age", ">", 18)),
        (col(User.age) >= 18, Restriction("age", ">=", 18)),
        (col(User.id).in_({1}), Restriction("id", "IN", [1])),
        (col(User.tags).contains("new"), Restriction("tags", "CONTAINS", "new")),
        (col(User.scores).contains(3), Restriction("scores", "CONTAINS", 3)),
        (col(User.scores).contains_key("a"), Restriction("scores", "CONTAINS KEY", "a")),
        (col(User.nick).like("A%"), Restriction("nick", "LIKE", "A%")),
    ],
    ids=repr,
)
def test_a_comparison_asks_what_the_keyword_would(condition: Condition, restriction: Restriction) -> None:
    assert users().filter(condition).query.filters == (restriction,)


def test_conditions_and_keywords_hold_together() -> None:
    asked = users().filter(col(User.id) == 7, col(User.age) > 3, nick="Al").query.filters

    assert [(item.column, item.operator) for item in asked] == [("id", "="), ("age", ">"), ("nick", "=")]


def test_a_subclass_can_be_asked_by_a_column_of_its_base() -> None:
    assert BaseQuerySet(Query(Admin)).filter(col(User.age) == 3).query.filters == (Restriction("age", "=", 3),)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: users().filter(col(User.age) == "x"), r"User.find\(age=\.\.\.\): age is int"),
        (lambda: users().filter(col(Order.id) == 3), "this condition is about Order, not User"),
        (lambda: users().filter(True), r"give conditions, as in find\(col\(User.id\) == \.\.\.\)"),
        (lambda: col(18), r"col\(int\): give a field of a document class"),
    ],
)
def test_what_is_no_condition_of_the_document_is_refused(mistake: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        mistake()


def test_conditions_cannot_be_joined_by_python_operators_that_would_drop_one() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        _ = col(User.age) > 3 and col(User.nick) == "x"


def test_operators_of_other_mappers_say_what_to_write_instead() -> None:
    one, other = col(User.age) > 3, col(User.nick) == "x"

    with pytest.raises(TypeError, match="separated by commas, for AND; CQL has no OR and NOT"):
        _ = one | other
    with pytest.raises(TypeError, match="separated by commas, for AND; CQL has no OR and NOT"):
        _ = one & other


def test_the_operator_for_not_says_what_to_write_instead() -> None:
    with pytest.raises(TypeError, match="CQL has no OR and NOT"):
        _ = ~(col(User.age) > 3)


def test_a_column_says_what_it_is() -> None:
    assert repr(col(User.age)) == "col(User.age)"
    assert isinstance(Admin.level, Column)


def test_what_is_no_field_is_no_attribute_of_the_class() -> None:
    assert not hasattr(User, "nmae")


def test_a_subclass_may_declare_a_field_again_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Elder(User):
            age: int = 65

    assert Elder(id=1).age == 65


def test_types_that_are_defined_later_do_not_hide_the_columns() -> None:
    class Post(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        written_by: "Author | None" = None  # noqa: UP037  # a reference to a type that is not there yet

    assert isinstance(Post.id, Column)

    class Author(BaseModel):
        name: str

    Post.model_rebuild()
    assert Post(id=1).written_by is None
