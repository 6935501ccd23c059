"""What a driver holds in one process: the session, the prepared statements, and the threads that get them.

Whatever takes long is a ``Future`` here. How to wait for it is what the two APIs do differently, in ``drivers``.
"""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from threading import Lock
from typing import Any

from coodie_aio.sessions import close_session, open_session
from coodie_aio.workers import Workers
from coodie_core.driver_support.answers import OpenDriver, check_text, session_of_parent, was_closed
from coodie_core.driver_support.options import ConnectionOptions
from coodie_core.driver_support.prepared import PreparedStatements

BLOCKING_CALLS = 4
"""Threads for connecting, preparing and closing. An application prepares each text once, so there are mostly none."""


class Link:
    """A driver's way to the cluster, in one process. It connects when the session is first asked for.

    Args:
        driver: Whose it is; its keyspace becomes that of the caller's own session where it has none.
        options: What was asked of `init_coodie`.
        inherited: Whether the driver was made by the process that this one was forked from.

    Attributes:
        session: The session, while there is one.
        prepared: The statements that are prepared.
    """

    def __init__(self, driver: OpenDriver, options: ConnectionOptions, *, inherited: bool = False) -> None:
        self.session: Any | None = None
        self.prepared: PreparedStatements = PreparedStatements()
        self._driver = driver
        self._options = options
        self._inherited = inherited
        self._preparing: dict[str, Future[Any]] = {}
        self._opening: Future[Any] | None = None
        self._closing: Future[None] | None = None
        self._lock = Lock()  # around the three above; held for moments, never while something is waited for
        self._workers = Workers(BLOCKING_CALLS, f"coodie-{options.name}")

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, or is being closed."""
        return self._closing is not None

    def opening(self) -> Future[Any]:
        """Return the session to come, the same one for all who ask; after a failure, the next one tries again.

        Raises:
            ConfigurationError: The driver was closed, or the session is one of the process that forked this one.
        """
        with self._lock:
            if self._closing is not None:
                raise was_closed(self._driver)
            if self._inherited and self._options.session is not None:
                raise session_of_parent(self._driver)
            if self._opening is None:
                self._opening = self._workers.submit(self._open)
            return self._opening

    def _open(self) -> Any:
        try:
            session = open_session(self._options)
        except BaseException:
            with self._lock:
                self._opening = None
            raise
        self._driver.keyspace = self._driver.keyspace or session.keyspace
        self.session = session
        return session

    def preparing(self, session: Any, cql: str) -> Future[Any]:
        """Return what *cql* is prepared to, once for all who ask at the same time.

        It goes on when nobody waits any more, so that the next one who needs it finds it.

        Raises:
            InvalidQueryError: It cannot be prepared.
        """
        check_text(cql)
        with self._lock:
            preparing = self._preparing.get(cql)
            if preparing is None:
                preparing = self._preparing[cql] = self._workers.submit(partial(self._prepare, session, cql))
            return preparing

    def _prepare(self, session: Any, cql: str) -> Any:
        try:
            prepared = session.prepare(cql)
            self.prepared.add(cql, prepared)
            return prepared
        finally:
            with self._lock:
                self._preparing.pop(cql, None)

    def closing(self) -> Future[None]:
        """Begin to close, unless that was begun, and return the end to come."""
        with self._lock:
            if self._closing is None:
                self._closing = self._workers.submit(partial(self._close, self._opening))
            return self._closing

    def _close(self, opening: Future[Any] | None) -> None:
        """Close the session, also one that is still being opened."""
        if opening is not None and opening.exception() is None:
            self.session = None
            close_session(opening.result(), self._options)

    def in_child(self) -> Link:
        """Return what takes its place in a process that was just forked; this one stays the parent's."""
        link = Link(self._driver, self._options, inherited=True)
        if self._closing is not None:
            link._closing = Future()
            link._closing.set_result(None)
        return link
