"""Writes that ask for nothing special: most of them, made in a third of the time.

A document without a version, options and conditions is saved by one INSERT, whose text depends on the names of its
fields. An update that sets fields as a whole has a text of which the same is true; and where the class has no
validators, a value is judged by its field alone, while the general way tries each change on a copy of the document.

So the text is made once for its names, by the general way, and a call checks and encodes its values. Whatever is
otherwise, and every value that does not fit, is left to the general way, which also says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from coodie_core.codecs.scalars import Convert
from coodie_core.cql_builder import Assignment, Cql, Restriction, build_delete, build_update
from coodie_core.cql_builder.parts import restriction_shapes
from coodie_core.document import BaseDocument
from coodie_core.exceptions import UnstorableValue
from coodie_core.operations.saving import insert_text, needing_a_value, normalisers, refuse_missing_key, row_written
from coodie_core.query import Query
from coodie_core.row_reader import needs_validation
from coodie_core.schema import Table, TableKind
from coodie_core.validation import binder, encoded, judge_of

Judge = Callable[[Any], Any]
"""Makes of a value what the field will hold, or raises `pydantic.ValidationError`."""


PlainWrite = tuple[Cql, dict[str, Any]]
"""A write that is sent as it is: the statement, and what it writes, as documents have it."""


class _Column(NamedTuple):
    """What a save needs to know of a column."""

    name: str
    is_key: bool
    is_collection_of_cells: bool
    encode: Convert | None
    needs_value: bool


def plain_save(
    table: Table, document: BaseDocument, keyspace: str, known: Mapping[str, Any], *, if_not_exists: bool = False
) -> PlainWrite | None:
    """Return the INSERT of what is new or changed in a document, or None where it is not one of the plain ones.

    Args:
        table: The document's table; not one whose documents have a version.
        document: The document, with values as they will be read back.
        keyspace: That of the table.
        known: What the row is known to hold.
        if_not_exists: Whether to write only where no row has the key.
    """
    if table.allows_extra_values:
        return None
    held, given = vars(document), document.__pydantic_fields_set__
    written: dict[str, Any] = {}
    values: list[Any] = []
    try:
        for name, is_key, is_collection_of_cells, encode, needs_value in _columns(table):
            if name not in held:
                if is_key:
                    return None
                continue
            value = held[name]
            if name in known and not is_key:
                if known[name] == value:
                    continue
                if is_collection_of_cells:
                    return None  # of which perhaps only elements changed
            elif value is None or (is_collection_of_cells and not value):
                if is_key:
                    return None
                if name not in given:
                    continue
            if value is None and needs_value:
                return None
            written[name] = value
            values.append(value if value is None or encode is None else encode(value))
    except UnstorableValue:
        return None
    if known and len(written) == len(table.primary_key):
        return None
    return Cql(insert_text(table, keyspace, written, if_not_exists), tuple(values)), written


def _columns(table: Table) -> tuple[_Column, ...]:
    kept: tuple[_Column, ...] | None = table.memory.get("columns to save")
    return kept or table.memory.of("columns to save", lambda: _make_columns(table))


def _make_columns(table: Table) -> tuple[_Column, ...]:
    cells, needed = table.collections_of_cells, needing_a_value(table)
    return tuple(
        _Column(name, column.is_primary_key, name in cells, table.encoders[name], name in needed)
        for name, column in table.by_name.items()
    )


def plain_update(
    table: Table, document: BaseDocument, keyspace: str | None, changes: Mapping[str, Any]
) -> PlainWrite | None:
    """Return the update that sets *changes* in the document's row, or None if it is not one of the plain ones.

    Args:
        table: The document's table.
        document: The document.
        keyspace: That of the connection.
        changes: What `Document.update` was given, beside options and conditions: there are none.
    """
    held = vars(document)
    for name in table.primary_key:
        if held.get(name) is None:
            return None
    accepted: dict[str, Any] = {}
    try:
        for name, value in changes.items():
            judge = _judge_of(table, name)
            if judge is None:
                return None
            accepted[name] = judge(value)
        if not accepted:
            return None
        text, key = _text_of(table, keyspace, tuple(accepted))
        values = [encoded(table, name, value) for name, value in accepted.items()]
        values += [encoded(table, name, held[name]) for name in key]
    except (ValidationError, UnstorableValue):
        return None
    return Cql(text, tuple(values)), accepted


def plain_delete(table: Table, document: BaseDocument, keyspace: str) -> Cql:
    """Return the DELETE of a document's row, without options and conditions.

    Raises:
        InvalidQueryError: A column of the key was not loaded.
    """
    held = vars(document)
    refuse_missing_key(table, held, "delete()")
    text: str | None = table.memory.get(("delete", keyspace))
    if text is None:
        where = [Restriction(name, "=", None) for name in table.primary_key]
        text = table.memory.of(("delete", keyspace), lambda: build_delete(table.name, keyspace, where=where).cql)
    return Cql(text, tuple([encoded(table, name, held[name]) for name in table.primary_key]))


def _text_of(table: Table, keyspace: str | None, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the text of an update that sets these fields, and the columns of the key that name the row in it."""
    key = ("plain update", keyspace, names)
    kept: tuple[str, tuple[str, ...]] | None = table.memory.get(key)
    return kept or table.memory.of(key, lambda: _make_text(table, keyspace, names))


def _make_text(table: Table, keyspace: str | None, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    where = row_written(table, [Restriction(name, "=", None) for name in table.primary_key], names)
    assignments = [Assignment(name, "set", None) for name in names]
    cql = build_update(table.name, table.keyspace_in(keyspace), assignments=assignments, where=where)
    return cql.cql, tuple(restriction.column for restriction in where)


def plain_update_of_row(
    table: Table, query: Query[Any], keyspace: str, changes: Mapping[str, Any]
) -> PlainWrite | None:
    """Return the update that sets *changes* in the row that a query names, or None if it is not one of the plain ones.

    Args:
        table: The table.
        query: The query, without options and conditions of its own.
        keyspace: That of the table.
        changes: What `QuerySet.update` was given, beside conditions: there are none.
    """
    filters = query.filters
    shape = ("update of row", keyspace, tuple(changes), restriction_shapes(filters))
    text: str | None = table.memory.get(shape)
    if text is None:
        text = table.memory.of(shape, lambda: _make_text_for_row(table, filters, keyspace, changes))
    if not text:
        return None
    try:
        written = {name: binder(table, name)(value) for name, value in changes.items()}
    except (ValidationError, UnstorableValue):
        return None
    return Cql(text, (*written.values(), *[item.value for item in filters])), written


def _make_text_for_row(table: Table, filters: Sequence[Restriction], keyspace: str, changes: Iterable[str]) -> str:
    """Return the text of an update that sets these fields; empty where it needs more than a text."""
    key = {(name, "=") for name in table.primary_key}
    names_row = len(filters) == len(key) and {(item.column, item.operator) for item in filters} == key
    if not names_row or table.has_static_columns or not all(_can_be_set(table, name) for name in changes):
        return ""
    assignments = [Assignment(name, "set", None) for name in changes]
    return build_update(table.name, keyspace, assignments=assignments, where=filters).cql


def _can_be_set(table: Table, keyword: str) -> bool:
    """Whether a keyword is a field that any update may set, whatever the row holds."""
    if table.kind is not TableKind.TABLE or table.family is not None or table.version_field is not None:
        return False
    return keyword in table.by_name and not table.by_name[keyword].is_primary_key


def _judge_of(table: Table, keyword: str) -> Judge | None:
    """Return what judges values of a field, or None where *keyword* is no field that is judged by itself."""
    judges: dict[str, Judge | None] = table.memory.of("judges", dict[str, Judge | None])
    if keyword not in judges:
        if keyword not in table.by_name:
            return None
        judges[keyword] = _make_judge(table, keyword)
    return judges[keyword]


def _make_judge(table: Table, name: str) -> Judge | None:
    model = table.model
    if not _can_be_set(table, name) or needs_validation(model) or model.model_config.get("frozen"):
        return None
    judge, normalised = judge_of(table, name), normalisers(table).get(name)
    if judge is None or normalised is None:
        return judge

    def judged_and_normalised(value: Any) -> Any:
        accepted = judge(value)
        return accepted if accepted is None else normalised(accepted)

    return judged_and_normalised
