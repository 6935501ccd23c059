"""Static columns, which all rows of a partition share, are written through any of them."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field

from coodie_aio import Document
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import ClusteringKey, PrimaryKey, Static


class Reading(Document):
    sensor: Annotated[int, PrimaryKey()]
    at: Annotated[int, ClusteringKey()]
    value: int = 0
    unit: Annotated[str, Static()] = "C"
    places: Annotated[set[str], Static()] = Field(default_factory=set)

    class Settings:
        name = "write_statics"


@pytest.fixture(autouse=True)
async def two_readings(coodie_aio_driver: Any) -> None:
    await Reading.sync_table()
    await Reading.truncate()
    for at in (1, 2):
        await Reading(sensor=1, at=at, places={"a"}).save()


async def of_the_other() -> Reading:
    return await Reading.get(sensor=1, at=2)


async def test_a_save_of_elements():
    reading = await Reading.get(sensor=1, at=1)
    reading.places.add("b")
    await reading.save()

    assert (await of_the_other()).places == {"a", "b"}


async def test_an_update_of_the_static_columns_alone():
    reading = await Reading.get(sensor=1, at=1)
    await reading.update(unit="F", places__add={"b"})

    assert ((await of_the_other()).unit, (await of_the_other()).places) == ("F", {"a", "b"})
    assert await Reading.find(sensor=1).count() == 2


async def test_an_update_of_both():
    reading = await Reading.get(sensor=1, at=1)
    await reading.update(unit="F", value=5)

    assert await of_the_other() == Reading(sensor=1, at=2, unit="F", places={"a"})
    assert (await Reading.get(sensor=1, at=1)).value == 5


async def test_an_update_by_a_query():
    await Reading.find(sensor=1, at=1).update(unit="F")

    assert (await of_the_other()).unit == "F"


async def test_an_update_by_the_partition_key_alone():
    await Reading.find(sensor=1).update(unit="F", places__add={"b"})
    assert ((await of_the_other()).unit, (await of_the_other()).places) == ("F", {"a", "b"})

    result = await Reading.find(sensor=1).update(unit="K", if_conditions={"unit": "C"})
    assert (result.applied, result.existing) == (False, {"unit": "F"})
    assert (await Reading.find(sensor=1).if_exists().update(unit="K")).applied
    assert not (await Reading.find(sensor=9).if_exists().update(unit="K")).applied


async def test_the_partition_key_alone_is_not_enough_for_what_is_of_a_row():
    with pytest.raises(InvalidQueryError, match=r"Name the whole primary key \(sensor, at\), or make two updates"):
        await Reading.find(sensor=1).update(unit="F", value=5)
    with pytest.raises(InvalidQueryError, match="value is not static"):
        await Reading.find(sensor=1).update(unit="F", if_conditions={"value": 5})
    with pytest.raises(InvalidQueryError, match="at missing"):
        await Reading.find(sensor=1).update(value=5)


async def test_deleting_a_static_column():
    reading = await Reading.get(sensor=1, at=1)
    await reading.delete_columns("places")

    assert (await of_the_other()).places == set()


async def test_deleting_an_element_of_a_static_column():
    reading = await Reading.get(sensor=1, at=1)
    await reading.delete_columns(collection_elements={"places": "a"})

    assert (await of_the_other()).places == set()


async def test_a_condition_on_a_save_of_the_static_column():
    reading = await Reading.get(sensor=1, at=1)
    reading.unit = "F"

    assert (await reading.save(if_conditions={"unit": "C"})).applied
    assert (await of_the_other()).unit == "F"


async def test_only_if_there_is_such_a_partition():
    reading = await Reading.get(sensor=1, at=1)

    assert (await reading.update(unit="F", if_exists=True)).applied
    assert (await of_the_other()).unit == "F"


async def test_a_condition_on_another_column():
    reading = await Reading.get(sensor=1, at=1)

    assert not (await reading.update(unit="F", if_conditions={"value": 7})).applied
    assert (await reading.update(unit="F", if_conditions={"value": 0})).applied
    assert (await of_the_other()).unit == "F"
