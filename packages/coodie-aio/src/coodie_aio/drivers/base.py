"""What the aio API asks of a driver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from coodie_aio.drivers.replies import LaterReply, Reply
from coodie_core.paging_tokens import PagingTokens
from coodie_core.registry import DEFAULT_NAME, Registry
from coodie_core.statement import Request, Rows


class Driver(ABC):
    """A connection to a cluster, as documents see it.

    Use it as a context manager to close it at the end of a block:

    ```python
    async with await init_coodie(hosts=["127.0.0.1"], keyspace="shop"):
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
        """The API that it belongs to: ``"aio"``."""
        return "aio"

    @abstractmethod
    async def execute(self, request: Request) -> Rows:
        """Send *request* and return its answer, one page of rows.

        Raises:
            DatabaseError: The cluster refused it, or did not answer.
            InvalidQueryError: It cannot be sent as it is.
            ConfigurationError: The driver was closed.
        """

    async def send(self, request: Request) -> Reply:
        """Send *request* without waiting for its answer. A driver that cannot do that sends it when it is asked for.

        Raises:
            InvalidQueryError: It cannot be sent as it is.
            ConfigurationError: The driver was closed.
        """
        return LaterReply(lambda: self.execute(request))

    async def close(self) -> None:
        """Release every connection and thread, and forget the driver's names. Closing twice does nothing."""
        registry.remove(self)
        await self._release()

    @abstractmethod
    async def _release(self) -> None:
        """Release what the driver holds, if that was not done yet."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


registry: Registry[Driver] = Registry("aio")
"""The drivers of coodie.aio by their names."""
