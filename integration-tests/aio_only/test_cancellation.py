"""A cancelled call leaves nothing behind, and the next one works (trap 16)."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest

from coodie_aio.connection import get_driver, init_coodie
from coodie_aio.runner import run
from coodie_core.exceptions import ConfigurationError
from coodie_core.operation import Operation
from coodie_core.statement import BatchStatement, Rows, Statement

NODE = Statement("SELECT key FROM system.local")


@pytest.fixture(autouse=True)
async def complaints() -> AsyncIterator[list[str]]:
    """What the event loop complains about during the test: it must be nothing."""
    complained: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.set_exception_handler(lambda _, context: complained.append(str(context)))
    yield complained
    await asyncio.sleep(0.05)  # replies of what was cancelled arrive here
    gc.collect()  # and what nobody looked at complains here
    assert complained == []


def new_text() -> str:
    """A text that no driver has prepared yet."""
    return f"SELECT key FROM system.local /* {uuid4()} */"


async def cancelled_after(steps: int, awaitable: Any) -> bool:
    """Cancel *awaitable* after so many turns of the event loop, and tell whether it was still running."""
    task = asyncio.ensure_future(awaitable)
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


@pytest.mark.parametrize("steps", range(6))
async def test_a_request(coodie_aio_driver: Any, steps: int) -> None:
    await coodie_aio_driver.execute(NODE)

    cancelled = [await cancelled_after(steps, coodie_aio_driver.execute(NODE)) for _ in range(50)]

    assert any(cancelled) or steps > 2, "no answer comes within two turns of the event loop"
    assert (await coodie_aio_driver.execute(NODE)).rows == [("local",)]


@pytest.mark.parametrize("steps", range(6))
async def test_a_request_that_is_prepared_first(coodie_aio_driver: Any, steps: int) -> None:
    statements = [Statement(new_text()) for _ in range(20)]

    cancelled = [await cancelled_after(steps, coodie_aio_driver.execute(statement)) for statement in statements]

    assert any(cancelled)
    for statement in statements:
        assert (await coodie_aio_driver.execute(statement)).rows == [("local",)]


async def test_a_batch(coodie_aio_driver: Any) -> None:
    name = f"t{uuid4().hex[:8]}"
    await coodie_aio_driver.execute(Statement(f"CREATE TABLE {name} (id int PRIMARY KEY)", prepared=False))
    insert = Statement(f"INSERT INTO {name} (id) VALUES (?)", (1,))

    cancelled = [await cancelled_after(n, coodie_aio_driver.execute(BatchStatement((insert,)))) for n in range(20)]

    assert any(cancelled)
    assert (await coodie_aio_driver.execute(Statement(f"SELECT id FROM {name}"))).rows in ([(1,)], [])


async def test_who_is_cancelled_while_preparing_takes_it_from_nobody_else(coodie_aio_driver: Any) -> None:
    statement = Statement(new_text())
    tasks = [asyncio.ensure_future(coodie_aio_driver.execute(statement)) for _ in range(10)]
    await asyncio.sleep(0)

    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(result) for result in results[::2]] == [asyncio.CancelledError] * 5
    assert [result.rows for result in results[1::2]] == [[("local",)]] * 5  # type: ignore[union-attr]


async def test_a_time_limit_around_a_request(coodie_aio_driver: Any) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await coodie_aio_driver.execute(NODE)

    assert (await coodie_aio_driver.execute(NODE)).rows == [("local",)]


async def test_an_operation_can_clean_up_when_its_task_is_cancelled(coodie_aio_driver: Any) -> None:
    released = []

    def with_a_lock() -> Operation[Rows]:
        try:
            return (yield NODE)
        finally:
            answer = yield NODE
            released.extend(answer.rows)

    assert await cancelled_after(2, run(with_a_lock(), coodie_aio_driver))

    assert released == [("local",)]


@pytest.fixture
def threads_end() -> Iterator[None]:
    """After the test, the threads of drivers have ended: also those of a connection that nobody waits for."""
    yield
    patience = time.monotonic() + 20
    while leftover() and time.monotonic() < patience:
        time.sleep(0.05)
    assert leftover() == []


def leftover() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(("coodie-", "Task Scheduler"))]


@pytest.mark.usefixtures("threads_end")
@pytest.mark.parametrize("seconds", [0, 0.001, 0.01, 0.02, 0.03, 0.05])
async def test_connecting(coodie_server: Any, coodie_keyspace: str, seconds: float) -> None:
    connecting = asyncio.ensure_future(
        init_coodie(**coodie_server.connect_arguments, keyspace=coodie_keyspace, name="cancelled")
    )
    await asyncio.sleep(seconds)
    connecting.cancel()
    try:
        driver = await connecting
    except asyncio.CancelledError:
        with pytest.raises(ConfigurationError, match="no connection called 'cancelled'"):
            get_driver("cancelled")
    else:
        await driver.close()


@pytest.mark.usefixtures("threads_end")
async def test_connecting_to_what_does_not_answer_ends_at_the_callers_time() -> None:
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await silent_init()

    assert time.monotonic() - began < 1


async def silent_init() -> None:
    """Connect to a port that accepts and never says a word."""

    with socket.create_server(("127.0.0.1", 0)) as silent:
        await init_coodie(hosts=["127.0.0.1"], port=silent.getsockname()[1], connect_timeout=2, name="silent")


@pytest.mark.usefixtures("threads_end")
async def test_the_first_use_of_a_lazy_connection(coodie_server: Any) -> None:
    driver = await init_coodie(**coodie_server.connect_arguments, name="lazy", lazy=True)

    assert await cancelled_after(3, driver.execute(NODE))

    assert (await driver.execute(NODE)).rows == [("local",)]
    await driver.close()


@pytest.mark.usefixtures("threads_end")
async def test_closing_goes_on_although_nobody_waits(coodie_server: Any) -> None:
    driver = await init_coodie(**coodie_server.connect_arguments, name="closing")

    assert await cancelled_after(1, driver.close())

    with pytest.raises(ConfigurationError, match="was closed"):
        await driver.execute(NODE)
    await driver.close()


@pytest.mark.usefixtures("threads_end")
async def test_requests_under_way_when_the_connection_is_closed_end_in_an_error_or_an_answer(
    coodie_server: Any,
) -> None:
    driver = await init_coodie(**coodie_server.connect_arguments, name="busy")
    requests = [asyncio.ensure_future(driver.execute(Statement(new_text()))) for _ in range(200)]
    await asyncio.sleep(0.01)

    await driver.close()

    async with asyncio.timeout(15):
        answers = await asyncio.gather(*requests, return_exceptions=True)
    names = {type(answer).__name__ for answer in answers}
    assert names <= {"Rows", "ConfigurationError", "NoHostAvailable", "ConnectionLost"}
