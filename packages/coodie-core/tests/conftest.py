"""Operations are tested by playing the server: read what they ask, and feed them the answer."""

from __future__ import annotations

from typing import Any

import pytest

from coodie_core.statement import Rows


class Conversation:
    """An operation that was started, and what it asked so far.

    Attributes:
        requests: Everything that it asked, in order.
        result: What it returned, once it has ended.
    """

    def __init__(self, operation: Any) -> None:
        self.requests: list[Any] = []
        self._operation = operation
        self._go_on(lambda: next(operation))

    def _go_on(self, step: Any) -> None:
        try:
            self.requests.append(step())
        except StopIteration as finished:
            self._operation, self.result = None, finished.value

    @property
    def has_ended(self) -> bool:
        return self._operation is None

    @property
    def request(self) -> Any:
        """What it asked last."""
        return self.requests[-1]

    @property
    def cql(self) -> str:
        return self.request.cql

    @property
    def params(self) -> tuple[Any, ...]:
        return tuple(self.request.params)

    def answer(self, *rows: tuple[Any, ...], columns: tuple[str, ...] = (), paging_state: bytes | None = None) -> Any:
        """Let the server answer with these rows; return the conversation."""
        operation = self._operation
        self._go_on(lambda: operation.send(Rows(columns, rows, paging_state)))
        return self

    def fail(self, error: Exception) -> Any:
        """Let the driver raise *error*."""
        operation = self._operation
        self._go_on(lambda: operation.throw(error))
        return self


@pytest.fixture
def start() -> type[Conversation]:
    """Start an operation, and return the conversation with it."""
    return Conversation
