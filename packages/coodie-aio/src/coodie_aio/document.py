"""Documents: Pydantic models that read and write their rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from coodie_aio.batch import AsyncBatchQuery
from coodie_aio.connection import driver_for
from coodie_aio.drivers.concurrent import Source, write_all
from coodie_aio.hooks import Hooks
from coodie_aio.query import QuerySet
from coodie_aio.runner import run
from coodie_core.assignments import CollectionElements
from coodie_core.consistency import Consistency, SerialConsistency
from coodie_core.document import BaseDocument
from coodie_core.expressions import Condition
from coodie_core.operations import bulk, documents, json_writes, tables
from coodie_core.operations.bulk import USUAL_MAX_ERRORS, ProgressCallback
from coodie_core.options import OnUnknown, write_options
from coodie_core.query import query_of
from coodie_core.results import BulkReport, LWTResult, SchemaChanges
from coodie_core.retrying import RetryPolicy, SpeculativePolicy
from coodie_core.window import USUAL_MAXIMUM


class Document(Hooks, BaseDocument):
    """A Pydantic model whose instances are rows of a table.

    Fields carry markers from `coodie.fields` in ``Annotated``; ``class Settings`` names the table and its options.

    Example:
        ```python
        class User(Document):
            id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
            name: str
            email: str

            class Settings:
                name = "users"
        ```
    """

    __coodie_api__: ClassVar[str | None] = "coodie.aio"

    @classmethod
    async def sync_table(cls, dry_run: bool = False, drop_removed_indexes: bool = False) -> SchemaChanges:
        """Create the table and its user-defined types, or change what they lack: look, compare, then change.

        Columns, fields of types and indexes are added, and table options altered that the model names. Nothing is ever
        dropped, but indexes where that is asked for. Many processes may do this at the same time.

        Args:
            dry_run: Whether to change nothing and only return what would run.
            drop_removed_indexes: Whether to drop indexes that the model does not have, and replace those that it has
                in another way.

        Returns:
            The CQL that ran; empty if the table was as the model describes it. Its ``drift`` has what the table has
            otherwise than the model, and keeps.

        Raises:
            SchemaMismatch: The table has another primary key, or another type of a column or of a type's field.
            SchemaNotAgreed: A change took place, but not all nodes know it yet.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await User.sync_table()
            ```
        """
        driver = driver_for(cls.connection_name())
        return await run(
            tables.sync_table(cls, driver.keyspace, dry_run=dry_run, drop_removed_indexes=drop_removed_indexes), driver
        )

    @classmethod
    async def drop_table(cls) -> None:
        """Drop the table with all of its rows, if it exists.

        Raises:
            DatabaseError: The cluster refused or did not answer.
        """
        driver = driver_for(cls.connection_name())
        await run(tables.drop_table(cls, driver.keyspace), driver)

    @classmethod
    async def truncate(cls) -> None:
        """Delete every row of the table.

        Raises:
            DatabaseError: The cluster refused or did not answer, for example since a node is down.
        """
        driver = driver_for(cls.connection_name())
        await run(tables.truncate(cls, driver.keyspace), driver)

    @classmethod
    async def insert_many(
        cls,
        documents: Source[Self | Mapping[str, Any]],
        *,
        if_not_exists: bool = False,
        ttl: int | None = None,
        timestamp: int | datetime | None = None,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        serial_consistency: SerialConsistency | None = None,
        retry: RetryPolicy | None = None,
        speculative: SpeculativePolicy | None = None,
        on_unknown: OnUnknown = "raise",
        max_in_flight: int = USUAL_MAXIMUM,
        max_errors: int | None = USUAL_MAX_ERRORS,
        raise_on_error: bool = True,
        on_progress: ProgressCallback | None = None,
        checkpoint: Mapping[str, Any] | None = None,
    ) -> BulkReport:
        """Write many new documents at the same time, as many as the server keeps up with.

        They are taken as they are needed, so that they may be more than fit into memory. Each is checked before
        anything of it is sent. An error of one row does not keep the others from being written.

        Args:
            documents: Documents, or dicts of their fields: a list, a generator, or anything to iterate over.
            if_not_exists: Whether to write only where no row has the key (lightweight transactions, which take about
                four times as long). Otherwise a row that exists gets these values.
            ttl: Seconds until what is written expires: 0 (never) to 630,720,000.
            timestamp: The time of the writes: microseconds since 1970, or a timezone-aware datetime.
            consistency: A consistency level, its name or its number.
            timeout: Seconds to wait for each answer.
            serial_consistency: ``"SERIAL"`` or ``"LOCAL_SERIAL"``: how the condition is checked.
            retry: When a row is sent again after a failure, if not as the connection says.
            speculative: When a row is sent to a further node because the first is slow, if not as the connection says;
                only where it may be sent twice.
            on_unknown: ``"resolve"`` to read a row, where there was a condition and no answer came, and to tell by it
                whether it was written.
            max_in_flight: How many rows may be under way at most: 1 to 2,048.
            max_errors: At how many errors no more rows are taken; None for never.
            raise_on_error: Whether to raise at the end if there were errors. They are in the report either way.
            on_progress: Called with a `BulkProgress` ten times a second at most, and at the end.
            checkpoint: From the report or the progress of an earlier run with the same documents in the same order:
                those that were written are passed over.

        Returns:
            What became of each row.

        Raises:
            InvalidQueryError: An option is out of its range, or the class takes no new rows.
            BulkWriteError: Some rows were not written, or perhaps not. Its report says which, and why.

        Example:
            ```python
            report = await User.insert_many(User(name=name) for name in names)
            ```
        """
        driver = driver_for(cls.connection_name())
        options = write_options(
            ttl=ttl,
            timestamp=timestamp,
            consistency=consistency,
            timeout=timeout,
            serial_consistency=serial_consistency,
            retry=retry,
            speculative=speculative,
            on_unknown=on_unknown,
        )
        work = bulk.BulkWork(
            max_in_flight=max_in_flight,
            max_errors=max_errors,
            raise_on_error=raise_on_error,
            on_progress=on_progress,
            checkpoint=checkpoint,
            total=bulk.length_of(documents),
        )
        writer = bulk.writer_of(cls, driver.keyspace, options, if_not_exists=if_not_exists)
        return await write_all(documents, writer, work, driver)

    @classmethod
    def find(cls, *conditions: Condition, **filters: Any) -> QuerySet[Self]:
        """Return a query set of the documents that fit *conditions* and *filters*; nothing is sent yet.

        Args:
            *conditions: Comparisons that type checkers follow, as in ``col(User.age) >= 18``.
            **filters: A field and its value, or a field, two underscores and a look-up: ``age__gt=18``,
                ``id__in=[...]``, ``tags__contains="new"``. All must hold; without any, every document fits.

        Raises:
            InvalidQueryError: A field or look-up does not exist, or a value is not of the field's type.

        Example:
            ```python
            users = await User.find(country="NL").limit(10).all()
            ```
        """
        return QuerySet(query_of(cls, conditions, filters))

    @classmethod
    async def find_one(cls, *conditions: Condition, **filters: Any) -> Self | None:
        """Return the first document that fits *conditions* and *filters*, or None.

        Args:
            *conditions: As for `find`.
            **filters: As for `find`.

        Raises:
            InvalidQueryError: A field or look-up does not exist, or a value is not of the field's type.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            user = await User.find_one(id=user_id)
            ```
        """
        return await cls.find(*conditions, **filters).first()

    @classmethod
    async def get(cls, *conditions: Condition, **key: Any) -> Self:
        """Return the one document with this key.

        Args:
            *conditions: As for `find`.
            **key: The fields of the primary key, or others that identify one document.

        Raises:
            DocumentNotFound: There is none.
            MultipleDocumentsFound: There are several.
            InvalidQueryError: A field does not exist, or a value is not of the field's type.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            user = await User.get(id=user_id)
            ```
        """
        return await cls.find(*conditions, **key).get()

    @classmethod
    async def create(cls, **fields: Any) -> Self:
        """Return a new document with these fields, after it was saved.

        Args:
            **fields: As for the class itself.

        Raises:
            pydantic.ValidationError: The fields do not make a document.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            user = await User.create(name="Alice", email="alice@example.com")
            ```
        """
        return await cls.find().create(**fields)

    async def save(
        self,
        *,
        if_conditions: Mapping[str, Any] | None = None,
        if_exists: bool = False,
        ttl: int | None = None,
        timestamp: int | datetime | None = None,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        serial_consistency: SerialConsistency | None = None,
        retry: RetryPolicy | None = None,
        speculative: SpeculativePolicy | None = None,
        on_unknown: OnUnknown = "raise",
        batch: AsyncBatchQuery | None = None,
    ) -> LWTResult:
        """Write what is new or changed in this document.

        Of a new document that is every field with a value; a field that was left empty is not written, so another
        writer's value stays. Of a document that was read it is what changed since. A field set to None deletes its
        column. Of a list, set or dict that was read only the change is written, where it can be: what others added
        meanwhile stays, and no tombstone is left.

        Args:
            if_conditions: What must hold of the row, as in ``{"status": "open"}`` (a lightweight transaction).
            if_exists: Whether the row must exist (a lightweight transaction). Without it a missing row is created.
            ttl: Seconds until what is written expires: 0 (never) to 630,720,000. With a TTL every field is written.
            timestamp: The time of the write: microseconds since 1970, or a timezone-aware datetime.
            consistency: A consistency level, its name or its number.
            timeout: Seconds to wait for the answer.
            serial_consistency: ``"SERIAL"`` or ``"LOCAL_SERIAL"``: how the condition is checked.
            retry: When it is sent again after a failure, if not as the connection says.
            speculative: When it is sent to a further node because the first is slow, if not as the connection says:
                only what may be sent twice is.
            on_unknown: ``"resolve"`` to read the row, where there was a condition and no answer came, and to tell by it
                what became of the write. ``"raise"`` raises `OutcomeUnknown` at once.
            batch: A batch to add the write to, instead of sending it.

        Returns:
            Whether it was written; always, unless there was a condition. With *batch* that is not known yet.

        Raises:
            InvalidQueryError: A value cannot be stored, or an option is out of its range.
            VersionConflict: The document has a `Version`, and the row changed since it was read.
            OutcomeUnknown: Nobody knows whether the write took place.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            user = User(name="Alice", email="alice@example.com")
            await user.save()
            ```
        """
        driver = driver_for(type(self).connection_name())
        options = write_options(
            ttl=ttl,
            timestamp=timestamp,
            consistency=consistency,
            timeout=timeout,
            serial_consistency=serial_consistency,
            retry=retry,
            speculative=speculative,
            on_unknown=on_unknown,
        )
        return await run(
            documents.save(self, driver.keyspace, options, batch, if_conditions=if_conditions, if_exists=if_exists),
            driver,
        )

    async def insert(
        self,
        *,
        ttl: int | None = None,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        serial_consistency: SerialConsistency | None = None,
        retry: RetryPolicy | None = None,
        speculative: SpeculativePolicy | None = None,
        on_unknown: OnUnknown = "raise",
        batch: AsyncBatchQuery | None = None,
    ) -> LWTResult:
        """Write this document if no row has its primary key (a lightweight transaction).

        Args:
            ttl: Seconds until what is written expires: 0 (never) to 630,720,000.
            consistency: A consistency level, its name or its number.
            timeout: Seconds to wait for the answer.
            serial_consistency: ``"SERIAL"`` or ``"LOCAL_SERIAL"``: how the condition is checked.
            retry: When it is sent again after a failure, if not as the connection says.
            speculative: When it is sent to a further node because the first is slow, if not as the connection says:
                only what may be sent twice is.
            on_unknown: ``"resolve"`` to read the row, where there was a condition and no answer came, and to tell by it
                what became of the write. ``"raise"`` raises `OutcomeUnknown` at once.
            batch: A batch to add the write to, instead of sending it; its ``result`` has the outcome.

        Returns:
            Whether it was written, and if not, the row that the server found.

        Raises:
            InvalidQueryError: A value cannot be stored, or an option is out of its range.
            OutcomeUnknown: Nobody knows whether the write took place.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            result = await user.insert()
            if not result.applied:
                print("taken by", result.existing)
            ```
        """
        driver = driver_for(type(self).connection_name())
        options = write_options(
            ttl=ttl,
            consistency=consistency,
            timeout=timeout,
            serial_consistency=serial_consistency,
            retry=retry,
            speculative=speculative,
            on_unknown=on_unknown,
        )
        return await run(documents.insert(self, driver.keyspace, options, batch), driver)

    async def save_json(
        self,
        *,
        ttl: int | None = None,
        timestamp: int | datetime | None = None,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        speculative: SpeculativePolicy | None = None,
        batch: AsyncBatchQuery | None = None,
    ) -> LWTResult:
        """Write this document by ``INSERT INTO ... JSON``: every field that is set, as one JSON object.

        The row is the same as after `save`, which is faster and writes only what changed.

        Args:
            ttl: Seconds until what is written expires: 0 (never) to 630,720,000.
            timestamp: The time of the write: microseconds since 1970, or a timezone-aware datetime.
            consistency: A consistency level, its name or its number.
            timeout: Seconds to wait for the answer.
            retry: When it is sent again after a failure, if not as the connection says.
            speculative: When it is sent to a further node because the first is slow, if not as the connection says:
                only what may be sent twice is.
            batch: A batch to add the write to, instead of sending it.

        Returns:
            That it was written. With *batch* that is not known yet.

        Raises:
            InvalidQueryError: A value cannot be stored, or an option is out of its range.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await user.save_json()
            ```
        """
        driver = driver_for(type(self).connection_name())
        options = write_options(
            ttl=ttl, timestamp=timestamp, consistency=consistency, timeout=timeout, retry=retry, speculative=speculative
        )
        return await run(json_writes.save_json(self, driver.keyspace, options, batch), driver)

    async def update(
        self,
        *,
        if_conditions: Mapping[str, Any] | None = None,
        if_exists: bool = False,
        ttl: int | None = None,
        timestamp: int | datetime | None = None,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        serial_consistency: SerialConsistency | None = None,
        retry: RetryPolicy | None = None,
        speculative: SpeculativePolicy | None = None,
        on_unknown: OnUnknown = "raise",
        batch: AsyncBatchQuery | None = None,
        **fields: Any,
    ) -> LWTResult:
        """Write these fields of this document's row, and take them over into the document once they are written.

        Args:
            if_conditions: What must hold of the row, as in ``{"version": 3}`` (a lightweight transaction).
            if_exists: Whether the row must exist (a lightweight transaction). Without it a missing row is created.
            ttl: Seconds until what is written expires: 0 (never) to 630,720,000.
            timestamp: The time of the write: microseconds since 1970, or a timezone-aware datetime.
            consistency: A consistency level, its name or its number.
            timeout: Seconds to wait for the answer.
            serial_consistency: ``"SERIAL"`` or ``"LOCAL_SERIAL"``: how the condition is checked.
            retry: When it is sent again after a failure, if not as the connection says.
            speculative: When it is sent to a further node because the first is slow, if not as the connection says:
                only what may be sent twice is.
            on_unknown: ``"resolve"`` to read the row, where there was a condition and no answer came, and to tell by it
                what became of the write. ``"raise"`` raises `OutcomeUnknown` at once.
            batch: A batch to add the write to, instead of sending it.
            **fields: A field and its new value, or a collection field with an operation, which leaves the document in
                memory as it is: ``__add``, ``__append``, ``__prepend``, ``__update`` and ``__remove`` take what to
                add or remove, ``__put`` (map) and ``__setindex`` (list) a pair of place and element, or a dict.

        Returns:
            Whether the change was applied; always, unless there was a condition. With *batch* that is not known yet.

        Raises:
            InvalidQueryError: A field does not exist or is part of the primary key, or a value does not fit.
            VersionConflict: The document has a `Version`, and the row changed since it was read.
            OutcomeUnknown: Nobody knows whether the write took place.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await user.update(name="Bob")
            ```
        """
        driver = driver_for(type(self).connection_name())
        options = write_options(
            ttl=ttl,
            timestamp=timestamp,
            consistency=consistency,
            timeout=timeout,
            serial_consistency=serial_consistency,
            retry=retry,
            speculative=speculative,
            on_unknown=on_unknown,
        )
        return await run(
            documents.update(
                self, driver.keyspace, fields, options, batch, if_conditions=if_conditions, if_exists=if_exists
            ),
            driver,
        )

    async def delete(
        self,
        *,
        if_conditions: Mapping[str, Any] | None = None,
        if_exists: bool = False,
        timestamp: int | datetime | None = None,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        serial_consistency: SerialConsistency | None = None,
        retry: RetryPolicy | None = None,
        speculative: SpeculativePolicy | None = None,
        on_unknown: OnUnknown = "raise",
        batch: AsyncBatchQuery | None = None,
    ) -> LWTResult:
        """Delete this document's row.

        Args:
            if_conditions: What must hold of the row, as in ``{"status": "closed"}`` (a lightweight transaction).
            if_exists: Whether the row must exist (a lightweight transaction).
            timestamp: The time of the write: microseconds since 1970, or a timezone-aware datetime.
            consistency: A consistency level, its name or its number.
            timeout: Seconds to wait for the answer.
            serial_consistency: ``"SERIAL"`` or ``"LOCAL_SERIAL"``: how the condition is checked.
            retry: When it is sent again after a failure, if not as the connection says.
            speculative: When it is sent to a further node because the first is slow, if not as the connection says:
                only what may be sent twice is.
            on_unknown: ``"resolve"`` to read the row, where there was a condition and no answer came, and to tell by it
                what became of the write. ``"raise"`` raises `OutcomeUnknown` at once.
            batch: A batch to add the write to, instead of sending it.

        Returns:
            Whether the row was deleted; always, unless there was a condition. With *batch* that is not known yet.

        Raises:
            InvalidQueryError: A condition or an option cannot be.
            VersionConflict: The document has a `Version`, and the row changed since it was read.
            OutcomeUnknown: Nobody knows whether the write took place.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await user.delete()
            ```
        """
        driver = driver_for(type(self).connection_name())
        options = write_options(
            timestamp=timestamp,
            consistency=consistency,
            timeout=timeout,
            serial_consistency=serial_consistency,
            retry=retry,
            speculative=speculative,
            on_unknown=on_unknown,
        )
        return await run(
            documents.delete(self, driver.keyspace, options, batch, if_conditions=if_conditions, if_exists=if_exists),
            driver,
        )

    async def delete_columns(
        self,
        *columns: str,
        collection_elements: CollectionElements | None = None,
        timestamp: int | datetime | None = None,
        consistency: Consistency | None = None,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        speculative: SpeculativePolicy | None = None,
        batch: AsyncBatchQuery | None = None,
    ) -> None:
        """Delete single columns of this document's row, or single elements of its collections; the row stays.

        Args:
            *columns: The names of fields outside the primary key.
            collection_elements: Elements of collections by their fields: a map's key, a set's element or a list's
                index, or a list of them. The document in memory is left as it is then.
            timestamp: The time of the write: microseconds since 1970, or a timezone-aware datetime.
            consistency: A consistency level, its name or its number.
            timeout: Seconds to wait for the answer.
            retry: When it is sent again after a failure, if not as the connection says.
            speculative: When it is sent to a further node because the first is slow, if not as the connection says:
                only what may be sent twice is.
            batch: A batch to add the write to, instead of sending it.

        Raises:
            InvalidQueryError: Nothing is named, a field does not exist, or it is part of the primary key.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await user.delete_columns("nickname", collection_elements={"phones": ["work", "fax"]})
            ```
        """
        driver = driver_for(type(self).connection_name())
        options = write_options(
            timestamp=timestamp, consistency=consistency, timeout=timeout, retry=retry, speculative=speculative
        )
        await run(
            documents.delete_columns(
                self, driver.keyspace, columns, options, batch, collection_elements=collection_elements
            ),
            driver,
        )
