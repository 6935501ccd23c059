"""scylla-driver and cassandra-driver for asyncio.

Their calls that block (connect, prepare, close) run in a few threads of the driver's own. Requests do not block: the
reply arrives on the thread of the package's reactor, which wakes the coroutine that waits. Each wait has a future of
the event loop that is running, and nothing else belongs to a loop, so several loops may share a driver.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any, ClassVar, TypeVar

from coodie_aio.drivers.base import Driver, registry
from coodie_aio.drivers.replies import Reply
from coodie_aio.sessions import CLUSTER_ARGUMENTS, close_session, driver_version, open_session, statement_of
from coodie_core.driver_support.answers import (
    check_text,
    driver_repr,
    failure,
    rows_of,
    sending_arguments,
    texts_to_prepare,
    was_closed,
)
from coodie_core.driver_support.options import ConnectionOptions
from coodie_core.driver_support.prepared import PreparedStatements
from coodie_core.exceptions import CoodieError
from coodie_core.statement import Request, Rows

T = TypeVar("T")
BLOCKING_CALLS = 4
"""Threads for connecting, preparing and closing. An application prepares each text once, so they are mostly idle."""


class ScyllaDriver(Driver):
    """A driver on the ``cassandra`` package, which scylla-driver and cassandra-driver both bring.

    It connects when it is first used, unless `connect` was awaited before.

    Args:
        options: What was asked of `init_coodie`.

    Attributes:
        known_arguments: The further keywords of `init_coodie` that it understands.
    """

    known_arguments: ClassVar[Sequence[str]] = CLUSTER_ARGUMENTS

    def __init__(self, options: ConnectionOptions) -> None:
        self.name: str = options.name
        self.keyspace: str | None = options.keyspace
        self._options = options
        self._prepared = PreparedStatements()
        self._preparing: dict[str, Future[Any]] = {}
        self._session: Any | None = None
        self._opening: Future[Any] | None = None
        self._closing: Future[None] | None = None
        self._lock = Lock()  # around _opening and _closing; held for moments, never while something is waited for
        self._threads = ThreadPoolExecutor(BLOCKING_CALLS, thread_name_prefix=f"coodie-{options.name}")

    def __repr__(self) -> str:
        return driver_repr(
            self, self._options.hosts, driver_version(), self._session is not None, self._closing is not None
        )

    @property
    def session(self) -> Any | None:
        """The ``cassandra.cluster.Session``, for what coodie does not offer; None while it is not connected."""
        return self._session

    async def connect(self) -> None:
        """Connect now. If that fails or is cancelled, the driver closes itself and leaves nothing behind."""
        try:
            await self._connected()
        except BaseException:
            registry.remove(self)
            self._start_closing()
            raise

    async def execute(self, request: Request) -> Rows:
        reply = await self.send(request)
        return await reply.answer()

    async def send(self, request: Request) -> ScyllaReply:
        session = self._session or await self._connected()
        try:
            prepared = {
                cql: self._prepared.get(cql) or await self._prepare(session, cql) for cql in texts_to_prepare(request)
            }
            response = session.execute_async(statement_of(request, prepared), **sending_arguments(request))
        except CoodieError:
            raise
        except Exception as error:
            raise self.failure(request, None, error) from error
        return ScyllaReply(self, request, response)

    def failure(self, request: Request, response: Any | None, error: Exception) -> CoodieError:
        """Return what to raise for *error* of the package; *response* is None if the request was not sent."""
        return failure(self, self._closing is not None, self._options.hosts, request, response, error)

    def forget_prepared(self) -> None:
        """Prepare every text anew: after a schema change, columns of the same name may have another type."""
        self._prepared.clear()

    async def _prepare(self, session: Any, cql: str) -> Any:
        """Prepare *cql*, once for all who ask at the same time; who is cancelled takes it from nobody else."""
        preparing = self._preparing.get(cql)
        if preparing is None:
            check_text(cql)
            preparing = self._threads.submit(session.prepare, cql)
            self._preparing[cql] = preparing
            preparing.add_done_callback(partial(self._remember, cql))
        return await _result(preparing)

    def _remember(self, cql: str, preparing: Future[Any]) -> None:
        if preparing.exception() is None:
            self._prepared.add(cql, preparing.result())
        self._preparing.pop(cql, None)

    async def _connected(self) -> Any:
        """Return the session, connecting once for all who ask at a time; after a failure, the next one tries again."""
        with self._lock:
            if self._closing is not None:
                raise was_closed(self)
            if self._opening is None:
                self._opening = self._threads.submit(self._open)
            opening = self._opening
        return await _result(opening)

    def _open(self) -> Any:
        try:
            session = open_session(self._options)
        except BaseException:
            with self._lock:
                self._opening = None
            raise
        self.keyspace = self.keyspace or session.keyspace
        self._session = session
        return session

    async def _release(self) -> None:
        await _result(self._start_closing())

    def _start_closing(self) -> Future[None]:
        with self._lock:
            if self._closing is None:
                self._closing = self._threads.submit(self._close, self._opening)
                self._threads.shutdown(wait=False)
            return self._closing

    def _close(self, opening: Future[Any] | None) -> None:
        """Close the session, also one that is still being opened."""
        if opening is not None and opening.exception() is None:
            self._session = None
            close_session(opening.result(), self._options)


class ScyllaReply(Reply):
    """The answer of a request that was sent.

    Args:
        driver: Who sent it.
        request: The request.
        response: The ``ResponseFuture``.
    """

    def __init__(self, driver: ScyllaDriver, request: Request, response: Any) -> None:
        self._driver = driver
        self._request = request
        self._response = response

    async def answer(self) -> Rows:
        try:
            await _called_back(lambda wake: self._response.add_callbacks(wake, wake))
            rows = rows_of(self._response)
        except Exception as error:
            raise self._driver.failure(self._request, self._response, error) from error
        if not texts_to_prepare(self._request):
            self._driver.forget_prepared()
        return rows


async def _result(work: Future[T]) -> T:
    """Return what *work* returns in its thread; cancelling the wait leaves the work alone."""
    await _called_back(work.add_done_callback)
    return work.result()


async def _called_back(attach: Callable[[Callable[[object], None]], object]) -> None:
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
