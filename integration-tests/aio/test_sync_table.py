"""sync_table(): the table becomes what the model describes, and nothing is lost."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from coodie_aio import Document, execute_raw, get_driver
from coodie_core.exceptions import SchemaMismatch
from coodie_core.fields import BigInt, ClusteringKey, Frozen, Indexed, PrimaryKey, Static


@pytest.fixture(autouse=True)
async def connection(coodie_aio_driver: Any) -> None:
    """Each test has a table of its own name in the module's keyspace."""


async def columns_of(model: type[Document]) -> dict[str, tuple[str, str]]:
    """Type and kind of each column of the table."""
    rows = await execute_raw(
        "SELECT column_name, type, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?",
        [get_driver().keyspace, model.table_name()],
    )
    return {row["column_name"]: (row["type"], row["kind"]) for row in rows}


async def indexes_of(model: type[Document]) -> dict[str, str]:
    """What each index of the table is on."""
    rows = await execute_raw(
        "SELECT index_name, options FROM system_schema.indexes WHERE keyspace_name = ? AND table_name = ?",
        [get_driver().keyspace, model.table_name()],
    )
    return {row["index_name"]: row["options"]["target"] for row in rows}


async def test_a_table_is_created_as_the_model_describes_it():
    class Reading(Document):
        sensor: Annotated[int, PrimaryKey(partition_key_index=0)]
        year: Annotated[int, PrimaryKey(partition_key_index=1)]
        day: Annotated[int, ClusteringKey(order="DESC")]
        place: Annotated[str | None, Static()] = None
        value: float = 0.0
        tags: Annotated[set[str], Indexed()] = set()
        history: dict[str, list[Annotated[int, BigInt()]]] = {}

    ran = await Reading.sync_table()

    assert [statement.split(" IF NOT EXISTS")[0] for statement in ran] == ["CREATE TABLE", "CREATE INDEX"]
    assert await columns_of(Reading) == {
        "sensor": ("int", "partition_key"),
        "year": ("int", "partition_key"),
        "day": ("int", "clustering"),
        "place": ("text", "static"),
        "value": ("float", "regular"),
        "tags": ("set<text>", "regular"),
        "history": ("map<text, frozen<list<bigint>>>", "regular"),
    }
    assert await indexes_of(Reading) == {"reading_tags_idx": "values(tags)"}


async def test_a_second_time_there_is_nothing_to_do():
    class Everything(Document):
        id: Annotated[int, PrimaryKey()]
        day: Annotated[int, ClusteringKey(order="DESC")]
        camelCase: Annotated[str, Indexed()] = ""
        keys: Annotated[dict[str, int], Indexed(target="KEYS")] = {}
        entries: Annotated[dict[str, int], Indexed(target="ENTRIES")] = {}
        values: Annotated[dict[str, int], Indexed(target="VALUES")] = {}
        whole: Annotated[list[int], Frozen(), Indexed(target="FULL")] = []
        sai: Annotated[str, Indexed(index_class="SAI", options={"case_sensitive": "false"})] = ""
        pair: tuple[int, str] = (0, "")
        nested: list[list[int]] = []
        place: Annotated[str, Static()] = ""

    await Everything.sync_table()

    assert await Everything.sync_table() == []


async def test_a_dry_run_says_what_would_run_and_changes_nothing():
    class Planned(Document):
        id: Annotated[int, PrimaryKey()]

    planned = await Planned.sync_table(dry_run=True)
    after = await columns_of(Planned)

    assert (planned, after) == (await Planned.sync_table(), {})


async def test_new_columns_and_indexes_are_added_and_rows_stay():
    class Old(Document):
        id: Annotated[int, PrimaryKey()]
        day: Annotated[int, ClusteringKey()]

        class Settings:
            name = "growing"

    class New(Old):
        place: Annotated[str | None, Static()] = None
        name: Annotated[str, Indexed()] = "none"

        class Settings:
            name = "growing"

    await Old.sync_table()
    await Old(id=1, day=1).save()

    ran = await New.sync_table()

    assert [statement.split(" ")[0] for statement in ran] == ["ALTER", "CREATE"]
    assert (await columns_of(New))["place"] == ("text", "static")
    assert await New.find(id=1).all() == [New(id=1, day=1, place=None, name="none")]
    assert await New.sync_table() == []


async def test_an_older_model_does_not_drop_what_a_newer_one_added():
    class New(Document):
        id: Annotated[int, PrimaryKey()]
        name: Annotated[str, Indexed()] = ""

        class Settings:
            name = "shared"

    class Old(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            name = "shared"

    await New.sync_table()

    assert await Old.sync_table() == []
    assert set(await columns_of(Old)) == {"id", "name"}
    assert await indexes_of(Old) == {"shared_name_idx": "name"}


async def test_indexes_that_the_model_no_longer_has_are_dropped_on_request():
    class Before(Document):
        id: Annotated[int, PrimaryKey()]
        name: Annotated[str, Indexed()] = ""

        class Settings:
            name = "unindexed"

    class After(Document):
        id: Annotated[int, PrimaryKey()]
        name: str = ""

        class Settings:
            name = "unindexed"

    await Before.sync_table()

    ran = await After.sync_table(drop_removed_indexes=True)

    assert ran == [f'DROP INDEX IF EXISTS "{get_driver().keyspace}"."unindexed_name_idx"']
    assert await indexes_of(After) == {}


async def test_tables_and_indexes_may_have_long_names():
    """Servers name an index after its table and column; older ones have tables of 48 characters at most."""

    class Delivery(Document):
        id: Annotated[int, PrimaryKey()]
        state_of_the_delivery: Annotated[str, Indexed()] = ""

        class Settings:
            name = "deliveries_by_customer_and_day_of_the_warehouse"

    await Delivery.sync_table()
    await Delivery.create(id=1, state_of_the_delivery="sent")

    assert await Delivery.sync_table() == []
    assert await Delivery.find(state_of_the_delivery="sent").count() == 1


async def test_a_table_that_was_dropped_is_created_again():
    class Phoenix(Document):
        id: Annotated[int, PrimaryKey()]

    await Phoenix.sync_table()
    await Phoenix.drop_table()
    await Phoenix.drop_table()

    await Phoenix.sync_table()
    await Phoenix(id=1).save()

    assert await Phoenix.find().all() == [Phoenix(id=1)]


async def test_a_statement_that_was_prepared_before_the_table_changed_keeps_working():
    class Old(Document):
        id: Annotated[int, PrimaryKey()]
        name: str = ""

        class Settings:
            name = "altered"

    class New(Old):
        age: int = 0

        class Settings:
            name = "altered"

    await Old.sync_table()
    await Old(id=1, name="a").save()
    before = await Old.get(id=1)
    await New.sync_table()
    await New(id=2, name="b", age=5).save()

    assert before == await Old.get(id=1)
    assert await Old.get(id=2) == Old(id=2, name="b")
    assert await New.get(id=2) == New(id=2, name="b", age=5)


async def test_a_table_dropped_and_made_with_another_type_is_read_in_that_type():
    """A statement that was prepared before must not decode by the old type."""

    class Number(Document):
        id: Annotated[int, PrimaryKey()]
        value: int = 0

        class Settings:
            name = "retyped"

    class Text(Document):
        id: Annotated[int, PrimaryKey()]
        value: str = ""

        class Settings:
            name = "retyped"

    await Number.sync_table()
    await Number(id=1, value=5).save()
    await Number.get(id=1)
    await Number.drop_table()

    await Text.sync_table()
    await Text(id=1, value="five").save()

    assert await Text.get(id=1) == Text(id=1, value="five")


@pytest.mark.parametrize(
    ("create", "difference"),
    [
        ("(id int, day int, value text, PRIMARY KEY (id, day))", "the model has type int, the table has type text"),
        ("(id int, day int, value int, PRIMARY KEY (id))", "the model has kind clustering, the table has kind regular"),
        (
            "(id int, day int, value int, PRIMARY KEY ((id, day)))",
            "kind clustering, the table has kind partition_key",
        ),
        (
            "(id int, day int, value int, PRIMARY KEY (id, day)) WITH CLUSTERING ORDER BY (day DESC)",
            "the model has clustering order asc, the table has clustering order desc",
        ),
        ("(id int, day int, hour int, value int, PRIMARY KEY (id, day, hour))", "the table has a clustering column"),
        (
            "(id int, value int, PRIMARY KEY (id))",
            "part of the primary key, the table has no such column",
        ),
    ],
)
async def test_a_table_with_another_key_or_type_is_refused_and_stays_as_it_is(create: str, difference: str):
    class Kept(Document):
        id: Annotated[int, PrimaryKey()]
        day: Annotated[int, ClusteringKey()]
        value: int = 0
        added: str = ""

    await execute_raw("DROP TABLE IF EXISTS kept")
    await execute_raw(f"CREATE TABLE kept {create}")
    before = await columns_of(Kept)

    with pytest.raises(SchemaMismatch, match=difference):
        await Kept.sync_table()

    assert await columns_of(Kept) == before


async def test_each_subclass_has_a_table_of_its_own():
    class Animal(Document):
        id: Annotated[int, PrimaryKey()]

    class Dog(Animal):
        breed: str = ""

    await Animal.sync_table()
    await Dog.sync_table()
    await Animal(id=1).save()
    await Dog(id=2, breed="collie").save()

    assert await Animal.find().all() == [Animal(id=1)]
    assert await Dog.find().all() == [Dog(id=2, breed="collie")]


async def test_options_and_the_default_time_to_live_are_those_of_the_settings():
    class Event(Document):
        id: Annotated[int, PrimaryKey()]
        name: str = ""

        class Settings:
            __default_ttl__ = 1000
            __options__ = {"comment": "it's short", "gc_grace_seconds": 60}

    await Event.sync_table()
    await Event(id=1, name="a").save()
    await Event(id=2, name="b").save(ttl=0)

    [options] = await execute_raw(
        "SELECT comment, gc_grace_seconds FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'event'",
        [get_driver().keyspace],
    )
    left = {row["id"]: row["left"] for row in await execute_raw("SELECT id, ttl(name) AS left FROM event")}
    assert options == {"comment": "it's short", "gc_grace_seconds": 60}
    assert 990 < left[1] <= 1000
    assert left[2] is None


async def test_a_field_of_a_user_defined_type_is_as_the_server_writes_it():
    class Address(BaseModel):
        street: str

    class Customer(Document):
        id: Annotated[int, PrimaryKey()]
        home: Annotated[Address, Frozen()]
        others: list[Address] = []

    await execute_raw("CREATE TYPE IF NOT EXISTS address (street text)")

    await Customer.sync_table()

    assert await Customer.sync_table() == []
    customer = await Customer.create(id=1, home=Address(street="Kade"), others=[Address(street="Plein")])
    assert await Customer.get(id=1) == customer
