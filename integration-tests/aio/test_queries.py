"""What a query set can ask, and what comes back."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field

from coodie_aio import Document, create_keyspace, drop_keyspace, execute_raw
from coodie_core.exceptions import FieldNotLoaded, InvalidQueryError, ServerRefusedQuery
from coodie_core.fields import ClusteringKey, PrimaryKey, Static


class Reading(Document):
    sensor: Annotated[int, PrimaryKey()]
    day: Annotated[int, ClusteringKey()]
    hour: Annotated[int, ClusteringKey(order="DESC", clustering_key_index=1)]
    place: Annotated[str | None, Static()] = None
    value: float = 0.0
    unit: str = "C"
    note: str | None = None

    class Settings:
        name = "readings"


ROWS = [Reading(sensor=1, day=day, hour=hour, value=day + hour / 2) for day in (1, 2, 3) for hour in (9, 6, 3)]
"""In the order in which the table keeps them."""


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Reading.sync_table()
    await Reading.truncate()
    for row in ROWS:
        await row.model_copy().save()


def keys(readings: list[Reading]) -> list[tuple[int, int]]:
    return [(reading.day, reading.hour) for reading in readings]


async def test_rows_of_a_partition_come_in_the_order_of_the_clustering_keys():
    assert await Reading.find(sensor=1).all() == ROWS


async def test_order_by_turns_the_order_around():
    reversed_rows = await Reading.find(sensor=1).order_by("-day", "hour").all()

    assert reversed_rows == ROWS[::-1]


async def test_an_order_that_the_table_cannot_give_is_the_servers_refusal():
    with pytest.raises(ServerRefusedQuery):
        await Reading.find(sensor=1).order_by("day", "hour").all()


async def test_an_order_of_several_partitions_fits_one_page():
    """Servers cannot go from page to page there, nor sort without the partitions."""
    several = Reading.find(sensor__in=[1, 2]).order_by("-day", "hour")

    assert await several.first() == ROWS[-1]
    assert len(await several.limit(3).all()) == 3
    with pytest.raises(InvalidQueryError, match=r"Add a limit\(\) of at most one page, which is 5000 rows"):
        await several.all()
    with pytest.raises(InvalidQueryError, match=r"Compare the whole partition key \(sensor\) with = or __in"):
        await Reading.find().order_by("day").all()


async def test_writes_by_ranges_are_refused_where_cql_has_none():
    with pytest.raises(InvalidQueryError, match="hour is compared with >"):
        await Reading.find(sensor=1, day=1, hour__gt=1).update(value=1.0)
    with pytest.raises(InvalidQueryError, match="hour is compared with IN"):
        await Reading.find(sensor=1, day=1, hour__in=[8, 9]).if_exists().update(value=1.0)
    with pytest.raises(InvalidQueryError, match="on a condition: name the whole primary key"):
        await Reading.find(sensor=1, day=1).delete(if_conditions={"value": 1.0})
    with pytest.raises(InvalidQueryError, match="hour is compared with >"):
        await Reading.find(sensor=1, day=1, hour__gt=1).if_exists().delete()

    assert await Reading.find(sensor=1).all() == ROWS
    await Reading.find(sensor=1, day=1, hour__in=[row.hour for row in ROWS if row.day == 1]).update(value=7.0)
    assert {row.value for row in await Reading.find(sensor=1, day=1).all()} == {7.0}


async def test_first_is_the_first_in_that_order():
    assert await Reading.find(sensor=1).first() == ROWS[0]
    assert await Reading.find(sensor=1).order_by("-day", "hour").first() == ROWS[-1]
    assert await Reading.find(sensor=99).first() is None


async def test_limit_gives_at_most_so_many():
    assert await Reading.find(sensor=1).limit(2).all() == ROWS[:2]
    assert await Reading.find(sensor=1).limit(100).all() == ROWS


async def test_limit_per_partition():
    await Reading(sensor=2, day=1, hour=1).save()

    per_partition = await Reading.find().per_partition_limit(1).all()

    assert sorted((reading.sensor, reading.day, reading.hour) for reading in per_partition) == [(1, 1, 9), (2, 1, 1)]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"day": 2}, [(2, 9), (2, 6), (2, 3)]),
        ({"day": 2, "hour": 6}, [(2, 6)]),
        ({"day__gt": 2}, [(3, 9), (3, 6), (3, 3)]),
        ({"day__gte": 2, "day__lt": 3}, [(2, 9), (2, 6), (2, 3)]),
        ({"day__in": [1, 3], "hour": 9}, [(1, 9), (3, 9)]),
        ({"day": 1, "hour__lte": 6}, [(1, 6), (1, 3)]),
    ],
    ids=repr,
)
async def test_filters_within_a_partition(filters: dict[str, Any], found: list[tuple[int, int]]):
    assert keys(await Reading.find(sensor=1, **filters).all()) == found


async def test_filters_add_up():
    assert keys(await Reading.find(sensor=1).filter(day=2).filter(hour=6).all()) == [(2, 6)]


async def test_count_counts_rows_and_stops_at_the_limit():
    assert await Reading.find().count() == 9
    assert await Reading.find(sensor=1, day=2).count() == 3
    assert await Reading.find(sensor=1).limit(4).count() == 4
    assert await Reading.find(sensor=99).count() == 0


async def test_only_loads_the_named_fields_and_the_key():
    [reading] = await Reading.find(sensor=1, day=2, hour=6).only("value").all()

    assert reading.model_dump() == {"sensor": 1, "day": 2, "hour": 6, "value": 5.0}
    with pytest.raises(FieldNotLoaded):
        _ = reading.unit


async def test_defer_leaves_the_named_fields_out():
    [reading] = await Reading.find(sensor=1, day=2, hour=6).defer("note", "place").all()

    assert reading.model_dump() == {"sensor": 1, "day": 2, "hour": 6, "value": 5.0, "unit": "C"}


async def test_a_document_of_which_part_was_loaded_is_saved_without_touching_the_rest():
    reading = await Reading.find(sensor=1, day=2, hour=6).only("value").get()
    await Reading.find(sensor=1, day=2, hour=6).update(unit="F", note="other writer")

    reading.value = 41.0
    await reading.save()

    stored = await Reading.get(sensor=1, day=2, hour=6)
    assert (stored.value, stored.unit, stored.note) == (41.0, "F", "other writer")


async def test_a_static_column_is_the_same_in_every_row():
    await Reading.find(sensor=1, day=1, hour=9).update(value=1.0)
    reading = await Reading.get(sensor=1, day=1, hour=9)
    reading.place = "roof"
    await reading.save()

    assert {reading.place for reading in await Reading.find(sensor=1).all()} == {"roof"}


async def test_a_static_column_of_a_partition_without_rows_is_no_document():
    reading = await Reading.create(sensor=8, day=1, hour=1, place="cellar")
    await reading.delete()

    assert await execute_raw("SELECT place FROM readings WHERE sensor = 8") == [{"place": "cellar"}]
    assert await Reading.find(sensor=8).all() == []
    assert await Reading.find(sensor=8).count() == 0
    assert await Reading.find(sensor=8).first() is None


async def test_a_constraint_of_a_field_does_not_limit_what_can_be_looked_for():
    class Price(Document):
        id: Annotated[int, PrimaryKey()]
        day: Annotated[int, ClusteringKey(), Field(gt=0)]

    await Price.sync_table()
    await Price(id=1, day=5).save()

    assert await Price.find(id=1, day__gt=0).all() == [Price(id=1, day=5)]


async def test_create_from_a_query_set_uses_its_options():
    reading = await Reading.find().ttl(1000).timestamp(2_000_000_000_000_000).create(sensor=5, day=1, hour=1, value=7)

    [row] = await execute_raw("SELECT ttl(value) AS left, writetime(value) AS at FROM readings WHERE sensor = 5")
    assert await Reading.get(sensor=5, day=1, hour=1) == reading
    assert 990 < row["left"] <= 1000
    assert row["at"] == 2_000_000_000_000_000


async def test_update_and_delete_by_key_need_no_read():
    key = {"sensor": 1, "day": 2, "hour": 6}

    await Reading.find(**key).update(value=9.5)
    updated = (await Reading.get(**key)).value
    await Reading.find(**key).delete()

    assert updated == 9.5
    assert await Reading.find_one(**key) is None


async def test_delete_removes_a_range_or_a_partition():
    await Reading.find(sensor=1, day__gte=2).delete()
    left = await Reading.find(sensor=1).count()
    await Reading.find(sensor=1).delete()

    assert (left, await Reading.find(sensor=1).count()) == (3, 0)


async def test_truncate_removes_every_row():
    await Reading.truncate()

    assert await Reading.find().all() == []


async def test_using_reads_and_writes_the_same_table_in_another_keyspace(coodie_aio_driver: Any):
    other = f"{coodie_aio_driver.keyspace[:40]}_b"
    await create_keyspace(other)
    await execute_raw(f"CREATE TABLE {other}.readings (sensor int, day int, hour int, place text STATIC, value float, "
                      "unit text, note text, PRIMARY KEY (sensor, day, hour))")  # fmt: skip

    elsewhere = Reading.find().using(keyspace=other)
    await elsewhere.create(sensor=7, day=1, hour=1)

    assert (await elsewhere.count(), await Reading.find(sensor=7).count()) == (1, 0)
    await drop_keyspace(other)
