"""Queries: described step by step, sent by the methods that return something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Generic, Literal, TypeVar, overload

from coodie_aio.connection import driver_for
from coodie_aio.runner import begin, run
from coodie_aio.scanner import Scanner
from coodie_core import selection
from coodie_core.document import BaseDocument
from coodie_core.lazy import LazyDocument
from coodie_core.operations import paging, queries, reading
from coodie_core.operations.scanning import USUAL_PARALLEL, Scan
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.results import LWTResult, PagedResult
from coodie_core.statement import Rows

D = TypeVar("D", bound=BaseDocument)
R = TypeVar("R")


class ReadingQuerySet(BaseQuerySet[D], Generic[D, R]):
    """What every query set does that reads; what it reads, documents or tuples, its subclasses say."""

    def _results(self, query: Query[D], rows: Rows) -> list[R]:
        raise NotImplementedError

    def values_list(self, *fields: str) -> ValuesQuerySet[D]:
        """Return a query set of tuples with these fields' values, in place of documents.

        Args:
            *fields: Fields, or functions of fields: ``"writetime(name)"``, ``"ttl(name)"``, and ``"sum(total)"``,
                ``"avg(total)"``, ``"min(total)"``, ``"max(total)"``, ``"count(*)"``, which with `group_by` are those of
                each group. Without any, the fields that the documents would have.

        Raises:
            InvalidQueryError: A field or function does not exist, or the function is not for such a field.

        Example:
            ```python
            emails = await User.find(country="NL").values_list("id", "email").all()
            ```
        """
        return ValuesQuerySet(selection.with_values(self.query, fields))

    def select_token(self) -> ValuesQuerySet[D]:
        """Return a query set of tuples that end with the token of the partition key.

        Example:
            ```python
            tokens = await User.find().values_list("id").select_token().all()
            ```
        """
        return ValuesQuerySet(selection.with_token(self.query))

    def cast(self, field: str, cql_type: str) -> ValuesQuerySet[D]:
        """Return a query set of tuples in which the server gives a field as another type.

        Args:
            field: A field; where `values_list` named it, it keeps its place, otherwise it comes last.
            cql_type: A CQL type, such as ``"text"``, ``"double"`` or ``"date"``.

        Raises:
            InvalidQueryError: The field does not exist, or CQL does not make such a value of it.

        Example:
            ```python
            days = await Reading.find(sensor=sensor_id).cast("taken_at", "date").all()
            ```
        """
        return ValuesQuerySet(selection.with_cast(self.query, field, cql_type))

    def group_by(self, *fields: str) -> GroupedQuerySet[D]:
        """Return a query set with one tuple for each group of rows that have the same values in these fields.

        Args:
            *fields: The whole partition key, and any clustering keys after it, in their order. Fields that `find`
                compares with = may be left out.

        Raises:
            InvalidQueryError: A field does not exist, or is not part of the primary key.

        Example:
            ```python
            totals = await Order.find().values_list("customer", "sum(total)").group_by("customer").all()
            ```
        """
        return GroupedQuerySet(selection.grouped(self.query, fields))

    async def all(self) -> list[R]:
        """Return everything that fits, from all pages.

        Raises:
            FilteringRefused: Neither a key nor an index serves the query.
            RowDoesNotFit: A row cannot become a document.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            emails = await User.find(country="NL").values_list("email").all()
            ```
        """
        driver = driver_for(self.connection)
        return await run(reading.all_results(self.query, driver.keyspace, self._results), driver)

    async def first(self) -> R | None:
        """Return the first that fits, or None if there is none.

        Raises:
            FilteringRefused: Neither a key nor an index serves the query.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            newest = await Reading.find(sensor=sensor_id).order_by("-taken_at").first()
            ```
        """
        driver = driver_for(self.connection)
        return await run(reading.first(self.query, driver.keyspace, self._results), driver)

    async def get(self) -> R:
        """Return the only one that fits.

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
        return await run(reading.get(self.query, driver.keyspace, self._results), driver)

    async def count(self) -> int:
        """Return how many there are, at most as many as `limit` says.

        The server reads all of them to count them: on a large table this takes long, or times out. What CQL cannot
        count, such as groups or the rows of `per_partition_limit`, is counted by reading the keys.

        Raises:
            FilteringRefused: Neither a key nor an index serves the query.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            adults = await User.find(country="NL", age__gte=18).count()
            ```
        """
        driver = driver_for(self.connection)
        return await run(reading.count(self.query, driver.keyspace), driver)

    async def paged_all(self) -> PagedResult[R]:
        """Return one page of `fetch_size` results, and where the next one begins.

        Raises:
            InvalidPagingToken: The token that `page` was given is forged, too old, or of another query or principal.
            ConfigurationError: `page` was given a token, and the connection has no key for them.
            InvalidQueryError: The server would count rows that are no documents for the `limit`.
            FilteringRefused: Neither a key nor an index serves the query.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            page = await User.find().fetch_size(100).paged_all()
            rest = await User.find().page(page.paging_state).all()
            ```
        """
        driver = driver_for(self.connection)
        return await run(paging.page(self.query, driver.keyspace, self._results, driver.paging_tokens), driver)

    async def json(self) -> list[str]:
        """Return a JSON text for each document, as the server writes its row, from all pages.

        Raises:
            FilteringRefused: Neither a key nor an index serves the query.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            texts = await User.find(country="NL").only("name").json()
            ```
        """
        driver = driver_for(self.connection)
        return await run(reading.json(self.query, driver.keyspace), driver)

    def scan(self, *, parallel: int = USUAL_PARALLEL, checkpoint: Mapping[str, Any] | None = None) -> Scanner[R]:
        """Return a scan: reads the whole table, several ranges of tokens at the same time, each row once.

        Rows come in no order. The ranges are those of the nodes, so that each is asked of nodes that have it. Memory
        holds one page for each range that is read at the time, and one more. Filters need an index or
        `allow_filtering`, as ever.

        Args:
            parallel: How many ranges are read at the same time: 1 to 256.
            checkpoint: From the `Scanner.checkpoint` of an earlier scan of the same query: what that one handed out is
                passed over.

        Raises:
            InvalidQueryError: The query names partitions, sorts, limits or groups, which a scan cannot do; or the
                checkpoint is none, or one of another query.

        Example:
            ```python
            async for user in User.find().scan(parallel=8):
                index(user)
            ```
        """
        return Scanner(Scan(self.query, parallel, checkpoint), self._results, self.connection)

    async def __aiter__(self) -> AsyncIterator[R]:
        """Yield everything that fits: of one page, while the next one is on its way."""
        driver = driver_for(self.connection)
        walk = reading.PageWalk(self.query)
        page = await begin(walk.next_page(driver.keyspace, self._results), driver)
        while page is not None:
            results = walk.take(await page.result())
            page = await begin(walk.next_page(driver.keyspace, self._results), driver)
            for result in results:
                yield result


class ValuesQuerySet(ReadingQuerySet[D, tuple[Any, ...]]):
    """Tuples to read in place of documents, as `values_list` and its kin describe them.

    Values are what the documents' fields would be; where a document would not accept an empty column, it is None.
    """

    def _results(self, query: Query[D], rows: Rows) -> list[tuple[Any, ...]]:
        return selection.values_of(query, rows)


class GroupedQuerySet(ValuesQuerySet[D]):
    """One tuple for each group of rows, as `group_by` describes them."""

    async def aggregate(self, **functions: str) -> list[dict[str, Any]]:
        """Return for each group the fields that make it, and aggregate functions of its rows, in one statement.

        Args:
            **functions: By the name of each result, a function of a field: ``total="sum(price)"``.

        Raises:
            InvalidQueryError: A field or function does not exist, or the function is not for such a field.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            totals = await Order.find().group_by("customer").aggregate(orders="count(*)", total="sum(price)")
            ```
        """
        driver = driver_for(self.connection)
        return await run(reading.grouped_aggregate(self.query, driver.keyspace, functions), driver)


class QuerySet(ReadingQuerySet[D, D]):
    """Documents to read or change, as `Document.find` describes them.

    Methods such as `filter` and `limit` return a new query set and send nothing. The methods below send. Iterating
    reads one page after the other, so memory holds one page, however many documents there are.

    Example:
        ```python
        async for user in User.find(country="NL").limit(100):
            print(user.name)
        ```
    """

    def _results(self, query: Query[D], rows: Rows) -> list[D]:
        return reading.documents(query, rows)

    @overload
    async def all(self, lazy: Literal[False] = False) -> list[D]: ...
    @overload
    async def all(self, lazy: Literal[True]) -> list[LazyDocument[D]]: ...
    async def all(self, lazy: bool = False) -> list[D] | list[LazyDocument[D]]:
        """Return every document, from all pages.

        Args:
            lazy: Whether each row becomes a document only when an attribute is first looked at.

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
        return await run(reading.all_documents(self.query, driver.keyspace, lazy=lazy), driver)

    async def sum(self, field: str) -> Any:
        """Return the sum of a number field over all documents; 0 if there are none.

        The server adds whole numbers without limits, and floats with 64 bits.

        Raises:
            InvalidQueryError: The field does not exist or is no number, or only some of the rows were asked for.
            DatabaseError: The cluster refused or did not answer.
        """
        driver = driver_for(self.connection)
        return await run(reading.aggregate_of(self.query, driver.keyspace, "sum", field), driver)

    async def avg(self, field: str) -> Any:
        """Return the mean of a number field over all documents, as a float; 0 if there are none.

        Raises:
            InvalidQueryError: The field does not exist or is no number, or only some of the rows were asked for.
            DatabaseError: The cluster refused or did not answer.
        """
        driver = driver_for(self.connection)
        return await run(reading.aggregate_of(self.query, driver.keyspace, "avg", field), driver)

    async def min(self, field: str) -> Any:
        """Return the smallest value of a field over all documents; None if there are none.

        Raises:
            InvalidQueryError: The field does not exist, or only some of the rows were asked for.
            DatabaseError: The cluster refused or did not answer.
        """
        driver = driver_for(self.connection)
        return await run(reading.aggregate_of(self.query, driver.keyspace, "min", field), driver)

    async def max(self, field: str) -> Any:
        """Return the largest value of a field over all documents; None if there are none.

        Raises:
            InvalidQueryError: The field does not exist, or only some of the rows were asked for.
            DatabaseError: The cluster refused or did not answer.
        """
        driver = driver_for(self.connection)
        return await run(reading.aggregate_of(self.query, driver.keyspace, "max", field), driver)

    async def aggregate(self, **functions: str) -> dict[str, Any]:
        """Return several aggregate functions of all documents, in one statement.

        Args:
            **functions: By the name of each result, a function of a field: ``total="sum(price)"``. The functions are
                sum, avg, min, max and count, also as ``"count(*)"``.

        Raises:
            InvalidQueryError: A field or function does not exist, the function is not for such a field, or only some of
                the rows were asked for.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            prices = await Product.find(shop=7).aggregate(lowest="min(price)", highest="max(price)")
            ```
        """
        driver = driver_for(self.connection)
        return await run(reading.aggregate(self.query, driver.keyspace, functions), driver)

    async def writetime(self, field: str) -> int | None:
        """Return when a field of the only document that fits was written; None if it is empty.

        For several documents, ask with `values_list`: ``values_list("id", "writetime(name)")``.

        Args:
            field: A field that is not part of the primary key and not a collection of many cells.

        Returns:
            Microseconds since 1970.

        Raises:
            DocumentNotFound: No document fits.
            MultipleDocumentsFound: More than one does.
            InvalidQueryError: The field does not exist, or has no time of its own.
            DatabaseError: The cluster refused or did not answer.
        """
        driver = driver_for(self.connection)
        return await run(reading.of_cell(self.query, driver.keyspace, "writetime", field), driver)

    async def column_ttl(self, field: str) -> int | None:
        """Return the seconds after which a field of the only document that fits expires; None if it never does.

        For several documents, ask with `values_list`: ``values_list("id", "ttl(name)")``.

        Args:
            field: A field that is not part of the primary key and not a collection of many cells.

        Raises:
            DocumentNotFound: No document fits.
            MultipleDocumentsFound: More than one does.
            InvalidQueryError: The field does not exist, or has no time to live of its own.
            DatabaseError: The cluster refused or did not answer.
        """
        driver = driver_for(self.connection)
        return await run(reading.of_cell(self.query, driver.keyspace, "ttl", field), driver)

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
            **changes: A field and its new value, or a collection field with an operation: ``__add``, ``__append``,
                ``__prepend``, ``__update`` and ``__remove`` take what to add or remove, ``__put`` (map) and
                ``__setindex`` (list) a pair of place and element, or a dict.

        Returns:
            Whether the change was applied; always, unless there was a condition.

        Raises:
            InvalidQueryError: A field does not exist, a value does not fit, or `find` does not name one row: by its
                whole primary key, or by its partition key where only static columns are written. Or the class has a
                `Version`, or shares a table with its base, and no condition looks at that of the row.
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
            InvalidQueryError: `find` does not name at least one whole partition key. Or the class has a `Version`, or
                shares a table with its base, and no condition looks at that of the row.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await Reading.find(sensor=sensor_id, taken_at__lt=last_year).delete()
            ```
        """
        driver = driver_for(self.connection)
        return await run(queries.delete(self.query, driver.keyspace, if_conditions), driver)
