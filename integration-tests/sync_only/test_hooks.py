"""A document of coodie.sync cannot wait for an async hook, and says so instead of dropping it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_core.exceptions import ConfigurationError
from coodie_core.fields import PrimaryKey
from coodie_sync import Document


class Article(Document):
    id: Annotated[int, PrimaryKey()]
    title: str = ""

    class Settings:
        name = "sync_only_articles"

    async def before_save(self) -> None:  # type: ignore[override]
        self.title = "made"


def test_an_async_hook_is_refused_and_nothing_is_written(coodie_sync_driver: Any):
    Article.sync_table()

    with pytest.raises(ConfigurationError) as refused:
        Article(id=7).save()

    assert str(refused.value) == (
        "Article.before_save() is async, which documents of coodie.sync cannot wait for. Write it without async, "
        "or use coodie.aio."
    )
    assert Article.find_one(id=7) is None
