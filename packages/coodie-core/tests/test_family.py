"""Documents of several classes in one table, told apart by a discriminator."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import pytest

from coodie_core.cql_builder import Selector
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidModel, UnstorableValue
from coodie_core.fields import Ascii, BigInt, ClusteringKey, Discriminator, Indexed, PrimaryKey, Static
from coodie_core.hydration import documents_of
from coodie_core.operations.documents import save
from coodie_core.operations.tables import sync_table
from coodie_core.options import WriteOptions
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.query_statements import select_statement
from coodie_core.schema import table_of
from coodie_core.selection import with_values
from coodie_core.statement import Rows


class Animal(BaseDocument):
    zoo: Annotated[int, PrimaryKey()]
    id: Annotated[int, ClusteringKey()]
    kind: Annotated[str, Discriminator()]
    name: str = ""

    class Settings:
        name = "animals"


class Dog(Animal):
    breed: str

    class Settings:
        __discriminator_value__ = "dog"


class Puppy(Dog):
    weeks: int = 0

    class Settings:
        __discriminator_value__ = "puppy"


class Cat(Animal):
    lives: Annotated[int, Indexed()] = 9

    class Settings:
        __discriminator_value__ = "cat"


COLUMNS = ("zoo", "id", "kind", "name", "breed", "weeks", "lives")
ROWS = Rows(
    COLUMNS,
    [
        (1, 1, "dog", "Rex", "collie", None, None),
        (1, 2, "puppy", "Tim", "collie", 6, None),
        (1, 3, "cat", "Tom", None, None, 7),
        (1, 4, "zebra", "Zoe", None, None, None),
    ],
)
REX, TIM = Dog(zoo=1, id=1, name="Rex", breed="collie"), Puppy(zoo=1, id=2, name="Tim", breed="collie", weeks=6)


def found(model: type[BaseDocument], **filters: Any) -> tuple[str, tuple[Any, ...]]:
    """The conditions of a query and their values."""
    statement = select_statement(BaseQuerySet(Query(model)).filter(**filters).query, "ks")
    return statement.cql.partition(" WHERE ")[2], tuple(statement.params)


def test_a_document_has_the_value_of_its_class():
    assert (REX.kind, TIM.kind) == ("dog", "puppy")
    assert "kind" in Animal.model_json_schema()["required"]


def test_all_share_the_table_of_the_root():
    assert {model.table_name() for model in (Animal, Dog, Puppy, Cat)} == {"animals"}


def test_the_table_has_the_columns_and_indexes_of_all_whoever_is_asked(start):
    def created(model: type[BaseDocument]) -> list[str]:
        conversation = start(sync_table(model, "ks"))
        while not conversation.has_ended:
            conversation.answer()
        return list(conversation.result)

    assert created(Animal) == [
        'CREATE TABLE IF NOT EXISTS "ks"."animals" ("zoo" int, "id" int, "kind" text, "name" text, "breed" text, '
        '"weeks" int, "lives" int, PRIMARY KEY (("zoo"), "id"))',
        'CREATE INDEX IF NOT EXISTS "animals_lives_idx" ON "ks"."animals" ("lives")',
    ]
    assert created(Cat) == created(Puppy) == created(Animal)


def test_the_root_reads_every_row_as_a_document_of_its_class():
    zebra = Animal(zoo=1, id=4, kind="zebra", name="Zoe")

    assert documents_of(Animal, ROWS) == [REX, TIM, Cat(zoo=1, id=3, name="Tom", lives=7), zebra]


def test_a_subclass_reads_its_own_rows_and_those_of_its_subclasses():
    assert documents_of(Dog, ROWS) == [REX, TIM]
    assert documents_of(Puppy, ROWS) == [TIM]


def test_the_root_reads_the_columns_of_all_and_a_subclass_those_that_it_needs():
    def read(model: type[BaseDocument]) -> str:
        return select_statement(Query(model), "ks").cql.partition(" FROM ")[0]

    assert read(Animal) == 'SELECT "zoo", "id", "kind", "name", "breed", "weeks", "lives"'
    assert read(Dog) == 'SELECT "zoo", "id", "kind", "name", "breed", "weeks"'
    assert read(Cat) == 'SELECT "zoo", "id", "kind", "name", "lives"'


def test_tuples_without_names_have_the_fields_of_the_class_that_was_asked():
    assert with_values(Query(Animal), ()).selected == tuple(Selector((name,)) for name in ("zoo", "id", "kind", "name"))


def test_what_is_deferred_is_left_out_and_nothing_else():
    query = BaseQuerySet(Query(Animal)).defer("name").query

    assert select_statement(query, "ks").cql == (
        'SELECT "zoo", "id", "kind", "breed", "weeks", "lives" FROM "ks"."animals"'
    )
    columns = ("zoo", "id", "kind", "breed", "weeks", "lives")
    (puppy,) = documents_of(Animal, Rows(columns, [(1, 2, "puppy", "collie", 6, None)]))
    assert (type(puppy), vars(puppy)) == (Puppy, {"zoo": 1, "id": 2, "kind": "puppy", "breed": "collie", "weeks": 6})


def test_partitions_are_read_as_the_document_that_was_asked_for():
    class Show(BaseDocument):
        zoo: Annotated[int, PrimaryKey()]
        id: Annotated[int, ClusteringKey()]
        kind: Annotated[str, Discriminator()]
        place: Annotated[str, Static()] = ""

    class Circus(Show):
        tent: Annotated[str | None, Static()] = None

        class Settings:
            __discriminator_value__ = "circus"

    query = BaseQuerySet(Query(Show)).distinct().query

    assert select_statement(query, "ks").cql == 'SELECT DISTINCT "zoo", "place" FROM "ks"."show"'
    (show,) = documents_of(Show, Rows(("zoo", "place"), [(1, "park")]))
    assert (type(show), vars(show)) == (Show, {"zoo": 1, "place": "park"})
    assert Circus.table_name() == "show"


def test_only_a_subclass_has_static_columns_and_still_its_partition_is_no_document():
    class Show(BaseDocument):
        zoo: Annotated[int, PrimaryKey()]
        id: Annotated[int, ClusteringKey()]
        kind: Annotated[str, Discriminator()]

    class Circus(Show):
        tent: Annotated[str | None, Static()] = None

        class Settings:
            __discriminator_value__ = "circus"

    assert documents_of(Show, Rows(("zoo", "id", "kind", "tent"), [(1, None, None, "red")])) == []
    assert documents_of(Show, Rows(("zoo", "id", "kind", "tent"), [(1, 2, "circus", "red")])) == [
        Circus(zoo=1, id=2, tent="red")
    ]


def test_only_some_columns_are_read_with_the_discriminator():
    query = BaseQuerySet(Query(Animal)).only("name").query

    assert select_statement(query, "ks").cql == 'SELECT "zoo", "id", "name", "kind" FROM "ks"."animals"'


@pytest.mark.parametrize(
    ("model", "filters", "expected"),
    [
        (Animal, {}, ("", ())),
        (Animal, {"zoo": 1}, ('"zoo" = ?', (1,))),
        (Cat, {}, ('"kind" = ?', ("cat",))),
        (Dog, {}, ('"kind" IN ?', (["dog", "puppy"],))),
        (Cat, {"zoo": 1, "id": 2}, ('"zoo" = ? AND "id" = ?', (1, 2))),
        (Cat, {"zoo": 1}, ('"zoo" = ? AND "kind" = ? ALLOW FILTERING', (1, "cat"))),
        (Cat, {"zoo": 1, "id__gt": 2}, ('"zoo" = ? AND "id" > ? AND "kind" = ? ALLOW FILTERING', (1, 2, "cat"))),
        (Cat, {"zoo": 1, "lives": 2}, ('"zoo" = ? AND "lives" = ? AND "kind" = ?', (1, 2, "cat"))),
        (Cat, {"zoo__in": [1]}, ('"zoo" IN ? AND "kind" = ?', ([1], "cat"))),
        (Cat, {"kind": "cat"}, ('"kind" = ?', ("cat",))),
    ],
)
def test_a_subclass_asks_for_its_rows_unless_the_whole_key_names_one(model, filters, expected):
    assert found(model, **filters) == expected


def test_an_indexed_discriminator_needs_no_filtering():
    class Shape(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        day: Annotated[int, ClusteringKey()]
        kind: Annotated[str, Discriminator(), Indexed()]

    class Square(Shape):
        class Settings:
            __discriminator_value__ = "square"

    assert found(Square, id=1) == ('"id" = ? AND "kind" = ?', (1, "square"))


def test_a_discriminator_in_the_key_is_a_part_of_it():
    class Event(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        kind: Annotated[str, Discriminator(), ClusteringKey()]

    class Click(Event):
        class Settings:
            __discriminator_value__ = "click"

    assert found(Click, id=1) == ('"id" = ? AND "kind" = ?', (1, "click"))


def test_a_count_of_one_row_asks_for_its_class_too(start):
    query = BaseQuerySet(Query(Cat)).filter(zoo=1, id=2).query

    narrowed = select_statement(query, "ks", json=True).cql

    assert narrowed.endswith('WHERE "zoo" = ? AND "id" = ? AND "kind" = ? ALLOW FILTERING')


def test_a_document_is_written_with_its_class(start):
    conversation = start(save(REX, "ks", WriteOptions(), None))

    assert "dog" in conversation.params


def test_a_document_of_another_class_is_not_written(start):
    with pytest.raises(UnstorableValue, match=r"Dog\.kind: the rows of Dog have 'dog' here"):
        start(save(Dog(zoo=1, id=1, breed="collie", kind="cat"), "ks", WriteOptions(), None))


def test_the_root_may_have_a_value_and_the_discriminator_be_an_enum():
    class Kind(StrEnum):
        PLAIN = "plain"
        FANCY = "fancy"

    class Card(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        kind: Annotated[Kind, Discriminator(), Ascii()]

        class Settings:
            __discriminator_value__ = "plain"

    class FancyCard(Card):
        ribbon: str | None = None

        class Settings:
            __discriminator_value__ = "fancy"

    rows = Rows(("id", "kind", "ribbon"), [(1, "plain", None), (2, "fancy", "red")])

    assert (Card(id=1).kind, FancyCard(id=2).kind) == (Kind.PLAIN, Kind.FANCY)
    assert documents_of(Card, rows) == [Card(id=1), FancyCard(id=2, ribbon="red")]


def test_an_abstract_class_between_needs_no_value():
    class Bird(Animal):
        wings: int = 2

        class Settings:
            __abstract__ = True

    class Parrot(Bird):
        words: list[str] = []

        class Settings:
            __discriminator_value__ = "parrot"

    assert (Parrot.table_name(), Parrot(zoo=1, id=1).kind, Parrot(zoo=1, id=1).wings) == ("animals", "parrot", 2)


def test_an_abstract_base_may_bring_the_field():
    class Typed(BaseDocument):
        kind: Annotated[str, Discriminator()]

        class Settings:
            __abstract__ = True

    class Fruit(Typed):
        id: Annotated[int, PrimaryKey()]

    class Apple(Fruit):
        class Settings:
            __discriminator_value__ = "apple"

    assert (Apple.table_name(), Apple(id=1).kind) == ("fruit", "apple")


def refused(base: type[BaseDocument], fields: dict[str, Any] | None = None, **settings: Any) -> str:
    """Why a subclass is refused where it is defined."""
    inner = type("Settings", (), {"__qualname__": "Ant.Settings", **settings})
    namespace: dict[str, Any] = {"__module__": __name__, "__qualname__": "Ant", "Settings": inner}
    if fields:
        namespace["__annotations__"] = fields
    with pytest.raises(InvalidModel) as raised:
        type("Ant", (base,), namespace)
    return str(raised.value)


def test_what_cannot_share_a_table_is_refused_where_it_is_defined():
    assert "Say which rows are its own by Settings.__discriminator_value__" in refused(Animal)
    assert "Take name and keyspace out" in refused(Animal, __discriminator_value__="ant", name="ants")
    assert "Cat has this value already" in refused(Animal, __discriminator_value__="cat")
    assert "it must have the same primary key (zoo, id), not (zoo, id, leg)" in refused(
        Animal, {"leg": Annotated[int, ClusteringKey()]}, __discriminator_value__="ant"
    )
    assert "the column 'lives' is int, not bigint" in refused(
        Animal, {"lives": Annotated[int, BigInt()]}, __discriminator_value__="ant"
    )


def test_a_value_without_a_field_for_it_is_refused():
    with pytest.raises(InvalidModel, match="no field is marked with Discriminator"):

        class Stone(BaseDocument):
            id: Annotated[int, PrimaryKey()]

            class Settings:
                __discriminator_value__ = "stone"


def test_a_discriminator_is_text():
    with pytest.raises(InvalidModel, match=r"Stone\.kind: a Discriminator\(\) is text"):

        class Stone(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            kind: Annotated[int, Discriminator()]


def test_other_documents_have_no_family():
    class Plain(BaseDocument):
        id: Annotated[int, PrimaryKey()]

    assert table_of(Plain).family is None
