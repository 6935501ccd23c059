"""What `explain()` says of filtering is what the server does."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_aio import Document
from coodie_core.exceptions import FilteringRefused
from coodie_core.fields import ClusteringKey, Indexed, PrimaryKey


class Reading(Document):
    site: Annotated[str, PrimaryKey(partition_key_index=0)]
    sensor: Annotated[str, PrimaryKey(partition_key_index=1)]
    day: Annotated[int, ClusteringKey(clustering_key_index=0)]
    minute: Annotated[int, ClusteringKey(clustering_key_index=1)]
    unit: Annotated[str, Indexed()] = "C"
    value: int = 0

    class Settings:
        name = "explained_readings"


PARTITION = {"site": "a", "sensor": "b"}


@pytest.mark.parametrize(
    "filters",
    [
        {},
        PARTITION,
        {**PARTITION, "day": 1},
        {**PARTITION, "day": 1, "minute__gt": 5},
        {**PARTITION, "day__in": [1, 2], "minute": 5},
        {**PARTITION, "day__gt": 1, "minute": 5},
        {**PARTITION, "minute": 5},
        {**PARTITION, "value": 1},
        {**PARTITION, "unit": "C"},
        {**PARTITION, "unit": "C", "value": 1},
        {"site": "a", "sensor__in": ["b", "c"]},
        {"site": "a", "sensor__in": ["b", "c"], "day__gte": 1},
        {"site": "a"},
        {"day": 1},
        {"unit": "C"},
        {"unit__gt": "C"},
        {"unit": "C", "value": 1},
        {"value": 1},
    ],
    ids=repr,
)
async def test_the_server_refuses_what_needs_filtering_and_nothing_else(
    coodie_aio_driver: Any, filters: dict[str, Any]
) -> None:
    await Reading.sync_table()
    query = Reading.find(**filters)

    refused = False
    try:
        await query.all()
    except FilteringRefused:
        refused = True

    assert query.explain().needs_filtering is refused
    assert await query.allow_filtering().all() == []
