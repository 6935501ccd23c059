"""Many start at once and bring the same schema up to date (trap 20): none fails, and the outcome is one."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from coodie_aio import Document, UserType, execute_raw, get_driver
from coodie_core.fields import Frozen, Indexed, PrimaryKey, Vector, VectorIndex

TASKS = 8


async def together(model: type[Document]) -> list[list[str]]:
    """What each of several that start at once ran."""
    return [list(ran) for ran in await asyncio.gather(*(model.sync_table() for _ in range(TASKS)))]


async def test_a_schema_is_created_and_changed_by_many_at_once(coodie_aio_driver: Any) -> None:
    class Place(UserType):
        city: str

    class Before(Document):
        id: Annotated[int, PrimaryKey()]
        place: Annotated[Place, Frozen()]
        name: Annotated[str, Indexed()] = ""
        embedding: Annotated[list[float], Vector(2), VectorIndex()] = [0.0, 1.0]

        class Settings:
            name = "together"

    class Location(UserType):
        city: str
        street: str = ""
        number: int = 0

        class Settings:
            __type_name__ = "place"

    class After(Document):
        id: Annotated[int, PrimaryKey()]
        place: Annotated[Location, Frozen()]
        name: Annotated[str, Indexed(index_class="SAI")] = ""
        embedding: Annotated[list[float], Vector(2), VectorIndex()] = [0.0, 1.0]
        age: Annotated[int, Indexed()] = 0
        notes: dict[str, str] = {}

        class Settings:
            name = "together"
            __options__ = {"comment": "changed"}

    created = await together(Before)
    assert any(created)
    assert await Before.sync_table() == []

    changed = await asyncio.gather(*(After.sync_table(drop_removed_indexes=True) for _ in range(TASKS)))
    assert any(changed)
    again = await After.sync_table()
    assert (again, again.drift) == ([], ())

    document = After(id=1, place=Location(city="Utrecht", street="Kade"), age=3)
    await document.save()
    assert await After.find(age=3).all() == [document]
    rows = await execute_raw(
        "SELECT column_name FROM system_schema.columns WHERE keyspace_name = ? AND table_name = 'together'",
        [get_driver().keyspace],
    )
    assert {row["column_name"] for row in rows} == {"id", "place", "name", "embedding", "age", "notes"}


async def test_models_of_several_versions_start_at_once(coodie_aio_driver: Any) -> None:
    class Old(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            name = "versions"

    class Newer(Old):
        a: Annotated[str, Indexed()] = ""

        class Settings:
            name = "versions"

    class Newest(Newer):
        b: int = 0

        class Settings:
            name = "versions"

    for _ in range(3):
        await Old.drop_table()

        await asyncio.gather(*(model.sync_table() for model in (Old, Newer, Newest, Old, Newest, Newer)))

        assert await Newest.sync_table() == []
