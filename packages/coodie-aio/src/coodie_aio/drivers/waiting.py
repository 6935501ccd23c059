"""Waiting in an event loop for what happens in other threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from coodie_aio.drivers.mailboxes import mailbox_of
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
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()
    attach(partial(mailbox_of(loop).wake, waiter))
    await waiter
