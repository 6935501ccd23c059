"""The base of every document: a Pydantic model that knows its table. It has no method that talks to a server."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from copy import deepcopy
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Protocol, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic._internal._model_construction import ModelMetaclass

from coodie_core.exceptions import FieldNotLoaded
from coodie_core.expressions import Column
from coodie_core.family import settings_in_family
from coodie_core.schema import Table, TableKind, build_table, discriminator_of, table_of
from coodie_core.settings import DocumentSettings, document_settings

D = TypeVar("D", bound="BaseDocument")


class RowReader(Protocol):
    """Knows what is in a row that a document was read from or written as."""

    def values(self, row: Any) -> Mapping[str, Any]: ...

    def fields_set(self, row: Any) -> set[str]: ...


class StoredRow(NamedTuple):
    """What is known of a document's row in the database; decoded only if somebody asks.

    Attributes:
        reader: Knows what is in *row*.
        row: As the driver gave it, or as the document was written.
    """

    reader: RowReader
    row: Any

    def values(self) -> Mapping[str, Any]:
        """Return the value of each column that is known."""
        return self.reader.values(self.row)


class _WrittenValues:
    """Reads a row that was remembered as it was written: a dict by field."""

    def values(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return row

    def fields_set(self, row: Mapping[str, Any]) -> set[str]:
        return set(row)


_WRITTEN = _WrittenValues()
_FIELDS_SET = "__pydantic_fields_set__"
_NOTHING: Mapping[str, Any] = {}
_IMMUTABLE = frozenset({str, int, float, bool, bytes, UUID, datetime, date, time, Decimal, type(None)})


def _settings_of(cls: type[BaseDocument]) -> DocumentSettings:
    inherited = next(
        vars(base)["__coodie_settings__"] for base in cls.__mro__[1:] if "__coodie_settings__" in vars(base)
    )
    own = vars(cls).get("Settings")
    settings = document_settings(cls.__name__, own, inherited)
    return settings_in_family(cls, settings, names=hasattr(own, "name"))


# Pydantic hides these two from type checkers, so that they find misspelt names.
_pydantics_class_attribute: Any = vars(ModelMetaclass)["__getattr__"]
_pydantics_attribute: Any = vars(BaseModel)["__getattr__"]


def _is_asked_by_pydantic() -> bool:
    """Whether the attribute is looked up by Pydantic, which warns of fields that hide an attribute of a base class."""
    asking: str = sys._getframe(2).f_globals.get("__name__", "")  # pyright: ignore[reportPrivateUsage]
    return asking.startswith("pydantic.")


class DocumentType(ModelMetaclass):
    """The class of document classes: gives ``User.age`` as a column, for `col`."""

    def __getattr__(cls, name: str) -> Any:
        fields: Mapping[str, Any] = cls.__dict__.get("__pydantic_fields__", {})
        if name in fields and not _is_asked_by_pydantic():
            return Column[Any](cls, name)
        return _pydantics_class_attribute(cls, name)


class BaseDocument(BaseModel, metaclass=DocumentType):
    """What the documents of both APIs share: the fields, the table, and what is known of the stored row."""

    # The row as it was last read or written, so that save() can send what changed. Being slots, they are neither fields
    # nor a part of equality; being two, they need no object besides the row.
    __slots__ = ("__coodie_reader__", "__coodie_row__")

    # JSON has no bytes, and Pydantic's default, to take them for UTF-8, fails with any others.
    # The values that a document is made of are in no message either.
    model_config: ClassVar[ConfigDict] = ConfigDict(
        ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True
    )

    __coodie_api__: ClassVar[str | None] = None
    __coodie_kind__: ClassVar[TableKind] = TableKind.TABLE
    __coodie_settings__: ClassVar[DocumentSettings] = DocumentSettings(name="", abstract=True)
    __coodie_table__: ClassVar[Table]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__coodie_settings__ = _settings_of(cls)

    @classmethod
    def __pydantic_on_complete__(cls) -> None:
        """Build the table as soon as all types are known, so that a mistake shows where the class is defined."""
        unparametrised = bool(cls.__pydantic_generic_metadata__["parameters"])
        if cls.model_fields and not cls.__coodie_settings__.abstract and not unparametrised:
            if _has_to_default_to_its_class(cls):
                _ = cls.model_rebuild(force=True)
            cls.__coodie_table__ = build_table(cls, cls.__coodie_kind__, cls.__coodie_settings__)

    @classmethod
    def table_name(cls) -> str:
        """Return the name of the table, or of the view.

        Raises:
            InvalidModel: The class is abstract.
        """
        return table_of(cls).name

    @classmethod
    def connection_name(cls) -> str | None:
        """Return the connection that ``Settings`` names; None for the default one."""
        return cls.__coodie_settings__.connection

    def __getattr__(self, name: str) -> Any:
        if name == _FIELDS_SET:
            return _fields_set(self)
        if name in type(self).model_fields:
            raise FieldNotLoaded(
                f"{type(self).__name__}.{name} was not loaded: the query's only() or defer() left it out. "
                f"Name it in only(), or read the document with get()."
            )
        return _pydantics_attribute(self, name)

    def __copy__(self) -> Self:
        return _with_stored_row_of(self, super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return _with_stored_row_of(self, super().__deepcopy__(memo))


def _has_to_default_to_its_class(cls: type[BaseDocument]) -> bool:
    """Give the discriminator the value of the class as its default; return whether it had another one."""
    value = cls.__coodie_settings__.discriminator_value
    name = None if value is None else discriminator_of(cls)
    if name is None:
        return False
    field = cls.model_fields[name]
    before = field.default
    annotation: Any = field.annotation
    field.default = TypeAdapter[Any](annotation).validate_python(value)
    return bool(before != field.default)


_reader_slot: Any = BaseDocument.__dict__["__coodie_reader__"]
_row_slot: Any = BaseDocument.__dict__["__coodie_row__"]
# Bound once: each of these is called for every write.
_reader_of, _keep_reader = _reader_slot.__get__, _reader_slot.__set__
_row_of, _keep_row = _row_slot.__get__, _row_slot.__set__


def stored_row(document: BaseDocument) -> StoredRow | None:
    """Return the row as it was last read or written, or None for a document that never was."""
    try:
        return StoredRow(_reader_of(document), _row_of(document))
    except AttributeError:
        return None


def stored_values(document: BaseDocument) -> Mapping[str, Any] | None:
    """Return the value of each column that is known of the document's row, which is decoded once at most."""
    try:
        reader, row = _reader_of(document), _row_of(document)
    except AttributeError:
        return None
    values: Mapping[str, Any] = reader.values(row)
    if reader is not _WRITTEN:
        _ = document.model_fields_set  # is made of the row if it is not there yet
        _keep_values(document, values)
    return values


def _fields_set(document: BaseDocument) -> set[str]:
    """Make the set of fields of a document that was read, which few applications ever look at, of its row."""
    try:
        reader, row = _reader_of(document), _row_of(document)
    except AttributeError:  # one that nobody has finished yet
        made: set[str] = _pydantics_attribute(document, _FIELDS_SET)
        return made
    made = reader.fields_set(row)
    object.__setattr__(document, _FIELDS_SET, made)
    return made


def remember_stored(document: BaseDocument, row: StoredRow) -> None:
    """Remember what the document's row holds in the database now."""
    _keep_reader(document, row.reader)
    _keep_row(document, row.row)


def _keep_values(document: BaseDocument, values: Mapping[str, Any]) -> None:
    _keep_reader(document, _WRITTEN)
    _keep_row(document, values)


def forget_stored(document: BaseDocument) -> None:
    """Let the document be a new one, whose next save writes all of it."""
    if stored_row(document) is not None:
        _ = document.model_fields_set  # is made of the row if it is not there yet
        _reader_slot.__delete__(document)
        _row_slot.__delete__(document)


def forget_columns(document: BaseDocument, columns: Collection[str]) -> None:
    """Take for unknown what these columns hold, so that the next save writes them."""
    before = stored_values(document)
    if before is not None:
        _keep_values(document, {name: value for name, value in before.items() if name not in columns})


def remember_written(document: BaseDocument, values: Mapping[str, Any]) -> None:
    """Remember that the document's row now holds *values*, besides what was known of it before.

    Values that can change in place are copied, so that a later change is seen as one.
    """
    known = {**(stored_values(document) or _NOTHING), **values}
    for name, value in values.items():
        if type(value) not in _IMMUTABLE:
            known[name] = deepcopy(value)
    _keep_values(document, known)


def unstored_copy(document: D) -> D:
    """Return a shallow copy of a document, of which nothing is known to be stored."""
    copy: Any = BaseModel.__copy__(document)
    made: D = copy
    return made


def _with_stored_row_of(source: BaseDocument, copy: D) -> D:
    row = stored_row(source)
    if row is not None:
        remember_stored(copy, row)
    return copy
