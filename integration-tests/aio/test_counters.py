"""Counters: changed by an amount, read as numbers."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import pytest

from coodie_aio import CounterDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import ClusteringKey, Counter, PrimaryKey


class PageViews(CounterDocument):
    url: Annotated[str, PrimaryKey()]
    day: Annotated[int, ClusteringKey()]
    views: Annotated[int, Counter()] = 0
    visitors: Annotated[int, Counter()] = 0

    class Settings:
        name = "page_views"


@pytest.fixture
async def page(coodie_aio_driver: Any) -> PageViews:
    """A page that nobody has seen yet."""
    await PageViews.sync_table()
    return PageViews(url=uuid4().hex, day=1)


async def stored(page: PageViews) -> PageViews | None:
    return await PageViews.find_one(url=page.url, day=page.day)


async def test_a_row_comes_into_being_with_its_first_increment(page: PageViews):
    before = await stored(page)

    await page.increment(views=2)

    assert before is None
    assert await stored(page) == PageViews(url=page.url, day=1, views=2, visitors=0)


async def test_amounts_add_up_and_go_down(page: PageViews):
    await page.increment(views=5, visitors=3)
    await page.increment(views=1)
    await page.decrement(views=2, visitors=4)

    assert await stored(page) == PageViews(url=page.url, day=1, views=4, visitors=-1)


async def test_the_document_in_memory_stays_as_it_is(page: PageViews):
    await page.increment(views=5)

    assert page.views == 0


async def test_rows_of_a_partition_are_read_like_others(page: PageViews):
    for day in (1, 2, 3):
        await PageViews(url=page.url, day=day).increment(views=day)

    assert [row.views for row in await PageViews.find(url=page.url).all()] == [1, 2, 3]
    assert await PageViews.find(url=page.url, day__gt=1).count() == 2


async def test_a_row_of_counters_is_deleted(page: PageViews):
    await page.increment(views=5)

    await page.delete()

    assert await stored(page) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda page: page.save(), r"^PageViews\.save\(\): a counter table takes no values, only changes: use increm"),
        (lambda page: page.insert(), r"^PageViews\.insert\(\): a counter table takes no values"),
        (lambda page: page.update(views=1), r"^PageViews\.update\(\): a counter table takes no values"),
        (lambda page: PageViews.create(url="x", day=1), r"^PageViews\.create\(\): a counter table takes no values"),
        (lambda page: page.increment(), r"^PageViews\.increment\(\): name at least one counter"),
        (lambda page: page.increment(url=1), r"^PageViews\.increment\(url=\.\.\.\): url is no counter"),
        (lambda page: page.decrement(views=1.5), r"^PageViews\.decrement\(views=\.\.\.\): give a whole number"),
    ],
)
async def test_counters_are_never_set(page: PageViews, call: Any, message: str):
    with pytest.raises(InvalidQueryError, match=message):
        await call(page)

    assert await stored(page) is None
