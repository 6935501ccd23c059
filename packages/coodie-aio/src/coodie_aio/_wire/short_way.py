"""Requests of prepared statements past the driver's ``ResponseFuture``, which costs more than all the rest of them.

Only what is as usual goes this way: sent to the first node that the driver would ask, on a connection of its pool, and
answered with rows or with nothing. Whatever else happens is the driver's: where a request cannot be sent at once, it is
left to the driver from the beginning; where the answer is anything else, or does not come in time, a ``ResponseFuture``
takes over the request as it stands, and its retries, preparing anew and errors are what they always are.
"""

# pyright: basic, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportOptionalIterable=false
# (the driver has no types, and what is inferred of it is not what it does)

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any

from cassandra.connection import ConnectionBusy, ConnectionShutdown

from coodie_aio._wire.direct import DirectConnection
from coodie_aio._wire.frames import DONE, QuickFrames, QuickRows
from coodie_core.driver_support.answers import rows_of
from coodie_core.statement import NO_ROWS, Rows

UNSENDABLE = (ConnectionBusy, ConnectionShutdown)
"""What a connection raises before it knows of a request."""


class ShortRequest:
    """A request that was sent the short way, or is about to be.

    Args:
        session: Who sends it.
        statement: The driver's statement, with its values.
        message: What is sent of it.
        metadata: What the columns of its answer are remembered by.
        timeout: The seconds that its answer may take; None for as long as it takes.
        paging_state: Where the page begins that it asks for.

    Attributes:
        query: The statement, as a ``ResponseFuture`` calls it.
        message: What is sent of it.
        timeout: The seconds that its answer may take.
        row_factory: What the driver makes of rows, should it come to that.
        full: The ``ResponseFuture`` that took it over, if one did.
    """

    __slots__ = (
        "_answer",
        "_began",
        "_calls",
        "_connection",
        "_host",
        "_metadata",
        "_paging_state",
        "_pool",
        "_session",
        "_stream",
        "_timer",
        "full",
        "message",
        "query",
        "row_factory",
        "timeout",
    )

    def __init__(
        self,
        session: Any,
        statement: Any,
        message: Any,
        metadata: Any,
        timeout: float | None,
        paging_state: bytes | None,
    ) -> None:
        self._session = session
        self.query: Any = statement
        self.message: Any = message
        self._metadata = metadata
        self.timeout: float | None = timeout
        self._paging_state = paging_state
        self.row_factory: Any = None
        self.full: Any = None
        self._began = time()
        self._answer: Any = None
        self._calls: list[Callable[[], object]] = []
        self._timer: Any = None

    def is_sent(self, host: Any, pool: Any, token: Any) -> bool:
        """Send it on a connection of *pool*, and return True; False if that is not to be had at once.

        Args:
            host: Whose pool it is.
            pool: The driver's connections to a node.
            token: Where on the ring its partition is, if that is known.
        """
        query = self.query
        try:
            connection, stream = pool.borrow_connection(0, query.routing_key, query.keyspace, query.table, token)
        except Exception:  # all are busy, or closed: the driver waits for one, or asks the next node
            return False
        self._host, self._pool, self._connection, self._stream = host, pool, connection, stream
        if self.timeout is not None:
            self._timer = DirectConnection.create_timer(self.timeout, self._no_answer_in_time)
        try:
            connection.send_msg(
                self.message, stream, self, QuickFrames.encode_message, QuickFrames.decode_message, self._metadata
            )
        except Exception as error:
            return not self._is_given_back(error)
        return True

    def _is_given_back(self, error: Exception) -> bool:
        """Give back the connection that could not take the request, unless it is broken, and the answer says so."""
        connection = self._connection
        if not isinstance(error, UNSENDABLE) and connection._requests.pop(self._stream, None) is None:
            return False
        if self._timer is not None:
            self._timer.cancel()
        with connection.lock:
            connection.request_ids.append(self._stream)
            is_open = not (connection.is_closed or connection.is_defunct or self._pool.is_shutdown)
            if not is_open:  # as if it had not been borrowed: the driver is to find that out
                connection.in_flight -= 1
        if is_open:
            self._pool.return_connection(connection)
        return True

    def __call__(self, response: Any) -> None:
        """Take the answer. The driver calls this, on the thread of its reactor; or on any, when a connection breaks."""
        if (response is DONE or response.__class__ is QuickRows) and self.full is None:
            if self._timer is not None:
                self._timer.cancel()
            pool = self._pool
            if not pool.is_shutdown:
                pool.return_connection(self._connection)
            self._end(response)
        else:
            self._leave_to_driver(lambda full: full._set_result(self._host, self._connection, self._pool, response))

    def _no_answer_in_time(self) -> None:
        if self._answer is None:
            self._leave_to_driver(lambda full: full._on_timeout())

    def _leave_to_driver(self, go_on: Callable[[Any], object]) -> None:
        """Have a ``ResponseFuture`` go on with the request."""
        try:
            full = self._in_full()
        except Exception as error:  # only if the session was closed meanwhile: there must be an end all the same
            self._end(error)
        else:
            go_on(full)

    def _in_full(self) -> Any:
        """Return the request as the driver would have it at this point, had it sent it: the same one always."""
        if self.full is None:
            full = self._session._create_response_future(
                self.query, None, False, None, self.timeout, paging_state=self._paging_state
            )
            full._cancel_timer()
            full._protocol_handler = self._session.client_protocol_handler
            full.message, full.row_factory, full._start_time = self.message, self.row_factory, self._began
            full._bound_result_metadata = self._metadata
            full._current_host, full._connection, full._req_id = self._host, self._connection, self._stream
            full.attempted_hosts.append(self._host)
            full.query_plan = (host for host in full.query_plan if host is not self._host)
            if self._take(full):
                if self._timer is not None:
                    self._timer.cancel()
                full._timer = None
                full._start_timer()
                full.add_callbacks(self._end_in_full, self._end_in_full)
        return self.full

    def _take(self, full: Any) -> bool:
        """Let *full* be what takes over, and return True; False if another thread was first."""
        with self._connection.lock:
            if self.full is not None:
                return False
            self.full = full
            return True

    def _end_in_full(self, _outcome: object) -> None:
        self._end(self.full)

    def _end(self, answer: Any) -> None:
        self._answer = answer
        self._call_back()

    def _call_back(self) -> None:
        while self._calls:
            try:
                call = self._calls.pop()
            except IndexError:  # another thread took it
                return
            call()

    def when_done(self, call: Callable[[], object]) -> None:
        """Have *call* called once it is done, on whatever thread; at once if it is done already."""
        self._calls.append(call)
        if self._answer is not None:
            self._call_back()

    def rows(self) -> Rows:
        """Return the answer, which is there.

        Raises:
            Exception: What the driver raises.
        """
        answer = self._answer
        if answer is DONE:
            return NO_ROWS
        if answer.__class__ is QuickRows:
            return Rows(answer.column_names, answer.parsed_rows, answer.paging_state)
        if answer is self.full:
            return rows_of(answer)
        raise answer
