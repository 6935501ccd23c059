"""One budget for all that happens in a block, against a server that a proxy makes slow (issue 5, "Deadlines")."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from time import monotonic
from typing import Annotated, Any
from uuid import uuid4

import pytest
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from driver_features import OWN_TIMEOUTS

from coodie_aio import AsyncBatchQuery, Document, deadline, get_driver, init_coodie
from coodie_aio.drivers.base import Driver
from coodie_core.exceptions import (
    BulkWriteError,
    ClientTimeout,
    ConfigurationError,
    DatabaseError,
    DeadlineExceeded,
    OutcomeUnknown,
)
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_core.retrying import RetryPolicy
from coodie_core.statement import BatchStatement, ExecutionOptions, Statement
from coodie_testing import FaultProxy, Server, server_errors

BUDGET = 0.3
LATEST = BUDGET + 0.7
"""Generous for a busy machine, and far below the 10 seconds that the driver waits by itself."""


class Reading(Document):
    sensor: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    value: int = 0

    class Settings:
        name = "deadline_readings"


def new_text() -> str:
    """A text that no driver has prepared yet. (The proxy leaves alone what is about system tables.)"""
    return f"SELECT count(*) FROM deadline_readings WHERE sensor = 99 /* {uuid4()} */"


class Stopwatch:
    """How long a block takes."""

    def __enter__(self) -> Stopwatch:
        self.began = monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = monotonic() - self.began


@pytest.fixture(scope="module")
def proxy(coodie_server: Server) -> Iterator[FaultProxy]:
    with FaultProxy(coodie_server) as proxy:
        yield proxy


@pytest.fixture
async def driver(proxy: FaultProxy, coodie_keyspace: str) -> AsyncIterator[Driver]:
    async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_keyspace) as driver:
        await Reading.sync_table()
        yield driver
        proxy.clear()


def overran(watch: Stopwatch, error: Any) -> None:
    """Check that *error* came at the end of the budget, and says so."""
    assert type(error).__name__ == "DeadlineExceeded"
    assert error.budget == BUDGET
    assert BUDGET - 0.02 <= error.elapsed <= watch.seconds <= LATEST


async def test_a_write_to_a_server_that_hangs_ends_with_the_deadline(proxy: FaultProxy, driver: Driver) -> None:
    await Reading(sensor=1, number=1).save()
    proxy.stall()

    with Stopwatch() as watch, pytest.raises(DeadlineExceeded, match="may or may not have taken place") as raised:
        async with deadline(BUDGET):
            await Reading(sensor=1, number=2).save()

    overran(watch, raised.value)
    assert isinstance(raised.value, OutcomeUnknown)
    assert raised.value.applied is None
    proxy.clear()
    assert await Reading.get(sensor=1, number=1)


async def test_preparing_is_part_of_the_budget_and_its_write_surely_did_not_take_place(
    proxy: FaultProxy, driver: Driver
) -> None:
    statement = Statement(new_text())
    proxy.drop_reply(opcodes={"PREPARE"})

    with Stopwatch() as watch, pytest.raises(DeadlineExceeded, match="Nothing was carried out") as raised:
        async with deadline(BUDGET):
            await driver.execute(statement)

    overran(watch, raised.value)
    assert raised.value.applied is False
    assert raised.value.statement == statement.cql


async def test_preparing_is_part_of_the_timeout(proxy: FaultProxy, driver: Driver) -> None:
    statement = Statement(new_text(), options=ExecutionOptions(timeout=BUDGET))
    proxy.drop_reply(opcodes={"PREPARE"})

    with Stopwatch() as watch, pytest.raises(ClientTimeout, match=r"within 0\.3 s\. Nothing was carried out") as raised:
        await driver.execute(statement)

    assert not isinstance(raised.value, DeadlineExceeded)
    assert raised.value.applied is False
    assert BUDGET <= watch.seconds <= LATEST


async def test_what_was_still_being_prepared_is_there_for_the_next_call(proxy: FaultProxy, driver: Driver) -> None:
    statement = Statement(new_text())
    proxy.delay(2 * BUDGET, opcodes={"PREPARE"})
    before = proxy.requests["PREPARE"]
    with pytest.raises(DeadlineExceeded):
        async with deadline(BUDGET):
            await driver.execute(statement)

    answer = await driver.execute(statement)

    assert answer.rows == [(0,)]
    assert proxy.requests["PREPARE"] == before + 1


@pytest.mark.usefixtures("driver")
async def test_connecting_at_the_first_use_is_part_of_the_budget(proxy: FaultProxy, coodie_keyspace: str) -> None:
    arguments = {**proxy.server.connect_arguments, "keyspace": coodie_keyspace}
    async with await init_coodie(**arguments, name="lazy", lazy=True) as driver:
        proxy.stall()

        with Stopwatch() as watch, pytest.raises(DeadlineExceeded) as raised:
            async with deadline(BUDGET):
                await driver.execute(Statement(new_text()))

        overran(watch, raised.value)
        assert raised.value.applied is False
        proxy.clear()
        assert (await driver.execute(Statement(new_text()))).rows == [(0,)]


async def test_init_coodie_keeps_the_deadline_and_leaves_no_connection(proxy: FaultProxy) -> None:
    proxy.stall()

    with Stopwatch() as watch, pytest.raises(DeadlineExceeded) as raised:
        async with deadline(BUDGET):
            await init_coodie(**proxy.server.connect_arguments, name="too_late")

    overran(watch, raised.value)
    assert raised.value.statement is None
    proxy.clear()
    with pytest.raises(ConfigurationError, match="no connection called 'too_late'"):
        get_driver("too_late")


async def test_all_pages_share_one_budget(proxy: FaultProxy, driver: Driver) -> None:
    for number in range(40):
        await Reading(sensor=2, number=number).save()
    proxy.latency = 0.1
    found: list[Reading] = []

    async def read_on() -> None:
        async for reading in Reading.find(sensor=2).fetch_size(1):
            found.append(reading)

    with Stopwatch() as watch, pytest.raises(DeadlineExceeded) as raised:
        async with deadline(BUDGET):
            await read_on()

    overran(watch, raised.value)
    assert [reading.number for reading in found] == list(range(len(found)))
    assert len(found) < 5, "each page took 0.1 s"


async def test_a_change_of_the_schema_keeps_the_deadline(proxy: FaultProxy, driver: Driver) -> None:
    proxy.delay(2 * LATEST, text="CREATE TABLE")
    create = Statement(f"CREATE TABLE t{uuid4().hex[:8]} (id int PRIMARY KEY)", prepared=False)

    with Stopwatch() as watch, pytest.raises(DeadlineExceeded) as raised:
        async with deadline(BUDGET):
            await driver.execute(create)

    overran(watch, raised.value)
    assert raised.value.applied is None


async def test_a_batch_keeps_the_deadline(proxy: FaultProxy, driver: Driver) -> None:
    await Reading(sensor=3, number=1).save()
    batch = AsyncBatchQuery()
    await Reading(sensor=3, number=2).save(batch=batch)
    await Reading(sensor=3, number=3).save(batch=batch)
    proxy.drop_reply(opcodes={"BATCH"})

    with Stopwatch() as watch, pytest.raises(DeadlineExceeded) as raised:
        async with deadline(BUDGET):
            await batch.execute()

    overran(watch, raised.value)
    assert raised.value.applied is None


async def test_many_writes_keep_the_deadline(proxy: FaultProxy, driver: Driver) -> None:
    await Reading(sensor=4, number=0).save()
    proxy.stall()

    with Stopwatch() as watch, pytest.raises(BulkWriteError) as raised:
        async with deadline(BUDGET):
            await Reading.insert_many([Reading(sensor=4, number=number) for number in range(500)])

    assert {type(outcome.error).__name__ for outcome in raised.value.report.errors} == {"DeadlineExceeded"}
    assert watch.seconds <= 2 * LATEST, "500 rows take some time of this process, too"


async def test_a_scan_keeps_the_deadline(proxy: FaultProxy, driver: Driver) -> None:
    await Reading(sensor=6, number=1).save()
    proxy.stall()

    async def read_on() -> None:
        async for _ in Reading.find().scan(parallel=4):
            pass

    with Stopwatch() as watch, pytest.raises(DeadlineExceeded) as raised:
        async with deadline(BUDGET):
            await read_on()

    overran(watch, raised.value)


async def test_attempts_share_one_budget(proxy: FaultProxy, driver: Driver) -> None:
    await Reading(sensor=7, number=1).save()
    patient = RetryPolicy(attempts=10, first_pause=0.05, longest_pause=0.05)
    await Reading.find(sensor=7).all()
    proxy.latency = 0.1
    proxy.reset_counts()
    proxy.fail(server_errors.Overloaded(), times=None)

    with Stopwatch() as watch, pytest.raises(DatabaseError):
        async with deadline(BUDGET):
            await Reading.find(sensor=7).retry(patient).all()

    assert watch.seconds <= LATEST
    assert 1 <= proxy.count(text="SELECT") <= 4, "each attempt took 0.1 s"


async def test_nothing_is_sent_once_the_budget_is_used_up(proxy: FaultProxy, driver: Driver) -> None:
    statement = Statement(new_text())
    await driver.execute(statement)
    before = proxy.requests

    async with deadline(0.001) as budget:
        while budget.remaining():
            pass
        with pytest.raises(DeadlineExceeded, match=r"deadline of 0\.001 s is over.*Nothing was carried out") as raised:
            await driver.execute(statement)
        with pytest.raises(DeadlineExceeded):
            await driver.execute(BatchStatement((statement,)))

    assert raised.value.applied is False
    assert proxy.requests == before
    assert (await driver.execute(statement)).rows == [(0,)]


async def test_the_shorter_one_of_two_deadlines_counts(proxy: FaultProxy, driver: Driver) -> None:
    proxy.stall()

    for outer, inner in [(BUDGET, 60), (60, BUDGET)]:
        with Stopwatch() as watch, pytest.raises(DeadlineExceeded) as raised:
            async with deadline(outer), deadline(inner):
                await driver.execute(Statement(new_text()))
        overran(watch, raised.value)


async def test_the_shorter_one_of_timeout_and_deadline_counts(proxy: FaultProxy, driver: Driver) -> None:
    await Reading(sensor=5, number=1).save()
    proxy.stall()

    with Stopwatch() as watch, pytest.raises(ClientTimeout, match=r"within 0\.3 s") as raised:
        async with deadline(60):
            await Reading(sensor=5, number=2).save(timeout=BUDGET)
    assert not isinstance(raised.value, DeadlineExceeded)
    assert watch.seconds <= LATEST

    with Stopwatch() as watch, pytest.raises(DeadlineExceeded) as raised:
        async with deadline(BUDGET):
            await Reading(sensor=5, number=2).save(timeout=60)
    overran(watch, raised.value)


@pytest.mark.needs(OWN_TIMEOUTS)
@pytest.mark.parametrize("older", [False, True])
@pytest.mark.usefixtures("driver")
async def test_a_long_deadline_does_not_lengthen_the_usual_time_of_a_session(
    proxy: Any, coodie_keyspace: str, older: bool
) -> None:
    arguments = proxy.server.cluster_arguments
    if not older:
        profile = ExecutionProfile(request_timeout=BUDGET)
        arguments["execution_profiles"] = {EXEC_PROFILE_DEFAULT: profile}
    cluster = Cluster(**arguments)
    session: Any = cluster.connect(coodie_keyspace)
    if older:
        session.default_timeout = BUDGET
    try:
        async with await init_coodie(session=session, keyspace=coodie_keyspace, name="own") as driver:
            statement = Statement(new_text())
            await driver.execute(statement)
            proxy.drop_reply()

            with Stopwatch() as watch, pytest.raises(ClientTimeout, match=r"within 0\.3 s") as raised:
                async with deadline(60):
                    await driver.execute(statement)

            assert not isinstance(raised.value, DeadlineExceeded)
            assert watch.seconds <= LATEST
    finally:
        cluster.shutdown()
