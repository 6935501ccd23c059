"""From a driver's rows to documents.

A reader is made once for each document class and list of columns. It knows how each column's value becomes the field's
value, so that a document read equals the document that full validation of the same values would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from coodie_core.codecs.plain import decode_value
from coodie_core.document import BaseDocument, StoredRow, remember_stored, remember_written
from coodie_core.exceptions import RowDoesNotFit
from coodie_core.family import has_static_columns
from coodie_core.schema import Table, table_of
from coodie_core.statement import Rows
from coodie_core.validation import reasons

D = TypeVar("D", bound=BaseDocument)

_new = object.__new__
_put = object.__setattr__

#: What an empty non-frozen collection reads as: CQL stores it as null.
_EMPTY_COLLECTIONS: dict[str, Callable[[], Any]] = {"list": list, "set": set, "map": dict}


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
    if table_of(model).family is not None:
        return [reader.document(row) for reader, row in readers_of(model, rows, validated=validated)]
    reader = document_reader(model, rows.columns, validated=validated)
    return [reader.document(row) for row in reader.rows_of_documents(rows.rows)]


def readers_of(model: type[D], rows: Rows, *, validated: bool) -> Iterator[tuple[DocumentReader[D], Sequence[Any]]]:
    """Yield each row that is a document of *model*, with what reads it: the reader of its own class."""
    table = table_of(model)
    family = table.family
    if family is None or family.discriminator not in rows.columns:  # as of distinct(), which reads partitions
        reader = document_reader(model, rows.columns, validated=validated)
        yield from ((reader, row) for row in reader.rows_of_documents(rows.rows))
        return
    place = list(rows.columns).index(family.discriminator)
    for row in rows.rows:
        member = family.class_of(row[place], table)
        if member is not None:
            places = [number for number, name in enumerate(rows.columns) if name in member.by_name]
            names = tuple(rows.columns[number] for number in places)
            reader = cast("DocumentReader[D]", document_reader(member.model, names, validated=validated))
            own = tuple(row[number] for number in places)
            yield from ((reader, item) for item in reader.rows_of_documents([own]))


def values_of_empty_columns(table: Table, columns: Iterable[str]) -> dict[str, Any]:
    """Return what a document that is read holds where these columns are empty, for each that may be."""
    values: dict[str, Any] = {}
    for name in columns:
        with suppress(_ColumnIsNull, ValueError):
            values[name] = _value_of_null(table, name)(values)
    return values


def row_values(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return some of a row's values by column: as the field has them, or as plain Python where there is no field."""
    return {name: _decoded(table, name, value) for name, value in values.items()}


def _decoded(table: Table, name: str, value: Any) -> Any:
    if name not in table.codecs:
        return decode_value(value)
    decode = table.codecs[name].decode
    return decode(value) if decode is not None and value is not None else value


def document_reader(model: type[D], columns: Sequence[str], *, validated: bool) -> DocumentReader[D]:
    """Return the reader of rows with these columns, which must be the table's."""
    return _reader(table_of(model), tuple(columns), validated)


@lru_cache(maxsize=4096)
def _reader(table: Table, columns: tuple[str, ...], validated: bool) -> DocumentReader[Any]:
    return DocumentReader(table.model, columns, validated=validated)


class DocumentReader(Generic[D]):
    """Turns rows with a fixed list of columns into documents of one class."""

    def __init__(self, model: type[D], columns: tuple[str, ...], *, validated: bool = False) -> None:
        table = table_of(model)
        self.model = model
        self.columns = columns
        self._fields = frozenset(columns)
        self._decoders = [(name, table.codecs[name].decode) for name in columns]
        self._when_null = {name: _value_of_null(table, name) for name in columns}
        self._made_up = frozenset(name for name in columns if model.model_fields[name].default_factory is not None)
        self._is_whole = self._fields >= model.model_fields.keys()
        self._build = (
            self._construct
            if not (validated or needs_validation(model))
            else self._validated
            if self._is_whole
            else self._partial
        )

        has_clustering_key = has_static_columns(table) and table.clustering_key[0] in columns
        self._clustering_key = columns.index(table.clustering_key[0]) if has_clustering_key else None

    def rows_of_documents(self, rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
        """Return *rows* without those that only show the static columns of a partition."""
        place = self._clustering_key
        return rows if place is None else [row for row in rows if row[place] is not None]

    def document(self, row: Sequence[Any]) -> D:
        """Return the document of one row; it remembers the row, so that a later save writes what changed."""
        values = self.values(row)
        document = self._build(dict(values))
        remember_stored(document, StoredRow(self, row))
        if None in row:
            self._note_empty_columns(document, row, values)
        return document

    def _note_empty_columns(self, document: D, row: Sequence[Any], values: Mapping[str, Any]) -> None:
        """Let what is empty not count as set, since nobody set it, and a default that was made count as stored."""
        empty = {name for name, value in zip(self.columns, row, strict=True) if value is None}
        document.model_fields_set.difference_update(empty)
        if not empty.isdisjoint(self._made_up):
            remember_written(document, values)  # reading the row again would make another default

    def values(self, row: Sequence[Any]) -> Mapping[str, Any]:
        """Return the fields' values in a row.

        Raises:
            RowDoesNotFit: A column holds nothing, or a value that its field refuses.
        """
        problems: dict[str, str] = {}
        values: dict[str, Any] = {}
        for (name, decode), value in zip(self._decoders, row, strict=True):
            try:
                values[name] = self._when_null[name](values) if value is None else decode(value) if decode else value
            except _ColumnIsNull:
                problems[name] = "the column is empty (null)"
            except ValueError as error:
                problems[name] = reasons(error) if isinstance(error, ValidationError) else str(error)
        if problems:
            raise RowDoesNotFit(self.model.__name__, problems)
        return values

    def _construct(self, values: dict[str, Any]) -> D:
        """Put the values in place as they are: they fit already."""
        document: D = _new(self.model)
        _put(document, "__dict__", values)
        _put(document, "__pydantic_fields_set__", set(self._fields))
        _put(document, "__pydantic_extra__", None)
        _put(document, "__pydantic_private__", None)
        return document

    def _validated(self, values: dict[str, Any]) -> D:
        """Let the model's own validators, private attributes and hooks have their say."""
        try:
            return self.model.model_validate(values, by_name=True, by_alias=False)
        except ValidationError as error:
            raise RowDoesNotFit(
                self.model.__name__, {".".join(map(str, e["loc"])) or "model": e["msg"] for e in error.errors()}
            ) from None

    def _partial(self, values: dict[str, Any]) -> D:
        """Build a document of which some fields were not asked for: validators and hooks cannot judge it."""
        document = self._construct(values)
        if self.model.model_config.get("extra") == "allow":
            _put(document, "__pydantic_extra__", {})
        if self.model.__private_attributes__:
            private = {name: item.get_default() for name, item in self.model.__private_attributes__.items()}
            given = {name: value for name, value in private.items() if value is not PydanticUndefined}
            _put(document, "__pydantic_private__", given)
        return document


def needs_validation(model: type[BaseDocument]) -> bool:
    """Whether the class has validators, hooks or attributes of its own that a document must not miss."""
    decorators = model.__pydantic_decorators__
    return bool(
        decorators.field_validators
        or decorators.model_validators
        or decorators.validators
        or decorators.root_validators
        or model.__pydantic_post_init__
        or model.__pydantic_custom_init__
        or model.__private_attributes__
        or model.model_config.get("extra") == "allow"
    )


class _ColumnIsNull(Exception):
    """A column holds nothing, and its field has no value for that."""


def _refuse_null(_read: Mapping[str, Any]) -> Any:
    raise _ColumnIsNull


def _value_of_null(table: Table, name: str) -> Callable[[dict[str, Any]], Any]:
    """Return what gives the field's value where the column holds nothing, from what was read of the row before it."""
    field: FieldInfo = table.model.model_fields[name]
    cql = table.types[name]
    if name in table.nullable:
        return lambda _read: None
    if cql.name in _EMPTY_COLLECTIONS and not cql.frozen:
        empty, decode = _EMPTY_COLLECTIONS[cql.name], table.codecs[name].decode
        return lambda _read: decode(empty()) if decode else empty()
    if not field.is_required():
        return lambda read: field.get_default(call_default_factory=True, validated_data=read)
    if cql.name == "counter":
        return lambda _read: 0
    if cql.is_user_type and not cql.frozen:
        decode_model = table.codecs[name].decode
        if decode_model is not None:
            return lambda _read: decode_model(SimpleNamespace())  # CQL stores one without any value as null
    return _refuse_null
