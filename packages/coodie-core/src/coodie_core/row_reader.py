"""From rows to documents of one class.

A reader is made once for each document class and list of columns. It knows how each column's value becomes the field's
value, so that a document read equals the document that full validation of the same values would give.

Most rows go through code that was compiled for these columns (`row_code`). Whatever that code does not do, the reader
does by itself, one row and one column at a time: it lets validators and hooks have their say, makes defaults, and names
what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from coodie_core.document import BaseDocument, StoredRow, remember_stored, remember_written
from coodie_core.exceptions import RowDoesNotFit
from coodie_core.family import has_static_columns
from coodie_core.row_code import RowValue, documents_maker
from coodie_core.row_types import TypesOfRows
from coodie_core.schema import Table, table_of
from coodie_core.validation import reasons

D = TypeVar("D", bound=BaseDocument)

_PYDANTICS_SCHEMA: Any = vars(BaseModel)["__get_pydantic_core_schema__"].__func__

_new = object.__new__
_put = object.__setattr__

#: What an empty non-frozen collection reads as: CQL stores it as null.
_EMPTY_COLLECTIONS: dict[str, Callable[[], Any]] = {"list": list, "set": set, "map": dict}


def document_reader(model: type[D], columns: Sequence[str], *, validated: bool) -> DocumentReader[D]:
    """Return the reader of rows with these columns, which must be the table's."""
    names, table = tuple(columns), table_of(model)
    members = table.family and len(table.family.members)  # one that joins may have static columns
    key = ("reader", names, validated, members)
    kept: DocumentReader[D] | None = table.memory.get(key)
    return kept or table.memory.of(key, lambda: DocumentReader(model, names, validated=validated))


class DocumentReader(Generic[D]):
    """Turns rows with a fixed list of columns into documents of one class."""

    def __init__(self, model: type[D], columns: tuple[str, ...], *, validated: bool = False) -> None:
        table = table_of(model)
        self.model = model
        self.columns = columns
        self._fields = frozenset(columns)
        self._types: TypesOfRows | None = TypesOfRows({name: table.types[name] for name in columns})
        self._decoders = [(name, table.codecs[name].decode) for name in columns]
        self._when_null = {name: value_of_null(table, name) for name in columns}
        self._inputs = [(name, table.codecs[name].prepare) for name in columns]
        self._defaulted = frozenset(name for name in columns if _is_default_when_null(table, name))
        self._made_up = frozenset(
            name for name in self._defaulted if model.model_fields[name].default_factory is not None
        )
        is_whole = self._fields >= model.model_fields.keys()
        judged = validated or needs_validation(model)
        self._build = self._construct if not judged else self._validated if is_whole else self._partial
        self._compiled = self._compile(table) if not judged and _can_become(model) else None

        has_clustering_key = has_static_columns(table) and table.clustering_key[0] in columns
        self._clustering_key = columns.index(table.clustering_key[0]) if has_clustering_key else None

    def _compile(self, table: Table) -> Callable[[Sequence[Any]], list[D]]:
        values = [
            RowValue(
                decode,
                when_null=None if name in table.nullable else partial(self._when_null[name], {}),
                by_itself=name in self._made_up,
            )
            for name, decode in self._decoders
        ]
        return documents_maker(self.model, _Unfinished, self, self.columns, values, self._document)

    def rows_of_documents(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return *rows* without those that only show the static columns of a partition."""
        place = self._clustering_key
        return rows if place is None else [row for row in rows if row[place] is not None]

    def documents(self, rows: Sequence[Sequence[Any]]) -> list[D]:
        """Return a document for each row that is one; it remembers the row, so that a later save writes what changed.

        Raises:
            RowDoesNotFit: A column holds nothing, or a value that its field refuses.
        """
        found = self.rows_of_documents(rows)
        if self._types is not None and found:
            self._look_at(self._types, found[0])
        if self._compiled is not None:
            try:
                return self._compiled(found)
            except (ColumnIsNull, ValueError):
                pass  # read again, one by one, to name the fields
        return [self._document(row) for row in found]

    def _look_at(self, types: TypesOfRows, row: Sequence[Any]) -> None:
        problems = types.problems_in(row)
        if problems:
            raise RowDoesNotFit(self.model.__name__, problems)
        if types.are_known:
            self._types = None

    def document(self, row: Sequence[Any]) -> D:
        """Return the document of one row, which must be one."""
        return self.documents((row,))[0]

    def _document(self, row: Sequence[Any]) -> D:
        document = self._build(row)
        remember_stored(document, StoredRow(self, row))
        empty = self._fields - self.fields_set(row)
        document.model_fields_set.difference_update(empty)  # nobody set it
        made_up = empty & self._made_up
        if made_up:  # counts as stored, since reading the row again would make another default
            remember_written(document, {name: vars(document)[name] for name in made_up})
        return document

    def values(self, row: Sequence[Any]) -> dict[str, Any]:
        """Return the fields' values in a row.

        Raises:
            RowDoesNotFit: A column holds nothing, or a value that its field refuses.
        """
        problems: dict[str, str] = {}
        values: dict[str, Any] = {}
        for (name, decode), value in zip(self._decoders, row, strict=True):
            try:
                values[name] = self._when_null[name](values) if value is None else decode(value) if decode else value
            except ColumnIsNull:
                problems[name] = "the column is empty (null)"
            except ValueError as error:
                problems[name] = reasons(error) if isinstance(error, ValidationError) else str(error)
        if problems:
            raise RowDoesNotFit(self.model.__name__, problems)
        return values

    def fields_set(self, row: Sequence[Any]) -> set[str]:
        """Return the fields that a row has something for."""
        return {name for name, value in zip(self.columns, row, strict=True) if value is not None}

    def _construct(self, row: Sequence[Any]) -> D:
        """Put the values in place as they are: they fit already."""
        document: D = _new(self.model)
        _put(document, "__dict__", self.values(row))
        _put(document, "__pydantic_fields_set__", set(self._fields))
        _put(document, "__pydantic_extra__", None)
        _put(document, "__pydantic_private__", None)
        return document

    def _validated(self, row: Sequence[Any]) -> D:
        """Let the model's own validators, private attributes and hooks have their say, and all others once."""
        try:
            return self.model.model_validate(self._input(row), strict=False, by_name=True, by_alias=False)
        except (ColumnIsNull, ValueError) as error:
            _ = self.values(row)  # names each field whose own value does not fit
            if not isinstance(error, ValidationError):
                raise
            raise RowDoesNotFit(
                self.model.__name__, {".".join(map(str, e["loc"])) or "model": e["msg"] for e in error.errors()}
            ) from None

    def _input(self, row: Sequence[Any]) -> dict[str, Any]:
        """Return what the model is validated from; it makes defaults itself."""
        values: dict[str, Any] = {}
        for (name, prepare), value in zip(self._inputs, row, strict=True):
            if value is not None:
                values[name] = prepare(value) if prepare else value
            elif name not in self._defaulted:
                values[name] = self._when_null[name](values)
        return values

    def _partial(self, row: Sequence[Any]) -> D:
        """Build a document of which some fields were not asked for: validators and hooks cannot judge it."""
        document = self._construct(row)
        if self.model.model_config.get("extra") == "allow":
            _put(document, "__pydantic_extra__", {})
        if self.model.__private_attributes__:
            private = {name: item.get_default() for name, item in self.model.__private_attributes__.items()}
            given = {name: value for name, value in private.items() if value is not PydanticUndefined}
            _put(document, "__pydantic_private__", given)
        return document


class _Unfinished(BaseDocument):
    """What a document is until all is in place: its attributes can be set without the detour by Pydantic's code."""

    class Settings:
        __abstract__ = True

    if not TYPE_CHECKING:
        __setattr__ = object.__setattr__
        __delattr__ = object.__delattr__


def _can_become(model: type[BaseDocument]) -> bool:
    """Whether an instance of `_Unfinished` can become one of *model*.

    Not where that has ``__slots__`` of its own, or says itself what an attribute is that is not there yet.
    """
    if model.__getattr__ is not BaseDocument.__getattr__:
        return False
    try:
        cast("Any", _new(_Unfinished)).__class__ = model
    except TypeError:
        return False
    return True


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
        or model.model_config.get("validate_default")
        or any(field.validate_default for field in model.model_fields.values())
        or model.__new__ is not object.__new__
        or getattr(model.__get_pydantic_core_schema__, "__func__", None) is not _PYDANTICS_SCHEMA
    )


class ColumnIsNull(Exception):
    """A column holds nothing, and its field has no value for that."""


def _refuse_null(_read: Mapping[str, Any]) -> Any:
    raise ColumnIsNull


def _is_default_when_null(table: Table, name: str) -> bool:
    """Whether a document has the field's default where the column holds nothing."""
    cql = table.types[name]
    has_value = name in table.nullable or (cql.is_collection and cql.is_multicell)
    return not has_value and not table.model.model_fields[name].is_required()


def value_of_null(table: Table, name: str) -> Callable[[dict[str, Any]], Any]:
    """Return what gives the field's value where the column holds nothing, from what was read of the row before it."""
    field: FieldInfo = table.model.model_fields[name]
    cql = table.types[name]
    if name in table.nullable:
        return lambda _read: None
    if cql.is_collection and cql.is_multicell:
        empty, decode = _EMPTY_COLLECTIONS[cql.name], table.codecs[name].decode
        return lambda _read: decode(empty()) if decode else empty()
    if _is_default_when_null(table, name):
        return lambda read: field.get_default(call_default_factory=True, validated_data=read)
    if cql.name == "counter":
        return lambda _read: 0
    if cql.is_user_type and not cql.frozen:
        decode_model = table.codecs[name].decode
        if decode_model is not None:
            return lambda _read: decode_model(SimpleNamespace())  # CQL stores one without any value as null
    return _refuse_null
