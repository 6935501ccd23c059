"""Reading documents, and changing the rows that a query names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import AliasChoices, AliasPath

from coodie_core.cql_builder import build_count, build_delete, build_insert, build_update
from coodie_core.document import BaseDocument, remember_written
from coodie_core.exceptions import (
    ConditionNotMet,
    DocumentNotFound,
    FilteringRefused,
    InvalidQueryError,
    MultipleDocumentsFound,
    ServerRefusedQuery,
)
from coodie_core.hydration import documents_of
from coodie_core.lookups import assignments_of, conditions_of
from coodie_core.operation import Operation
from coodie_core.operations.documents import normalise, values_to_save
from coodie_core.operations.sending import NO_PLAIN_WRITES, NO_WRITES, refuse_on, whole_key, write
from coodie_core.query import Query, plan_of, select_statement
from coodie_core.results import LWTResult, PagedResult
from coodie_core.schema import Table, TableKind, table_of
from coodie_core.statement import Rows, Statement
from coodie_core.validation import encoded

D = TypeVar("D", bound=BaseDocument)


def page(query: Query[D], keyspace: str | None) -> Operation[PagedResult[D]]:
    """Read one page."""
    statement = select_statement(query, _keyspace(query, table_of(query.model), keyspace))
    answer = yield from _answer(query, statement)
    return PagedResult(documents_of(query.model, answer), answer.paging_state)


def all_documents(query: Query[D], keyspace: str | None) -> Operation[list[D]]:
    """Read every page."""
    documents: list[D] = []
    while True:
        result = yield from page(query, keyspace)
        documents += result.data
        if result.paging_state is None:
            return documents
        query = replace(query, paging_state=result.paging_state)


def first(query: Query[D], keyspace: str | None) -> Operation[D | None]:
    """Read the first document, or None."""
    documents = yield from all_documents(replace(query, row_limit=1), keyspace)
    return documents[0] if documents else None


def get(query: Query[D], keyspace: str | None) -> Operation[D]:
    """Read the one document that fits."""
    documents = yield from all_documents(replace(query, row_limit=2), keyspace)
    if not documents:
        raise DocumentNotFound(query.model.__name__, query.filtered_fields)
    if len(documents) > 1:
        raise MultipleDocumentsFound(query.model.__name__, query.filtered_fields)
    return documents[0]


def count(query: Query[D], keyspace: str | None) -> Operation[int]:
    """Count the documents, at most as many as the query's limit."""
    table = table_of(query.model)
    if query.per_partition_limit is not None:
        raise InvalidQueryError(
            f"{table.document}.count(): CQL counts without a per-partition limit. Use len(....all()) with only()."
        )
    cql = build_count(
        table.name,
        _keyspace(query, table, keyspace),
        where=query.filters,
        # The static columns of a partition without rows are a row to the server, without clustering keys.
        column=table.clustering_key[0] if any(column.static for column in table.columns) else None,
        allow_filtering=query.allow_filtering,
    )
    answer = yield from _answer(query, Statement(cql.cql, cql.params, query.execution))
    counted: int = answer.rows[0][0]
    return counted if query.row_limit is None else min(counted, query.row_limit)


def create(query: Query[D], keyspace: str | None, fields: Mapping[str, Any]) -> Operation[D]:
    """Make a document of *fields*, write it with the query's options, and return it."""
    table = table_of(query.model)
    refuse_on(table, "create()", NO_PLAIN_WRITES)
    if query.filters:
        raise InvalidQueryError(
            f"{table.document}.create(): begin with find() without filters, or use {table.document}.create()."
        )
    document = _new_document(query.model, fields)
    normalise(table, document)
    values = values_to_save(table, document, "create()", rewrite=True)
    cql = build_insert(
        table.name,
        _keyspace(query, table, keyspace),
        values={name: encoded(table, name, value, "create()") for name, value in values.items()},
        if_not_exists=query.if_not_exists,
        ttl=query.write.ttl,
        timestamp=query.write.timestamp,
    )
    result = yield from write(table, cql, query.write, conditional=query.if_not_exists)
    if not result.applied:
        raise ConditionNotMet(
            f"{table.document}.create(): a row with this primary key exists, so nothing was written. "
            f"The exception's result.existing has it.",
            result,
        )
    remember_written(document, values)
    return document


def _new_document(model: type[D], fields: Mapping[str, Any]) -> D:
    if model.model_config.get("extra") != "allow":
        accepted = {*model.model_fields, *_aliases(model)}
        for name in fields.keys() - accepted:
            _ = table_of(model).column(name, f"create({name}=...)")
    return model(**fields)


def _aliases(model: type[BaseDocument]) -> Iterator[str]:
    """Return every other name under which a field's value can be given."""
    for field in model.model_fields.values():
        alias = field.validation_alias
        for choice in alias.choices if isinstance(alias, AliasChoices) else [alias]:
            path = choice.path[0] if isinstance(choice, AliasPath) else choice
            if isinstance(path, str):
                yield path


def update(
    query: Query[D],
    keyspace: str | None,
    changes: Mapping[str, Any],
    if_conditions: Mapping[str, Any] | None = None,
) -> Operation[LWTResult]:
    """Change the row whose primary key the query names."""
    table = table_of(query.model)
    refuse_on(table, "update()", NO_PLAIN_WRITES)
    if not changes:
        raise InvalidQueryError(f"{table.document}.find(...).update(): name at least one field to change.")
    whole_key(table, "find(...).update()", query.filtered_fields)
    conditions = conditions_of(table, "update", if_conditions)
    cql = build_update(
        table.name,
        _keyspace(query, table, keyspace),
        assignments=assignments_of(table, "update", changes),
        where=query.filters,
        conditions=conditions,
        if_exists=query.if_exists,
        ttl=query.write.ttl,
        timestamp=query.write.timestamp,
    )
    return (yield from write(table, cql, query.write, conditional=query.if_exists or bool(conditions)))


def delete(
    query: Query[D], keyspace: str | None, if_conditions: Mapping[str, Any] | None = None
) -> Operation[LWTResult]:
    """Delete the rows that the query names by their key."""
    table = table_of(query.model)
    refuse_on(table, "delete()", NO_WRITES)
    _refuse_wide_delete(table, query)
    conditions = conditions_of(table, "delete", if_conditions)
    cql = build_delete(
        table.name,
        _keyspace(query, table, keyspace),
        where=query.filters,
        conditions=conditions,
        if_exists=query.if_exists,
        timestamp=query.write.timestamp,
    )
    conditional = query.if_exists or bool(conditions)
    return (yield from write(table, cql, query.write, conditional=conditional, counter=table.kind is TableKind.COUNTER))


def _refuse_wide_delete(table: Table, query: Query[Any]) -> None:
    given = query.filtered_fields
    missing = [name for name in table.partition_key if name not in given]
    others = [name for name in given if name not in table.primary_key]
    if missing or others:
        wrong = f"{', '.join(missing)} is missing" if missing else f"{', '.join(others)} is not part of it"
        raise InvalidQueryError(
            f"{table.document}.find(...).delete(): CQL deletes by primary key, at least by the whole partition key "
            f"({', '.join(table.partition_key)}): {wrong}. {table.document}.truncate() deletes every row."
        )
    limited = query.row_limit is not None or query.per_partition_limit is not None
    if limited:
        raise InvalidQueryError(
            f"{table.document}.find(...).delete(): CQL deletes without a limit. Read the keys first."
        )


def _keyspace(query: Query[Any], table: Table, keyspace: str | None) -> str:
    return query.keyspace or table.keyspace_in(keyspace)


def _answer(query: Query[Any], statement: Statement) -> Operation[Rows]:
    """Send a read; explain the server's refusal to filter in the words of the model."""
    try:
        return (yield statement)
    except ServerRefusedQuery as error:
        if query.allow_filtering or not any(words in str(error) for words in _REFUSALS_TO_FILTER):
            raise
        filtered = plan_of(query).filtered
        raise FilteringRefused(query.model.__name__, query.filtered_fields, filtered, error) from error


#: Found in what both servers say: the second where a clustering key is given without those before it.
_REFUSALS_TO_FILTER = ("ALLOW FILTERING", "cannot be restricted")
