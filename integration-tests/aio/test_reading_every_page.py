"""Every read returns every row, however many pages it takes."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_aio import AsyncBatchQuery, Document, execute_raw
from coodie_core.fields import ClusteringKey, PrimaryKey

PAGE = 5
COUNTS = [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE]
"""Around the end of a page: where a reader that forgets the next one goes wrong."""

DRIVERS_PAGE = 5_000
"""Rows that the driver reads at once if nobody says otherwise (``Session.default_fetch_size``)."""


class Row(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]

    class Settings:
        name = "rows"


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Row.sync_table()


async def stored(part: int, count: int) -> list[Row]:
    """A partition with *count* rows."""
    rows = [Row(part=part, number=number) for number in range(count)]
    for start in range(0, count, 500):
        async with AsyncBatchQuery(logged=False) as batch:
            for row in rows[start : start + 500]:
                await row.save(batch=batch)
    return rows


@pytest.mark.parametrize("count", COUNTS)
async def test_all_and_iteration_and_raw_cql_give_the_same_rows(count: int):
    rows = await stored(part=count, count=count)
    query = Row.find(part=count).fetch_size(PAGE)

    assert await query.all() == rows
    assert [row async for row in query] == rows
    assert await execute_raw("SELECT part, number FROM rows WHERE part = ?", [count]) == [
        row.model_dump() for row in rows
    ]
    assert await query.count() == count


@pytest.mark.parametrize("count", COUNTS)
async def test_pages_joined_give_every_row_once(count: int):
    rows = await stored(part=count, count=count)
    query = Row.find(part=count).fetch_size(PAGE)

    pages = [await query.paged_all()]
    while pages[-1].paging_state is not None:
        pages.append(await query.page(pages[-1].paging_state).paged_all())

    assert [row for page in pages for row in page.data] == rows
    assert all(len(page.data) == PAGE for page in pages[:-1])


@pytest.mark.parametrize("limit", [1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 1, 4 * PAGE])
async def test_a_limit_counts_across_pages(limit: int):
    rows = await stored(part=100, count=3 * PAGE)
    query = Row.find(part=100).fetch_size(PAGE).limit(limit)

    assert await query.all() == rows[:limit]
    assert [row async for row in query] == rows[:limit]
    assert await query.count() == min(limit, 3 * PAGE)


async def test_reading_can_begin_in_the_middle():
    rows = await stored(part=101, count=3 * PAGE)
    query = Row.find(part=101).fetch_size(PAGE)
    first = await query.paged_all()

    rest = query.page(first.paging_state)

    assert await rest.all() == rows[PAGE:]
    assert [row async for row in rest] == rows[PAGE:]


async def test_two_walks_at_the_same_time_each_get_their_own_rows():
    """Where the next page begins belongs to the answer, not to the connection."""
    ones, twos = await stored(part=102, count=2 * PAGE), await stored(part=103, count=2 * PAGE)
    one, two = aiter(Row.find(part=102).fetch_size(2)), aiter(Row.find(part=103).fetch_size(3))

    pairs = [(await anext(one), await anext(two)) for _ in range(2 * PAGE)]

    assert pairs == list(zip(ones, twos, strict=True))


async def test_a_walk_over_all_partitions_gives_every_row_once():
    for part in range(200, 210):
        await stored(part, count=3)

    read = [row async for row in Row.find().fetch_size(4) if row.part >= 200]

    assert sorted((row.part, row.number) for row in read) == [
        (part, number) for part in range(200, 210) for number in range(3)
    ]


async def test_rows_that_are_deleted_during_a_walk_do_not_end_it():
    """The page after the one at hand is on its way already: what is deleted of the one behind it is not read."""
    rows = await stored(part=104, count=4 * PAGE)
    walk = aiter(Row.find(part=104).fetch_size(PAGE))
    first = await anext(walk)

    for row in rows[2 * PAGE : 3 * PAGE]:
        await row.delete()

    assert [first, *[row async for row in walk]] == rows[: 2 * PAGE] + rows[3 * PAGE :]


async def test_more_rows_than_the_drivers_own_page_are_all_read():
    rows = await stored(part=105, count=DRIVERS_PAGE + 1)
    query = Row.find(part=105)

    assert await query.all() == rows
    assert len([row async for row in query]) == len(rows)
    assert len(await execute_raw("SELECT number FROM rows WHERE part = ?", [105])) == len(rows)
