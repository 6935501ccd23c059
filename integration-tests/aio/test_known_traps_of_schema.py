"""What goes wrong in object mappers for CQL, and does not here: tables, types, and classes that are looked up wrongly.

Each test is one trap, from beginning to end on the server. What a rule has besides is in the file of its topic.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import pytest

from coodie_aio import Document, UserType, execute_raw, get_driver
from coodie_core.exceptions import SchemaMismatch
from coodie_core.fields import (
    BigInt,
    ClusteringKey,
    Discriminator,
    Indexed,
    PrimaryKey,
    Static,
    Vector,
    VectorIndex,
)


class Base(Document):
    id: Annotated[int, PrimaryKey()]
    at: Annotated[int, ClusteringKey()]
    name: str = ""

    class Settings:
        name = "trapped_bases"


class Derived(Base):
    extra: int = 0


@pytest.fixture(autouse=True)
async def connection(coodie_aio_driver: Any) -> None:
    await Base.sync_table()


async def columns(table: str) -> dict[str, tuple[str, str]]:
    """The type and kind of each column, as the server has them."""
    rows = await execute_raw(
        "SELECT column_name, type, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?",
        [get_driver().keyspace, table],
    )
    return {row["column_name"]: (row["type"], row["kind"]) for row in rows}


async def test_trap_19_a_subclass_has_the_columns_of_its_parent():
    """What was worked out for a class is kept on it, and found by the classes that derive from it."""
    await Derived.sync_table()
    await Derived(id=1, at=1, extra=7).save()

    assert Derived.table_name() == "derived"
    assert await Derived.get(id=1, at=1) == Derived(id=1, at=1, extra=7)
    assert "extra" not in await columns("trapped_bases")


async def test_trap_20_a_table_is_not_made_again_after_it_was_dropped():
    await Derived.sync_table()
    await Derived.drop_table()

    assert len(await Derived.sync_table()) == 1
    assert await Derived.find(id=1).all() == []
    assert await Derived.sync_table() == []


async def test_trap_20_an_index_that_was_added_later_is_not_made():
    class Indexable(Base):
        name: Annotated[str, Indexed()] = ""

        class Settings:
            name = "trapped_bases"

    ran = await Indexable.sync_table()

    assert [statement.split(" IF NOT EXISTS")[0] for statement in ran] == ["CREATE INDEX"]
    assert await Indexable.sync_table() == []


async def test_trap_20_options_that_are_as_wanted_are_altered_again():
    class Compacted(Base):
        class Settings:
            name = "trapped_options"
            __options__ = {"gc_grace_seconds": 3600, "compaction": {"class": "LeveledCompactionStrategy"}}

    assert len(await Compacted.sync_table()) == 1
    assert await Compacted.sync_table() == []


@pytest.mark.parametrize("changed", ["key", "type"])
async def test_trap_20_another_key_or_type_is_accepted_without_a_word(changed: str):
    """The table stays as it was, and writes fail later on, or not at all."""

    class AnotherKey(Document):
        id: Annotated[int, PrimaryKey()]
        name: Annotated[str, ClusteringKey()]
        at: int = 0

        class Settings:
            name = "trapped_bases"

    class AnotherType(Base):
        name: Annotated[int, BigInt()] = 0  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]

        class Settings:
            name = "trapped_bases"

    before = await columns("trapped_bases")

    with pytest.raises(SchemaMismatch):
        await (AnotherKey if changed == "key" else AnotherType).sync_table()

    assert await columns("trapped_bases") == before


async def test_trap_20_a_static_column_that_is_added_is_not_static():
    class Placed(Base):
        place: Annotated[str | None, Static()] = None

        class Settings:
            name = "trapped_bases"

    await Placed.sync_table()
    for at in (1, 2):
        await Placed(id=1, at=at, name=str(at)).save()
    await Placed(id=1, at=1, place="roof").save()

    assert (await columns("trapped_bases"))["place"] == ("text", "static")
    assert [found.place for found in await Placed.find(id=1).all()] == ["roof", "roof"]


async def test_trap_21_a_user_defined_type_never_gets_its_new_field():
    class Point(UserType):
        x: int

        class Settings:
            __type_name__ = "trapped_point"

    class Point3(UserType):
        x: int
        z: int | None = None

        class Settings:
            __type_name__ = "trapped_point"

    class Before(Document):
        id: Annotated[int, PrimaryKey()]
        point: Point

        class Settings:
            name = "trapped_points"

    class After(Document):
        id: Annotated[int, PrimaryKey()]
        point: Point3

        class Settings:
            name = "trapped_points"

    await Before.sync_table()
    await Before(id=1, point=Point(x=1)).save()
    await After.sync_table()
    await After(id=2, point=Point3(x=2, z=3)).save()

    assert await After.get(id=1) == After(id=1, point=Point3(x=1))
    assert await After.get(id=2) == After(id=2, point=Point3(x=2, z=3))


async def test_trap_21_an_index_of_vectors_is_made_for_another_server():
    """Its class is the server's own: what one of them calls it, the other does not know."""

    class Picture(Document):
        id: Annotated[int, PrimaryKey()]
        embedding: Annotated[list[float], Vector(dimensions=2), VectorIndex()]

        class Settings:
            name = "trapped_pictures"

    await Picture.sync_table()
    for id in (1, 2, 3):
        await Picture(id=id, embedding=[1.0, float(id)]).save()

    nearest = await Picture.find().order_by_ann("embedding", [1.0, 2.9]).limit(1).get()
    assert nearest.id == 3
    assert await Picture.sync_table() == []


async def test_trap_22_a_polymorphic_subclass_is_not_fetched_by_its_key():
    """A condition on the class that goes with each read needs ALLOW FILTERING, though the key names one row."""

    class Media(Document):
        id: Annotated[int, PrimaryKey()]
        kind: Annotated[str, Discriminator()]

        class Settings:
            name = "trapped_media"

    class Book(Media):
        pages: int = 0

        class Settings:
            __discriminator_value__ = "book"

    class Film(Media):
        class Settings:
            __discriminator_value__ = "film"

    await Media.sync_table()
    await Book(id=1, pages=100).save()

    assert await Book.get(id=1) == Book(id=1, pages=100)
    assert await Media.get(id=1) == Book(id=1, pages=100)
    assert await Film.find_one(id=1) is None
    assert "ALLOW FILTERING" not in Book.find(id=1).explain().cql


async def test_trap_23_annotations_that_are_text_and_local_classes_are_not_understood():
    """This module has annotations as text, and these classes are in no module; many a look-up of types needs both."""

    class Colour(Enum):
        RED = "red"

    class Part(UserType):
        name: str

    class Local(Document):
        id: Annotated[int, PrimaryKey()]
        maybe: str | None = None
        colour: Colour = Colour.RED
        size: Literal["S", "L"] = "S"
        parts: dict[str, list[Part]] = {}
        deep: list[set[tuple[int, str]]] = []

        class Settings:
            name = "trapped_locals"

    await Local.sync_table()
    document = Local(id=1, size="L", parts={"a": [Part(name="x")]}, deep=[{(1, "a")}])
    await document.save()

    assert await Local.get(id=1) == document
    types = {name: cql_type for name, (cql_type, _) in (await columns("trapped_locals")).items()}
    assert types == {
        "id": "int",
        "maybe": "text",
        "colour": "text",
        "size": "text",
        "parts": "map<text, frozen<list<frozen<part>>>>",
        "deep": "list<frozen<set<frozen<tuple<int, text>>>>>",
    }
