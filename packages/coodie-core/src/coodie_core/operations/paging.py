"""Pages for clients that nobody has to trust: read by a token, and giving a token for the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from hashlib import blake2b
from typing import Any, TypeVar

from coodie_core.canonical import canonical
from coodie_core.cql_builder import Restriction
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.operation import Operation
from coodie_core.operations import reading
from coodie_core.paging_tokens import Binding, PagingTokens, no_key
from coodie_core.query import Query
from coodie_core.query_statements import limit_counts_rows_of_no_document
from coodie_core.registry import DEFAULT_NAME
from coodie_core.results import PagedResult
from coodie_core.schema import Table, table_of
from coodie_core.types import CqlType

D = TypeVar("D", bound=BaseDocument)
R = TypeVar("R")

#: What changes neither which rows come nor what they show, so that the next page may have it otherwise. Everything else
#: that a query says is part of what its tokens are bound to.
UNBOUND = frozenset(
    {"validates", "bypass_cache", "server_timeout", "if_not_exists", "if_exists", "write", "paging_state", "page_token"}
)
#: What is bound in words of its own.
_BOUND_OTHERWISE = frozenset({"model", "filters", "nearest", "connection", "keyspace", "principal"})
#: The rest, with what it is if nobody says anything: that is left out, so that a new option changes no token.
_BOUND_AS_IT_IS = {field.name: field.default for field in fields(Query) if field.name not in UNBOUND | _BOUND_OTHERWISE}

#: The type of what a column is compared with, where it is not the column's own.
_COMPARED: Mapping[str, Callable[[CqlType], CqlType]] = {
    "IN": lambda column: CqlType("list", (column,)),
    "CONTAINS": lambda column: column.arguments[-1],
    "CONTAINS KEY": lambda column: column.arguments[0],
}
_DIGEST_BYTES = 16


def page(
    query: Query[D], keyspace: str | None, results: reading.Results[D, R], tokens: PagingTokens | None
) -> Operation[PagedResult[R]]:
    """Read one page, from where a paging state or a token says, and let it give the token of the next one."""
    _refuse_uncountable_limit(query)
    if tokens is None:
        if query.page_token is not None:
            raise no_key(f"{query.model.__name__}.find().page(token)")
        return (yield from reading.page(query, keyspace, results))
    binding = binding_of(query, keyspace)
    if query.page_token is not None:
        query = query.but(page_token=None, paging_state=tokens.open(query.page_token, binding))
    read = yield from reading.page(query, keyspace, results)
    token = tokens.seal(read.paging_state, binding) if read.paging_state else None
    object.__setattr__(read, "_next_token", token)  # frozen for everybody else
    return read


def _refuse_uncountable_limit(query: Query[Any]) -> None:
    if limit_counts_rows_of_no_document(query):
        raise InvalidQueryError(
            f"{query.model.__name__}.find().limit({query.row_limit}).paged_all(): the server would count partitions "
            f"that have static columns and no rows for the limit. Say with fetch_size() how long a page is, and stop "
            f"when you have enough; or use all() or iterate, which count documents."
        )


def binding_of(query: Query[Any], keyspace: str | None) -> Binding:
    """Return what a token of *query* is bound to: what decides which rows come, and the principal.

    Args:
        query: The query; `UNBOUND` is left out.
        keyspace: That of the driver.
    """
    table = table_of(query.model)
    bound = (
        table.document,
        table.name,
        query.keyspace or table.keyspace_in(keyspace),
        _connection(query),
        sorted(_filters(table, query)),
        query.nearest and canonical(query.nearest.vector, table.types[query.nearest.column]),
        query.nearest and query.nearest.column,
        *((name, said) for name, unsaid in _BOUND_AS_IT_IS.items() if (said := getattr(query, name)) != unsaid),
    )
    return Binding(_digest(bound), _digest(query.principal))


def digest_of_filters(query: Query[Any]) -> bytes:
    """Return 16 bytes that stand for the filters of a query, with their values."""
    return _digest(sorted(_filters(table_of(query.model), query)))


def _connection(query: Query[Any]) -> str:
    return query.connection or query.model.connection_name() or DEFAULT_NAME


def _filters(table: Table, query: Query[Any]) -> Iterator[bytes]:
    for item in query.filters:
        yield canonical((item.column, item.operator, item.token_of, canonical(item.value, _type_of(table, item))))


def _type_of(table: Table, restriction: Restriction) -> CqlType | None:
    """Return the type of what a column is compared with; None for a token, which is a number."""
    if restriction.token_of:
        key = tuple(table.types[name] for name in restriction.token_of)
        return CqlType("tuple", key) if restriction.is_token_of_key else None
    column = table.types[restriction.column]
    compared = _COMPARED.get(restriction.operator)
    return compared(column) if compared else column


def _digest(value: Any) -> bytes:
    return blake2b(canonical(value), digest_size=_DIGEST_BYTES).digest()
