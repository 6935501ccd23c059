"""Doing several things at the same time: here in tasks of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def together(*works: Callable[[], Awaitable[T]]) -> list[T]:
    """Return what each of *works* returns, all carried out at the same time; the first error of any ends this."""
    return await asyncio.gather(*(work() for work in works))


async def elsewhere(call: Callable[[], T]) -> T:
    """Return what a blocking *call* returns, while others work."""
    return await asyncio.to_thread(call)


async def pause(seconds: float) -> None:
    """Let others work for this time; 0: let each have a turn."""
    await asyncio.sleep(seconds)
