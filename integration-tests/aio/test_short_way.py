"""Requests past the driver's ``ResponseFuture``: whatever is not as usual ends as it does on the driver's own way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from driver_features import FRAMES
from patience import wait_until

from coodie_aio import init_coodie
from coodie_core.consistency import ConsistencyLevel
from coodie_core.exceptions import ClientTimeout, CoodieError
from coodie_core.retrying import RetryPolicy, SpeculativePolicy
from coodie_core.statement import BatchStatement, ExecutionOptions, Request, Statement
from coodie_testing import FaultProxy, Server, server_errors

pytestmark = pytest.mark.needs(FRAMES)

NO_PAUSE = RetryPolicy(first_pause=0)
SECONDS = 1.5

Play = Callable[[FaultProxy], object]

FAULTS: dict[str, Play] = {
    "overloaded": lambda proxy: proxy.fail(server_errors.Overloaded()),
    "overloaded for good": lambda proxy: proxy.fail(server_errors.Overloaded(), times=None),
    "a bug of the server": lambda proxy: proxy.fail(server_errors.ServerError()),
    "unavailable": lambda proxy: proxy.fail(server_errors.Unavailable()),
    "a write timed out": lambda proxy: proxy.fail(server_errors.WriteTimeout(), times=None),
    "a read timed out": lambda proxy: proxy.fail(server_errors.ReadTimeout()),
    "a read failed": lambda proxy: proxy.fail(server_errors.ReadFailure()),
    "a write failed": lambda proxy: proxy.fail(server_errors.WriteFailure()),
    "not allowed": lambda proxy: proxy.fail(server_errors.Unauthorized()),
    "invalid": lambda proxy: proxy.fail(server_errors.InvalidRequest()),
    "forgotten": lambda proxy: proxy.fail(server_errors.Unprepared()),
    "forgotten twice": lambda proxy: proxy.fail(server_errors.Unprepared(), times=2),
    "cut before": lambda proxy: proxy.cut(),
    "cut after": lambda proxy: proxy.cut(carried_out=True),
    "no answer": lambda proxy: proxy.drop_reply(),
    "a late answer": lambda proxy: proxy.delay(0.3),
}


class Ending(NamedTuple):
    """What became of a request.

    Attributes:
        outcome: Its rows, or the error with what it says.
        sent: How often it came to the server.
        prepared: How often it was prepared anew.
        orphaned: How many requests the connection waits for whose answers nobody wants any more.
    """

    outcome: object
    sent: int
    prepared: int
    orphaned: int


class Ways(NamedTuple):
    """Two drivers that differ in nothing else, and the proxy that both go through."""

    proxy: FaultProxy
    fast: Any
    plain: Any

    async def endings(self, play: Play, request: Request) -> list[Ending]:
        """What becomes of *request* on both, under the same fault."""
        return [await self.ending(driver, play, request) for driver in (self.fast, self.plain)]

    async def ending(self, driver: Any, play: Play, request: Request) -> Ending:
        await driver.execute(request)  # it is prepared, and a broken connection replaced
        self.proxy.reset_counts()
        play(self.proxy)
        try:
            rows = await driver.execute(request)
            outcome: object = (list(rows.columns), list(rows.rows), rows.paging_state)
        except CoodieError as error:
            outcome = (type(error).__name__, str(error), vars(error))
        self.proxy.clear()
        return Ending(repr(outcome), self.proxy.count(), self.proxy.requests["PREPARE"], orphaned(driver))


@pytest.fixture
async def ways(coodie_server: Server, coodie_aio_driver: Any) -> AsyncIterator[Ways]:
    await coodie_aio_driver.execute(
        Statement("CREATE TABLE IF NOT EXISTS ways (id int PRIMARY KEY, name text)", prepared=False)
    )
    with FaultProxy(coodie_server) as proxy:
        arguments = {**proxy.server.connect_arguments, "keyspace": coodie_aio_driver.keyspace}
        async with (
            await init_coodie(**arguments, name="fast") as fast,
            await init_coodie(**arguments, name="plain", fast=False) as plain,
        ):
            yield Ways(proxy, fast, plain)


def connections_of(driver: Any) -> list[Any]:
    return [connection for pool in driver.session.get_pools() for connection in pool.get_connections()]


def orphaned(driver: Any) -> int:
    """How many requests the connection of *driver* waits for in vain, once it waits for no others."""
    wait_until(
        lambda: (
            connections_of(driver)
            and all(one.in_flight == len(one.orphaned_request_ids) for one in connections_of(driver))
        )
    )
    return sum(len(one.orphaned_request_ids) for one in connections_of(driver))


def requests(**options: Any) -> dict[str, Request]:
    """Requests of all sorts, which take no longer than `SECONDS`."""
    execution = ExecutionOptions(timeout=SECONDS, retry=NO_PAUSE, **options)
    insert = Statement("INSERT INTO ways (id, name) VALUES (?, ?)", (1, "one"), execution)
    return {
        "read": Statement("SELECT name FROM ways WHERE id = ?", (1,), execution, idempotent=True),
        "write": insert,
        "write that may be sent twice": insert._replace(idempotent=True),
        "conditional": Statement(
            "UPDATE ways SET name = ? WHERE id = ? IF EXISTS", ("two", 1), execution, conditional=True
        ),
        "batch": BatchStatement(
            (insert._replace(idempotent=True), insert._replace(params=(2, "two"))), options=execution
        ),
    }


@pytest.mark.parametrize("sort", requests())
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_ends_as_on_the_own_way_of_the_driver(ways: Ways, fault: str, sort: str):
    fast, plain = await ways.endings(FAULTS[fault], requests()[sort])

    assert fast == plain


def went_short(reply: Any) -> bool:
    """Whether a request went the short way, and no ``ResponseFuture`` took it over."""
    return type(reply._response).__name__ == "ShortRequest" and reply._response.full is None


@pytest.mark.parametrize("sort", requests())
async def test_a_request_goes_the_short_way(ways: Ways, sort: str):
    reply = await ways.fast.send(requests()[sort])
    await reply.answer()

    assert went_short(reply)


async def test_a_request_that_somebody_watches_goes_the_whole_way(ways: Ways):
    seen: list[Any] = []
    ways.fast.session.add_request_init_listener(seen.append)

    reply = await ways.fast.send(requests()["read"])
    await reply.answer()

    assert not went_short(reply)
    assert seen == [reply._response.full]


@pytest.mark.parametrize(
    "options", [{"speculative": SpeculativePolicy(after=5)}, {"consistency": ConsistencyLevel.ONE}]
)
async def test_what_is_sent_to_several_nodes_goes_the_whole_way(ways: Ways, options: dict[str, Any]):
    reply = await ways.fast.send(requests(**options)["read"])
    await reply.answer()

    assert went_short(reply) == ("speculative" not in options)


async def test_a_connection_without_room_is_waited_for_by_the_driver(ways: Ways):
    read = requests()["read"]
    await ways.fast.execute(read)
    (connection,) = connections_of(ways.fast)
    room, connection.max_request_id = connection.max_request_id, 0

    with pytest.raises(ClientTimeout) as raised:
        await ways.fast.execute(read)

    connection.max_request_id = room
    assert raised.value.applied is False
    assert connection.in_flight == 0
    assert went_short(await ways.fast.send(read))


async def test_a_closed_connection_is_left_to_the_driver(ways: Ways):
    read = requests()["read"]
    await ways.fast.execute(read)
    (connection,) = connections_of(ways.fast)
    connection.close()

    with suppress(CoodieError):
        await ways.fast.execute(read)

    wait_until(lambda: connections_of(ways.fast) not in ([], [connection]))
    reply = await ways.fast.send(read)
    assert await reply.answer()
    assert went_short(reply)
    assert connection.in_flight == 0
