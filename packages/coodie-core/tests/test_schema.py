"""From a document class to its columns, and the mistakes that show where the class is defined."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import pytest
from pydantic import BaseModel

from coodie_core.document import BaseDocument
from coodie_core.exceptions import ConfigurationError, InvalidModel, InvalidQueryError
from coodie_core.fields import (
    BigInt,
    ClusteringKey,
    Counter,
    Discriminator,
    Duration,
    Frozen,
    Indexed,
    PrimaryKey,
    Static,
    Vector,
    VectorIndex,
)
from coodie_core.schema import ColumnDefinition, TableKind, build_schema, table_of
from coodie_core.types import CqlDuration

T = TypeVar("T")


def types_of(model: type[BaseModel]) -> dict[str, str]:
    return {column.name: column.cql_type for column in build_schema(model)}


class TestColumns:
    def test_they_come_in_the_order_of_the_fields_with_what_their_markers_say(self):
        class Reading(BaseDocument):
            sensor: Annotated[UUID, PrimaryKey()]
            day: Annotated[str, ClusteringKey(order="DESC")]
            place: Annotated[str | None, Static()] = None
            kind: Annotated[str, Discriminator()] = ""
            note: Annotated[str, Indexed("by_note")] = ""
            meaning: Annotated[list[float], Vector(dimensions=3), VectorIndex()]

        assert build_schema(Reading) == (
            ColumnDefinition("sensor", "uuid", partition_key_index=0),
            ColumnDefinition("day", "text", clustering_key_index=0, clustering_order="DESC"),
            ColumnDefinition("place", "text", static=True),
            ColumnDefinition("kind", "text", discriminator=True),
            ColumnDefinition("note", "text", indexed=Indexed("by_note")),
            ColumnDefinition("meaning", "vector<float, 3>", vector_index=VectorIndex()),
        )

    def test_keys_of_the_same_index_keep_the_order_of_the_fields(self):
        class Visit(BaseDocument):
            country: Annotated[str, PrimaryKey()]
            city: Annotated[str, PrimaryKey()]
            day: Annotated[str, ClusteringKey()]
            hour: Annotated[int, ClusteringKey()]

        assert (table_of(Visit).partition_key, table_of(Visit).clustering_key) == (("country", "city"), ("day", "hour"))

    def test_keys_are_ordered_by_their_index(self):
        class Visit(BaseDocument):
            hour: Annotated[int, ClusteringKey(clustering_key_index=5)]
            city: Annotated[str, PrimaryKey(partition_key_index=3)]
            day: Annotated[str, ClusteringKey(clustering_key_index=2)]
            country: Annotated[str, PrimaryKey(partition_key_index=1)]

        assert table_of(Visit).primary_key == ("country", "city", "day", "hour")
        assert [column.partition_key_index for column in build_schema(Visit)] == [None, 1, None, 0]

    def test_a_marker_given_as_a_class_counts_too(self):
        class User(BaseDocument):
            id: Annotated[int, PrimaryKey]

        assert build_schema(User) == (ColumnDefinition("id", "int", partition_key_index=0),)

    def test_an_unknown_column_is_an_error_with_the_nearest_name(self):
        class User(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            email: str

        with pytest.raises(InvalidQueryError) as unknown:
            table_of(User).column("emial", "find(emial=...)")

        assert str(unknown.value) == (
            "User.find(emial=...): User has no field 'emial' (did you mean 'email'?). Its fields are id, email."
        )


class TestWhereClassesAreDefined:
    def test_a_subclass_has_its_parents_fields_and_a_table_of_its_own(self):
        class Animal(BaseDocument):
            id: Annotated[int, PrimaryKey()]

            class Settings:
                name = "animals"

        class Dog(Animal):
            breed: str

        assert (table_of(Animal).name, list(types_of(Animal))) == ("animals", ["id"])
        assert (table_of(Dog).name, list(types_of(Dog))) == ("dog", ["id", "breed"])

    def test_an_abstract_base_has_no_table_and_gives_its_fields(self):
        class Base(BaseDocument):
            id: Annotated[int, PrimaryKey()]

            class Settings:
                __abstract__ = True

        class User(Base):
            name: str

        assert types_of(User) == {"id": "int", "name": "text"}
        with pytest.raises(InvalidModel) as abstract:
            build_schema(Base)
        assert str(abstract.value) == ("Base is an abstract base without a table: use a document that derives from it.")

    def test_an_abstract_base_needs_no_primary_key(self):
        class Stamped(BaseDocument):
            created: int = 0

            class Settings:
                __abstract__ = True

        class User(Stamped):
            id: Annotated[int, PrimaryKey()]

        assert types_of(User) == {"created": "int", "id": "int"}

    def test_a_mix_in_that_is_no_document_gives_its_fields(self):
        class Named(BaseModel):
            name: str

        class User(Named, BaseDocument):
            id: Annotated[int, PrimaryKey()]

        assert types_of(User) == {"id": "int", "name": "text"}

    def test_a_field_can_be_redefined_without_a_warning(self):
        class Base(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            level: int = 1

        class User(Base):
            level: Annotated[int, BigInt()] = 2

        assert types_of(User) == {"id": "int", "level": "bigint"}

    def test_types_of_a_local_scope_are_found(self):
        """Annotations of this module are strings, which only Pydantic resolves."""

        class Address(BaseModel):
            street: str

        class User(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            home: Annotated[Address, Frozen()]

        assert types_of(User) == {"id": "int", "home": 'frozen<"address">'}

    def test_a_type_that_is_defined_later_is_found_at_the_first_use(self):
        assert types_of(Early) == {"id": "int", "home": 'frozen<"late">'}

    def test_a_type_that_is_never_defined_is_an_error_at_the_first_use(self):
        class User(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            home: Annotated[Nowhere, Frozen()]  # noqa: F821

        with pytest.raises(InvalidModel) as incomplete:
            build_schema(User)

        assert str(incomplete.value) == (
            "User refers to a type that is not defined yet. Define it, or call User.model_rebuild() once it is."
        )

    def test_a_local_type_that_is_defined_later_needs_model_rebuild(self):
        class User(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            home: Annotated[Home, Frozen()]

        class Home(BaseModel):
            street: str

        User.model_rebuild()

        assert types_of(User) == {"id": "int", "home": 'frozen<"home">'}

    def test_a_generic_document_is_a_table_for_each_type(self):
        class Box(BaseDocument, Generic[T]):
            id: Annotated[int, PrimaryKey()]
            content: T

        assert (table_of(Box[str]).name, types_of(Box[str])) == ("box_str", {"id": "int", "content": "text"})
        assert types_of(Box[list[int]])["content"] == "list<int>"
        with pytest.raises(InvalidModel) as unparametrised:
            build_schema(Box)
        assert str(unparametrised.value) == "Box still has type parameters: use it as Box[...]."

    def test_a_subclass_of_a_generic_document_is_a_table_of_its_own(self):
        class Box(BaseDocument, Generic[T]):
            id: Annotated[int, PrimaryKey()]
            content: T

        class Parcel(Box[str]):
            weight: int

        assert (table_of(Parcel).name, list(types_of(Parcel))) == ("parcel", ["id", "content", "weight"])

    def test_what_is_no_document_is_refused(self):
        class Plain(BaseModel):
            id: int

        with pytest.raises(InvalidModel) as refused:
            build_schema(Plain)

        assert str(refused.value) == "Plain is no document: derive it from Document."


class Early(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    home: Annotated[Late, Frozen()]


class Late(BaseModel):
    street: str


def definition(kind: TableKind = TableKind.TABLE, **annotations: Any) -> None:
    """Define a document class called Bad with these fields."""
    namespace = {"__annotations__": annotations, "__module__": __name__, "__coodie_kind__": kind}
    type(BaseDocument)("Bad", (BaseDocument,), namespace)


Key = Annotated[int, PrimaryKey()]
Sort = Annotated[int, ClusteringKey()]


class TestMistakes:
    """Each is found where the class is defined, and is both a configuration error and an invalid query."""

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            (
                {"id": int},
                "Bad has no primary key. Mark at least one field, as in `id: Annotated[UUID, PrimaryKey()]`, "
                "or set Settings.__abstract__ = True if it is only a base.",
            ),
            ({"day": Sort}, "Bad has no primary key."),
            (
                {"id": Annotated[int, PrimaryKey(), ClusteringKey()]},
                "Bad.id: it is either PrimaryKey() or ClusteringKey(), not both.",
            ),
            (
                {"id": Annotated[int | None, PrimaryKey()]},
                "Bad.id: a column of the primary key cannot be None.",
            ),
            (
                {"id": Annotated[list[int], PrimaryKey()]},
                "Bad.id: a collection in the primary key must be frozen: add Frozen().",
            ),
            (
                {"id": Key, "span": Annotated[CqlDuration, ClusteringKey(), Duration()]},
                "Bad.span: a duration cannot be part of a primary key.",
            ),
            (
                {"id": Annotated[int, PrimaryKey(), Static()]},
                "Bad.id: a column of the primary key cannot be Static().",
            ),
            (
                {"id": Key, "owner": Annotated[str, Static()]},
                "Bad.owner: Static() needs a table with a clustering key, "
                "since without one each partition has one row.",
            ),
            ({"id": Key, "views": Annotated[int, Counter()]}, "Bad.views: counters need a CounterDocument."),
            ({"id": Key, "what": object}, "Bad.what: "),
        ],
    )
    def test_of_a_table(self, fields, message):
        with pytest.raises(InvalidModel) as mistake:
            definition(**fields)

        assert str(mistake.value).startswith(message)
        assert isinstance(mistake.value, ConfigurationError)
        assert isinstance(mistake.value, InvalidQueryError)

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            (
                {"id": Key, "name": str},
                "Bad.name: besides the primary key a counter table has counters only. "
                "Write `name: Annotated[int, Counter()] = 0`.",
            ),
            (
                {"id": Key},
                "Bad.its fields: besides the primary key a counter table has counters only. "
                "Write `views: Annotated[int, Counter()] = 0`.",
            ),
        ],
    )
    def test_of_a_counter_table(self, fields, message):
        with pytest.raises(InvalidModel) as mistake:
            definition(TableKind.COUNTER, **fields)

        assert str(mistake.value) == message

    def test_a_frozen_collection_may_be_a_key(self):
        class Route(BaseDocument):
            stops: Annotated[list[int], PrimaryKey(), Frozen()]

        assert types_of(Route) == {"stops": "frozen<list<int>>"}
