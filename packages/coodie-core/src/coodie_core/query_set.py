"""The chainable half of the query sets of both APIs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, NoReturn, Self, TypeVar

from coodie_core.consistency import Consistency, SerialConsistency, consistency_level, serial_consistency_level
from coodie_core.cql_builder import Nearness, Ordering
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.expressions import Condition
from coodie_core.family import columns_to_read
from coodie_core.identifiers import checked_name
from coodie_core.lookups import null_check
from coodie_core.options import (
    OnUnknown,
    Principal,
    checked_count,
    checked_paging_state,
    checked_principal,
    checked_server_timeout,
    checked_timeout,
    checked_timestamp,
    checked_ttl,
    is_resolving,
)
from coodie_core.plan import QueryPlan
from coodie_core.query import Query, narrowed
from coodie_core.query_statements import plan_of
from coodie_core.retrying import RetryPolicy, SpeculativePolicy, checked_policy
from coodie_core.schema import table_of
from coodie_core.validation import bound

D = TypeVar("D", bound=BaseDocument)


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
                ``id__in=[...]``, ``tags__contains="new"``, ``id__token__gt=token``. All must hold.

        Raises:
            InvalidQueryError: A field or look-up does not exist, or a value is not of the field's type.

        Example:
            ```python
            User.find(country="NL").filter(age__gte=18)
            ```
        """
        return type(self)(narrowed(self._query, conditions, filters))

    def is_null(self, field: str) -> Self:
        """Return the query set whose `update` and `delete` need this column to be empty (a lightweight transaction).

        It cannot find rows: CQL has no way to look for an empty column, and reading such a query set is an error.

        Args:
            field: A field that is not part of the primary key.

        Raises:
            InvalidQueryError: The field does not exist, or is never empty.

        Example:
            ```python
            Task.find(id=task_id).is_null("owner").update(owner="Alice")
            ```
        """
        return self._null_check("is_null", field, is_null=True)

    def is_not_null(self, field: str) -> Self:
        """Return the query set whose `update` and `delete` need this column to hold something.

        Args:
            field: A field that is not part of the primary key.

        Raises:
            InvalidQueryError: The field does not exist, or is never empty.
        """
        return self._null_check("is_not_null", field, is_null=False)

    def _null_check(self, method: str, field: str, *, is_null: bool) -> Self:
        added = null_check(table_of(self._query.model), field, f"{method}({field!r})", is_null=is_null)
        return self._with(null_checks=(*self._query.null_checks, added))

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

    def order_by_ann(self, column: str, vector: Sequence[float]) -> Self:
        """Return the query set whose first documents are those with the nearest vectors.

        The column needs a vector index, and the query a `limit`, at most 1,000.

        Args:
            column: A vector field.
            vector: As many numbers as the field has dimensions.

        Raises:
            InvalidQueryError: The field does not exist or is no vector, or the vector is not of its length.

        Example:
            ```python
            Article.find().order_by_ann("embedding", embed("tea")).limit(10)
            ```
        """
        table, asked = table_of(self._query.model), f"order_by_ann({column!r}, ...)"
        _ = table.column(column, asked)
        if table.types[column].name != "vector":
            raise InvalidQueryError(f"{table.document}.{asked}: {column} is {table.types[column]}, not a vector.")
        return self._with(nearest=Nearness(column, bound(table, column, vector, asked)))

    def distinct(self) -> Self:
        """Return the query set that reads one row for each partition: its partition key and its static columns.

        Documents that it finds hold nothing else: reading another field raises `FieldNotLoaded`.

        Example:
            ```python
            sensors = Reading.find().distinct().values_list("sensor")
            ```
        """
        return self._with(distinct=True)

    def validate(self) -> Self:
        """Return the query set whose documents Pydantic makes, with `model_validate`, as if they were new.

        Documents are the same without it: coodie takes over what has the field's type already, which is quicker, and
        checks constraints and calls validators where there are some. It is for classes that do more than that, such as
        one with a ``model_validate`` of its own. It needs whole documents, so it does not go with `only` or `defer`.

        Example:
            ```python
            User.find(country="NL").validate()
            ```
        """
        return self._with(validates=True)

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
        possible = table.column_names if keep else columns_to_read(table, None)
        return tuple(name for name in possible if name in table.primary_key or (name in named) is keep)

    def allow_filtering(self) -> Self:
        """Return the query set that may make the server read rows only to throw them away.

        Without it the server refuses such queries, because their cost grows with the table, not with the answer.
        """
        return self._with(allow_filtering=True)

    def bypass_cache(self) -> Self:
        """Return the query set that ScyllaDB reads without filling its cache; other servers refuse it.

        It is for scans of whole tables, which would drive out of the cache what others read often
        (ScyllaDB, "BYPASS CACHE").
        """
        return self._with(bypass_cache=True)

    def using_timeout(self, seconds: float) -> Self:
        """Return the query set on which ScyllaDB itself spends at most this long; other servers refuse it.

        `timeout` is how long this program waits; the server goes on working after that, but not after this
        (ScyllaDB, "USING TIMEOUT"). It is for reads.

        Args:
            seconds: From 0.001, in whole milliseconds.

        Raises:
            InvalidQueryError: *seconds* is not such a number.
        """
        return self._with(server_timeout=checked_server_timeout(seconds))

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

    def serial_consistency(self, level: SerialConsistency) -> Self:
        """Return the query set whose conditional writes are checked at this level.

        Args:
            level: ``"SERIAL"``, where all data centres agree, or ``"LOCAL_SERIAL"``, where those of one do.

        Raises:
            InvalidQueryError: It is neither.
        """
        return self._execute(serial_consistency=serial_consistency_level(level))

    def timeout(self, seconds: float) -> Self:
        """Return the query set that waits at most *seconds* for each answer.

        Raises:
            InvalidQueryError: *seconds* is not a number above 0.
        """
        return self._execute(timeout=checked_timeout(seconds))

    def on_unknown(self, choice: OnUnknown) -> Self:
        """Return the query set whose conditional writes are looked after, or not, where an answer does not come.

        Args:
            choice: ``"resolve"`` to read the row at the serial consistency level then, and to tell by it what became of
                the write; ``"raise"`` to raise `OutcomeUnknown` at once, as is usual.

        Raises:
            InvalidQueryError: It is neither.
        """
        return self._with(write=replace(self._query.write, resolves=is_resolving(choice)))

    def retry(self, policy: RetryPolicy) -> Self:
        """Return the query set whose statements are sent again after a failure as *policy* says.

        Raises:
            InvalidQueryError: *policy* is none.
        """
        return self._execute(retry=checked_policy("retry", policy, RetryPolicy))

    def speculative(self, policy: SpeculativePolicy) -> Self:
        """Return the query set whose idempotent statements are sent to a second node as well while the first is slow.

        Raises:
            InvalidQueryError: *policy* is none.
        """
        return self._execute(speculative=checked_policy("speculative", policy, SpeculativePolicy))

    def fetch_size(self, rows: int) -> Self:
        """Return the query set that reads *rows* documents in each request; all of them are read either way.

        Raises:
            InvalidQueryError: *rows* is not a whole number from 1.
        """
        return self._execute(fetch_size=checked_count("fetch_size", rows))

    def page(self, paging_state: bytes | str | None, *, principal: Principal | None = None) -> Self:
        """Return the query set that begins where an earlier page ended.

        Args:
            paging_state: Of the page before, from a query with the same filters and order; None for the beginning.
                Either `PagedResult.next_token`, which is text, comes from a client, and is for `paged_all`. Or
                `PagedResult.paging_state`, which is bytes, and must come from code that you trust: servers do not
                check it. What another query's gives is not defined. Bytes that a server did not make are a protocol
                error to it, at which the driver closes the connection, and takes the node for down until it has opened
                another.
            principal: Who alone may use the `next_token` of this page, and to whom *paging_state* was given if it is a
                token: what the application knows its user by, always in the same type. None where any client may.

        Raises:
            InvalidQueryError: *paging_state* is neither bytes nor text, or *principal* is no text, number or UUID.

        Example:
            ```python
            page = await Order.find(shop=7).fetch_size(20).page(token, principal=user.id).paged_all()
            ```
        """
        token = paging_state if isinstance(paging_state, str) else None
        return self._with(
            paging_state=None if isinstance(paging_state, str) else checked_paging_state(paging_state),
            page_token=token,
            principal=checked_principal(principal),
        )

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
        return type(self)(self._query.but(**changes))

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
