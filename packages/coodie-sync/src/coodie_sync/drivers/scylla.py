"""scylla-driver and cassandra-driver for blocking calls. Any thread may use a driver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, ClassVar

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
from coodie_sync.drivers.base import Driver
from coodie_sync.drivers.replies import Reply
from coodie_sync.sessions import CLUSTER_ARGUMENTS, close_session, driver_version, open_session, statement_of


class ScyllaDriver(Driver):
    """A driver on the ``cassandra`` package, which scylla-driver and cassandra-driver both bring.

    It connects when it is first used, unless `connect` was called before.

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
        self._preparing = Lock()  # threads that start together prepare a text once
        self._session: Any | None = None
        self._closed = False
        self._opening = Lock()  # threads that start together connect once

    def __repr__(self) -> str:
        return driver_repr(self, self._options.hosts, driver_version(), self._session is not None, self._closed)

    @property
    def session(self) -> Any | None:
        """The ``cassandra.cluster.Session``, for what coodie does not offer; None while it is not connected."""
        return self._session

    def connect(self) -> None:
        """Connect now. If that fails, the driver closes itself and leaves nothing behind."""
        try:
            self._connected()
        except BaseException:
            self.close()
            raise

    def execute(self, request: Request) -> Rows:
        return self.send(request).answer()

    def send(self, request: Request) -> ScyllaReply:
        session = self._session or self._connected()
        try:
            prepared = {
                cql: self._prepared.get(cql) or self._prepare(session, cql) for cql in texts_to_prepare(request)
            }
            response = session.execute_async(statement_of(request, prepared), **sending_arguments(request))
        except CoodieError:
            raise
        except Exception as error:
            raise self.failure(request, None, error) from error
        return ScyllaReply(self, request, response)

    def failure(self, request: Request, response: Any | None, error: Exception) -> CoodieError:
        """Return what to raise for *error* of the package; *response* is None if the request was not sent."""
        return failure(self, self._closed, self._options.hosts, request, response, error)

    def forget_prepared(self) -> None:
        """Prepare every text anew: after a schema change, columns of the same name may have another type."""
        self._prepared.clear()

    def _prepare(self, session: Any, cql: str) -> Any:
        check_text(cql)
        with self._preparing:
            prepared = self._prepared.get(cql)
            if prepared is None:
                prepared = session.prepare(cql)
                self._prepared.add(cql, prepared)
            return prepared

    def _connected(self) -> Any:
        """Return the session, connecting if that was not done yet. After a failure, the next one tries again."""
        with self._opening:
            if self._closed:
                raise was_closed(self)
            if self._session is None:
                session = open_session(self._options)
                self.keyspace = self.keyspace or session.keyspace
                self._session = session
            return self._session

    def _release(self) -> None:
        with self._opening:
            session, self._session, self._closed = self._session, None, True
        if session is not None:
            close_session(session, self._options)


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

    def answer(self) -> Rows:
        try:
            rows = rows_of(self._response)
        except Exception as error:
            raise self._driver.failure(self._request, self._response, error) from error
        if not texts_to_prepare(self._request):
            self._driver.forget_prepared()
        return rows

    def when_arrived(self, call: Callable[[], object]) -> None:
        def arrived(_outcome: object) -> None:
            call()

        self._response.add_callbacks(arrived, arrived)
