"""Operations: generators that yield requests, receive the answers, and return a result.

An operation decides; a runner in a shell acts. So that one piece of logic serves both APIs, nothing here or in
``operations/`` waits, sleeps or sends: ``answer = yield statement`` is the only way out.

A driver's error is raised at the ``yield`` that asked for the statement, so operations may catch it, explain it,
and clean up in ``finally``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeVar

from coodie_core.statement import Request, Rows

T = TypeVar("T")


class HookCall(NamedTuple):
    """Asks the runner to call a method that a user wrote, and to wait for it if it is async.

    Attributes:
        name: What the method is called, for errors.
        method: The method, bound to its document.
    """

    name: str
    method: Callable[[], Any]


Operation = Generator[Request | HookCall, Rows, T]

#: An operation that calls no hooks.
Reading = Generator[Request, Rows, T]
