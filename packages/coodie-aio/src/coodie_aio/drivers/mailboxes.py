"""What goes from other threads to an event loop, and from it to sockets, all at once instead of one by one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from coodie_aio._wire.outgoing import outgoing

T = TypeVar("T")

MOST_TOGETHER = 64
"""Requests that wait for each other: one that finds no room on a connection must not wait for what was not sent."""


class Mailbox:
    """The mail of one event loop.

    Waiters arrive here from other threads, and the event loop is woken for the first one only: it takes all that are
    there. What a thread of another loop does has no part in it.
    """

    def __init__(self) -> None:
        self._arrived: deque[asyncio.Future[None]] = deque()
        self._is_woken = False
        self._to_send: dict[Any, list[bytes]] = {}

    def wake(self, waiter: asyncio.Future[None], _outcome: object = None) -> None:
        """Let *waiter*, a future of the event loop, be done. Any thread may call this."""
        self._arrived.append(waiter)
        if self._is_woken:  # and it has not begun to take what is there: it sets this to False before
            return
        self._is_woken = True
        try:
            waiter.get_loop().call_soon_threadsafe(self._take)
        except RuntimeError:  # the event loop was closed: nobody waits any more
            self._arrived.clear()

    def _take(self) -> None:
        self._is_woken = False
        while self._arrived:
            waiter = self._arrived.popleft()
            if not waiter.done():  # done: the wait was cancelled
                waiter.set_result(None)

    def send_later(self, connection: Any, data: bytes) -> None:
        """Send *data* together with all that is sent on *connection* before the event loop comes round."""
        if not self._to_send:
            asyncio.get_running_loop().call_soon(self._send)
        parts = self._to_send.setdefault(connection, [])
        parts.append(data)
        if len(parts) >= MOST_TOGETHER:
            self._send()

    def _send(self) -> None:
        to_send, self._to_send = self._to_send, {}
        for connection, parts in to_send.items():
            connection.send_now(b"".join(parts))


_mailboxes: WeakKeyDictionary[asyncio.AbstractEventLoop, Mailbox] = WeakKeyDictionary()


def mailbox_of(loop: asyncio.AbstractEventLoop) -> Mailbox:
    """Return the mailbox of *loop*. To be called on its thread."""
    mailbox = _mailboxes.get(loop)
    if mailbox is None:
        mailbox = _mailboxes[loop] = Mailbox()
    return mailbox


def sent_together(send: Callable[..., T], *arguments: Any) -> T:
    """Return what *send* returns; what it sends goes out with what else is sent before the event loop comes round."""
    outgoing.collect = mailbox_of(asyncio.get_running_loop()).send_later
    try:
        return send(*arguments)
    finally:
        outgoing.collect = None
