"""save_json(): the row is the same as after save(), for every type and value."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from driver_features import DURATIONS, FAR_TIMES
from every_type import CASES, exactly, is_far_time, leaves
from pydantic import create_model

from coodie_aio import AsyncBatchQuery, Document, execute_raw
from coodie_core.exceptions import ServerRefusedQuery
from coodie_core.fields import PrimaryKey


class Base(Document):
    id: Annotated[int, PrimaryKey()] = 0

    class Settings:
        __abstract__ = True


class Note(Base):
    text: str | None = None
    Mixed: int | None = None
    tags: set[str] = set()

    class Settings:
        name = "json_notes"


FIELDS: dict[str, Any] = {name: (case.annotation | None, None) for name, case in CASES.items()}
Everything: Any = create_model("EverythingAsJson", __base__=Base, **FIELDS)


REFUSED_BY_THE_SERVER = {"decimal": 1, "duration": 1, "list_of_durations": 1}
"""Of these it does not read one edge each from text: the largest exponent, and -2147483648 months."""
NEVER_READ = [name for name, refused in REFUSED_BY_THE_SERVER.items() if refused == len(CASES[name].edges)]


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Everything.sync_table()
    await Note.sync_table()
    await Note.truncate()


def needs_of(name: str) -> list[pytest.MarkDecorator]:
    """What a driver must have to read the table, and the values of that type."""
    features = [DURATIONS] if name not in NEVER_READ else []
    if any(map(is_far_time, leaves(CASES[name].edges))):
        features.append(FAR_TIMES)
    return [pytest.mark.needs(feature) for feature in features]


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs_of(name)) for name in CASES])
async def test_every_value_at_the_edge_of_its_type(name: str):
    refused = 0
    for value in CASES[name].edges:
        await Everything.find(id=0).delete()
        document = Everything.model_construct({"id", name}, id=0, **{name: value}).model_copy(deep=True)
        try:
            await document.save_json()
        except ServerRefusedQuery:
            refused += 1
            continue
        read = await Everything.get(id=0)
        assert exactly(getattr(read, name)) == exactly(getattr(document, name))

    assert refused == REFUSED_BY_THE_SERVER.get(name, 0)


async def test_a_name_in_upper_case():
    await Note(Mixed=5).save_json()

    assert (await Note.get(id=0)).Mixed == 5


async def test_what_nobody_set_is_left_as_it_is_and_none_deletes():
    await Note(text="old", Mixed=1, tags={"a"}).save()

    await Note(text=None).save_json()

    assert await Note.get(id=0) == Note(text=None, Mixed=1, tags={"a"})


async def test_what_was_written_is_not_saved_again():
    note = Note(text="a")
    await note.save_json()
    await Note.find(id=0).update(text="b")

    await note.save()

    assert (await Note.get(id=0)).text == "b"


async def test_ttl_timestamp_and_batch():
    await Note(text="a").save_json(ttl=1000, timestamp=5)
    [row] = await execute_raw("SELECT ttl(text) AS left, writetime(text) AS at FROM json_notes")
    assert 900 < row["left"] <= 1000
    assert row["at"] == 5

    async with AsyncBatchQuery() as batch:
        await Note(id=1, text="b").save_json(batch=batch)
    assert (await Note.get(id=1)).text == "b"
