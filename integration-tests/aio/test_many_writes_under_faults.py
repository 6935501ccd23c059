"""Many writes while the server refuses, is late, or loses a connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from coodie_aio import Document, init_coodie
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_core.results import RowStatus
from coodie_testing import FaultProxy, Server, server_errors


class Row(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    name: str = ""
    marks: list[int] | None = None

    class Settings:
        name = "many_rows"


@pytest.fixture
def proxy(coodie_server: Server) -> Iterator[FaultProxy]:
    """A proxy before the server."""
    with FaultProxy(coodie_server) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
async def tables(proxy: FaultProxy, coodie_keyspace: str) -> AsyncIterator[None]:
    """The default connection, through the proxy, with an empty table."""
    async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_keyspace):
        await Row.sync_table()
        await Row.truncate()
        yield


def rows(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"part": number % 50, "number": number, "name": f"row {number}"}


async def stored_numbers() -> list[int]:
    return sorted(number for _, number in await Row.find().values_list("part", "number").all())


async def test_what_was_too_much_for_the_server_is_sent_again_with_fewer_at_a_time(proxy: FaultProxy):
    windows: list[int] = []
    refused = proxy.fail(server_errors.Overloaded(), text="INSERT", times=20)

    report = await Row.insert_many(rows(1_000), on_progress=lambda progress: windows.append(progress.window))

    assert refused.happened == 20
    assert report.applied == 1_000
    assert min(windows) < 8
    assert await stored_numbers() == list(range(1_000))


async def test_a_row_that_must_not_be_sent_twice_is_unknown_after_a_timeout(proxy: FaultProxy):
    """Elements of a list would be there twice."""
    timed_out = proxy.fail(server_errors.WriteTimeout(), text="INSERT", times=1, carried_out=True)

    report = await Row.insert_many([{"part": 1, "number": 1, "marks": [1, 2]}], raise_on_error=False)

    assert timed_out.happened == 1
    assert [outcome.status for outcome in report.errors] == [RowStatus.UNKNOWN]
    assert (await Row.get(part=1, number=1)).marks == [1, 2]


async def test_rows_that_were_lost_with_a_connection_are_written_by_the_next_run(proxy: FaultProxy):
    given = list(rows(500))
    cut = proxy.cut(text="INSERT", times=1)

    report = await Row.insert_many(given, raise_on_error=False)
    while report.checkpoint["remaining"]:
        report = await Row.insert_many(given, raise_on_error=False, checkpoint=report.checkpoint)

    assert cut.happened == 1
    assert await stored_numbers() == list(range(500))


async def test_a_run_that_stops_while_a_row_waits_for_room_returns_its_report_too(proxy: FaultProxy):
    proxy.fail(server_errors.InvalidRequest(), text="INSERT", times=None)

    report = await Row.insert_many(rows(10), max_in_flight=1, max_errors=1, raise_on_error=False)

    assert report.has_stopped
    assert [outcome.index for outcome in report.errors] == [0]
