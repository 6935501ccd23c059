"""INSERT, UPDATE, DELETE and BATCH statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import starmap
from typing import Any

from coodie_core.cql_builder.parts import (
    MAX_TEXTS,
    Assignment,
    Cql,
    Element,
    Restriction,
    RestrictionShape,
    assignment_text,
    assignment_values,
    bound_values,
    names,
    restriction_shapes,
    restrictions_text,
    using,
)
from coodie_core.exceptions import InvalidQueryError
from coodie_core.identifiers import qualified, quoted
from coodie_core.statement import BatchKind


def build_insert(
    table: str,
    keyspace: str | None = None,
    *,
    values: Mapping[str, Any],
    if_not_exists: bool = False,
    ttl: int | None = None,
    timestamp: int | None = None,
) -> Cql:
    """Return an INSERT of *values*, which must hold the whole primary key.

    Args:
        table: The name of the table.
        keyspace: Its keyspace; None for the session's own.
        values: What to write, by column. None writes null, which deletes what was there.
        if_not_exists: Whether the write is refused where a row with this key exists (a lightweight transaction).
        ttl: Seconds until the values expire.
        timestamp: Microseconds since 1970.

    Raises:
        InvalidQueryError: There are no values.

    Example:
        >>> build_insert("users", "ks", values={"id": 7}, ttl=60)
        Cql(cql='INSERT INTO "ks"."users" ("id") VALUES (?) USING TTL ?', params=(7, 60))
    """
    if not values:
        raise InvalidQueryError(f"build_insert({table!r}): there are no values.")
    options = using(ttl, timestamp)
    text = _insert_text(table, keyspace, tuple(values), if_not_exists) + options.cql
    return Cql(text, (*values.values(), *options.params))


@lru_cache(maxsize=MAX_TEXTS)
def _insert_text(table: str, keyspace: str | None, columns: tuple[str, ...], if_not_exists: bool) -> str:
    markers = ", ".join("?" * len(columns))
    condition = " IF NOT EXISTS" if if_not_exists else ""
    return f"INSERT INTO {qualified(table, keyspace)} ({names(columns)}) VALUES ({markers}){condition}"


def build_insert_json(
    table: str, keyspace: str | None = None, *, row: str, ttl: int | None = None, timestamp: int | None = None
) -> Cql:
    """Return an INSERT of a row as a JSON object; columns that are not in it are left as they are.

    Args:
        table: The name of the table.
        keyspace: Its keyspace; None for the session's own.
        row: The JSON text.
        ttl: Seconds until the values expire.
        timestamp: Microseconds since 1970.

    Example:
        >>> build_insert_json("users", "ks", row='{"id": 7}')
        Cql(cql='INSERT INTO "ks"."users" JSON ? DEFAULT UNSET', params=('{"id": 7}',))
    """
    options = using(ttl, timestamp)
    return Cql(f"INSERT INTO {qualified(table, keyspace)} JSON ? DEFAULT UNSET{options.cql}", (row, *options.params))


def build_update(
    table: str,
    keyspace: str | None = None,
    *,
    assignments: Sequence[Assignment],
    where: Sequence[Restriction],
    conditions: Sequence[Restriction] = (),
    if_exists: bool = False,
    ttl: int | None = None,
    timestamp: int | None = None,
) -> Cql:
    """Return an UPDATE.

    Args:
        table: The name of the table.
        keyspace: Its keyspace; None for the session's own.
        assignments: What changes.
        where: The row's primary key.
        conditions: What must hold of the row, or the write is refused (a lightweight transaction).
        if_exists: Whether the row must exist (a lightweight transaction).
        ttl: Seconds until the values expire.
        timestamp: Microseconds since 1970.

    Raises:
        InvalidQueryError: Nothing changes, no row is named, or both conditions and *if_exists* are given.

    Example:
        >>> build_update("users", assignments=[Assignment("name", "set", "Bob")], where=[Restriction("id", "=", 7)])
        Cql(cql='UPDATE "users" SET "name" = ? WHERE "id" = ?', params=('Bob', 7))
    """
    if not assignments or not where:
        raise InvalidQueryError(f"build_update({table!r}): give assignments and a where.")
    _refuse_both(conditions, if_exists)
    options = using(ttl, timestamp)
    text = _update_text(
        table,
        keyspace,
        options.cql,
        tuple([(item.column, item.operation) for item in assignments]),
        restriction_shapes(where),
        restriction_shapes(conditions),
        if_exists,
    )
    return Cql(
        text, (*options.params, *assignment_values(assignments), *bound_values(where), *bound_values(conditions))
    )


@lru_cache(maxsize=MAX_TEXTS)
def _update_text(
    table: str,
    keyspace: str | None,
    options: str,
    assignments: tuple[tuple[str, str], ...],
    where: tuple[RestrictionShape, ...],
    conditions: tuple[RestrictionShape, ...],
    if_exists: bool,
) -> str:
    changes = ", ".join(starmap(assignment_text, assignments))
    condition = restrictions_text("WHERE", where) + _condition_text(conditions, if_exists)
    return f"UPDATE {qualified(table, keyspace)}{options} SET {changes}{condition}"


def build_counter_update(
    table: str, keyspace: str | None = None, *, deltas: Mapping[str, int], where: Sequence[Restriction]
) -> Cql:
    """Return an UPDATE that adds to counters.

    Args:
        table: The name of the counter table.
        keyspace: Its keyspace; None for the session's own.
        deltas: What is added to each counter; negative to subtract.
        where: The row's primary key.

    Example:
        >>> build_counter_update("pages", deltas={"views": 1}, where=[Restriction("url", "=", "/")])
        Cql(cql='UPDATE "pages" SET "views" = "views" + ? WHERE "url" = ?', params=(1, '/'))
    """
    assignments = [Assignment(column, "append", delta) for column, delta in deltas.items()]
    return build_update(table, keyspace, assignments=assignments, where=where)


def build_delete(
    table: str,
    keyspace: str | None = None,
    *,
    where: Sequence[Restriction],
    columns: Sequence[str] = (),
    elements: Sequence[Element] = (),
    conditions: Sequence[Restriction] = (),
    if_exists: bool = False,
    timestamp: int | None = None,
) -> Cql:
    """Return a DELETE of rows, or of some of their columns or of elements of their collections.

    Args:
        table: The name of the table.
        keyspace: Its keyspace; None for the session's own.
        where: Which rows; at least the partition key.
        columns: What to delete of them; the whole rows if this and *elements* are empty.
        elements: What to delete of their maps, sets and lists.
        conditions: What must hold of the row, or the write is refused (a lightweight transaction).
        if_exists: Whether the row must exist (a lightweight transaction).
        timestamp: Microseconds since 1970.

    Raises:
        InvalidQueryError: No row is named (`build_truncate` empties a table).

    Example:
        >>> build_delete("users", where=[Restriction("id", "=", 7)], if_exists=True)
        Cql(cql='DELETE FROM "users" WHERE "id" = ? IF EXISTS', params=(7,))
    """
    if not where:
        raise InvalidQueryError(f"build_delete({table!r}): give a where. build_truncate() empties the whole table.")
    _refuse_both(conditions, if_exists)
    options = using(None, timestamp)
    text = _delete_text(
        table,
        keyspace,
        options.cql,
        tuple(columns),
        tuple([element.column for element in elements]),
        restriction_shapes(where),
        restriction_shapes(conditions),
        if_exists,
    )
    keys = [element.key for element in elements]
    return Cql(text, (*keys, *options.params, *bound_values(where), *bound_values(conditions)))


@lru_cache(maxsize=MAX_TEXTS)
def _delete_text(
    table: str,
    keyspace: str | None,
    options: str,
    columns: tuple[str, ...],
    columns_of_elements: tuple[str, ...],
    where: tuple[RestrictionShape, ...],
    conditions: tuple[RestrictionShape, ...],
    if_exists: bool,
) -> str:
    parts = [*map(quoted, columns), *(f"{quoted(column)}[?]" for column in columns_of_elements)]
    deleted = f" {', '.join(parts)}" if parts else ""
    condition = restrictions_text("WHERE", where) + _condition_text(conditions, if_exists)
    return f"DELETE{deleted} FROM {qualified(table, keyspace)}{options}{condition}"


def build_batch(statements: Sequence[Cql], kind: BatchKind = BatchKind.LOGGED, timestamp: int | None = None) -> Cql:
    """Return one BATCH statement as text, for a client that has no batch request of its own.

    Args:
        statements: INSERT, UPDATE and DELETE statements.
        kind: Logged, unlogged or counter.
        timestamp: Microseconds since 1970, for all of them.

    Raises:
        InvalidQueryError: There are no statements, or there is no such kind of batch.

    Example:
        >>> build_batch([build_delete("users", where=[Restriction("id", "=", 7)])]).cql
        'BEGIN BATCH DELETE FROM "users" WHERE "id" = ?; APPLY BATCH'
    """
    if not statements:
        raise InvalidQueryError("build_batch(): there are no statements.")
    if kind not in tuple(BatchKind):
        raise InvalidQueryError(f"build_batch(kind={kind!r}): use one of {', '.join(BatchKind)}.")
    options = using(None, timestamp)
    word = "" if kind == BatchKind.LOGGED else f"{kind} "
    body = " ".join(f"{statement.cql};" for statement in statements)
    params = (*options.params, *(value for statement in statements for value in statement.params))
    return Cql(f"BEGIN {word}BATCH{options.cql} {body} APPLY BATCH", params)


def _refuse_both(conditions: Sequence[Restriction], if_exists: bool) -> None:
    if conditions and if_exists:
        raise InvalidQueryError(
            "if_exists and if_conditions exclude each other: a condition holds only of a row that exists."
        )


def _condition_text(conditions: Sequence[RestrictionShape], if_exists: bool) -> str:
    return " IF EXISTS" if if_exists else restrictions_text("IF", conditions)
