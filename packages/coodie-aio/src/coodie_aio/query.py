"""Queries: described step by step, sent by the methods that return something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

from coodie_aio.connection import driver_for
from coodie_aio.runner import run
from coodie_core.document import BaseDocument
from coodie_core.operations import queries
from coodie_core.query import BaseQuerySet
from coodie_core.results import LWTResult, PagedResult

D = TypeVar("D", bound=BaseDocument)


class QuerySet(BaseQuerySet[D]):
    """Documents to read or change, as `Document.find` describes them.

    Methods such as `filter` and `limit` return a new query set and send nothing. The methods below send. Iterating
    reads one page after the other, so memory holds one page, however many documents there are.

    Example:
        ```python
        async for user in User.find(country="NL").limit(100):
            print(user.name)
        ```
    """

    async def all(self) -> list[D]:
        """Return every document, from all pages.

        Raises:
            FilteringRefused: Neither a key nor an index serves the query.
            RowDoesNotFit: A row cannot become a document.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            users = await User.find(country="NL").all()
            ```
        """
        driver = driver_for(self.connection)
        return await run(queries.all_documents(self.query, driver.keyspace), driver)

    async def first(self) -> D | None:
        """Return the first document, or None if there is none.

        Raises:
            FilteringRefused: Neither a key nor an index serves the query.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            newest = await Reading.find(sensor=sensor_id).order_by("-taken_at").first()
            ```
        """
        driver = driver_for(self.connection)
        return await run(queries.first(self.query, driver.keyspace), driver)

    async def get(self) -> D:
        """Return the one document that fits.

        Raises:
            DocumentNotFound: None does.
            MultipleDocumentsFound: More than one does.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            user = await User.find(id=user_id).only("name").get()
            ```
        """
        driver = driver_for(self.connection)
        return await run(queries.get(self.query, driver.keyspace), driver)

    async def count(self) -> int:
        """Return how many documents there are, at most as many as `limit` says.

        The server reads all of them to count them: on a large table this takes long, or times out.

        Raises:
            FilteringRefused: Neither a key nor an index serves the query.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            adults = await User.find(country="NL", age__gte=18).count()
            ```
        """
        driver = driver_for(self.connection)
        return await run(queries.count(self.query, driver.keyspace), driver)

    async def paged_all(self) -> PagedResult[D]:
        """Return one page of `fetch_size` documents, and where the next one begins.

        Raises:
            FilteringRefused: Neither a key nor an index serves the query.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            page = await User.find().fetch_size(100).paged_all()
            rest = await User.find().page(page.paging_state).all()
            ```
        """
        driver = driver_for(self.connection)
        return await run(queries.page(self.query, driver.keyspace), driver)

    async def create(self, **fields: Any) -> D:
        """Return a new document with these fields, after it was written with the query set's options.

        Args:
            **fields: As for the document's own class.

        Raises:
            pydantic.ValidationError: The fields do not make a document.
            ConditionNotMet: With `if_not_exists`, a row has this primary key already.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            carol = await User.find().ttl(3600).create(name="Carol", email="carol@example.com")
            ```
        """
        driver = driver_for(self.connection)
        return await run(queries.create(self.query, driver.keyspace, fields), driver)

    async def update(self, *, if_conditions: Mapping[str, Any] | None = None, **changes: Any) -> LWTResult:
        """Change the row whose primary key `find` names, without reading it.

        Args:
            if_conditions: What must hold of the row, as in ``{"version": 3}`` (a lightweight transaction).
            **changes: A field and its new value, or a collection field with ``__add``, ``__append``, ``__prepend`` or
                ``__remove`` and what to add or remove.

        Returns:
            Whether the change was applied; always, unless there was a condition.

        Raises:
            InvalidQueryError: A field does not exist, a value does not fit, or `find` does not name one row.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await User.find(id=user_id).ttl(60).update(name="Bob", tags__add={"new"})
            ```
        """
        driver = driver_for(self.connection)
        return await run(queries.update(self.query, driver.keyspace, changes, if_conditions), driver)

    async def delete(self, *, if_conditions: Mapping[str, Any] | None = None) -> LWTResult:
        """Delete the row, the range of rows or the partition that `find` names by its key.

        Args:
            if_conditions: What must hold of the row, as in ``{"status": "closed"}`` (a lightweight transaction).

        Returns:
            Whether the rows were deleted; always, unless there was a condition.

        Raises:
            InvalidQueryError: `find` does not name at least one whole partition key.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await Reading.find(sensor=sensor_id, taken_at__lt=last_year).delete()
            ```
        """
        driver = driver_for(self.connection)
        return await run(queries.delete(self.query, driver.keyspace, if_conditions), driver)

    async def __aiter__(self) -> AsyncIterator[D]:
        """Yield every document, reading a page when it is needed."""
        query_set = self
        while True:
            page = await query_set.paged_all()
            for document in page.data:
                yield document
            if page.paging_state is None:
                return
            query_set = query_set.page(page.paging_state)
