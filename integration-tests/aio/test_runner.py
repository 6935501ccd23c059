"""Carrying out an operation: its statements are sent, its errors are raised where it asked, and it is closed."""

from __future__ import annotations

import traceback
from collections.abc import Generator
from typing import Any

import pytest

from coodie_aio.runner import run
from coodie_core.exceptions import ServerRefusedQuery
from coodie_core.operation import Operation
from coodie_core.statement import Rows, Statement

NODE = Statement("SELECT key FROM system.local")
REFUSED = Statement("SELECT nonsense FROM system.local")


async def test_the_result_is_what_the_operation_returns(coodie_aio_driver: Any) -> None:
    def keys() -> Operation[list[str]]:
        first = yield NODE
        second = yield NODE
        return [row[0] for row in [*first.rows, *second.rows]]

    assert await run(keys(), coodie_aio_driver) == ["local", "local"]


async def test_an_operation_that_asks_for_nothing_just_returns(coodie_aio_driver: Any) -> None:
    def nothing() -> Operation[str]:
        return "done"
        yield NODE  # pyright: ignore[reportUnreachable]  # what makes it a generator

    assert await run(nothing(), coodie_aio_driver) == "done"


async def test_an_operation_may_catch_an_error_and_ask_for_something_else(coodie_aio_driver: Any) -> None:
    def second_best() -> Operation[Rows]:
        try:
            return (yield REFUSED)
        except ServerRefusedQuery:
            return (yield NODE)

    assert (await run(second_best(), coodie_aio_driver)).rows == [("local",)]


async def test_an_operation_may_send_more_while_an_error_passes_through(coodie_aio_driver: Any) -> None:
    released = []

    def with_a_lock() -> Operation[None]:
        try:
            yield REFUSED
        finally:
            answer = yield NODE
            released.extend(answer.rows)

    with pytest.raises(ServerRefusedQuery):
        await run(with_a_lock(), coodie_aio_driver)

    assert released == [("local",)]


async def test_the_traceback_names_the_operation_that_asked(coodie_aio_driver: Any) -> None:
    def look_for_nonsense() -> Operation[Rows]:
        return (yield REFUSED)

    def outer() -> Operation[Rows]:
        return (yield from look_for_nonsense())

    with pytest.raises(ServerRefusedQuery) as raised:
        await run(outer(), coodie_aio_driver)

    names = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert [name for name in names if name in ("outer", "look_for_nonsense")] == ["outer", "look_for_nonsense"]


async def test_an_error_of_the_operation_itself_passes_through_and_it_is_closed(coodie_aio_driver: Any) -> None:
    def broken() -> Generator[Statement, Rows, None]:
        yield NODE
        raise ZeroDivisionError

    operation = broken()
    with pytest.raises(ZeroDivisionError):
        await run(operation, coodie_aio_driver)

    assert operation.gi_frame is None
