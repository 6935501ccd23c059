"""scylladb-rs-driver for asyncio. Its futures can be awaited in any event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any, ClassVar

from coodie_aio.drivers.linked import LinkedDriver
from coodie_aio.drivers.replies import Reply
from coodie_aio.drivers.waiting import result_within
from coodie_aio.rust.link import RustLink
from coodie_aio.rust.sessions import (
    KNOWN_ARGUMENTS,
    Prepared,
    check_options,
    driver_version,
    refused_value,
    rows_of,
    sending,
)
from coodie_core.deadlines import TimeLimit, time_limit
from coodie_core.driver_support.answers import texts_to_prepare
from coodie_core.driver_support.options import ConnectionOptions
from coodie_core.driver_support.reported import Attempts, reported_failure, seconds_left
from coodie_core.driver_support.rust_errors import is_disagreement, reported
from coodie_core.driver_support.time_limits import waiting_time
from coodie_core.exceptions import CoodieError, InvalidQueryError
from coodie_core.statement import Request, Rows, Statement


class RustDriver(LinkedDriver[RustLink]):
    """A driver on scylladb-rs-driver, which is written in Rust.

    It connects when it is first used, unless `connect` was awaited before. It cannot be used in forked processes.

    Args:
        options: What was asked of `init_coodie`.

    Raises:
        ConfigurationError: The options ask for what it does not have.
    """

    known_arguments: ClassVar[Sequence[str]] = KNOWN_ARGUMENTS

    def __init__(self, options: ConnectionOptions) -> None:
        check_options(options)
        super().__init__(options, RustLink(self, options))

    @staticmethod
    def package() -> str:
        """Return its name and version."""
        return driver_version()

    async def execute(self, request: Request) -> Rows:
        return await RustReply(self, self._options, request).answer()

    async def send(self, request: Request) -> RustReply:
        reply = RustReply(self, self._options, request)
        await reply.begin()
        return reply


class RustReply(Reply):
    """The answer of a request, which is sent when it is asked for, unless `begin` sends it before.

    Args:
        driver: Who sends it.
        options: What was asked of `init_coodie`.
        request: The request.
    """

    def __init__(self, driver: RustDriver, options: ConnectionOptions, request: Request) -> None:
        self._driver = driver
        self._options = options
        self._request = request
        self._limit: TimeLimit | None = time_limit(request.options.timeout, monotonic)
        self._began = monotonic()
        self._attempts = Attempts(request, options.policies)
        self._prepared: dict[str, Prepared] = {}
        self._sent: Any | None = None

    async def begin(self) -> None:
        """Send the request, without waiting for its answer."""
        try:
            self._sent = (await self._sending()).start()
        except CoodieError:
            raise
        except Exception as error:
            self._pause_after(error)

    async def answer(self) -> Rows:
        while True:
            try:
                return self._rows(await self._result())
            except CoodieError:
                raise
            except Exception as error:
                if is_disagreement(error):
                    return Rows(schema_agreed=False)
                pause = self._pause_after(error)
            await asyncio.sleep(pause)

    async def _result(self) -> Any:
        sent, self._sent = self._sent or await self._sending(), None
        try:
            return await sent
        finally:
            self._driver.link.ended(sent)

    async def _sending(self) -> Any:
        """Return the driver's future of the answer."""
        link, limit = self._driver.link, self._limit
        session: Any = link.session or await result_within(link.opening(), limit)
        for cql in texts_to_prepare(self._request):
            found: Any = link.prepared.get(cql)
            if found is None:
                found = await result_within(link.preparing(session, cql), limit)
            self._prepared[cql] = found
        speculative = self._request.options.speculative or self._options.policies.speculative
        timeout = None if limit is None else waiting_time(limit, link.profiles.timeout)
        has_policy = self._attempts.policy is not None
        self._attempts.begin()
        try:
            sent = sending(session, self._request, self._prepared, link.profiles, speculative, timeout, has_policy)
        except InvalidQueryError:  # perhaps the schema changed since the texts were prepared
            link.prepared.forget(self._prepared)
            raise
        link.under_way(sent)
        return sent

    def _rows(self, result: Any) -> Rows:
        request = self._request
        if not self._prepared:
            self._driver.link.prepared.clear()  # after a schema change, columns of the same name may have another type
        return rows_of(result, self._prepared.get(request.cql) if isinstance(request, Statement) else None)

    def _pause_after(self, error: Exception) -> float:
        """Return the seconds after which the request is sent again, or raise what *error* means."""
        request, link, known = self._request, self._driver.link, self._options.hosts
        refused = refused_value(request, self._prepared, error)
        if refused is not None:
            link.prepared.forget(self._prepared)
            raise refused from None  # the driver's text may quote the value
        explained = reported(error, known)
        left = seconds_left(self._limit, link.profiles.timeout, self._began, monotonic())
        again = self._attempts.failed(explained, left)
        if again is not None and not link.is_closed:
            return again.pause
        raise reported_failure(
            self._driver, link.is_closed, known, request, self._attempts, explained, self._limit
        ) from error
