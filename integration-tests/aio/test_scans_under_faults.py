"""A scan that fails goes on from its checkpoint, and nothing that was handed out comes again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest

from coodie_aio import Document, Scanner, init_coodie
from coodie_core.exceptions import ReadFailure
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_testing import FaultProxy, Server, server_errors

ROWS = 600


class Row(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]

    class Settings:
        name = "scanned_rows"


@pytest.fixture
def proxy(coodie_server: Server) -> Iterator[FaultProxy]:
    """A proxy before the server."""
    with FaultProxy(coodie_server) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
async def tables(proxy: FaultProxy, coodie_keyspace: str) -> AsyncIterator[None]:
    """The default connection, through the proxy, with a table of some pages."""
    async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_keyspace):
        await Row.sync_table()
        await Row.insert_many({"part": number % 40, "number": number} for number in range(ROWS))
        yield


async def read(scan: Scanner[Row], numbers: list[int]) -> None:
    """Note the numbers of the rows that a scan hands out."""
    async for row in scan:
        numbers.append(row.number)


@pytest.mark.parametrize("failing", [0, 1, 5, 11])
async def test_another_scan_goes_on_behind_what_was_handed_out_before_the_error(proxy: FaultProxy, failing: int):
    """The error of a page on its way is raised when its turn comes; the pages before it are handed out."""
    numbers: list[int] = []
    query = Row.find().fetch_size(20)
    scan = query.scan(parallel=3)
    if failing:
        proxy.delay(0, text="token(", times=failing)
    failed = proxy.fail(server_errors.ReadFailure(), text="token(")

    with pytest.raises(ReadFailure):
        await read(scan, numbers)
    assert failed.happened == 1
    assert len(numbers) == scan.handed_out < ROWS
    await read(query.scan(checkpoint=scan.checkpoint), numbers)

    assert sorted(numbers) == list(range(ROWS))


async def test_the_same_scan_goes_on_too(proxy: FaultProxy):
    numbers: list[int] = []
    scan = Row.find().fetch_size(20).scan(parallel=3)
    proxy.delay(0, text="token(", times=7)
    proxy.fail(server_errors.ReadFailure(), text="token(")

    with pytest.raises(ReadFailure):
        await read(scan, numbers)
    await read(scan, numbers)

    assert sorted(numbers) == list(range(ROWS))


async def test_no_more_pages_are_on_their_way_than_ranges_are_read_at_a_time(proxy: FaultProxy):
    scan = Row.find().fetch_size(20).scan(parallel=3)
    three = proxy.delay(0, text="token(", times=3)
    rows = aiter(scan)

    await anext(rows)

    three.wait(3)
    assert 3 <= proxy.count(text="token(") <= 3 + 8  # those that were answered with no rows are followed by others
