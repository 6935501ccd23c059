"""scylla-driver and cassandra-driver for blocking calls. Any thread may use a driver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, ClassVar

from coodie_core.deadlines import TimeLimit, time_limit
from coodie_core.driver_support.answers import (
    asked_by_parent,
    failure,
    sending_arguments,
    texts_to_prepare,
)
from coodie_core.driver_support.options import ConnectionOptions
from coodie_core.exceptions import CoodieError, InvalidQueryError
from coodie_core.statement import Request, Rows
from coodie_sync.drivers.linked import LinkedDriver
from coodie_sync.drivers.replies import Reply
from coodie_sync.drivers.waiting import called_back, result_within
from coodie_sync.forks import drivers
from coodie_sync.link import Link
from coodie_sync.sessions import CLUSTER_ARGUMENTS, driver_version, send, usual_timeout


class ScyllaDriver(LinkedDriver[Link]):
    """A driver on the ``cassandra`` package, which scylla-driver and cassandra-driver both bring.

    It connects when it is first used, unless `connect` was called before, and again in each process that is forked.

    Args:
        options: What was asked of `init_coodie`.
    """

    known_arguments: ClassVar[Sequence[str]] = CLUSTER_ARGUMENTS

    def __init__(self, options: ConnectionOptions) -> None:
        super().__init__(options, Link(self, options))
        drivers.add(self)

    @staticmethod
    def package() -> str:
        """Return which of the two is installed, and its version."""
        return driver_version()

    def execute(self, request: Request) -> Rows:
        reply = self.send(request)
        return reply.answer()

    def send(self, request: Request) -> ScyllaReply:
        link = self.link
        limit = time_limit(request.options.timeout, monotonic)
        try:
            session: Any = link.session or result_within(link.opening(), limit)
            prepared = {
                cql: link.prepared.get(cql) or result_within(link.preparing(session, cql), limit)
                for cql in texts_to_prepare(request)
            }
            arguments = sending_arguments(request, limit, usual_timeout, session)
            response = send(session, request, prepared, arguments, self._options.policies)
        except InvalidQueryError:  # perhaps the schema changed since the texts were prepared
            link.prepared.forget(texts_to_prepare(request))
            raise
        except CoodieError:
            raise
        except Exception as error:
            raise failure(self, link.is_closed, self._options.hosts, request, None, error, limit) from error
        return ScyllaReply(self, request, response, limit)

    def failure(self, request: Request, response: Any, error: Exception, limit: TimeLimit | None) -> CoodieError:
        """Return what to raise for *error*, which the package raised once the request was sent."""
        return failure(self, self.link.is_closed, self._options.hosts, request, response, error, limit)

    def forget_prepared(self) -> None:
        """Prepare every text anew: after a schema change, columns of the same name may have another type."""
        self.link.prepared.clear()


class ScyllaReply(Reply):
    """The answer of a request that was sent.

    Args:
        driver: Who sent it.
        request: The request.
        response: The request under way.
        limit: The time that the request has.
    """

    def __init__(self, driver: ScyllaDriver, request: Request, response: Any, limit: TimeLimit | None) -> None:
        self._driver = driver
        self._request = request
        self._response = response
        self._limit = limit
        self._link = driver.link

    def answer(self) -> Rows:
        if self._link is not self._driver.link:
            raise asked_by_parent(self._driver, self._request)
        try:
            called_back(self._response.when_done)
            rows: Rows = self._response.rows()
        except Exception as error:
            raise self._driver.failure(self._request, self._response.full, error, self._limit) from error
        if not texts_to_prepare(self._request):
            self._driver.forget_prepared()
        return rows

    def when_arrived(self, call: Callable[[], object]) -> None:
        self._response.when_done(call)
