"""scylladb-rs-driver for asyncio. Its futures can be awaited in any event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any, ClassVar

from coodie_aio.drivers.base import Driver, registry
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
from coodie_core.deadlines import OutOfTime, TimeLimit, time_limit
from coodie_core.driver_support.answers import driver_repr, not_connected_in_time, texts_to_prepare
from coodie_core.driver_support.options import ConnectionOptions
from coodie_core.driver_support.reported import Attempts, reported_failure, seconds_left
from coodie_core.driver_support.rust_errors import is_disagreement, reported
from coodie_core.driver_support.time_limits import waiting_time
from coodie_core.exceptions import CoodieError
from coodie_core.statement import Request, Rows, Statement


class RustDriver(Driver):
    """A driver on scylladb-rs-driver, which is written in Rust.

    It connects when it is first used, unless `connect` was awaited before. It cannot be used in forked processes.

    Args:
        options: What was asked of `init_coodie`.

    Attributes:
        known_arguments: The further keywords of `init_coodie` that it understands.
        link: What it holds.

    Raises:
        ConfigurationError: The options ask for what it does not have.
    """

    known_arguments: ClassVar[Sequence[str]] = KNOWN_ARGUMENTS

    def __init__(self, options: ConnectionOptions) -> None:
        check_options(options)
        self.name: str = options.name
        self.keyspace: str | None = options.keyspace
        self._options = options
        self.link: RustLink = RustLink(self, options)

    def __repr__(self) -> str:
        link = self.link
        return driver_repr(self, self._options.hosts, driver_version(), link.session is not None, link.is_closed)

    @property
    def session(self) -> Any | None:
        """The ``scylla.session.Session``, for what coodie does not offer; None while it is not connected."""
        return self.link.session

    async def connect(self) -> None:
        """Connect now. If that fails or is cancelled, the driver closes itself and leaves nothing behind."""
        try:
            await result_within(self.link.opening(), time_limit(None, monotonic))
        except BaseException as error:
            registry.remove(self)
            self.link.close()
            if isinstance(error, OutOfTime):
                raise not_connected_in_time(self, self._options.hosts, error.limit) from error
            raise

    async def execute(self, request: Request) -> Rows:
        limit = time_limit(request.options.timeout, monotonic)
        began = monotonic()
        attempts = Attempts(request, self._options.policies)
        prepared: dict[str, Prepared] = {}
        while True:
            try:
                return await self._attempt(request, limit, attempts, prepared)
            except CoodieError:
                raise
            except Exception as error:
                refused = refused_value(request, prepared, error)
                if refused is not None:
                    raise refused from None  # the driver's text may quote the value
                if is_disagreement(error):
                    return Rows(schema_agreed=False)
                explained = reported(error, self._options.hosts)
                left = seconds_left(limit, self.link.profiles.timeout, began, monotonic())
                again = attempts.failed(explained, left)
                if again is None:
                    closed, known = self.link.is_closed, self._options.hosts
                    raise reported_failure(self, closed, known, request, attempts, explained, limit) from error
            await asyncio.sleep(again.pause)

    async def _attempt(
        self, request: Request, limit: TimeLimit | None, attempts: Attempts, prepared: dict[str, Prepared]
    ) -> Rows:
        link = self.link
        session: Any = link.session or await result_within(link.opening(), limit)
        for cql in texts_to_prepare(request):
            found: Any = link.prepared.get(cql)
            if found is None:
                found = await result_within(link.preparing(session, cql), limit)
            prepared[cql] = found
        speculative = request.options.speculative or self._options.policies.speculative
        timeout = None if limit is None else waiting_time(limit, link.profiles.timeout)
        has_policy = attempts.policy is not None
        attempts.begin()
        result = await sending(session, request, prepared, link.profiles, speculative, timeout, has_policy)
        if not prepared:
            link.prepared.clear()  # after a schema change, columns of the same name may have another type
        return rows_of(result, prepared.get(request.cql) if isinstance(request, Statement) else None)

    async def _release(self) -> None:
        self.link.close()
