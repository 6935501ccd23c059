"""Carrying out many writes at the same time, with no thread but the caller's and the driver's.

The caller's thread begins rows, and goes on with those whose answers arrived. The driver's thread only puts arrived
answers into a queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import partial
from heapq import heappop, heappush
from os import getpid
from threading import Condition, get_ident
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias, TypeVar

from coodie_core.exceptions import BulkWriteError, CoodieError, InvalidQueryError
from coodie_core.operation import HookCall
from coodie_core.operations.bulk import BulkWork, Pause, RowWrite, Step, Writer, check_rows
from coodie_core.results import BulkReport
from coodie_core.statement import NO_ROWS
from coodie_sync.drivers.base import Driver
from coodie_sync.drivers.hooks import call_hook
from coodie_sync.drivers.replies import Reply

T = TypeVar("T")

Source: TypeAlias = Iterable[T]
"""What rows are taken from: a list, a generator, a file."""


class _Arrival(NamedTuple):
    """An answer that is there."""

    row: RowWrite
    driver: Driver
    reply: Reply
    seconds: float


class _Waiting(NamedTuple):
    """A row that waits before it is sent again; those whose time comes first are first."""

    until: float
    number: int
    row: RowWrite
    driver: Driver


class Flights:
    """The rows of a run that are under way. One thread uses it.

    Args:
        work: The run.
    """

    def __init__(self, work: BulkWork) -> None:
        self._work = work
        self._arrived: deque[_Arrival] = deque()
        self._arrival = Condition()
        self._waiting: list[_Waiting] = []
        self._number = 0
        self._home = (getpid(), get_ident())

    def add(self, document: Any, writer: Writer, driver: Driver) -> None:
        """Begin a row, as soon as there is room for one more.

        Raises:
            BulkWriteError: There are so many errors that the run has stopped.
            InvalidQueryError: Another thread uses the run, or a process that was forked since.
        """
        if (getpid(), get_ident()) != self._home:
            raise InvalidQueryError(
                "bulk(): a block is for the thread that opened it, and for its process. Open one in each."
            )
        if not self.begin(document, writer, driver):
            self.settle()
            raise BulkWriteError(self._work.report())

    def begin(self, document: Any, writer: Writer, driver: Driver) -> bool:
        """Begin a row, as soon as there is room for one more, and return True; False if the run has stopped."""
        self._go_on()
        while not self._work.has_room:
            self._wait()
        if self._work.has_stopped:
            return False
        row = self._work.take(document, writer)
        if row is not None:
            self._carry_out(row, row.begin(), driver)
        self._work.tell_progress(perf_counter())
        return True

    def end(self, error: BaseException | None) -> None:
        """End the run: wait for the rows under way, unless the program is to end at once.

        Args:
            error: What ended it early.

        Raises:
            BulkWriteError: It did not end early, there are errors, and they are to be raised.
        """
        if getpid() != self._home[0]:
            self._work.abandon()  # the answers go to the process that forked this one
        if error is None:
            self.finish()
        elif isinstance(error, Exception):
            self.settle()
        else:
            self._work.abandon()

    def finish(self) -> BulkReport:
        """Wait until no row is under way, and return what became of them.

        Raises:
            BulkWriteError: There are errors, and they are to be raised.
        """
        try:
            while self._work.in_flight:
                self._wait()
                self._work.tell_progress(perf_counter())
            self._work.tell_progress(perf_counter(), at_end=True)
        except BaseException as error:
            self.end(error)
            raise
        return self._work.result()

    def settle(self) -> None:
        """Wait until no row is under way."""
        try:
            while self._work.in_flight:
                self._wait()
        except BaseException:
            self._work.abandon()
            raise

    def _wait(self) -> None:
        """Wait until a row can go on, and go on with all that can."""
        with self._arrival:
            if not self._arrived:
                self._arrival.wait(self._waiting[0].until - perf_counter() if self._waiting else None)
        self._go_on()

    def _go_on(self) -> None:
        while self._arrived:
            row, driver, reply, seconds = self._arrived.popleft()
            self._carry_out(row, _step_after(row, reply, seconds), driver)
        while self._waiting and self._waiting[0].until <= perf_counter():
            paused = heappop(self._waiting)
            self._carry_out(paused.row, paused.row.answered(NO_ROWS, 0), paused.driver)

    def _carry_out(self, row: RowWrite, step: Step, driver: Driver) -> None:
        """Carry out the steps of a row, up to one whose answer is to be waited for."""
        while step is not None:
            if isinstance(step, Pause):
                self._number += 1
                heappush(self._waiting, _Waiting(perf_counter() + step.seconds, self._number, row, driver))
                return
            try:
                if isinstance(step, HookCall):
                    step = row.answered(call_hook(step), 0)
                    continue
                reply = driver.send(step)
            except Exception as error:
                step = row.raised(error)
            else:
                reply.when_arrived(partial(self._arrive, row, driver, reply, perf_counter()))
                return

    def _arrive(self, row: RowWrite, driver: Driver, reply: Reply, sent_at: float) -> None:
        with self._arrival:
            self._arrived.append(_Arrival(row, driver, reply, perf_counter() - sent_at))
            self._arrival.notify()


def _step_after(row: RowWrite, reply: Reply, seconds: float) -> Step:
    try:
        rows = reply.answer()
    except CoodieError as error:
        return row.raised(error)
    return row.answered(rows, seconds)


def write_all(documents: Source[Any], writer: Writer, work: BulkWork, driver: Driver) -> BulkReport:
    """Write all of *documents*, of which no more are taken than are under way.

    Raises:
        BulkWriteError: There are errors, and the run is to raise then.
    """
    check_rows(documents, (Iterable,))
    flights = Flights(work)
    try:
        for document in documents:
            if not flights.begin(document, writer, driver) or work.has_stopped:
                break
    except BaseException as error:
        flights.end(error)
        raise
    return flights.finish()
