"""Iterating holds one page while the next is on its way, and stops fetching when the caller does."""

from __future__ import annotations

import gc
import logging
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from cassandra.cluster import Cluster

from coodie_aio import Document, execute_raw, init_coodie
from coodie_aio.drivers import Driver
from coodie_core.exceptions import ReadFailure
from coodie_core.fields import ClusteringKey, PrimaryKey, Static
from coodie_testing import FaultProxy, Server, server_errors

PAGE = 10
PAGES = 6


class Row(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    owner: Annotated[str | None, Static()] = None
    text: str = "x" * 100

    class Settings:
        name = "fetched_rows"


class Streamed(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]

    class Settings:
        name = "streamed_rows"


@pytest.fixture
def proxy(coodie_server: Server) -> Iterator[FaultProxy]:
    """A proxy before the server, which counts what is asked."""
    with FaultProxy(coodie_server) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
async def driver(proxy: FaultProxy, coodie_keyspace: str) -> AsyncIterator[Driver]:
    """The default connection, through the proxy, with rows in six pages."""
    async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_keyspace) as driver:
        await Row.sync_table()
        await Row.insert_many({"part": 1, "number": number} for number in range(PAGES * PAGE))
        proxy.reset_counts()
        yield driver


def reads(proxy: FaultProxy) -> int:
    """How many pages were asked for."""
    return proxy.count(text="SELECT")


async def test_the_next_page_is_asked_for_before_the_first_row_is_handed_out(proxy: FaultProxy):
    second_page = proxy.delay(0, text="SELECT", times=2)
    walk = aiter(Row.find(part=1).fetch_size(PAGE))

    first = await anext(walk)

    assert first.number == 0
    second_page.wait(2)
    assert reads(proxy) == 2


async def test_no_page_is_asked_for_after_a_break(proxy: FaultProxy):
    async for row in Row.find(part=1).fetch_size(PAGE):
        if row.number == PAGE + 1:
            break
    await Row.find(part=1, number=0).get()

    assert reads(proxy) == 3 + 1  # the two pages, the one ahead, and the read after


async def test_all_pages_are_asked_for_once(proxy: FaultProxy):
    numbers = [row.number async for row in Row.find(part=1).fetch_size(PAGE)]

    assert numbers == list(range(PAGES * PAGE))
    assert reads(proxy) in (PAGES, PAGES + 1)  # servers may end with an empty page


async def test_an_error_of_the_page_ahead_is_raised_behind_the_rows_before_it(proxy: FaultProxy):
    two_pages = proxy.delay(0, text="SELECT", times=2)
    walk = aiter(Row.find(part=1).fetch_size(PAGE))
    seen = [(await anext(walk)).number]
    two_pages.wait(2)
    proxy.fail(server_errors.ReadFailure(), text="SELECT")

    with pytest.raises(ReadFailure):
        await rest_of(walk, seen)

    assert seen == list(range(2 * PAGE))


async def rest_of(walk: AsyncIterator[Row], seen: list[int]) -> None:
    """Note the numbers of all rows that are left."""
    async for row in walk:
        seen.append(row.number)


async def test_walks_that_are_left_with_a_page_on_its_way_leave_nothing_behind(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            walk = aiter(Row.find(part=1).fetch_size(PAGE))
            await anext(walk)
            await walk.aclose()  # type: ignore[attr-defined]
        gc.collect()

    assert [record.message for record in caplog.records] == []
    assert len([row async for row in Row.find(part=1)]) == PAGES * PAGE


async def test_a_connection_that_is_closed_during_a_walk_ends_it_with_an_error(
    driver: Driver, caplog: pytest.LogCaptureFixture
):
    walk = aiter(Row.find(part=1).fetch_size(PAGE))
    await anext(walk)

    await driver.close()
    del walk
    gc.collect()

    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("limit", [1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 1])
async def test_a_limit_counts_rows_and_not_partitions_with_static_columns_only(limit: int):
    for part in range(100, 110):
        await execute_raw("INSERT INTO fetched_rows (part, owner) VALUES (?, 'Ada')", [part])

    numbers = [number async for part, number in Row.find().values_list("part", "number").fetch_size(3).limit(limit)]

    assert len(numbers) == limit
    assert None not in numbers


async def test_a_connection_that_is_not_open_yet_opens_at_the_first_row(coodie_server: Server, coodie_keyspace: str):
    arguments: dict[str, Any] = {**coodie_server.connect_arguments, "keyspace": coodie_keyspace}

    async with await init_coodie(**arguments, name="lazily", lazy=True):
        numbers = [row.number async for row in Row.find(part=1).using("lazily").fetch_size(PAGE)]

    assert numbers == list(range(PAGES * PAGE))


async def test_memory_does_not_grow_with_the_rows(
    coodie_server: Server, coodie_keyspace: str, request: pytest.FixtureRequest
):
    """At no time are more rows alive than two pages have; with --long, among 1,000,000 rows."""
    rows, page = (1_000_000, 5_000) if request.config.getoption("long") else (4_000, 200)
    arguments: dict[str, Any] = {**coodie_server.connect_arguments, "keyspace": coodie_keyspace}
    alive, read = [], 0
    async with await init_coodie(**arguments, name="direct"):
        await Streamed.sync_table()
        await Streamed.insert_many({"part": number % 1_000, "number": number} for number in range(rows))
        async for row in Streamed.find().using("direct").fetch_size(page):
            read += 1
            if read % (rows // 10) == 0:
                gc.collect()
                alive.append(sum(type(each) is type(row) for each in gc.get_objects()))

    assert read == rows
    assert len(alive) == 10
    assert max(alive) <= 2 * page


async def test_rows_that_were_handed_out_are_not_kept_by_the_driver(coodie_server: Any, coodie_keyspace: str):
    """Its timers hold each response until its timeout would be over: 10 s, in which many rows are read."""
    rows, size = 2_000, 1_000
    await Row.insert_many({"part": 3, "number": number, "text": "x" * size} for number in range(rows))
    with Cluster(**coodie_server.cluster_arguments) as cluster:
        async with await init_coodie(session=cluster.connect(), keyspace=coodie_keyspace, name="own"):
            texts = Row.find(part=3).using("own").values_list("text").fetch_size(100)
            await texts.first()
            tracemalloc.start()
            try:
                async for (text,) in texts:
                    assert len(text) == size
                kept, _ = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()

    assert kept < rows * size / 4
