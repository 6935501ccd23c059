"""Waiting in an event loop for what happens in other threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TypeVar

from coodie_core.deadlines import OutOfTime, TimeLimit

T = TypeVar("T")


async def result_within(work: Future[T], limit: TimeLimit | None) -> T:
    """Return what *work* returns in its thread; who stops waiting leaves the work alone.

    Raises:
        OutOfTime: It takes longer than *limit*.
    """
    if limit is None:
        await called_back(work.add_done_callback)
        return work.result()
    try:
        async with asyncio.timeout(limit.seconds_left()):
            await called_back(work.add_done_callback)
    except TimeoutError as error:
        raise OutOfTime(limit) from error
    return work.result()


async def called_back(attach: Callable[[Callable[[object], None]], object]) -> None:
    """Wait until the callback that *attach* attaches was called, on whatever thread."""
    waiter = asyncio.get_running_loop().create_future()
    attach(partial(_wake, waiter))
    await waiter


def _wake(waiter: asyncio.Future[None], _outcome: object) -> None:
    with suppress(RuntimeError):  # the event loop was closed: nobody waits any more
        waiter.get_loop().call_soon_threadsafe(_settle, waiter)


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():  # done: the wait was cancelled
        waiter.set_result(None)
