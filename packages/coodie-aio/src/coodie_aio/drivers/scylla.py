"""scylla-driver and cassandra-driver for asyncio.

Their calls that block (connect, prepare, close) run in threads of the driver's link. Requests do not block: the
reply arrives on the thread of the package's reactor, which wakes the coroutine that waits. Each wait has a future of
the event loop that is running, and nothing else belongs to a loop, so several loops may share a driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any, ClassVar

from coodie_aio.drivers.linked import LinkedDriver
from coodie_aio.drivers.mailboxes import sent_together
from coodie_aio.drivers.replies import Reply
from coodie_aio.drivers.waiting import called_back, result_within
from coodie_aio.forks import drivers
from coodie_aio.link import Link
from coodie_aio.sessions import CLUSTER_ARGUMENTS, driver_version, send, usual_timeout
from coodie_core.deadlines import TimeLimit, time_limit
from coodie_core.driver_support.answers import (
    failure,
    sending_arguments,
    texts_to_prepare,
)
from coodie_core.driver_support.options import ConnectionOptions
from coodie_core.exceptions import CoodieError, InvalidQueryError
from coodie_core.statement import Request, Rows


class ScyllaDriver(LinkedDriver[Link]):
    """A driver on the ``cassandra`` package, which scylla-driver and cassandra-driver both bring.

    It connects when it is first used, unless `connect` was awaited before, and again in each process that is forked.

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

    async def execute(self, request: Request) -> Rows:
        reply = await self.send(request)
        return await reply.answer()

    async def send(self, request: Request) -> ScyllaReply:
        link = self.link
        limit = time_limit(request.options.timeout, monotonic)
        try:
            session: Any = link.session or await result_within(link.opening(), limit)
            prepared = {
                cql: link.prepared.get(cql) or await result_within(link.preparing(session, cql), limit)
                for cql in texts_to_prepare(request)
            }
            arguments = sending_arguments(request, limit, usual_timeout, session)
            response = sent_together(send, session, request, prepared, arguments, self._options.policies)
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

    async def answer(self) -> Rows:
        try:
            await called_back(self._response.when_done)
            rows: Rows = self._response.rows()
        except Exception as error:
            raise self._driver.failure(self._request, self._response.full, error, self._limit) from error
        if not texts_to_prepare(self._request):
            self._driver.forget_prepared()
        return rows
