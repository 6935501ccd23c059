"""Threads that start at once bring the same schema up to date (trap 20): none fails, and the outcome is one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

from coodie_core.fields import Frozen, Indexed, PrimaryKey
from coodie_core.results import SchemaChanges
from coodie_sync import Document, UserType

THREADS = 8


def together(model: type[Document]) -> list[SchemaChanges]:
    """What each of several threads that start at once ran."""
    barrier = threading.Barrier(THREADS)

    def sync_table(_: int) -> SchemaChanges:
        barrier.wait()
        return model.sync_table()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(sync_table, range(THREADS)))


def test_a_schema_is_created_and_changed_by_many_threads_at_once(coodie_sync_driver: Any) -> None:
    class Spot(UserType):
        city: str

    class Before(Document):
        id: Annotated[int, PrimaryKey()]
        spot: Annotated[Spot, Frozen()]

        class Settings:
            name = "threads"

    class Area(UserType):
        city: str
        street: str = ""

        class Settings:
            __type_name__ = "spot"

    class After(Document):
        id: Annotated[int, PrimaryKey()]
        spot: Annotated[Area, Frozen()]
        name: Annotated[str, Indexed()] = ""
        age: int = 0

        class Settings:
            name = "threads"

    assert any(together(Before))
    assert any(together(After))
    assert After.sync_table() == []
    document = After(id=1, spot=Area(city="Utrecht", street="Kade"), age=3)
    document.save()
    assert After.get(id=1) == document
