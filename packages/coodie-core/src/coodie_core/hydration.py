"""From a driver's rows to documents: which class each row is of, and what else is made of rows.

`row_reader` turns rows of one class into documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, TypeVar

from coodie_core.codecs.plain import decode_value
from coodie_core.collector import made_at_once
from coodie_core.document import BaseDocument
from coodie_core.family import Family
from coodie_core.row_reader import ColumnIsNull, DocumentReader, document_reader, value_of_null
from coodie_core.schema import Table, table_of
from coodie_core.statement import Rows

D = TypeVar("D", bound=BaseDocument)

_Rows = Sequence[Sequence[Any]]


def documents_of(model: type[D], rows: Rows, *, validated: bool = False) -> list[D]:
    """Return one document for each row.

    A partition without rows may have static columns; the server shows them as a row without clustering keys, which is
    no document.

    Args:
        model: The document class.
        rows: Rows with columns of its table.
        validated: Whether Pydantic judges each of them in full; every field is among the columns then.

    Raises:
        RowDoesNotFit: A column holds nothing, or a value that its field refuses.
    """
    if not rows.rows:
        return []
    if len(rows.rows) == 1 and table_of(model).family is None:  # nothing to wait for, and nothing to tell apart
        return document_reader(model, rows.columns, validated=validated).documents(rows.rows)
    return made_at_once(lambda part: _joined(runs_of(model, rows.columns, part, validated=validated)), rows.rows)


def _joined(runs: Sequence[tuple[DocumentReader[D], _Rows]]) -> list[D]:
    if len(runs) == 1:
        ((reader, rows),) = runs
        return reader.documents(rows)
    return list(chain.from_iterable(reader.documents(rows) for reader, rows in runs))


def runs_of(
    model: type[D], columns: Sequence[str], rows: _Rows, *, validated: bool
) -> Sequence[tuple[DocumentReader[D], _Rows]]:
    """Return the rows that are documents of *model*, as many together as are of one class, with the reader of that."""
    family = table_of(model).family
    if family is None or family.discriminator not in columns:  # as of distinct(), which reads partitions
        return ((document_reader(model, columns, validated=validated), rows),)
    return [*_runs_of_family(model, family, columns, rows, validated=validated)]


def _runs_of_family(
    model: type[D], family: Family, columns: Sequence[str], rows: _Rows, *, validated: bool
) -> Iterator[tuple[DocumentReader[D], _Rows]]:
    asked = table_of(model)
    for value, run in groupby(rows, itemgetter(list(columns).index(family.discriminator))):
        member = family.class_of(value, asked)
        if member is not None:
            key = ("columns of a class", member, tuple(columns))
            names, own = asked.memory.of(key, partial(_columns_of_class, member, columns))
            reader: DocumentReader[Any] = document_reader(member.model, names, validated=validated)
            yield reader, [own(row) for row in run]


def _columns_of_class(member: Table, columns: Sequence[str]) -> tuple[tuple[str, ...], Callable[[Any], Any]]:
    """Return those columns that a class has, and what takes their values from a row."""
    places = [place for place, name in enumerate(columns) if name in member.by_name]
    return tuple(columns[place] for place in places), lambda row: tuple([row[place] for place in places])


def values_of_empty_columns(table: Table, columns: Iterable[str]) -> dict[str, Any]:
    """Return what a document that is read holds where these columns are empty, for each that may be."""
    values: dict[str, Any] = {}
    for name in columns:
        with suppress(ColumnIsNull, ValueError):
            values[name] = value_of_null(table, name)(values)
    return values


def row_values(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return some of a row's values by column: as the field has them, or as plain Python where there is no field."""
    return {name: _decoded(table, name, value) for name, value in values.items()}


def _decoded(table: Table, name: str, value: Any) -> Any:
    if name not in table.codecs:
        return decode_value(value)
    decode = table.codecs[name].decode
    return decode(value) if decode is not None and value is not None else value
