"""Any thread may use a driver, also one that runs an event loop (traps 16 to 18, for blocking calls)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from coodie_core.exceptions import ConfigurationError, InvalidQueryError
from coodie_core.statement import ExecutionOptions, Statement
from coodie_sync.connection import init_coodie, register_driver

NODE = Statement("SELECT key FROM system.local")
THREADS = 64


def new_text() -> str:
    """A text that no driver has prepared yet."""
    return f"SELECT key FROM system.local /* {uuid4()} */"


def in_threads(call: Callable[[int], Any]) -> list[Any]:
    """What *call* returns for each number of a thread, all started together."""
    barrier = threading.Barrier(THREADS)

    def together(number: int) -> Any:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(together, range(THREADS)))


def number_of_clusters() -> int:
    """How many ``Cluster`` of the driver's package are open: each has one thread of this name."""
    return [thread.name for thread in threading.enumerate()].count("Task Scheduler")


@pytest.fixture
def table(coodie_sync_driver: Any) -> str:
    name = f"t{uuid4().hex[:8]}"
    cql = f"CREATE TABLE {name} (part int, id int, PRIMARY KEY (part, id))"
    coodie_sync_driver.execute(Statement(cql, prepared=False))
    return name


def test_64_threads_write_and_walk_through_pages_each_with_its_own_rows(coodie_sync_driver: Any, table: str) -> None:
    insert, select = f"INSERT INTO {table} (part, id) VALUES (?, ?)", f"SELECT part, id FROM {table} WHERE part = ?"

    def write_and_read(part: int) -> list[tuple[int, int]]:
        for number in range(10 + part % 3):
            coodie_sync_driver.execute(Statement(insert, (part, number)))
        found, statement = [], Statement(select, (part,), ExecutionOptions(fetch_size=4))
        while True:
            answer = coodie_sync_driver.execute(statement)
            found += answer.rows
            if answer.paging_state is None:
                return found
            statement = statement._replace(paging_state=answer.paging_state)

    found = in_threads(write_and_read)

    assert found == [[(part, number) for number in range(10 + part % 3)] for part in range(THREADS)]


def test_an_error_in_one_thread_is_that_threads_own(coodie_sync_driver: Any) -> None:
    def odd_ones_fail(number: int) -> Any:
        try:
            return coodie_sync_driver.execute(Statement("SELEC") if number % 2 else NODE).rows
        except InvalidQueryError as error:
            return type(error).__name__

    assert in_threads(odd_ones_fail) == [[("local",)], "ServerRefusedQuery"] * (THREADS // 2)


def test_threads_that_prepare_the_same_text_together_prepare_it_once(coodie_server: Any) -> None:
    with init_coodie(**coodie_server.connect_arguments, name="once") as driver:
        session: Any = driver.session  # type: ignore[attr-defined]  # of the class behind Driver
        texts: list[str] = []
        prepare = session.prepare
        session.prepare = lambda text: (texts.append(text), prepare(text))[1]
        text = new_text()

        answers = in_threads(lambda _: driver.execute(Statement(text)).rows)

        assert answers == [[("local",)]] * THREADS
        assert texts == [text]


def test_threads_that_use_a_lazy_connection_together_connect_once(coodie_server: Any) -> None:
    before = number_of_clusters()
    with init_coodie(**coodie_server.connect_arguments, name="lazy", lazy=True) as driver:
        answers = in_threads(lambda _: driver.execute(NODE).rows)

        assert answers == [[("local",)]] * THREADS
        assert number_of_clusters() == before + 1
    assert number_of_clusters() == before


def test_closing_while_threads_are_using_it_ends_each_of_them(coodie_server: Any) -> None:
    driver = init_coodie(**coodie_server.connect_arguments, name="busy")

    def use_until_closed(number: int) -> str:
        try:
            while True:
                driver.execute(Statement(new_text()) if number % 2 else NODE)
                if number == 0:
                    driver.close()
        except Exception as error:
            return type(error).__name__

    assert set(in_threads(use_until_closed)) <= {"ConfigurationError", "NoHostAvailable", "ConnectionLost"}


def test_a_blocking_call_inside_a_running_event_loop_just_works(coodie_sync_driver: Any) -> None:
    async def main() -> Any:
        return coodie_sync_driver.execute(Statement(new_text())).rows

    assert asyncio.run(main()) == [("local",)]


async def test_an_aio_driver_is_refused(coodie_aio_driver: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"belongs to coodie\.aio.*coodie\.sync\.init_coodie\(\)"):
        register_driver("wrong", coodie_aio_driver)


@pytest.mark.parametrize("last_words", ["pass", "driver.close()"])
def test_a_program_ends_cleanly_and_soon_whether_it_closes_or_not(coodie_server: Any, last_words: str) -> None:
    program = f"""
        import sys, time
        from coodie_sync.connection import init_coodie
        from coodie_core.statement import Statement

        driver = init_coodie(**{coodie_server.connect_arguments!r})
        driver.execute(Statement("SELECT key FROM system.local"))
        {last_words}
        print(time.monotonic(), file=sys.stderr)
    """

    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60
    )

    (last_word,) = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (0, "")
    assert time.monotonic() - float(last_word) < 2
