"""The statements that read what a query describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from coodie_core.cql_builder import Cql, Nearness, Restriction, Selector, build_select
from coodie_core.cql_builder.parts import restriction_shapes
from coodie_core.cql_builder.queries import select_values
from coodie_core.cql_builder.selectors import AGGREGATES
from coodie_core.exceptions import InvalidQueryError
from coodie_core.family import columns_to_read, has_static_columns, of_its_class
from coodie_core.plan import QueryPlan, query_plan
from coodie_core.query import Query
from coodie_core.schema import Table, table_of
from coodie_core.statement import DEFAULT_EXECUTION, ExecutionOptions, Statement
from coodie_core.token_ranges import GREATEST_TOKEN, LEAST_TOKEN, key_with_token

#: Rows in one page where nothing else is said (the driver's ``Session.default_fetch_size``).
FETCH_SIZE = 5000
#: What drivers take for a request for all rows at once.
NO_PAGES = 0
#: The most rows of an ORDER BY ... ANN OF (Apache Cassandra 5.0, ``SelectStatement.TOPK_LIMIT_ERROR``).
MOST_NEAREST = 1000


def select_statement(query: Query[Any], keyspace: str | None, *, json: bool = False) -> Statement:
    """Return the statement that reads one page of *query* from the table in *keyspace*.

    Raises:
        InvalidQueryError: CQL cannot do what the options say together.
    """
    table = table_of(query.model)
    if query.asks_for_plain_rows and table.family is None and not json:
        return _select_plain_rows(table, query, keyspace)
    query = of_its_class(table, query, reads_documents=query.selected is None and not json)
    if query.nearest is not None:
        _check_nearest(table, query, query.nearest)
    execution = _execution_in_order(table, query) if query.ordering else query.execution
    shape = ("select", keyspace, json, restriction_shapes(query.filters), *_shape_of(table, query))
    text = table.memory.of(shape, lambda: _select(table, query, keyspace, json=json).cql)
    return Statement(
        text,
        select_values(query.filters, query.nearest, _per_partition_limit(query), query.row_limit, query.server_timeout),
        execution,
        query.paging_state,
        idempotent=True,
        routing_key=_key_in_range(query.filters),
    )


def first_rows_statement(query: Query[Any], keyspace: str | None, most: int) -> Statement | None:
    """Return what `select_statement` does for a query with a limit of *most*, if it says only which rows; else None.

    None also where rows of the answer may be none of documents, since the server would count them.
    """
    if not query.names_rows_only:
        return None
    table, filters = table_of(query.model), query.filters
    shape = ("first rows", query.keyspace, keyspace, restriction_shapes(filters))
    text: str | None = table.memory.get(shape)
    if text is None:
        text = table.memory.of(shape, lambda: _text_of_first_rows(table, query, keyspace))
    if not text:
        return None
    values = (*[item.value for item in filters], most)
    return Statement(text, values, DEFAULT_EXECUTION, None, True, False, False, True)  # by place, in half the time


def _text_of_first_rows(table: Table, query: Query[Any], keyspace: str | None) -> str:
    """Return the text of the query with a limit; empty where it needs more than a text and values."""
    if table.family is not None or table.has_static_columns or any(item.token_of for item in query.filters):
        return ""
    return select_statement(query.but(row_limit=1), query.keyspace or table.keyspace_in(keyspace)).cql


def _select_plain_rows(table: Table, query: Query[Any], keyspace: str | None) -> Statement:
    """Return the statement of a query of which the text depends on its filters alone, and on whether it has a limit."""
    filters, limit = query.filters, query.row_limit
    shape = ("select plain rows", keyspace, restriction_shapes(filters), limit is None, query.null_checks)
    text: str | None = table.memory.get(shape)
    if text is None:
        text = table.memory.of(shape, lambda: _select(table, query, keyspace, json=False).cql)
    routing_key = _key_in_range(filters) if "token(" in text else None
    values = select_values(filters, None, None, limit, None)
    return Statement(text, values, query.write.execution, None, True, False, False, True, False, routing_key)


def _shape_of(table: Table, query: Query[Any]) -> tuple[Any, ...]:
    """Return what the text of a SELECT depends on, and whether CQL can do it: all of *query* but values."""
    return (
        query.null_checks,
        query.ordering,
        query.nearest and query.nearest.column,
        query.columns,
        query.selected,
        query.distinct,
        query.group_by,
        query.row_limit is None,
        query.per_partition_limit is None,
        query.allow_filtering,
        query.validates,
        query.bypass_cache,
        query.server_timeout is None,
        table.family and len(table.family.members),  # whose columns are read too
    )


def _per_partition_limit(query: Query[Any]) -> int | None:
    return None if query.distinct else query.per_partition_limit  # one row of each is the least


def _select(table: Table, query: Query[Any], keyspace: str | None, *, json: bool) -> Cql:
    for check in _CHECKS:
        check(table, query)
    return build_select(
        table.name,
        keyspace,
        columns=_sent_columns(table, query, json=json),
        where=query.filters,
        group_by=query.group_by,
        order_by=query.ordering,
        nearest=query.nearest,
        per_partition_limit=_per_partition_limit(query),
        limit=query.row_limit,
        allow_filtering=query.allow_filtering,
        distinct=query.distinct,
        json=json,
        bypass_cache=query.bypass_cache,
        server_timeout=query.server_timeout,
    )


def _key_in_range(filters: Sequence[Restriction]) -> bytes | None:
    """Return a partition key with a token of the range that is read: that of its last row, or of its first one."""
    tokens = {item.operator: item.value for item in filters if item.token_of and not item.is_token_of_key}
    if "<=" in tokens and tokens["<="] > LEAST_TOKEN:
        return key_with_token(tokens["<="])
    if ">" in tokens and tokens[">"] < GREATEST_TOKEN:
        return key_with_token(tokens[">"] + 1)
    return None


def plan_of(query: Query[Any]) -> QueryPlan:
    """Return how the server would carry out *query*."""
    table = table_of(query.model)
    query = of_its_class(table, query, reads_documents=query.selected is None)
    statement = select_statement(query, query.keyspace or table.settings.keyspace)
    return query_plan(
        table,
        statement.cql,
        tuple(statement.params),
        query.filters,
        allows_filtering=query.allow_filtering,
        nearest=query.nearest and query.nearest.column,
    )


MARKER = "[row]"
"""What `marker_of_rows` is called beside tuples, which may have that column themselves; no field has such a name."""


def _sent_columns(table: Table, query: Query[Any], *, json: bool) -> Sequence[str | Selector]:
    if json:
        marker = marker_of_rows(table, query)
        return (*([marker] if marker else []), *(query.selected or document_columns(table, query)))
    if query.selected is None:
        return document_columns(table, query)
    marker = marker_of_rows(table, query)
    return query.selected if marker is None else (*query.selected, marker._replace(alias=MARKER))


def marker_of_rows(table: Table, query: Query[Any]) -> Selector | None:
    """Return what is read besides what was asked, to tell whether a row is a document's: last of tuples, first of JSON.

    A partition without rows may have static columns, which the server shows as a row without clustering keys. To a
    group it gives the clustering keys of its first row.
    """
    is_one_row = not query.group_by and any(item.function in AGGREGATES for item in query.selected or ())
    if query.distinct or is_one_row or not has_static_columns(table):
        return None
    return Selector((table.clustering_key[0],))


def limit_counts_rows_of_no_document(query: Query[Any]) -> bool:
    """Whether the server would count rows that only show the static columns of a partition without rows for a limit.

    In one partition such a row is the only one, so that it takes the place of none.
    """
    if query.row_limit is None or not has_static_columns(table_of(query.model)):
        return False
    table = table_of(query.model)
    if marker_of_rows(table, query) is None:
        return False
    fixed = {item.column for item in query.filters if item.operator == "=" and not item.token_of}
    if fixed.issuperset(table.partition_key):
        return False
    return table.clustering_key[0] not in query.filtered_fields


def document_columns(table: Table, query: Query[Any]) -> tuple[str, ...]:
    """Return the columns that the documents of *query* have."""
    if not query.distinct:
        return columns_to_read(table, query.columns)
    of_partition = {*table.partition_key, *(column.name for column in table.columns if column.static)}
    return tuple(name for name in query.columns or table.column_names if name in of_partition)


def _check_null_checks(table: Table, query: Query[Any]) -> None:
    if query.null_checks:
        name = query.null_checks[0].column
        raise InvalidQueryError(
            f"{table.document}.find(): CQL cannot look for rows whose {name} is empty or is not; is_null() and "
            f"is_not_null() only serve update() and delete(), as conditions. Read the rows and compare in Python, "
            f"or store a value that means 'none'."
        )


def _check_ordering(table: Table, query: Query[Any]) -> None:
    if query.ordering and any(operator not in ("=", "IN") for operator in _of_partition_key(table, query)):
        raise InvalidQueryError(
            f"{table.document}.find(...).order_by({query.ordering[0].column!r}): CQL sorts within partitions. Compare "
            f"the whole partition key ({', '.join(table.partition_key)}) with = or __in in find(), or sort in Python."
        )


def _of_partition_key(table: Table, query: Query[Any]) -> list[str | None]:
    """Return how each column of the partition key is compared; None where it is not."""
    operators = {item.column: item.operator for item in query.filters if not item.token_of}
    return [operators.get(name) for name in table.partition_key]


def _execution_in_order(table: Table, query: Query[Any]) -> ExecutionOptions:
    """Return how a query with an order is carried out: without pages, where they would be of several partitions."""
    execution = query.execution
    if "IN" not in _of_partition_key(table, query):
        return execution
    page = execution.fetch_size or FETCH_SIZE
    if query.row_limit is None or query.row_limit > page:
        raise InvalidQueryError(
            f"{table.document}.find(...).order_by({query.ordering[0].column!r}): servers cannot go through pages of "
            f"several partitions in one order. Add a limit() of at most one page, which is {page} rows unless "
            f"fetch_size() says otherwise; or read each partition by itself, and sort in Python."
        )
    return replace(execution, fetch_size=NO_PAGES)


def _check_nearest(table: Table, query: Query[Any], nearest: Nearness) -> None:
    asked = f"{table.document}.find().order_by_ann({nearest.column!r}, ...)"
    if query.row_limit is None or query.row_limit > MOST_NEAREST:
        raise InvalidQueryError(f"{asked}: say how many rows you want: add .limit(), at most {MOST_NEAREST}.")
    together = {
        "order_by()": query.ordering,
        "per_partition_limit()": query.per_partition_limit,
        "distinct()": query.distinct,
        "group_by()": query.group_by,
    }
    for option, is_given in together.items():
        if is_given:
            raise InvalidQueryError(f"{asked}: CQL does not combine it with {option}.")


def _check_distinct(table: Table, query: Query[Any]) -> None:
    if not query.distinct:
        return
    asked = f"{table.document}.find().distinct()"
    serves = {*table.partition_key, *(column.name for column in table.columns if column.static)}
    partition_key = ", ".join(table.partition_key)
    named = [name for selector in query.selected or () for name in selector.columns]
    of_filters = [item.column for item in query.filters if not item.token_of]
    others = [name for name in (*named, *of_filters) if name not in serves]
    if others:
        raise InvalidQueryError(
            f"{asked}: {others[0]} differs from row to row of a partition. With distinct(), name only the partition "
            f"key ({partition_key}) and static columns."
        )
    missing = [name for name in table.partition_key if query.selected is not None and name not in named]
    if missing:
        raise InvalidQueryError(
            f"{asked}: {missing[0]} is missing. Name the whole partition key ({partition_key}), since it is "
            f"partitions that CQL tells apart."
        )


def _check_group_by(table: Table, query: Query[Any]) -> None:
    if not query.group_by:
        return
    fixed = {item.column for item in query.filters if item.operator == "="}
    wanted = list(query.group_by)
    left = list(table.primary_key)
    while left and wanted:
        if left[0] == wanted[0]:
            _ = wanted.pop(0)
        elif left[0] not in fixed:
            break
        _ = left.pop(0)
    if wanted or any(name in table.partition_key and name not in fixed for name in left):
        raise InvalidQueryError(
            f"{table.document}.find().group_by({', '.join(map(repr, query.group_by))}): CQL groups by the primary key "
            f"({', '.join(table.primary_key)}) from its left, with at least the whole partition key "
            f"({', '.join(table.partition_key)}); only columns that find() compares with = may be left out."
        )


def _check_validates(table: Table, query: Query[Any]) -> None:
    is_part = not set(columns_to_read(table, None)).issubset(document_columns(table, query))
    if query.validates and query.selected is None and is_part:
        raise InvalidQueryError(
            f"{table.document}.find().validate(): Pydantic can only judge whole documents. "
            f"Leave out only(), defer() and distinct(), or validate()."
        )


_CHECKS = (_check_null_checks, _check_ordering, _check_distinct, _check_group_by, _check_validates)
