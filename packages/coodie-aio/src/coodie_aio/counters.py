"""Documents whose values are counters."""

from __future__ import annotations

from typing import ClassVar

from coodie_aio.batch import AsyncBatchQuery
from coodie_aio.connection import driver_for
from coodie_aio.document import Document
from coodie_aio.runner import run
from coodie_core.consistency import Consistency
from coodie_core.operations import counters
from coodie_core.options import write_options
from coodie_core.retrying import RetryPolicy
from coodie_core.schema import TableKind


class CounterDocument(Document):
    """A document whose fields, besides the primary key, are counters.

    Counters are changed by an amount and never set, so `save`, `insert`, `create` and `update` refuse. A row comes
    into being with its first increment.

    Example:
        ```python
        class PageViews(CounterDocument):
            url: Annotated[str, PrimaryKey()]
            views: Annotated[int, Counter()] = 0


        await PageViews(url="/home").increment(views=1)
        ```
    """

    __coodie_kind__: ClassVar[TableKind] = TableKind.COUNTER

    async def increment(
        self,
        *,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        batch: AsyncBatchQuery | None = None,
        **deltas: int,
    ) -> None:
        """Add to counters of this document's row. The document in memory stays as it is: read it again for the sum.

        Args:
            consistency: A consistency level, its name or its number.
            timeout: Seconds to wait for the answer. A counter update that timed out may or may not have taken place,
                and sending it again may count twice.
            retry: When it is sent again after a failure, if not as the connection says.
            batch: A batch of counter updates to add this one to, instead of sending it.
            **deltas: What to add to each counter.

        Raises:
            InvalidQueryError: A field is no counter, or an amount no whole number.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await PageViews(url="/home").increment(views=1)
            ```
        """
        driver = driver_for(type(self).connection_name())
        options = write_options(consistency=consistency, timeout=timeout, retry=retry)
        await run(counters.change(self, driver.keyspace, deltas, options, batch), driver)

    async def decrement(
        self,
        *,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        batch: AsyncBatchQuery | None = None,
        **deltas: int,
    ) -> None:
        """Subtract from counters of this document's row. The document in memory stays as it is.

        Args:
            consistency: A consistency level, its name or its number.
            timeout: Seconds to wait for the answer. A counter update that timed out may or may not have taken place,
                and sending it again may count twice.
            retry: When it is sent again after a failure, if not as the connection says.
            batch: A batch of counter updates to add this one to, instead of sending it.
            **deltas: What to subtract from each counter.

        Raises:
            InvalidQueryError: A field is no counter, or an amount no whole number.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await Stock(article="tea").decrement(packets=2)
            ```
        """
        driver = driver_for(type(self).connection_name())
        options = write_options(consistency=consistency, timeout=timeout, retry=retry)
        await run(counters.change(self, driver.keyspace, deltas, options, batch, sign=-1), driver)
