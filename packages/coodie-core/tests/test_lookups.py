"""Keywords of find(), update() and if_conditions: a field, and perhaps a look-up."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import AfterValidator, Field

from coodie_core.cql_builder import Restriction
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import PrimaryKey
from coodie_core.lookups import conditions_of, restrictions_of
from coodie_core.schema import table_of


class Colour(StrEnum):
    RED = "red"


class User(BaseDocument):
    id: Annotated[UUID, PrimaryKey()]
    name: str = ""
    age: Annotated[int, Field(ge=0)] = 0
    level: Annotated[int, Field(lt=10)] | None = None
    code: Annotated[str, Field(pattern="^[a-z]{3}$"), AfterValidator(str.upper)] = "abc"
    colour: Colour = Colour.RED
    at: datetime | None = None
    tags: set[str] = Field(default_factory=set)
    scores: dict[str, int] = Field(default_factory=dict)
    home__street: str = ""
    page_in: int = 0


ID = UUID(int=7)


def restriction(**filters: Any) -> Restriction:
    [only] = restrictions_of(table_of(User), "find", filters)
    return only


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"id": ID}, Restriction("id", "=", ID)),
        ({"id": str(ID)}, Restriction("id", "=", ID)),
        ({"age__gt": 18}, Restriction("age", ">", 18)),
        ({"age__gte": 18}, Restriction("age", ">=", 18)),
        ({"age__lt": 18}, Restriction("age", "<", 18)),
        ({"age__lte": 18}, Restriction("age", "<=", 18)),
        ({"age__gt": -1}, Restriction("age", ">", -1)),
        ({"age__in": [-1]}, Restriction("age", "IN", [-1])),
        ({"level__lt": 10}, Restriction("level", "<", 10)),
        ({"code__like": "%z"}, Restriction("code", "LIKE", "%z")),
        ({"age__ne": 18}, Restriction("age", "!=", 18)),
        ({"age__in": [1, 2]}, Restriction("age", "IN", [1, 2])),
        ({"age__in": []}, Restriction("age", "IN", [])),
        ({"age__in": (n for n in (1, 2))}, Restriction("age", "IN", [1, 2])),
        ({"tags__contains": "new"}, Restriction("tags", "CONTAINS", "new")),
        ({"scores__contains": 5}, Restriction("scores", "CONTAINS", 5)),
        ({"scores__contains_key": "a"}, Restriction("scores", "CONTAINS KEY", "a")),
        ({"name__like": "Al%"}, Restriction("name", "LIKE", "Al%")),
        ({"colour": Colour.RED}, Restriction("colour", "=", "red")),
        ({"colour": "red"}, Restriction("colour", "=", "red")),
        ({"home__street": "x"}, Restriction("home__street", "=", "x")),
        ({"home__street__in": ["x"]}, Restriction("home__street", "IN", ["x"])),
        ({"page_in": 1}, Restriction("page_in", "=", 1)),
    ],
)
def test_a_keyword_names_a_column_an_operator_and_a_checked_value(filters, expected):
    assert restriction(**filters) == expected


def test_validators_that_convert_are_part_of_the_type():
    assert restriction(code="abc").value == "ABC"


def test_values_are_what_the_column_holds():
    """A timestamp has milliseconds, and microseconds would never be found."""
    at = datetime(2026, 11, 23, 12, 0, 0, 123_456, tzinfo=UTC)

    assert restriction(at=at).value == restriction(at=at.replace(microsecond=123_000)).value


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            {"nmae": "Al"},
            "User.find(nmae=...): User has no field 'nmae' (did you mean 'name'?). Its fields are id, name, age, "
            "level, code, colour, at, tags, scores, home__street, page_in.",
        ),
        ({"nmae__in": ["Al"]}, "User.find(nmae__in=...): User has no field 'nmae' (did you mean 'name'?)."),
        ({"xyz": 1}, "User.find(xyz=...): User has no field 'xyz'. Its fields are id, name,"),
        (
            {"age__gtt": 1},
            "User.find(age__gtt=...): there is no 'gtt' here (did you mean 'gt'?). "
            "After a field and two underscores may stand gt, gte, lt, lte, ne, in, contains, contains_key, like, "
            "isnull, token__gt, token__gte, token__lt, token__lte.",
        ),
        ({"id": "not-a-uuid"}, "User.find(id=...): id is uuid: Input should be a valid UUID"),
        ({"age": "old"}, "User.find(age=...): age is int: Input should be a valid integer"),
        ({"age": 2**31}, "User.age: the number does not fit int"),
        ({"name__like": 5}, "User.find(name__like=...): give a text, where % stands for anything."),
        ({"age__like": "1%"}, "User.find(age__like=...): age is int, and LIKE is for text."),
        ({"age__in": 5}, "User.find(age__in=...): give a list of values, not one int."),
        ({"name__in": "Al"}, "User.find(name__in=...): give a list of values, not one str."),
        ({"age__in": [1, "x"]}, "User.find(age__in=...): age is int: Input should be a valid integer"),
        ({"name__contains": "A"}, "User.find(name__contains=...): name is text, which has no elements to look for."),
        ({"tags__contains_key": "A"}, "User.find(tags__contains_key=...): tags is set<text>, which has no keys"),
        ({"tags__contains": 5}, "User.find(tags__contains=...): elements of tags are text: Input should be a valid"),
        (
            {"name": None},
            "User.find(name=...): CQL cannot look for an empty column (null). "
            "Read the rows and compare in Python, or store a value that means 'none'.",
        ),
        ({"at__gt": None}, "User.find(at__gt=...): CQL cannot look for an empty column (null)."),
    ],
)
def test_what_cannot_be_looked_for_is_refused(filters, message):
    with pytest.raises(InvalidQueryError) as refused:
        restriction(**filters)

    assert str(refused.value).startswith(message)


def test_values_are_in_no_error():
    """They may be personal, and errors end up in logs."""
    with pytest.raises(InvalidQueryError) as refused:
        restriction(age="my secret")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"name": "Al"}, Restriction("name", "=", "Al")),
        ({"at": None}, Restriction("at", "=", None)),
        ({"at__ne": None}, Restriction("at", "!=", None)),
        ({"age__lt": 5}, Restriction("age", "<", 5)),
        ({"age__in": [5]}, Restriction("age", "IN", [5])),
    ],
)
def test_conditions_may_ask_for_an_empty_column(conditions, expected):
    assert conditions_of(table_of(User), "update", conditions) == (expected,)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (
            {"id": ID},
            "User.update(if_conditions={'id': ...}): conditions are about other columns than the primary key.",
        ),
        ({"nmae": "Al"}, "User.update(if_conditions={'nmae': ...}): User has no field 'nmae' (did you mean 'name'?)."),
        ({"tags__contains": "a"}, "User.update(if_conditions={'tags__contains': ...}): there is no 'contains' here"),
        ({"age": "x"}, "User.update(if_conditions={'age': ...}): age is int: Input should be a valid integer"),
    ],
)
def test_conditions_that_cannot_be_are_refused(conditions, message):
    with pytest.raises(InvalidQueryError) as refused:
        conditions_of(table_of(User), "update", conditions)

    assert str(refused.value).startswith(message)


def test_no_conditions_are_no_conditions():
    assert conditions_of(table_of(User), "update", None) == conditions_of(table_of(User), "update", {}) == ()


def test_names_that_end_in_an_underscore_have_look_ups_too():
    class Flight(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        from_: str = ""

    [found] = restrictions_of(table_of(Flight), "find", {"from___in": ["AMS"]})

    assert found == Restriction("from_", "IN", ["AMS"])
