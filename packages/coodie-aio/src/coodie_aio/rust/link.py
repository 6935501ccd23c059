"""What a driver on scylladb-rs-driver holds in one process: the session and the prepared statements.

Whatever takes long is a ``Future`` here. How to wait for it is what the two APIs do differently, in ``drivers``.
"""

from __future__ import annotations

import atexit
import gc
import os
from concurrent.futures import Future
from functools import partial
from threading import Event, Lock, Thread
from types import BuiltinFunctionType
from typing import Any
from weakref import WeakSet

from coodie_aio.rust.sessions import Prepared, Profiles, connecting, touch_package
from coodie_core.driver_support.answers import OpenDriver, check_text, was_closed
from coodie_core.driver_support.errors import Circumstances, coodie_error
from coodie_core.driver_support.options import ConnectionOptions
from coodie_core.driver_support.prepared import PreparedStatements
from coodie_core.driver_support.rust_errors import reported
from coodie_core.exceptions import ConfigurationError

PAUSES_AFTER_CLOSING = (0.01, 0.1, 1)
"""Seconds. Its threads are done with an answer in far less than a millisecond, unless the machine is busy."""
FEW = 1_000
"""Answers under way, until some are looked for that have come and that nobody asked for."""
END_OF_RUNTIME = "_shutdown_runtime"
"""scylladb-rs-driver 0.2: what ends its threads at the exit of a program."""


class RustLink:
    """A driver's way to the cluster. It connects when the session is first asked for.

    Args:
        driver: Whose it is.
        options: What was asked of `init_coodie`.

    Attributes:
        session: The session, while there is one.
        prepared: The statements that are prepared.
        profiles: How requests are carried out.
        is_closed: Whether it was closed.
    """

    def __init__(self, driver: OpenDriver, options: ConnectionOptions) -> None:
        self.session: Any | None = None
        self.prepared: PreparedStatements = PreparedStatements()
        self.profiles: Profiles = Profiles(options)
        self.is_closed: bool = False
        self._driver = driver
        self._options = options
        self._opening: Future[Any] | None = None
        self._preparing: dict[str, Future[Prepared]] = {}
        self._lock = Lock()  # around the two above; held for moments
        self._under_way: set[Any] = set()
        self._room = FEW
        links.add(self)

    def opening(self) -> Future[Any]:
        """Return the session to come, the same one for all who ask; after a failure, the next one tries again.

        Raises:
            ConfigurationError: The driver was closed, or this process was forked from one that used it.
        """
        with self._lock:
            if self.is_closed:
                raise was_closed(self._driver)
            if process.is_forked:
                raise not_in_children(self._driver)
            if self._opening is not None:
                return self._opening
            process.has_threads = True
            session = connecting(self._options, self.profiles)
            opening = self._opening = Future[Any]()
        session.on_done(partial(self._opened, opening))
        return opening

    def _opened(self, opening: Future[Any], done: Any) -> None:
        try:
            session = done.result()
        except Exception as error:
            with self._lock:
                self._opening = None
            opening.set_exception(self._not_opened(error))
            return
        if not self.is_closed:
            self.session = session
        opening.set_result(session)

    def _not_opened(self, error: Exception) -> Exception:
        known = self._options.hosts
        circumstances = Circumstances(keyspace=self._options.keyspace, known=known)
        failed = coodie_error(reported(error, known), circumstances)
        failed.__cause__ = error
        return failed

    def preparing(self, session: Any, cql: str) -> Future[Prepared]:
        """Return what *cql* is prepared to, once for all who ask at the same time.

        Raises:
            InvalidQueryError: It cannot be prepared.
        """
        check_text(cql)
        with self._lock:
            preparing = self._preparing.get(cql)
            if preparing is not None:
                return preparing
            preparing = self._preparing[cql] = Future[Prepared]()
        session.prepare(cql).on_done(partial(self._prepared, cql, preparing))
        return preparing

    def _prepared(self, cql: str, preparing: Future[Prepared], done: Any) -> None:
        with self._lock:
            self._preparing.pop(cql, None)
        try:
            prepared = Prepared(done.result())
        except Exception as error:
            preparing.set_exception(error)
            return
        self.prepared.add(cql, prepared)
        preparing.set_result(prepared)

    def under_way(self, future: Any) -> None:
        """Take note of a request that was sent, by its answer to come."""
        if len(self._under_way) >= self._room:
            self._forget_unwanted()
        self._under_way.add(future)
        if self.is_closed:  # since the request asked for the session
            future.cancel()

    def ended(self, future: Any) -> None:
        """Take note that nobody waits for *future* any more."""
        self._under_way.discard(future)

    def _forget_unwanted(self) -> None:
        """Drop the answers that have come and that nobody asked for."""
        for future in tuple(self._under_way):
            if future.done():
                self._under_way.discard(future)
        self._room = max(FEW, 2 * len(self._under_way))

    def leave_to_parent(self) -> object:
        """Return what this process must never finalize, in one that was just forked, and begin without it."""
        left = (self.session, self.prepared, self._opening, self._preparing, self._lock, self._under_way)
        self.session, self.prepared, self._opening = None, PreparedStatements(), None
        self._preparing, self._lock, self._under_way = {}, Lock(), set()
        return left

    def closing(self) -> Future[None]:
        """Leave the session, whose connections are closed when nobody uses it any more."""
        with self._lock:
            self.is_closed = True
            self._opening = None
        had_session, self.session = self.session is not None, None
        self.prepared.clear()
        for future in tuple(self._under_way):  # each would keep the session until its answer comes
            future.cancel()
        if had_session:
            Thread(target=let_go_of_sessions, name=f"coodie-{self._options.name}", daemon=True).start()
        closed = Future[None]()
        closed.set_result(None)
        return closed


def let_go_of_sessions() -> None:
    """Have the package give up sessions that its own threads were the last to use.

    What those threads drop is given up only when Python calls the package the next time (PyO3, "Memory management").
    """
    for seconds in PAUSES_AFTER_CLOSING:
        Event().wait(seconds)
        touch_package()


class Process:
    """What is known of this process: the package's threads, once begun, do not exist in processes forked from it.

    Attributes:
        has_threads: Whether they were begun here.
        is_forked: Whether they were begun in the process that this one was forked from.
    """

    has_threads: bool = False
    is_forked: bool = False


process: Process = Process()
links: WeakSet[RustLink] = WeakSet()
"""The links of this process."""
left_to_parent: list[object] = []
"""What this process inherited and must never finalize."""


def begin_in_child() -> None:
    """Keep the process that was just forked from waiting for threads that do not exist in it."""
    if not process.has_threads:
        return
    process.is_forked = True
    forget_end_of_runtime()
    for link in tuple(links):
        left_to_parent.append(link.leave_to_parent())


def forget_end_of_runtime() -> None:
    """Keep the end of this process from waiting for the package's threads, which are in another one.

    The package has that done at the exit by a function of which nothing else knows.
    """
    for thing in gc.get_objects():
        if isinstance(thing, BuiltinFunctionType) and thing.__name__ == END_OF_RUNTIME:
            atexit.unregister(thing)


def not_in_children(driver: OpenDriver) -> ConfigurationError:
    """Return the error for the use of the package in a forked process."""
    return ConfigurationError(
        f"The driver {driver.name!r} of coodie.{driver.api} is on scylladb-rs-driver, whose threads do not exist in a "
        f"process that was forked from one that used it. Connect first in the forked processes, start them with "
        f"multiprocessing's 'spawn', or use driver_type='scylla'."
    )


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=begin_in_child)
