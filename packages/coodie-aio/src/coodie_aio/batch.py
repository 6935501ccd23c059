"""Several writes in one request."""

from __future__ import annotations

from types import TracebackType
from typing import ClassVar, Self

from coodie_aio.connection import driver_for, registry
from coodie_aio.runner import run
from coodie_core.batch import BaseBatch
from coodie_core.operations import batches


class AsyncBatchQuery(BaseBatch):
    """Collects writes and sends them in one request at the end of the block; after an error nothing is sent.

    Example:
        ```python
        async with AsyncBatchQuery() as batch:
            await user1.save(batch=batch)
            await user2.save(batch=batch)
        ```
    """

    api: ClassVar[str | None] = "coodie.aio"

    def _name_of(self, connection: str | None) -> str:
        return registry.name_of(connection)

    async def execute(self) -> None:
        """Send what was collected, and end the batch.

        Raises:
            InvalidQueryError: The batch was sent or discarded already, or is strict and one that servers punish.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            batch = AsyncBatchQuery()
            await user.save(batch=batch)
            await batch.execute()
            ```
        """
        driver = driver_for(self.connection)
        await run(batches.send(self), driver)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            batches.discard(self)
        elif self.is_open:
            await self.execute()
