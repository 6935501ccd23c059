"""Carrying out many writes at the same time, each in a task of the event loop.

A task costs a few microseconds of the few hundred that a row takes, and lets hooks of a row wait without holding up the
others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from time import perf_counter
from typing import Any, TypeAlias, TypeVar

from coodie_aio.drivers.base import Driver
from coodie_aio.drivers.hooks import call_hook
from coodie_core.exceptions import BulkWriteError
from coodie_core.operation import HookCall
from coodie_core.operations.bulk import BulkWork, Pause, RowWrite, Writer, check_rows
from coodie_core.results import BulkReport
from coodie_core.statement import NO_ROWS, Request, Rows

T = TypeVar("T")

Source: TypeAlias = Iterable[T] | AsyncIterable[T]
"""What rows are taken from: a list, a generator, an async generator."""


#: After so many rows that needed no waiting, other tasks have their turn.
TURN = 256


class Flights:
    """The rows of a run that are under way. One task uses it.

    Args:
        work: The run.
    """

    def __init__(self, work: BulkWork) -> None:
        self._work = work
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()

    async def add(self, document: Any, writer: Writer, driver: Driver) -> None:
        """Begin a row, as soon as there is room for one more.

        Raises:
            BulkWriteError: There are so many errors that the run has stopped.
        """
        if not await self.begin(document, writer, driver):
            await self.settle()
            raise BulkWriteError(self._work.report())

    async def begin(self, document: Any, writer: Writer, driver: Driver) -> bool:
        """Begin a row, as soon as there is room for one more, and return True; False if the run has stopped."""
        while not self._work.has_room:
            await self._wait()
        if self._work.has_stopped:
            return False
        row = self._work.take(document, writer)
        if row is not None:
            task = asyncio.create_task(self._carry_out(row, driver))
            self._tasks.add(task)
            task.add_done_callback(self._forget)
        if self._work.taken % TURN == 0:
            await asyncio.sleep(0)
        self._work.tell_progress(perf_counter())
        return True

    async def end(self, error: BaseException | None) -> None:
        """End the run: wait for the rows under way, unless the task was cancelled.

        Args:
            error: What ended it early.

        Raises:
            BulkWriteError: It did not end early, there are errors, and they are to be raised.
        """
        if error is None:
            await self.finish()
        elif isinstance(error, Exception):
            await self.settle()
        else:
            await self.abandon()

    async def finish(self) -> BulkReport:
        """Wait until no row is under way, and return what became of them.

        Raises:
            BulkWriteError: There are errors, and they are to be raised.
        """
        try:
            while self._tasks:
                await self._wait()
                self._work.tell_progress(perf_counter())
            self._work.tell_progress(perf_counter(), at_end=True)
        except BaseException as error:
            await self.end(error)
            raise
        return self._work.result()

    async def settle(self) -> None:
        """Wait until no row is under way."""
        try:
            while self._tasks:
                await self._wait()
        except BaseException:
            await self.abandon()
            raise

    async def abandon(self) -> None:
        """Stop waiting for the rows under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._work.abandon()

    async def _wait(self) -> None:
        """Wait until a row has ended."""
        self._ended.clear()
        await self._ended.wait()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._ended.set()

    async def _carry_out(self, row: RowWrite, driver: Driver) -> None:
        step = row.begin()
        while step is not None:
            began = perf_counter()
            try:
                rows = await _carried_out(step, driver)
            except Exception as error:
                step = row.raised(error)
            except BaseException:
                row.abandon()
                raise
            else:
                step = row.answered(rows, perf_counter() - began)


async def _carried_out(step: Request | HookCall | Pause, driver: Driver) -> Rows:
    if isinstance(step, HookCall):
        return await call_hook(step)
    if isinstance(step, Pause):
        await asyncio.sleep(step.seconds)
        return NO_ROWS
    return await driver.execute(step)


async def write_all(documents: Source[Any], writer: Writer, work: BulkWork, driver: Driver) -> BulkReport:
    """Write all of *documents*, of which no more are taken than are under way.

    Raises:
        BulkWriteError: There are errors, and the run is to raise then.
    """
    check_rows(documents, (Iterable, AsyncIterable))
    flights = Flights(work)
    try:
        async for document in _each(documents):
            if not await flights.begin(document, writer, driver) or work.has_stopped:
                break
    except BaseException as error:
        await flights.end(error)
        raise
    return await flights.finish()


async def _each(documents: Source[T]) -> AsyncIterator[T]:
    if isinstance(documents, AsyncIterable):
        async for document in documents:
            yield document
    else:
        for document in documents:
            yield document
