"""What the sync API asks of a driver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from coodie_core.paging_tokens import PagingTokens
from coodie_core.registry import DEFAULT_NAME, Registry
from coodie_core.statement import Request, Rows
from coodie_sync.drivers.replies import LaterReply, Reply


class Driver(ABC):
    """A connection to a cluster, as documents see it.

    Use it as a context manager to close it at the end of a block:

    ```python
    with init_coodie(hosts=["127.0.0.1"], keyspace="shop"):
        ...
    ```

    Attributes:
        name: The name that it was opened with.
        keyspace: The keyspace of documents that name none.
        paging_tokens: What makes and reads `PagedResult.next_token`, if anything does.
    """

    name: str = DEFAULT_NAME
    keyspace: str | None = None
    paging_tokens: PagingTokens | None = None

    @property
    def api(self) -> str:
        """The API that it belongs to: ``"sync"``."""
        return "sync"

    @abstractmethod
    def execute(self, request: Request) -> Rows:
        """Send *request* and return its answer, one page of rows.

        Raises:
            DatabaseError: The cluster refused it, or did not answer.
            InvalidQueryError: It cannot be sent as it is.
            ConfigurationError: The driver was closed.
        """

    def send(self, request: Request) -> Reply:
        """Send *request* without waiting for its answer. A driver that cannot do that sends it when it is asked for.

        Raises:
            InvalidQueryError: It cannot be sent as it is.
            ConfigurationError: The driver was closed.
        """
        return LaterReply(lambda: self.execute(request))

    def close(self) -> None:
        """Release every connection and thread, and forget the driver's names. Closing twice does nothing."""
        registry.remove(self)
        self._release()

    @abstractmethod
    def _release(self) -> None:
        """Release what the driver holds, if that was not done yet."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


registry: Registry[Driver] = Registry("sync")
"""The drivers of coodie.sync by their names."""
