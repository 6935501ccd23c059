"""What a save leaves behind on the server: no tombstone that nobody asked for.

A tombstone hides what was written before it. So each save has a known time, and afterwards something older is written
to every place that holds nothing: where it does not appear, a tombstone hides it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from pydantic import Field

from coodie_aio import Document, execute_raw
from coodie_core.fields import PrimaryKey

EARLY, LATE, BETWEEN = 1_000_000, 3_000_000, 2_000_000


class Article(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    title: str = "Tea"
    note: str | None = None
    summary: str | None = None
    tags: set[str] = Field(default_factory=set)
    words: list[str] = Field(default_factory=list)
    prices: dict[str, int] = Field(default_factory=dict)

    class Settings:
        name = "tombstone_articles"


PROBES = {
    "note": "UPDATE tombstone_articles USING TIMESTAMP ? SET note = 'probe' WHERE id = ?",
    "summary": "UPDATE tombstone_articles USING TIMESTAMP ? SET summary = 'probe' WHERE id = ?",
    "tags": "UPDATE tombstone_articles USING TIMESTAMP ? SET tags = tags + {'probe'} WHERE id = ?",
    "words": "UPDATE tombstone_articles USING TIMESTAMP ? SET words = words + ['probe'] WHERE id = ?",
    "prices": "UPDATE tombstone_articles USING TIMESTAMP ? SET prices = prices + {'probe': 0} WHERE id = ?",
}


@pytest.fixture(autouse=True)
async def table(coodie_aio_driver: Any) -> None:
    await Article.sync_table()


async def tombstones(article: Article) -> set[str]:
    """Return the columns in which something hides older writes, though it shows no value itself."""
    for probe in PROBES.values():
        await execute_raw(probe, [BETWEEN, article.id])
    [row] = await execute_raw(f"SELECT {', '.join(PROBES)} FROM tombstone_articles WHERE id = ?", [article.id])
    return {name for name, value in row.items() if "probe" not in (value or ())}


async def after_saving(change: Callable[[Article], object]) -> set[str]:
    """Return the tombstones that saving a change of a document leaves that was read."""
    first = Article(tags={"a", "b"}, words=["a", "b"], prices={"a": 1, "b": 2})
    await first.save(timestamp=EARLY)
    article = await Article.get(id=first.id)
    change(article)
    await article.save(timestamp=LATE)
    return await tombstones(article)


async def test_a_new_document_leaves_none_for_fields_that_nobody_set():
    article = Article()
    await article.save(timestamp=LATE)

    assert await tombstones(article) == set()


async def test_a_collection_of_a_new_document_replaces_what_was_there():
    """It is an INSERT, which has a tombstone for each collection that it sets; only an UPDATE can add to one."""
    article = Article(tags={"a"})
    await article.save(timestamp=LATE)

    assert await tombstones(article) == {"tags"}


async def test_none_that_was_given_is_one():
    article = Article(note=None)
    await article.save(timestamp=LATE)

    assert await tombstones(article) == {"note"}


async def test_a_changed_scalar_leaves_none():
    assert await after_saving(lambda article: setattr(article, "title", "Coffee")) == set()


async def test_a_field_that_is_set_to_none_is_one():
    first = Article(note="x")
    await first.save(timestamp=EARLY)
    article = await Article.get(id=first.id)
    article.note = None
    await article.save(timestamp=LATE)

    assert await tombstones(article) == {"note"}


@pytest.mark.parametrize(
    "change",
    [
        lambda article: article.tags.add("c"),
        lambda article: article.words.append("c"),
        lambda article: article.words.insert(0, "c"),
        lambda article: article.prices.update(c=3),
        lambda article: article.prices.update(a=5),
    ],
    ids=["set grows", "list grows", "list grows in front", "map grows", "map value changes"],
)
async def test_a_collection_that_grows_leaves_none(change: Callable[[Article], object]):
    assert await after_saving(change) == set()


@pytest.mark.parametrize(
    "change",
    [lambda article: article.tags.discard("a"), lambda article: article.prices.pop("a")],
    ids=["set shrinks", "map shrinks"],
)
async def test_an_element_that_is_removed_leaves_the_others_alone(change: Callable[[Article], object]):
    assert await after_saving(change) == set()


@pytest.mark.parametrize(
    ("field", "value"), [("tags", {"x"}), ("tags", set()), ("words", ["b", "a"]), ("prices", {"x": 1})]
)
async def test_a_collection_that_is_replaced_leaves_one(field: str, value: Any):
    assert await after_saving(lambda article: setattr(article, field, value)) == {field}
