"""Every option of every method that writes reaches the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from driver_features import BATCH_TIMESTAMP
from pydantic import Field

from coodie_aio import AsyncBatchQuery, CounterDocument, Document, execute_raw
from coodie_core.exceptions import ClientTimeout, InvalidQueryError, Unavailable
from coodie_core.fields import Counter, PrimaryKey

AT = 1_000_000_000_000_000


class Note(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    text: str = "old"
    tags: set[str] = Field(default_factory=set)
    other: str | None = "there"

    class Settings:
        name = "option_notes"


class Hits(CounterDocument):
    page: Annotated[str, PrimaryKey()]
    count: Annotated[int, Counter()] = 0

    class Settings:
        name = "option_hits"


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Note.sync_table()
    await Hits.sync_table()
    await Note.truncate()


Write = Callable[[Note, dict[str, Any]], Awaitable[Any]]


def chained(note: Note, options: dict[str, Any]) -> Any:
    """The query set of this note's row, with the options as its methods have them."""
    query = Note.find(id=note.id)
    for name, value in options.items():
        query = getattr(query, name)(value)
    return query


async def create(note: Note, options: dict[str, Any]) -> None:
    query = Note.find()
    for name, value in options.items():
        query = getattr(query, name)(value)
    await query.create(id=note.id, text="new")


async def create_if_not_exists(note: Note, options: dict[str, Any]) -> None:
    query = Note.find().if_not_exists()
    for name, value in options.items():
        query = getattr(query, name)(value)
    await query.create(text="new")


async def in_a_batch(note: Note, options: dict[str, Any]) -> None:
    async with AsyncBatchQuery(**options) as batch:
        await note.update(text="new", batch=batch)


async def in_a_conditional_batch(note: Note, options: dict[str, Any]) -> None:
    async with AsyncBatchQuery(**options) as batch:
        await note.update(text="new", if_exists=True, batch=batch)


async def save(note: Note, options: dict[str, Any]) -> None:
    note.text = "new"
    await note.save(**options)


async def save_if(note: Note, options: dict[str, Any]) -> None:
    note.text = "new"
    await note.save(if_exists=True, **options)


async def save_elements(note: Note, options: dict[str, Any]) -> None:
    note.text = "new"
    note.tags.add("b")
    await note.save(**options)


@dataclass(frozen=True)
class Method:
    name: str
    write: Write
    options: frozenset[str]


PLAIN = frozenset({"ttl", "timestamp", "consistency", "timeout", "serial_consistency"})
CONDITIONAL = PLAIN - {"timestamp"}

METHODS = [
    Method("save", save, PLAIN),
    Method("save of elements", save_elements, PLAIN),
    Method("save if", save_if, CONDITIONAL),
    Method("insert", lambda note, options: Note(text="new").insert(**options), CONDITIONAL),
    Method(
        "save_json",
        lambda note, options: Note(id=note.id, text="new").save_json(**options),
        PLAIN - {"serial_consistency"},
    ),
    Method("update", lambda note, options: note.update(text="new", **options), PLAIN),
    Method("update if", lambda note, options: note.update(text="new", if_exists=True, **options), CONDITIONAL),
    Method("delete", lambda note, options: note.delete(**options), PLAIN - {"ttl"}),
    Method("delete if", lambda note, options: note.delete(if_exists=True, **options), CONDITIONAL - {"ttl"}),
    Method(
        "delete_columns",
        lambda note, options: note.delete_columns("other", **options),
        PLAIN - {"ttl", "serial_consistency"},
    ),
    Method("query create", create, PLAIN),
    Method("query create if", create_if_not_exists, CONDITIONAL),
    Method("query update", lambda note, options: chained(note, options).update(text="new"), PLAIN),
    Method(
        "query update if",
        lambda note, options: chained(note, options).if_exists().update(text="new"),
        CONDITIONAL,
    ),
    Method("query delete", lambda note, options: chained(note, options).delete(), PLAIN - {"ttl"}),
    Method("batch", in_a_batch, PLAIN - {"ttl"}),
    Method("conditional batch", in_a_conditional_batch, CONDITIONAL - {"ttl"}),
    Method(
        "increment",
        lambda note, options: Hits(page="/").increment(count=1, **options),
        frozenset({"consistency", "timeout"}),
    ),
    Method(
        "decrement",
        lambda note, options: Hits(page="/").decrement(count=1, **options),
        frozenset({"consistency", "timeout"}),
    ),
]


def taking(option: str) -> Any:
    methods = [
        pytest.param(method, id=method.name, marks=pytest.mark.needs(BATCH_TIMESTAMP) if batched else ())
        for method in METHODS
        if option in method.options
        for batched in [option == "timestamp" and method.name == "batch"]
    ]
    return pytest.mark.parametrize("method", methods)


@pytest.fixture
async def note(tables: None) -> Note:
    stored = Note(tags={"a"})
    await stored.save(timestamp=1)
    return await Note.get(id=stored.id)


async def facts(note: Note) -> dict[str, Any] | None:
    rows = await execute_raw(
        "SELECT text, other, writetime(text) AS at, ttl(text) AS left FROM option_notes WHERE id = ?", [note.id]
    )
    return rows[0] if rows else None


@taking("ttl")
async def test_ttl(note: Note, method: Method):
    await method.write(note, {"ttl": 1000})

    [row] = [row for row in await execute_raw("SELECT text, ttl(text) AS left FROM option_notes") if row["left"]]
    assert 900 < row["left"] <= 1000
    assert row["text"] == "new"


@taking("timestamp")
async def test_timestamp(note: Note, method: Method):
    await method.write(note, {"timestamp": AT})

    row = await facts(note)
    if "delete" not in method.name:
        assert row is not None
        assert (row["text"], row["at"]) == ("new", AT)
    else:  # what is older than the deletion is gone, and what is newer is not
        assert row is None or row["other"] is None
        for at in (AT - 1, AT + 1):
            await execute_raw("UPDATE option_notes USING TIMESTAMP ? SET other = 'x' WHERE id = ?", [at, note.id])
            row = await facts(note)
            assert (row is not None and row["other"] == "x") is (at > AT)


@taking("consistency")
async def test_consistency(note: Note, method: Method):
    with pytest.raises(Unavailable):  # one node with one replica
        await method.write(note, {"consistency": "THREE"})


@taking("timeout")
async def test_timeout(note: Note, method: Method):
    with pytest.raises(ClientTimeout):
        await method.write(note, {"timeout": 0.000_001})


@taking("serial_consistency")
async def test_serial_consistency(note: Note, method: Method):
    await method.write(note, {"serial_consistency": "LOCAL_SERIAL"})

    with pytest.raises(InvalidQueryError, match="serial_consistency='QUORUM': there is no such level"):
        await method.write(note, {"serial_consistency": "QUORUM"})


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)
async def test_a_level_that_does_not_exist_is_refused_with_the_nearest(note: Note, method: Method):
    with pytest.raises(InvalidQueryError, match=r"consistency='QUORM': .* \(did you mean 'QUORUM'\?\)"):
        await method.write(note, {"consistency": "QUORM"})


async def test_serial_levels_are_none_for_writes(note: Note):
    with pytest.raises(InvalidQueryError, match="SERIAL is no consistency level for writes"):
        await note.update(text="new", consistency="SERIAL")
