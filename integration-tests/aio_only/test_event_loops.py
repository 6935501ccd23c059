"""Nothing blocks the event loop (trap 17), and a driver belongs to no loop (trap 18)."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self
from uuid import uuid4

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from coodie_aio.connection import init_coodie, register_driver
from coodie_core.exceptions import ConfigurationError, KeyspaceNotFound
from coodie_core.statement import BatchStatement, ExecutionOptions, Statement

NODE = Statement("SELECT key FROM system.local")


def new_text() -> str:
    """A text that no driver has prepared yet."""
    return f"SELECT key FROM system.local /* {uuid4()} */"


def number_of_clusters() -> int:
    """How many ``Cluster`` of the driver's package are open: each has one thread of this name."""
    return [thread.name for thread in threading.enumerate()].count("Task Scheduler")


@pytest.fixture
def blockbuster() -> Iterator[BlockBuster]:
    """Any call that blocks inside the event loop raises."""
    with blockbuster_ctx() as buster:
        yield buster


@pytest.mark.usefixtures("blockbuster")
async def test_a_whole_life_without_a_blocking_call(coodie_server: Any, coodie_keyspace: str) -> None:
    arguments = {**coodie_server.connect_arguments, "name": "unblocked"}
    with pytest.raises(KeyspaceNotFound):
        await init_coodie(**arguments, keyspace="no_such_keyspace")

    async with await init_coodie(**arguments, keyspace=coodie_keyspace) as driver:
        table = f"t{uuid4().hex[:8]}"
        create = f"CREATE TABLE {table} (part int, id int, PRIMARY KEY (part, id))"
        await driver.execute(Statement(create, prepared=False))
        insert = f"INSERT INTO {table} (part, id) VALUES (?, ?)"
        await driver.execute(BatchStatement(tuple(Statement(insert, (1, number)) for number in range(20))))
        select = Statement(f"SELECT id FROM {table} WHERE part = ?", (1,), ExecutionOptions(fetch_size=5))
        assert len((await driver.execute(select)).rows) == 5
        await asyncio.gather(*(driver.execute(Statement(new_text())) for _ in range(50)))
        await driver.execute(Statement(f"DROP TABLE {table}", prepared=False))


class SlowRoad:
    """A road to the server on which each reply takes its time: a proxy of bytes, in threads of its own."""

    def __init__(self, host: str, port: int) -> None:
        self.delay_seconds = 0.0
        self._server = host, port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listening socket was closed
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._server)
                threading.Thread(target=self._carry, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, client, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_reply: bool) -> None:
        with source, suppress(OSError):  # either side has hung up
            while data := source.recv(65_536):
                time.sleep(self.delay_seconds if is_reply else 0)
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def road(coodie_server: Any) -> Iterator[SlowRoad]:
    with SlowRoad(coodie_server.hosts[0], coodie_server.port) as road:
        yield road


async def test_the_loop_turns_while_connecting_preparing_and_changing_the_schema_take_long(
    coodie_keyspace: str, road: SlowRoad
) -> None:
    pauses: list[float] = []
    loop = asyncio.get_running_loop()

    async def heartbeat() -> None:
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            pauses.append(loop.time() - before)

    beating = asyncio.ensure_future(heartbeat())
    began, road.delay_seconds = loop.time(), 0.1
    arguments = {"hosts": ["127.0.0.1"], "port": road.port, "keyspace": coodie_keyspace, "name": "slow"}
    arguments["control_connection_timeout"] = 20
    async with await init_coodie(**arguments) as driver:
        connected, road.delay_seconds = loop.time(), 0.8
        await driver.execute(Statement(new_text()))
        answered, road.delay_seconds = loop.time(), 0.4
        await driver.execute(Statement(f"CREATE TABLE t{uuid4().hex[:8]} (id int PRIMARY KEY)", prepared=False))
        changed = loop.time()
    beating.cancel()

    took = {"connecting": connected - began, "answering": answered - connected, "changing": changed - answered}
    assert min(took.values()) > 0.75, f"a call that blocks would not be seen: {took}"
    assert max(pauses) < 0.5


def test_one_driver_serves_one_loop_after_another(coodie_server: Any) -> None:
    driver = asyncio.run(init_coodie(**coodie_server.connect_arguments, name="loops"))

    for _ in range(3):
        assert asyncio.run(driver.execute(Statement(new_text())), debug=True).rows == [("local",)]
    asyncio.run(driver.close())


def test_one_driver_serves_several_loops_at_the_same_time(coodie_server: Any) -> None:
    driver = asyncio.run(init_coodie(**coodie_server.connect_arguments, name="loops", lazy=True))
    text = new_text()
    rows: list[Any] = []

    async def work() -> None:
        for _ in range(20):
            answers = await asyncio.gather(*(driver.execute(Statement(text)) for _ in range(5)))
            rows.extend(answer.rows for answer in answers)

    threads = [threading.Thread(target=lambda: asyncio.run(work())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert rows == [[("local",)]] * (8 * 20 * 5)
    asyncio.run(driver.close())


def test_replies_that_arrive_after_the_loop_was_closed_are_dropped(
    road: SlowRoad, caplog: pytest.LogCaptureFixture
) -> None:
    driver = asyncio.run(init_coodie(hosts=["127.0.0.1"], port=road.port, name="loops"))
    asyncio.run(driver.execute(NODE))
    road.delay_seconds = 0.3

    async def leave_at_once() -> None:
        statements = [NODE, Statement(new_text()), NODE, Statement(new_text())]
        tasks = [asyncio.ensure_future(driver.execute(statement)) for statement in statements]
        await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)

    asyncio.run(leave_at_once(), debug=True)

    assert asyncio.run(driver.execute(NODE)).rows == [("local",)]
    asyncio.run(driver.close())
    complaints = ("exception calling callback", "Unexpected exception while handling result")
    assert [record.getMessage() for record in caplog.records if record.getMessage().startswith(complaints)] == []


async def test_tasks_that_prepare_the_same_text_together_prepare_it_once(road: SlowRoad) -> None:
    async with await init_coodie(hosts=["127.0.0.1"], port=road.port, name="once") as driver:
        prepared, road.delay_seconds = prepared_texts(driver), 0.3
        text = new_text()

        answers = await asyncio.gather(*(driver.execute(Statement(text)) for _ in range(20)))

        assert [answer.rows for answer in answers] == [[("local",)]] * 20
        assert prepared == [text]


async def test_tasks_that_use_a_lazy_connection_together_connect_once(coodie_server: Any) -> None:
    before = number_of_clusters()
    driver: Any = await init_coodie(**coodie_server.connect_arguments, name="lazy", lazy=True)

    await asyncio.gather(*(driver.execute(NODE) for _ in range(100)))

    assert number_of_clusters() == before + 1
    await driver.close()


async def test_a_sync_driver_is_refused(coodie_sync_driver: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"belongs to coodie\.sync.*coodie\.aio\.init_coodie\(\)"):
        register_driver("wrong", coodie_sync_driver)


@pytest.mark.parametrize("last_words", ["task = asyncio.ensure_future(driver.execute(NODE))", "await driver.close()"])
def test_a_program_ends_cleanly_and_soon_whether_it_closes_or_not(coodie_server: Any, last_words: str) -> None:
    program = f"""
        import asyncio, sys, time
        from coodie_aio.connection import init_coodie
        from coodie_core.statement import Statement

        NODE = Statement("SELECT key FROM system.local")

        async def main():
            asyncio.get_running_loop().slow_callback_duration = 60  # a busy machine is no fault of the program
            driver = await init_coodie(**{coodie_server.connect_arguments!r})
            await driver.execute(NODE)
            {last_words}
            print(time.monotonic(), file=sys.stderr)

        asyncio.run(main(), debug=True)
    """

    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60
    )

    (last_word,) = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (0, "")
    assert time.monotonic() - float(last_word) < 2


def prepared_texts(driver: Any) -> list[str]:
    """The texts that *driver* has sent to be prepared, seen by its session."""
    texts: list[str] = []
    prepare = driver.session.prepare

    def watched(text: str) -> Any:
        texts.append(text)
        return prepare(text)

    driver.session.prepare = watched
    return texts
