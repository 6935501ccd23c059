"""Many writes at the same time, of documents of any class."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Self

from coodie_aio.connection import driver_for
from coodie_aio.drivers.concurrent import Flights
from coodie_core.consistency import Consistency
from coodie_core.document import BaseDocument
from coodie_core.operations import documents
from coodie_core.operations.bulk import USUAL_MAX_ERRORS, BulkWork, ProgressCallback
from coodie_core.operations.bulk_block import BaseBulkWrites, Stage
from coodie_core.options import WriteOptions, write_options
from coodie_core.retrying import RetryPolicy
from coodie_core.window import USUAL_MAXIMUM


class BulkWrites(BaseBulkWrites):
    """Writes that are carried out at the same time, begun one after the other: what `bulk` returns.

    Each method begins a write and returns once there is room for another one, so that rows can be written as they come,
    without all of them in memory. Which of two writes of one row comes last is not certain. A block is for the thread
    that opened it.

    Example:
        ```python
        async with bulk() as writes:
            for reading in readings:
                await writes.save(reading)
                await writes.update(sensors[reading.sensor], last=reading.value)
        print(writes.report.applied)
        ```
    """

    api: ClassVar[str | None] = "coodie.aio"

    def __init__(self, work: BulkWork, options: WriteOptions) -> None:
        self._flights = Flights(work)
        super().__init__(work, options)

    async def save(
        self, document: BaseDocument, *, ttl: int | None = None, timestamp: int | datetime | None = None
    ) -> None:
        """Begin to write what is new or changed in *document*, as `Document.save` does.

        Args:
            document: A document of any class.
            ttl: Seconds until what is written expires: 0 (never) to 630,720,000.
            timestamp: The time of the write: microseconds since 1970, or a timezone-aware datetime.

        Raises:
            BulkWriteError: There are so many errors that the run has stopped.
        """
        driver = driver_for(self._connection_of(document))
        options = self._options_of_row(ttl, timestamp)
        await self._flights.add(document, partial(documents.save, keyspace=driver.keyspace, options=options), driver)

    async def insert(self, document: BaseDocument, *, ttl: int | None = None) -> None:
        """Begin to write *document* where no row has its key, as `Document.insert` does (a lightweight transaction).

        Args:
            document: A document of any class.
            ttl: Seconds until what is written expires: 0 (never) to 630,720,000.

        Raises:
            BulkWriteError: There are so many errors that the run has stopped.
        """
        driver = driver_for(self._connection_of(document))
        options = self._options_of_row(ttl)
        await self._flights.add(document, partial(documents.insert, keyspace=driver.keyspace, options=options), driver)

    async def update(
        self,
        document: BaseDocument,
        /,
        *,
        ttl: int | None = None,
        timestamp: int | datetime | None = None,
        **fields: Any,
    ) -> None:
        """Begin to write these fields of the row of *document*, as `Document.update` does.

        Args:
            document: A document of any class.
            ttl: Seconds until what is written expires: 0 (never) to 630,720,000.
            timestamp: The time of the write: microseconds since 1970, or a timezone-aware datetime.
            **fields: A field and its new value, or a collection field with an operation.

        Raises:
            BulkWriteError: There are so many errors that the run has stopped.
        """
        driver = driver_for(self._connection_of(document))
        options = self._options_of_row(ttl, timestamp)
        writer = partial(documents.update, keyspace=driver.keyspace, changes=fields, options=options)
        await self._flights.add(document, writer, driver)

    async def delete(self, document: BaseDocument, *, timestamp: int | datetime | None = None) -> None:
        """Begin to delete the row of *document*, as `Document.delete` does.

        Args:
            document: A document of any class.
            timestamp: The time of the write: microseconds since 1970, or a timezone-aware datetime.

        Raises:
            BulkWriteError: There are so many errors that the run has stopped.
        """
        driver = driver_for(self._connection_of(document))
        options = self._options_of_row(timestamp=timestamp)
        await self._flights.add(document, partial(documents.delete, keyspace=driver.keyspace, options=options), driver)

    async def __aenter__(self) -> Self:
        return self._begin()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stage = Stage.ENDED
        await self._flights.end(error)


def bulk(
    *,
    consistency: Consistency | None = None,
    timeout: float | None = None,
    retry: RetryPolicy | None = None,
    max_in_flight: int = USUAL_MAXIMUM,
    max_errors: int | None = USUAL_MAX_ERRORS,
    raise_on_error: bool = True,
    on_progress: ProgressCallback | None = None,
    checkpoint: Mapping[str, Any] | None = None,
) -> BulkWrites:
    """Return a block in which many writes are carried out at the same time; its end waits for all of them.

    How many are under way is found out while it runs: more while the server keeps up, half as many when it says, or
    shows by its time, that it does not. What was too much for it is sent again. An error of one write does not keep the
    others from being written.

    Args:
        consistency: A consistency level, its name or its number.
        timeout: Seconds to wait for each answer.
        retry: When a write is sent again after a failure, if not as the connection says.
        max_in_flight: How many writes may be under way at most: 1 to 2,048.
        max_errors: At how many errors no more writes are begun; None for never.
        raise_on_error: Whether the end of the block raises if there were errors. They are in the report either way.
        on_progress: Called with a `BulkProgress` ten times a second at most, and at the end.
        checkpoint: From the report of an earlier block with the same writes in the same order: those that were carried
            out are passed over.

    Raises:
        InvalidQueryError: An option is not of its type, or out of its range.
        BulkWriteError: At the end of the block: some writes were not carried out, or perhaps not.

    Example:
        ```python
        async with bulk(consistency="LOCAL_QUORUM") as writes:
            for user in users:
                await writes.save(user)
        ```
    """
    options = write_options(consistency=consistency, timeout=timeout, retry=retry)
    work = BulkWork(
        max_in_flight=max_in_flight,
        max_errors=max_errors,
        raise_on_error=raise_on_error,
        on_progress=on_progress,
        checkpoint=checkpoint,
    )
    return BulkWrites(work, options)
