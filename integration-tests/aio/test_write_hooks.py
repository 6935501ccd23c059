"""Hooks: what a document does before and after its writes."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from pydantic import Field, PrivateAttr

from coodie_aio import AsyncBatchQuery, Document
from coodie_core.exceptions import ServerRefusedQuery
from coodie_core.fields import PrimaryKey


class Article(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    title: str = "Green Tea"
    slug: str = ""
    _log: list[str] = PrivateAttr(default_factory=list)

    class Settings:
        name = "hooked_articles"

    async def before_save(self) -> None:
        self.slug = self.title.lower().replace(" ", "-")
        self._log.append(f"before save, {await self._is_stored()}")

    async def after_save(self) -> None:
        self._log.append(f"after save, {await self._is_stored()}")

    def before_update(self, changes: dict[str, Any]) -> None:
        changes["slug"] = changes["title"].lower()

    def after_update(self, changes: dict[str, Any]) -> None:
        self._log.append(f"updated {', '.join(changes)}")

    def before_delete(self) -> None:
        if self.title == "Kept":
            raise PermissionError("this one is kept")

    async def after_delete(self) -> None:
        self._log.append(f"after delete, {await self._is_stored()}")

    async def _is_stored(self) -> str:
        return "stored" if await Article.find_one(id=self.id) else "not stored"


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Article.sync_table()


async def test_a_save():
    article = Article()

    await article.save()

    assert article._log == ["before save, not stored", "after save, stored"]
    assert (await Article.get(id=article.id)).slug == "green-tea"


async def test_create_and_insert_are_saves():
    article = await Article.create(title="Black Tea")
    again = Article(id=article.id)
    await again.insert()

    assert article._log == ["before save, not stored", "after save, stored"]
    assert again._log == ["before save, stored"]  # refused


async def test_an_update():
    article = await Article.create()
    article._log.clear()

    await article.update(title="Tea")

    assert article._log == ["updated title, slug"]
    assert article.slug == (await Article.get(id=article.id)).slug == "tea"


async def test_a_delete_that_the_hook_stops():
    article = await Article.create(title="Kept")

    with pytest.raises(PermissionError):
        await article.delete()

    assert await Article.find_one(id=article.id) is not None


async def test_a_delete():
    article = await Article.create()
    article._log.clear()

    await article.delete()

    assert article._log == ["after delete, not stored"]


async def test_a_batch_calls_the_hooks_after_it_was_sent():
    article = Article()
    async with AsyncBatchQuery() as batch:
        await article.save(batch=batch)
        during = list(article._log)

    assert (during, article._log) == (["before save, not stored"], ["before save, not stored", "after save, stored"])


async def test_a_batch_that_fails_does_not():
    article = Article()
    batch = AsyncBatchQuery()
    await article.save(batch=batch)
    batch.add("INSERT INTO missing (a) VALUES (?)", [1])

    with pytest.raises(ServerRefusedQuery):
        await batch.execute()

    assert article._log == ["before save, not stored"]


async def test_writes_without_a_document_call_none():
    article = await Article.create()
    await Article.find(id=article.id).update(title="X")

    assert (await Article.get(id=article.id)).slug == "green-tea"
