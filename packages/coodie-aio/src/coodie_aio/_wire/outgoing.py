"""Whether a thread sends each request at once, or collects those that it sends in one go."""

from __future__ import annotations

from collections.abc import Callable
from threading import local
from typing import Any


class Outgoing(local):
    """What a thread does with what it is about to send.

    Attributes:
        collect: Called with a connection and bytes for it, to be sent a little later; None to send at once.
    """

    collect: Callable[[Any, bytes], None] | None = None


outgoing = Outgoing()

FEW = 4
"""Requests under way on a connection, up to which nothing would be gained by sending several together."""
