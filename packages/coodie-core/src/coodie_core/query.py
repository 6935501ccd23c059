"""A query as a value, and the chainable half of the query sets of both APIs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, NoReturn, Self, TypeVar

from coodie_core.consistency import Consistency, consistency_level
from coodie_core.cql_builder import Ordering, Restriction, build_select
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.expressions import Condition
from coodie_core.identifiers import checked_name
from coodie_core.lookups import conditions_as_restrictions, restrictions_of
from coodie_core.options import WriteOptions, checked_count, checked_timeout, checked_timestamp, checked_ttl
from coodie_core.plan import QueryPlan, query_plan
from coodie_core.schema import table_of
from coodie_core.statement import ExecutionOptions, Statement

D = TypeVar("D", bound=BaseDocument)


@dataclass(frozen=True, slots=True)
class Query(Generic[D]):
    """Everything that was asked of a query set; every terminal reads all of it.

    Attributes:
        model: The document class.
        filters: Which rows, with values in the driver's types.
        ordering: Clustering keys to sort by.
        columns: The fields to load, in the model's order; all of them if None.
        row_limit: The most rows in all.
        per_partition_limit: The most rows from each partition.
        allow_filtering: Whether the server may read rows only to throw them away.
        if_not_exists: Whether `create` only writes where no row has the key.
        if_exists: Whether `update` and `delete` only write where the row exists.
        write: The TTL and timestamp of writes; consistency and timeout of everything.
        paging_state: Where to go on reading.
        connection: The connection, where it is not the document's own.
        keyspace: The keyspace, where it is not the document's own.
    """

    model: type[D]
    filters: tuple[Restriction, ...] = ()
    ordering: tuple[Ordering, ...] = ()
    columns: tuple[str, ...] | None = None
    row_limit: int | None = None
    per_partition_limit: int | None = None
    allow_filtering: bool = False
    if_not_exists: bool = False
    if_exists: bool = False
    write: WriteOptions = field(default_factory=WriteOptions)
    paging_state: bytes | None = None
    connection: str | None = None
    keyspace: str | None = None

    @property
    def execution(self) -> ExecutionOptions:
        """Consistency, timeout and page size."""
        return self.write.execution

    @property
    def filtered_fields(self) -> tuple[str, ...]:
        """The fields that the filters are about."""
        return tuple(restriction.column for restriction in self.filters)


def select_statement(query: Query[Any], keyspace: str | None) -> Statement:
    """Return the statement that reads one page of *query* from the table in *keyspace*."""
    table = table_of(query.model)
    cql = build_select(
        table.name,
        keyspace,
        columns=query.columns or table.column_names,
        where=query.filters,
        order_by=query.ordering,
        per_partition_limit=query.per_partition_limit,
        limit=query.row_limit,
        allow_filtering=query.allow_filtering,
    )
    return Statement(cql.cql, cql.params, query.execution, query.paging_state)


def plan_of(query: Query[Any]) -> QueryPlan:
    """Return how the server would carry out *query*."""
    table = table_of(query.model)
    statement = select_statement(query, query.keyspace or table.settings.keyspace)
    return query_plan(
        table, statement.cql, tuple(statement.params), query.filters, allows_filtering=query.allow_filtering
    )


class BaseQuerySet(Generic[D]):
    """Describes documents to read or change, and sends nothing: each method returns a new query set.

    The query sets of `coodie.sync` and `coodie.aio` add the methods that send.
    """

    def __init__(self, query: Query[D]) -> None:
        self._query = query

    @property
    def query(self) -> Query[D]:
        """Everything that was asked so far."""
        return self._query

    @property
    def connection(self) -> str | None:
        """The name of the connection that carries it out; None for the default one."""
        return self._query.connection or self._query.model.connection_name()

    def filter(self, *conditions: Condition, **filters: Any) -> Self:
        """Return the query set narrowed to documents that also fit *conditions* and *filters*.

        Args:
            *conditions: Comparisons that type checkers follow, as in ``col(User.age) >= 18``.
            **filters: A field and its value, or a field, two underscores and a look-up: ``age__gt=18``,
                ``id__in=[...]``, ``tags__contains="new"``. All must hold.

        Raises:
            InvalidQueryError: A field or look-up does not exist, or a value is not of the field's type.

        Example:
            ```python
            User.find(country="NL").filter(age__gte=18)
            ```
        """
        table = table_of(self._query.model)
        added = (*conditions_as_restrictions(table, "find", conditions), *restrictions_of(table, "find", filters))
        return self._with(filters=self._query.filters + added)

    def limit(self, rows: int) -> Self:
        """Return the query set limited to the first *rows* documents.

        Raises:
            InvalidQueryError: *rows* is not a whole number from 1.
        """
        return self._with(row_limit=checked_count("limit", rows))

    def per_partition_limit(self, rows: int) -> Self:
        """Return the query set limited to the first *rows* documents of each partition.

        Raises:
            InvalidQueryError: *rows* is not a whole number from 1.
        """
        return self._with(per_partition_limit=checked_count("per_partition_limit", rows))

    def order_by(self, *fields: str) -> Self:
        """Return the query set sorted by clustering keys; within one partition, as CQL has it.

        Args:
            *fields: Clustering keys in their order; with ``-`` before the name for descending.

        Raises:
            InvalidQueryError: A field is no clustering key.

        Example:
            ```python
            Reading.find(sensor=sensor_id).order_by("-taken_at").limit(10)
            ```
        """
        return self._with(ordering=tuple(self._ordering(name) for name in fields))

    def _ordering(self, given: str) -> Ordering:
        table, name = table_of(self._query.model), given.removeprefix("-")
        table.column(name, f"order_by({given!r})")
        if name not in table.clustering_key:
            keys = ", ".join(table.clustering_key) or "none"
            raise InvalidQueryError(
                f"{table.document}.order_by({given!r}): CQL sorts by clustering keys only, and {name} is none. "
                f"The clustering keys of {table.document}: {keys}."
            )
        return Ordering(name, descending=given.startswith("-"))

    def only(self, *fields: str) -> Self:
        """Return the query set whose documents hold these fields and the primary key, and nothing else.

        Reading another field of such a document raises `FieldNotLoaded`; saving it leaves the other columns alone.

        Raises:
            InvalidQueryError: A field does not exist.
        """
        return self._with(columns=self._columns("only", fields, keep=True))

    def defer(self, *fields: str) -> Self:
        """Return the query set whose documents lack these fields; the primary key is always loaded.

        Raises:
            InvalidQueryError: A field does not exist.
        """
        return self._with(columns=self._columns("defer", fields, keep=False))

    def _columns(self, method: str, named: tuple[str, ...], *, keep: bool) -> tuple[str, ...]:
        table = table_of(self._query.model)
        for name in named:
            table.column(name, f"{method}({name!r})")
        return tuple(column.name for column in table.columns if column.is_primary_key or (column.name in named) is keep)

    def allow_filtering(self) -> Self:
        """Return the query set that may make the server read rows only to throw them away.

        Without it the server refuses such queries, because their cost grows with the table, not with the answer.
        """
        return self._with(allow_filtering=True)

    def if_not_exists(self) -> Self:
        """Return the query set whose `create` writes only where no row has the key (a lightweight transaction)."""
        return self._with(if_not_exists=True)

    def if_exists(self) -> Self:
        """Return the query set whose `update` and `delete` need the row to exist (a lightweight transaction)."""
        return self._with(if_exists=True)

    def ttl(self, seconds: int) -> Self:
        """Return the query set whose writes expire.

        Args:
            seconds: 0 (never) to 630,720,000 (20 years, the server's limit).

        Raises:
            InvalidQueryError: *seconds* is outside that range.
        """
        return self._with(write=replace(self._query.write, ttl=checked_ttl(seconds)))

    def timestamp(self, microseconds: int | datetime) -> Self:
        """Return the query set whose writes carry this time, by which the server settles conflicts.

        Args:
            microseconds: Microseconds since 1970, or a timezone-aware datetime.

        Raises:
            InvalidQueryError: It is neither.
        """
        return self._with(write=replace(self._query.write, timestamp=checked_timestamp(microseconds)))

    def consistency(self, level: Consistency) -> Self:
        """Return the query set that is carried out at this consistency level.

        Args:
            level: A level, its name (``"LOCAL_QUORUM"``), or the driver's constant.

        Raises:
            InvalidQueryError: There is no such level.
        """
        return self._execute(consistency=consistency_level(level))

    def timeout(self, seconds: float) -> Self:
        """Return the query set that waits at most *seconds* for each answer.

        Raises:
            InvalidQueryError: *seconds* is not a number above 0.
        """
        return self._execute(timeout=checked_timeout(seconds))

    def fetch_size(self, rows: int) -> Self:
        """Return the query set that reads *rows* documents in each request; all of them are read either way.

        Raises:
            InvalidQueryError: *rows* is not a whole number from 1.
        """
        return self._execute(fetch_size=checked_count("fetch_size", rows))

    def page(self, paging_state: bytes | None) -> Self:
        """Return the query set that begins where an earlier page ended.

        Args:
            paging_state: `PagedResult.paging_state` of the page before; None for the beginning.
        """
        return self._with(paging_state=paging_state)

    def using(self, connection: str | None = None, keyspace: str | None = None) -> Self:
        """Return the query set on another connection, or in another keyspace.

        Args:
            connection: The name that `init_coodie` was given.
            keyspace: A keyspace that has the same table.

        Raises:
            InvalidQueryError: *keyspace* cannot be the name of one.
        """
        if keyspace is not None:
            checked_name("keyspace", keyspace)
        return self._with(
            connection=connection or self._query.connection,
            keyspace=keyspace or self._query.keyspace,
        )

    def explain(self) -> QueryPlan:
        """Return how the server would read these documents, from what the model says; nothing is sent.

        Example:
            >>> User.find(email="alice@example.com").explain()  # doctest: +SKIP
            cql        SELECT "id", "name", "email" FROM "users" WHERE "email" = ?
            values     ('alice@example.com',)
            access     index on email: every node looks into its part of the index
            filtering  none
        """
        return plan_of(self._query)

    def _with(self, **changes: Any) -> Self:
        return type(self)(replace(self._query, **changes))

    def _execute(self, **changes: Any) -> Self:
        write = self._query.write
        return self._with(write=replace(write, execution=replace(write.execution, **changes)))

    def __len__(self) -> NoReturn:
        """Refuse: counting the rows of a query costs a request of its own, which `count` makes."""
        raise TypeError("a query set has no length: use count(), or all() and the length of the list.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BaseQuerySet) and self._query == other._query  # pyright: ignore[reportUnknownMemberType]

    def __hash__(self) -> int:
        return hash((self._query.model, self._query.filtered_fields))

    def __repr__(self) -> str:
        query = self._query
        filters = ", ".join(f"{item.column} {item.operator} ?" for item in query.filters) or "all"
        rest = [
            f"{name}={value!r}"
            for name, value in (("order_by", [*query.ordering]), ("limit", query.row_limit), ("only", query.columns))
            if value
        ]
        return f"<{type(self).__name__} of {query.model.__name__}: {', '.join([filters, *rest])}>"
