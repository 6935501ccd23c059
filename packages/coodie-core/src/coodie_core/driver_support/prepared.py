"""A bounded memory of prepared statements."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

MAX_PREPARED = 1_000
"""Texts that one driver remembers. An application has one text a shape of operation, so a few hundred; whoever writes
values into texts has one a value, and must not fill the memory."""


class PreparedStatements:
    """The prepared statements of one driver by their CQL text; the one not used for longest gives way to a new one.

    Any thread may call any method without a lock: each consists of steps of an `OrderedDict` of strings, each of which
    runs whole, and what another thread may do between two steps (drop the text that was just found) is provided for.

    Args:
        limit: How many texts are remembered.
    """

    def __init__(self, limit: int = MAX_PREPARED) -> None:
        self._limit = limit
        self._by_text: OrderedDict[str, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_text)

    def get(self, cql: str) -> Any | None:
        """Return what *cql* was prepared to, or None if it is not remembered."""
        prepared = self._by_text.get(cql)
        if prepared is not None:
            try:  # contextlib.suppress takes longer than all the rest
                self._by_text.move_to_end(cql)
            except KeyError:  # another thread has just dropped it: what was found is still good
                pass
        return prepared

    def add(self, cql: str, prepared: Any) -> None:
        """Remember *prepared* for *cql*."""
        self._by_text[cql] = prepared
        while len(self._by_text) > self._limit:
            try:
                self._by_text.popitem(last=False)
            except KeyError:  # other threads have just dropped the rest
                return

    def forget(self, texts: Iterable[str]) -> None:
        """Forget some texts, because what they were prepared to may be out of date."""
        for cql in texts:
            self._by_text.pop(cql, None)

    def clear(self) -> None:
        """Forget every text, because the schema changed and a text may mean something else now."""
        self._by_text.clear()
