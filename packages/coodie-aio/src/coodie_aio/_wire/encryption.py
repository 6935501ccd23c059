"""Encryption in threads of a process that may fork at any time."""

from __future__ import annotations

import os
import ssl
import threading

_random_numbers = threading.Lock()
_of_thread = threading.local()


def make_random_numbers() -> None:
    """Have OpenSSL set up its random numbers for this thread, with no fork meanwhile.

    It does so when a thread first encrypts, under a lock of the whole process (OpenSSL 3.0). In a child that was forked
    at that moment nobody would ever release it, and its first encrypted connection would wait for ever.
    """
    if getattr(_of_thread, "are_made", False):
        return
    with _random_numbers:
        hello = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(
            ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost"
        )
        try:
            hello.do_handshake()
        except ssl.SSLWantReadError:  # the server's turn; there is none
            pass
    _of_thread.are_made = True


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_random_numbers.acquire,
        after_in_parent=_random_numbers.release,
        after_in_child=_random_numbers.release,
    )
