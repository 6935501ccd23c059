"""Operations: generators that yield requests, receive the answers, and return a result.

An operation decides; a runner in a shell acts. So that one piece of logic serves both APIs, nothing here or in
``operations/`` waits, sleeps or sends: ``answer = yield statement`` is the only way out.

A driver's error is raised at the ``yield`` that asked for the statement, so operations may catch it, explain it,
and clean up in ``finally``.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from coodie_core.statement import Request, Rows

T = TypeVar("T")
Operation = Generator[Request, Rows, T]
