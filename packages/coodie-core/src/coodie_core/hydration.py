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
    family = _family_told_apart(model, rows)
    if family is None:
        return made_at_once(document_reader(model, rows.columns, validated=validated).documents, rows.rows)

    def make(part: _Rows) -> list[D]:
        runs = _runs_of_family(model, family, rows.columns, part, validated=validated)
        return list(chain.from_iterable(reader.documents(own) for reader, own in runs))

    return made_at_once(make, rows.rows)


def readers_of(model: type[D], rows: Rows, *, validated: bool) -> Iterator[tuple[DocumentReader[D], Sequence[Any]]]:
    """Yield each row that is a document of *model*, with what reads it: the reader of its own class."""
    family = _family_told_apart(model, rows)
    if family is None:
        reader = document_reader(model, rows.columns, validated=validated)
        return ((reader, row) for row in reader.rows_of_documents(rows.rows))
    runs = _runs_of_family(model, family, rows.columns, rows.rows, validated=validated)
    return ((own, row) for own, found in runs for row in own.rows_of_documents(found))


def _family_told_apart(model: type[BaseDocument], rows: Rows) -> Family | None:
    """Return the family of *model* if the rows say of which class they are; those of ``distinct()`` do not."""
    family = table_of(model).family
    return family if family is not None and family.discriminator in rows.columns else None


def _runs_of_family(
    model: type[D], family: Family, columns: Sequence[str], rows: _Rows, *, validated: bool
) -> Iterator[tuple[DocumentReader[D], _Rows]]:
    """Yield the rows that are documents of *model*, as many at once as are of one class, with their reader."""
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
