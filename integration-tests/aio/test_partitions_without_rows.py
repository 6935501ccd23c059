"""Partitions that have static columns and no rows: servers show and count them as rows, but they are no documents."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest

from coodie_aio import Document
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import ClusteringKey, PrimaryKey, Static


class Sensor(Document):
    id: Annotated[int, PrimaryKey()]
    at: Annotated[int, ClusteringKey()]
    value: int = 0
    place: Annotated[str | None, Static()] = None

    class Settings:
        name = "partitions_without_rows"


SENSORS_WITH_ROWS = {2, 5, 8}


@pytest.fixture(autouse=True)
async def sensors(coodie_aio_driver: Any) -> None:
    """Three sensors with two readings each, among seven that only have a place."""
    await Sensor.sync_table()
    await Sensor.truncate()
    for id in range(10):
        await Sensor.find(id=id).update(place="roof")
    for id in SENSORS_WITH_ROWS:
        for at in (1, 2):
            await Sensor(id=id, at=at, value=at).save()


async def test_they_are_not_among_the_documents():
    assert {sensor.id for sensor in await Sensor.find().all()} == SENSORS_WITH_ROWS
    assert await Sensor.find(id=1).all() == []
    assert await Sensor.find(id=1).first() is None


@pytest.mark.parametrize("limit", [1, 3, 6, 7])
async def test_a_limit_counts_documents_alone(limit: int):
    expected = min(limit, 6)

    assert len(await Sensor.find().limit(limit).all()) == expected
    assert len([sensor async for sensor in Sensor.find().limit(limit).fetch_size(2)]) == expected
    assert len(await Sensor.find().values_list("id").limit(limit).all()) == expected
    assert len(await Sensor.find().limit(limit).json()) == expected
    assert await Sensor.find().limit(limit).count() == expected
    assert await Sensor.find().per_partition_limit(2).limit(limit).count() == expected


async def test_pages_joined_have_every_document_once():
    found, state = list[tuple[int, int]](), None
    while True:
        page = await Sensor.find().fetch_size(2).page(state).paged_all()
        found += [(sensor.id, sensor.at) for sensor in page.data]
        state = page.paging_state
        if state is None:
            break

    assert sorted(found) == [(id, at) for id in sorted(SENSORS_WITH_ROWS) for at in (1, 2)]


async def test_a_limit_over_several_pages_is_refused_where_the_server_would_count_them():
    with pytest.raises(InvalidQueryError, match=r"Say with fetch_size\(\) how long a page is"):
        await Sensor.find().limit(3).fetch_size(2).paged_all()


async def test_in_one_partition_a_limit_over_several_pages_is_the_servers():
    first = await Sensor.find(id=2).limit(2).fetch_size(1).paged_all()
    second = await Sensor.find(id=2).limit(2).fetch_size(1).page(first.paging_state).paged_all()

    assert [sensor.at for sensor in (*first.data, *second.data)] == [1, 2]
    assert (await Sensor.find(id=1).limit(2).paged_all()).data == []


async def test_json_is_of_documents_and_of_what_was_asked():
    texts = await Sensor.find().json()

    assert sorted(map(list, map(json.loads, texts))) == [["id", "at", "value", "place"]] * 6
    assert set(await Sensor.find().values_list("place").json()) == {'{"place": "roof"}'}
    assert len(await Sensor.find().values_list("place").json()) == 6
    assert await Sensor.find(id=1).json() == []
    assert await Sensor.find(id=2, at=1).json() == ['{"id": 2, "at": 1, "value": 1, "place": "roof"}']


async def test_they_do_not_count_and_make_no_group():
    assert await Sensor.find().count() == 6
    assert await Sensor.find().aggregate(rows="count(*)") == {"rows": 6}
    assert await Sensor.find().values_list("count(*)").all() == [(6,)]
    assert await Sensor.find(id=1).aggregate(rows="count(*)", most="max(value)") == {"rows": 0, "most": None}

    groups = await Sensor.find().group_by("id").aggregate(rows="count(*)")
    assert sorted(group["id"] for group in groups) == sorted(SENSORS_WITH_ROWS)
    assert {group["rows"] for group in groups} == {2}
    assert await Sensor.find().group_by("id").count() == 3


async def test_distinct_shows_partitions_with_them_or_without():
    assert {sensor.id for sensor in await Sensor.find().distinct().all()} == set(range(10))
