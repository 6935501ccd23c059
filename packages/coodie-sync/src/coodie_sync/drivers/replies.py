"""Answers under way."""

from __future__ import annotations

from collections.abc import Callable

from coodie_core.exceptions import CoodieError
from coodie_core.statement import Rows


class Reply:
    """The answer of a request that was sent, and that may not have arrived yet.

    Nobody has to ask for it: an answer that is not wanted any more is dropped when it arrives.
    """

    def answer(self) -> Rows:
        """Return the answer, once it is there.

        Raises:
            DatabaseError: The cluster refused the request, or did not answer.
        """
        raise NotImplementedError

    def when_arrived(self, call: Callable[[], object]) -> None:
        """Have *call* called once the answer is there, on whatever thread; at once if it is there already."""
        raise NotImplementedError


class LaterReply(Reply):
    """The answer of a driver that only waits: it is fetched when it is asked for.

    Args:
        fetch: What fetches it.
    """

    def __init__(self, fetch: Callable[[], Rows]) -> None:
        self._fetch = fetch

    def answer(self) -> Rows:
        return self._fetch()

    def when_arrived(self, call: Callable[[], object]) -> None:
        call()


class FailedReply(Reply):
    """The answer of a request that could not be sent.

    Args:
        error: Why not.
    """

    def __init__(self, error: CoodieError) -> None:
        self._error = error

    def answer(self) -> Rows:
        raise self._error

    def when_arrived(self, call: Callable[[], object]) -> None:
        call()
