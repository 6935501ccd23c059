"""Rows become documents that equal those that validation of the same values would give."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from coodie_core.document import BaseDocument
from coodie_core.exceptions import RowDoesNotFit
from coodie_core.fields import BigInt, ClusteringKey, Counter, Frozen, PrimaryKey, Static
from coodie_core.hydration import documents_of
from coodie_core.schema import TableKind
from coodie_core.statement import Rows

Key = Annotated[int, PrimaryKey()]


def read(model: type[BaseDocument], **row: Any) -> Any:
    """The document of a row with these columns."""
    return documents_of(model, Rows(tuple(row), [tuple(row.values())]))[0]


def misfit(model: type[BaseDocument], **row: Any) -> RowDoesNotFit:
    with pytest.raises(RowDoesNotFit) as error:
        read(model, **row)
    return error.value


class Colour(StrEnum):
    RED = "red"


class Thing(BaseDocument):
    id: Key
    name: str
    at: datetime
    tags: set[str]
    colour: Colour
    big: Annotated[int, BigInt()] = 0
    note: str | None = None


def thing(**changed: Any) -> Thing:
    values = {"name": "a", "at": datetime(2026, 11, 23, tzinfo=UTC), "tags": {"x"}, "colour": Colour.RED, **changed}
    return Thing(id=1, **values)


def test_a_row_becomes_a_document():
    document = read(Thing, id=1, name="a", at=datetime(2026, 11, 23), tags=["x"], colour="red", big=5, note="n")

    assert document == thing(big=5, note="n")
    assert isinstance(document.colour, Colour)


def test_the_order_of_the_columns_does_not_matter():
    assert read(Thing, note=None, colour="red", tags=["x"], at=datetime(2026, 11, 23), name="a", big=0, id=1) == thing()


def test_no_rows_are_no_documents():
    assert documents_of(Thing, Rows(("id",), [])) == []


def test_a_document_that_was_read_dumps_as_one_that_was_made():
    document = read(Thing, id=1, name="a", at=datetime(2026, 11, 23), tags=["x"], colour="red", big=0, note=None)

    assert document.model_dump() == thing().model_dump()
    assert document.model_dump_json() == thing().model_dump_json()
    assert Thing.model_validate_json(document.model_dump_json()) == document


def test_columns_that_hold_something_count_as_set():
    document = read(Thing, id=1, name="a", at=datetime(2026, 11, 23), tags=["x"], colour="red", big=0, note=None)

    assert document.model_fields_set == {"id", "name", "at", "tags", "colour", "big"}


class Gaps(BaseDocument):
    id: Key
    optional: str | None = "given"
    defaulted: int = 7
    made: list[int] = Field(default_factory=lambda: [1, 2])
    tags: set[str]
    words: list[str]
    scores: dict[str, int]
    fixed: Annotated[list[str] | None, Frozen()] = None


class TestEmptyColumns:
    def test_are_none_where_the_field_may_be_none(self):
        assert read(Gaps, id=1, optional=None).optional is None

    def test_are_the_default_where_there_is_one(self):
        assert read(Gaps, id=1, defaulted=None).defaulted == 7

    @pytest.mark.parametrize(("field", "empty"), [("tags", set()), ("words", []), ("scores", {}), ("made", [])])
    def test_are_empty_collections_since_cql_stores_those_as_null(self, field, empty):
        assert getattr(read(Gaps, id=1, **{field: None}), field) == empty

    def test_are_what_the_fields_factory_makes(self):
        class User(BaseDocument):
            id: Key
            first: str
            name: str = Field(default_factory=lambda read: read["first"].upper())

        assert read(User, id=1, first="al", name=None).name == "AL"

    def test_are_collections_of_the_documents_own(self):
        first, second = documents_of(Gaps, Rows(("id", "words"), [(1, None), (2, None)]))

        first.words.append("a")

        assert second.words == []

    def test_are_zero_for_counters(self):
        class Page(BaseDocument):
            __coodie_kind__ = TableKind.COUNTER
            url: Annotated[str, PrimaryKey()]
            views: Annotated[int, Counter()]

        assert read(Page, url="/", views=None).views == 0

    def test_are_a_user_defined_type_without_values_where_it_can_be_that(self):
        class Address(BaseModel):
            street: str | None = None

        class Strict(BaseModel):
            street: str

        class User(BaseDocument):
            id: Key
            home: Address
            work: Strict

        assert read(User, id=1, home=None).home == Address()
        assert misfit(User, id=1, work=None).problems == {"work": "Field required"}

    def test_are_an_error_where_the_field_needs_a_value(self):
        error = misfit(Thing, id=1, name=None, at=None, tags=None, colour="red", big=0, note=None)

        assert (error.document, error.problems) == (
            "Thing",
            {"name": "the column is empty (null)", "at": "the column is empty (null)"},
        )
        assert str(error) == (
            "A row of the table does not fit Thing: name: the column is empty (null); at: the column is empty (null). "
            "Give the field a default or make it `X | None` if the column may be empty, or correct the row."
        )


class TestValuesThatDoNotFit:
    def test_are_an_error_that_names_the_field_and_not_the_value(self):
        error = misfit(Thing, id=1, name="a", at=datetime(2026, 1, 1), tags=[], colour="secret", big=0, note=None)

        assert error.problems == {"colour": "Input should be 'red'"}
        assert "secret" not in str(error)

    def test_a_constraint_that_came_later_is_named(self):
        class User(BaseDocument):
            id: Key
            age: Annotated[int, Field(ge=18)]

        assert misfit(User, id=1, age=5).problems == {"age": "Input should be greater than or equal to 18"}

    def test_what_the_models_own_validators_refuse_is_named(self):
        class User(BaseDocument):
            id: Key
            name: str

            @field_validator("name")
            @classmethod
            def _short(cls, name: str) -> str:
                if len(name) > 3:
                    raise ValueError("too long")
                return name

        assert misfit(User, id=1, name="secret").problems == {"name": "Value error, too long"}


class TestStaticColumns:
    class Reading(BaseDocument):
        sensor: Key
        day: Annotated[int, ClusteringKey()]
        place: Annotated[str | None, Static()] = None

    def test_of_a_partition_without_rows_are_no_document(self):
        rows = Rows(("sensor", "place", "day"), [(1, "roof", None), (2, "cellar", 5)])

        assert documents_of(self.Reading, rows) == [self.Reading(sensor=2, day=5, place="cellar")]


class TestModelsWithALifeOfTheirOwn:
    """What a model adds to its fields is there on documents that are read, too."""

    def test_field_validators_run(self):
        class User(BaseDocument):
            id: Key
            name: str

            @field_validator("name")
            @classmethod
            def _upper(cls, name: str) -> str:
                return name.upper()

        assert read(User, id=1, name="al").name == "AL"

    def test_model_validators_run(self):
        class Span(BaseDocument):
            id: Key
            length: int = 0

            @model_validator(mode="after")
            def _doubled(self) -> Span:
                self.length = self.length * 2
                return self

        assert read(Span, id=1, length=2).length == 4

    def test_private_attributes_and_post_init_are_there(self):
        class User(BaseDocument):
            id: Key
            _cache: dict[str, int] = PrivateAttr(default_factory=dict)

            def model_post_init(self, context: Any) -> None:
                self._cache["id"] = self.id

        assert read(User, id=1)._cache == {"id": 1}

    def test_an_init_of_its_own_is_called(self):
        class User(BaseDocument):
            id: Key

            def __init__(self, **fields: Any) -> None:
                super().__init__(**fields)
                self.__dict__["seen"] = True

        assert read(User, id=1).__dict__["seen"]

    def test_aliases_are_for_input_and_columns_are_fields(self):
        class User(BaseDocument):
            id: Key
            name: Annotated[str, Field(alias="userName")]

            @field_validator("name")
            @classmethod
            def _same(cls, name: str) -> str:
                return name

        class Plain(BaseDocument):
            id: Key
            name: Annotated[str, Field(alias="userName")]

        assert (read(User, id=1, name="al").name, read(Plain, id=1, name="al").name) == ("al", "al")

    def test_extra_fields_can_be_assigned_where_the_model_allows_them(self):
        class User(BaseDocument):
            model_config = ConfigDict(extra="allow")
            id: Key

        user = read(User, id=1)
        same = user == User(id=1)
        user.other = 5

        assert same
        assert user.model_extra == {"other": 5}

    def test_frozen_models_are_read_too(self):
        class User(BaseDocument):
            model_config = ConfigDict(frozen=True)
            id: Key

        assert read(User, id=1) == User(id=1)

    def test_user_defined_types_are_models_again(self):
        class Address(BaseModel):
            street: str
            since: date | None = None

        class User(BaseDocument):
            id: Key
            home: Annotated[Address, Frozen()]

        class Row:  # as the driver gives a user-defined type
            def _asdict(self) -> dict[str, Any]:
                return {"street": "Kalverstraat", "since": None}

        assert read(User, id=1, home=Row()) == User(id=1, home=Address(street="Kalverstraat"))


class TestPartOfTheFields:
    def test_the_others_are_not_there(self):
        document = read(Thing, id=1, name="a")

        assert document.model_dump() == {"id": 1, "name": "a"}
        assert repr(document) == "Thing(id=1, name='a')"

    def test_defaults_do_not_pass_for_what_was_not_read(self):
        assert not hasattr(read(Thing, id=1), "big")

    def test_private_attributes_are_there_although_model_validators_cannot_judge_it(self):
        class User(BaseDocument):
            id: Key
            name: str
            _seen: int = PrivateAttr(default=0)

            @model_validator(mode="after")
            def _check(self) -> User:
                assert self.name
                return self

        assert read(User, id=1)._seen == 0
