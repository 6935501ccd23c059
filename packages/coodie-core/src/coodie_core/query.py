"""A query as a value; `query_statements` reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from coodie_core.cql_builder import Nearness, Ordering, Restriction, Selector
from coodie_core.document import BaseDocument
from coodie_core.duration import CqlDuration
from coodie_core.expressions import Condition
from coodie_core.lookups import conditions_as_restrictions, restrictions_of
from coodie_core.options import NO_OPTIONS, Principal, WriteOptions
from coodie_core.schema import table_of
from coodie_core.statement import ExecutionOptions

D = TypeVar("D", bound=BaseDocument)


@dataclass(frozen=True)
class Query(Generic[D]):
    """Everything that was asked of a query set; every terminal reads all of it.

    Attributes:
        model: The document class.
        filters: Which rows, with values in the driver's types.
        null_checks: Which columns must be empty or not, as the conditions of an update or delete.
        ordering: Clustering keys to sort by.
        nearest: The vector to which the nearest rows come first.
        columns: The fields to load, in the model's order; all of them if None.
        selected: What `values_list` and others ask for in place of documents; None for documents.
        distinct: Whether to read one row for each partition.
        group_by: The key columns whose values make a group.
        row_limit: The most rows in all.
        per_partition_limit: The most rows from each partition.
        allow_filtering: Whether the server may read rows only to throw them away.
        validates: Whether Pydantic validates each row in full.
        bypass_cache: Whether ScyllaDB reads without its cache.
        server_timeout: How long ScyllaDB itself may take.
        if_not_exists: Whether `create` only writes where no row has the key.
        if_exists: Whether `update` and `delete` only write where the row exists.
        write: The TTL and timestamp of writes; consistency and timeout of everything.
        paging_state: Where to go on reading.
        page_token: The same as a token, which a client gave back.
        principal: Who alone may use the tokens of its pages.
        connection: The connection, where it is not the document's own.
        keyspace: The keyspace, where it is not the document's own.
    """

    model: type[D]
    filters: tuple[Restriction, ...] = ()
    null_checks: tuple[Restriction, ...] = ()
    ordering: tuple[Ordering, ...] = ()
    nearest: Nearness | None = None
    columns: tuple[str, ...] | None = None
    selected: tuple[Selector, ...] | None = None
    distinct: bool = False
    group_by: tuple[str, ...] = ()
    row_limit: int | None = None
    per_partition_limit: int | None = None
    allow_filtering: bool = False
    validates: bool = False
    bypass_cache: bool = False
    server_timeout: CqlDuration | None = None
    if_not_exists: bool = False
    if_exists: bool = False
    write: WriteOptions = NO_OPTIONS
    paging_state: bytes | None = None
    page_token: str | None = None
    principal: Principal | None = None
    connection: str | None = None
    keyspace: str | None = None

    if not TYPE_CHECKING:

        def __init__(self, model: type[D], **given: Any) -> None:
            """Keep what is given, and leave the rest to the class, which has the defaults: in a fifth of the time."""
            if not given.keys() <= _ATTRIBUTES:
                raise _no_attribute("Query()", given)
            _keep(self, "__dict__", {"model": model, **given})

    def but(self, **changes: Any) -> Self:
        """Return the query with some attributes changed, quicker than by `dataclasses.replace`."""
        if not changes.keys() <= _ATTRIBUTES:
            raise _no_attribute("Query.but()", changes)
        changed: Self = _new(type(self))
        _keep(changed, "__dict__", self.__dict__ | changes)
        return changed

    @property
    def names_rows_only(self) -> bool:
        """Whether nothing was said but which rows."""
        return self.__dict__.keys() <= _WHICH_ROWS

    @property
    def asks_for_plain_rows(self) -> bool:
        """Whether nothing was asked but which rows, and how many of them at most."""
        return self.__dict__.keys() <= _OF_PLAIN_QUERIES

    @property
    def execution(self) -> ExecutionOptions:
        """Consistency, timeout and page size."""
        return self.write.execution

    @property
    def filtered_fields(self) -> tuple[str, ...]:
        """The fields that the filters are about."""
        return tuple(restriction.column for restriction in self.filters)


_new: Any = object.__new__
_keep = object.__setattr__
_ATTRIBUTES = frozenset(item.name for item in fields(Query))
_WHICH_ROWS = frozenset({"model", "filters", "connection", "keyspace"})
_OF_PLAIN_QUERIES = _WHICH_ROWS | {"null_checks", "row_limit", "write"}


def _no_attribute(asked: str, given: dict[str, Any]) -> TypeError:
    return TypeError(f"{asked}: a query has no {', '.join(given.keys() - _ATTRIBUTES)}.")


def query_of(model: type[D], conditions: Sequence[Condition], filters: Mapping[str, Any]) -> Query[D]:
    """Return the query for the rows that fit *conditions* and *filters*, as `find` takes them.

    Raises:
        InvalidQueryError: A field or look-up does not exist, or a value is not of the field's type.
    """
    rows, null_checks = _restrictions(model, conditions, filters)
    if null_checks:
        return Query(model, filters=rows, null_checks=null_checks)
    query: Query[D] = _new(Query)
    _keep(query, "__dict__", {"model": model, "filters": rows})  # as its __init__ does, for most of all queries
    return query


def narrowed(query: Query[D], conditions: Sequence[Condition], filters: Mapping[str, Any]) -> Query[D]:
    """Return *query* for rows that also fit *conditions* and *filters*."""
    rows, null_checks = _restrictions(query.model, conditions, filters)
    return query.but(filters=query.filters + rows, null_checks=query.null_checks + null_checks)


def _restrictions(
    model: type[Any], conditions: Sequence[Condition], filters: Mapping[str, Any]
) -> tuple[tuple[Restriction, ...], tuple[Restriction, ...]]:
    """Return which rows are meant, and which columns must be empty or not."""
    table = table_of(model)
    added = restrictions_of(table, "find", filters)
    if conditions:
        added = (*conditions_as_restrictions(table, "find", conditions), *added)
    null_checks = tuple([item for item in added if item.value is None])
    return (tuple([item for item in added if item.value is not None]), null_checks) if null_checks else (added, ())
