"""Reading what a query describes.

How the rows become results is the query set's business: ``results`` makes documents of them, or tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from json import JSONDecoder
from math import prod
from typing import Any, Generic, TypeVar

from coodie_core.cql_builder.selectors import AGGREGATES, Selector
from coodie_core.document import BaseDocument
from coodie_core.exceptions import (
    DocumentNotFound,
    FilteringRefused,
    InvalidQueryError,
    MultipleDocumentsFound,
    ServerRefusedQuery,
)
from coodie_core.hydration import documents_of
from coodie_core.lazy import LazyDocument, lazy_documents_of
from coodie_core.operation import Operation, Reading
from coodie_core.query import Query
from coodie_core.query_statements import (
    FETCH_SIZE,
    first_rows_statement,
    limit_counts_rows_of_no_document,
    marker_of_rows,
    plan_of,
    select_statement,
)
from coodie_core.results import PagedResult
from coodie_core.schema import Table, table_of
from coodie_core.selection import counter_of_rows, function_of, selector_of, values_of
from coodie_core.statement import Rows, Statement

D = TypeVar("D", bound=BaseDocument)
R = TypeVar("R")

#: Makes results of the rows of a query.
Results = Callable[[Query[D], Rows], Sequence[R]]


def documents(query: Query[D], rows: Rows) -> list[D]:
    """Make a document of each row."""
    return documents_of(query.model, rows, validated=query.validates)


def lazy_documents(query: Query[D], rows: Rows) -> list[LazyDocument[D]]:
    """Keep each row until somebody looks at the document."""
    return lazy_documents_of(query.model, rows, validated=query.validates)


def page(query: Query[D], keyspace: str | None, results: Results[D, R]) -> Reading[PagedResult[R]]:
    """Read one page."""
    answer = yield from _rows(query, keyspace)
    return PagedResult(results(query, answer), answer.paging_state)


def all_results(query: Query[D], keyspace: str | None, results: Results[D, R]) -> Operation[list[R]]:
    """Read every page."""
    if limit_counts_rows_of_no_document(query):
        walk, counted = PageWalk(query), list[R]()
        while not walk.has_ended:
            counted += walk.take((yield from page(walk.query, keyspace, results)))
        return counted
    answer = yield from _rows(query, keyspace)
    read = [*results(query, answer)]
    while answer.paging_state is not None:
        query = query.but(paging_state=answer.paging_state)
        answer = yield from _rows(query, keyspace)
        read += results(query, answer)
    return read


class PageWalk(Generic[D]):
    """The way through the pages of a query: which is next, what of it counts, and where it ends.

    A limit is counted here where the server would count rows that are no documents.

    Attributes:
        query: What reads the next page.
        has_ended: Whether there is none.
    """

    def __init__(self, query: Query[D]) -> None:
        limit = query.row_limit if limit_counts_rows_of_no_document(query) else None
        self._left: int | None = limit
        self.query: Query[D] = query if limit is None else _limited_by_pages(query, limit)
        self.has_ended: bool = False

    def next_page(self, keyspace: str | None, results: Results[D, R]) -> Reading[PagedResult[R]] | None:
        """Return what reads the next page; None if there is none."""
        return None if self.has_ended else page(self.query, keyspace, results)

    def take(self, page: PagedResult[R]) -> Sequence[R]:
        """Return what counts of the page that was read, and go on to the next one."""
        taken = page.data[: self._left]
        if self._left is not None:
            self._left -= len(taken)
        self.has_ended = page.paging_state is None or self._left == 0
        if not self.has_ended:
            self.query = self.query.but(paging_state=page.paging_state)
        return taken


def _limited_by_pages(query: Query[D], limit: int) -> Query[D]:
    """Return the query without its limit, in which the server would count rows of no document, in short pages.

    Partitions that are read in one order have one page, in which each has one such row at most.
    """
    if query.ordering:
        return query.but(row_limit=limit + prod(len(item.value) for item in query.filters if item.operator == "IN"))
    execution = query.execution
    short = replace(execution, fetch_size=min(limit, execution.fetch_size or FETCH_SIZE))
    return query.but(row_limit=None, write=replace(query.write, execution=short))


def all_documents(query: Query[D], keyspace: str | None, *, lazy: bool) -> Operation[list[D] | list[LazyDocument[D]]]:
    """Read every page, into documents or what stands for them."""
    if lazy:
        return (yield from all_results(query, keyspace, lazy_documents))
    return (yield from all_results(query, keyspace, documents))


def first(query: Query[D], keyspace: str | None, results: Results[D, R]) -> Operation[R | None]:
    """Read the first result, or None."""
    read = yield from _first_results(query, keyspace, results, 1)
    return read[0] if read else None


def get(query: Query[D], keyspace: str | None, results: Results[D, R]) -> Operation[R]:
    """Read the one result that there is."""
    read = yield from _first_results(query, keyspace, results, 1 if query.row_limit == 1 else 2)
    if not read:
        raise DocumentNotFound(query.model.__name__, query.filtered_fields)
    if len(read) > 1:
        raise MultipleDocumentsFound(query.model.__name__, query.filtered_fields)
    return read[0]


def _first_results(query: Query[D], keyspace: str | None, results: Results[D, R], most: int) -> Operation[Sequence[R]]:
    """Read the first results, at most *most*."""
    statement = first_rows_statement(query, keyspace, most)
    if statement is not None:
        answer = yield from _answer(query, statement)
        if answer.paging_state is None:  # else the pages are shorter than that
            return results(query, answer)
    return (yield from all_results(query.but(row_limit=most), keyspace, results))


def json(query: Query[Any], keyspace: str | None) -> Operation[list[str]]:
    """Read every document as the JSON text that the server makes of its row."""
    walk, texts = PageWalk(query), list[str]()
    while not walk.has_ended:
        answer = yield from _rows(walk.query, keyspace, json=True)
        texts += walk.take(PagedResult(_texts(query, answer), answer.paging_state))
    return texts


def _texts(query: Query[Any], rows: Rows) -> list[str]:
    """Return the JSON texts of the rows that are documents, without the clustering key before them that tells so."""
    texts: list[str] = [row[0] for row in rows.rows]
    if marker_of_rows(table_of(query.model), query) is None:
        return texts
    return ["{" + text[end + 2 :] for text, end in zip(texts, map(_end_of_first_value, texts), strict=True) if end]


def _end_of_first_value(text: str) -> int | None:
    """Return where the value of the first key of a JSON object ends, or None if that value is null."""
    value, end = JSONDecoder().raw_decode(text, text.index(": ") + 2)
    return None if value is None else end


def count(query: Query[Any], keyspace: str | None) -> Operation[int]:
    """Count the results: on the server where CQL can, else by reading as little as possible of each."""
    if not _can_be_counted_by_server(query):
        return (yield from _count_by_reading(query, keyspace))
    table = table_of(query.model)
    counting = query.but(selected=(counter_of_rows(table),), ordering=(), row_limit=None)
    answer = yield from _rows(counting, keyspace)
    counted: int = answer.rows[0][0]
    return counted if query.row_limit is None else min(counted, query.row_limit)


def _can_be_counted_by_server(query: Query[Any]) -> bool:
    is_row_by_row = query.selected is None or all(item.function not in AGGREGATES for item in query.selected)
    narrowed = (query.per_partition_limit, query.distinct, query.group_by, query.paging_state, query.nearest)
    return is_row_by_row and not any(narrowed)


def _count_by_reading(query: Query[Any], keyspace: str | None) -> Operation[int]:
    table = table_of(query.model)
    if query.selected is None:
        key = table.partition_key if query.distinct else table.primary_key
        query = query.but(selected=tuple(Selector((name,)) for name in key))
    walk, counted = PageWalk(query), 0
    while not walk.has_ended:
        counted += len(walk.take((yield from page(walk.query, keyspace, values_of))))
    return counted


def aggregate(query: Query[Any], keyspace: str | None, functions: Mapping[str, str]) -> Operation[dict[str, Any]]:
    """Compute several aggregate functions over all documents, in one statement."""
    table = table_of(query.model)
    selected = _aggregates(table, functions)
    _refuse_part_of_the_rows(table, query, "aggregate()")
    values = yield from _one_row(query.but(selected=selected, ordering=()), keyspace)
    return dict(zip(functions, values, strict=True))


def aggregate_of(query: Query[Any], keyspace: str | None, function: str, field: str) -> Operation[Any]:
    """Compute one aggregate function over all documents."""
    table = table_of(query.model)
    asked = f"{function}({field!r})"
    _refuse_part_of_the_rows(table, query, asked)
    selector = function_of(table, function, field, asked)
    (value,) = yield from _one_row(query.but(selected=(selector,), ordering=()), keyspace)
    return value


def grouped_aggregate(
    query: Query[Any], keyspace: str | None, functions: Mapping[str, str]
) -> Operation[list[dict[str, Any]]]:
    """Compute several aggregate functions over each group."""
    selected = (*(Selector((name,)) for name in query.group_by), *_aggregates(table_of(query.model), functions))
    rows = yield from all_results(query.but(selected=selected), keyspace, values_of)
    return [dict(zip((*query.group_by, *functions), row, strict=True)) for row in rows]


def of_cell(query: Query[Any], keyspace: str | None, function: str, field: str) -> Operation[int | None]:
    """Read what the server knows of one document's cell: its write time, or its remaining time to live."""
    table = table_of(query.model)
    asked = f"{'column_ttl' if function == 'ttl' else function}({field!r})"
    selected = (function_of(table, function, field, asked),)
    found = yield from get(query.but(selected=selected), keyspace, values_of)
    number: int | None = found[0]
    return number


def _aggregates(table: Table, functions: Mapping[str, str]) -> tuple[Selector, ...]:
    selected = {
        name: selector_of(table, function, f"aggregate({name}={function!r})") for name, function in functions.items()
    }
    for name, selector in selected.items():
        if selector.function not in AGGREGATES:
            raise InvalidQueryError(
                f"{table.document}.aggregate({name}={functions[name]!r}): give one of {', '.join(sorted(AGGREGATES))} "
                f"with a field, as in {name}='sum({table.column_names[-1]})'."
            )
    if not selected:
        raise InvalidQueryError(
            f"{table.document}.aggregate(): name at least one function, as in aggregate(rows='count(*)')."
        )
    return tuple(selected.values())


def _refuse_part_of_the_rows(table: Table, query: Query[Any], asked: str) -> None:
    """Raise where only some of the rows were asked for: CQL would apply that to the one row of the result."""
    for option in _parts(query):
        raise InvalidQueryError(
            f"{table.document}.find().{option}.{asked}: CQL computes over all rows that find() describes. "
            f"Leave out {option}, or read the values with values_list() and compute in Python."
        )


def _parts(query: Query[Any]) -> Iterator[str]:
    options = {
        "limit()": query.row_limit,
        "per_partition_limit()": query.per_partition_limit,
        "distinct()": query.distinct,
        "page()": query.paging_state,
        "order_by_ann()": query.nearest,
    }
    return (name for name, given in options.items() if given)


def _one_row(query: Query[Any], keyspace: str | None) -> Operation[tuple[Any, ...]]:
    answer = yield from _rows(query, keyspace)
    return values_of(query, answer)[0]


def _rows(query: Query[Any], keyspace: str | None, *, json: bool = False) -> Reading[Rows]:
    """Read one page of rows."""
    if query.page_token is not None:
        raise InvalidQueryError(
            f"{query.model.__name__}.find().page(token): a token is for paged_all(), which reads one page. To read on "
            f"from there in code that you trust, give page() the paging_state."
        )
    in_keyspace = query.keyspace or table_of(query.model).keyspace_in(keyspace)
    return (yield from _answer(query, select_statement(query, in_keyspace, json=json)))


def _answer(query: Query[Any], statement: Statement) -> Reading[Rows]:
    """Return the answer to a query's statement; explain the server's refusal to filter in the words of the model."""
    try:
        return (yield statement)
    except ServerRefusedQuery as error:
        if (explained := _explained(query, str(error), error)) is None:
            raise
        raise explained from error


#: Found in what both servers say: the second where a clustering key is given without those before it.
_REFUSALS_TO_FILTER = ("ALLOW FILTERING", "cannot be restricted")
#: Found in what they say of a column that is compared twice, which no filtering allows.
_TWICE = "by more than one relation"
#: Found in what Cassandra 5.0.9 says of filters beside ORDER BY ... ANN OF, and of a vector without an index.
_REFUSAL_BESIDE_NEAREST = "requires all restricted column(s) to be indexed"
_NO_VECTOR_INDEX = "ANN ordering by vector requires the column to be indexed"


def _explained(query: Query[Any], refusal: str, error: ServerRefusedQuery) -> ServerRefusedQuery | None:
    """Return a server's refusal in the words of the model, if it is one to filter or to sort."""
    name, nearest = query.model.__name__, query.nearest and query.nearest.column
    if nearest is not None and _NO_VECTOR_INDEX in refusal:
        return ServerRefusedQuery(
            f"{name}.find().order_by_ann({nearest!r}, ...): the table has no vector index on {nearest}. Mark the field "
            f"with VectorIndex() and run sync_table().",
            statement=error.statement,
            keyspace=error.keyspace,
            consistency=error.consistency,
            hosts=error.hosts,
        )
    words = () if query.allow_filtering else _REFUSALS_TO_FILTER  # which are in the text of a query that allows it
    beside_nearest = nearest is not None and _REFUSAL_BESIDE_NEAREST in refusal
    if _TWICE in refusal or not (beside_nearest or any(word in refusal for word in words)):
        return None
    asked = tuple(item.column for item in query.filters if not item.token_of)  # a scan adds tokens of its own
    return FilteringRefused(name, asked, plan_of(query).filtered, error, nearest=nearest)
