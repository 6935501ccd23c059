"""Documents that are made of their rows only when somebody looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, Generic, TypeVar

from coodie_core.collector import made_at_once
from coodie_core.document import BaseDocument
from coodie_core.hydration import runs_of
from coodie_core.row_reader import DocumentReader
from coodie_core.statement import Rows

D = TypeVar("D", bound=BaseDocument)


class _Unlooked(Generic[D]):
    """What a `LazyDocument` begins as, while its own attributes are still set like those of any object."""

    __slots__ = ("_document", "_reader", "_row")

    _document: D | None
    _reader: DocumentReader[D]
    _row: Sequence[Any]


class LazyDocument(_Unlooked[D]):
    """Stands for a document that was read; its row is decoded and checked at the first access to an attribute.

    Worth it where many rows are read and few are looked at. Attributes and methods are those of the document, which
    `document` gives by itself, with its type. Made by `QuerySet.all` with ``lazy=True``.

    Example:
        ```python
        orders = await Order.find(customer="Alice").all(lazy=True)
        print(orders[0].status)
        ```
    """

    __slots__ = ()

    @property
    def document(self) -> D:
        """The document, made of its row now unless it was before.

        Raises:
            RowDoesNotFit: A column holds nothing, or a value that its field refuses.
        """
        made = self._document
        if made is None:
            made = self._reader.document(self._row)
            _set(self, "_document", made)
        return made

    def __getattr__(self, name: str) -> Any:
        if name in _OWN or name.startswith("__"):  # while it is being copied it has nothing yet
            raise AttributeError(name)
        return getattr(self.document, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            _set(self, name, value)
        else:
            setattr(self.document, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles have the document, since what reads its row is of this process."""
        return _with_document, (copy(self.document),)

    def __eq__(self, other: object) -> bool:
        return bool(self.document == _looked_at(other))

    def __repr__(self) -> str:
        made = self._document
        return f"<LazyDocument of {self._reader.model.__name__}, not read yet>" if made is None else repr(made)


_set = object.__setattr__
_OWN = frozenset({"document", *_Unlooked.__slots__})


def lazy_documents_of(model: type[D], rows: Rows, *, validated: bool) -> list[LazyDocument[D]]:
    """Return what stands for the document of each row."""

    def make(part: Sequence[Sequence[Any]]) -> list[LazyDocument[D]]:
        unlooked: Any = _Unlooked
        made: list[Any] = []
        for reader, own in runs_of(model, rows.columns, part, validated=validated):
            for row in reader.rows_of_documents(own):
                lazy = unlooked()
                lazy._reader = reader
                lazy._row = row
                lazy._document = None
                lazy.__class__ = LazyDocument
                made.append(lazy)
        return made

    return made_at_once(make, rows.rows) if rows.rows else []


def _with_document(document: D) -> LazyDocument[D]:
    lazy: LazyDocument[D] = LazyDocument()
    _set(lazy, "_document", document)
    return lazy


def _looked_at(other: Any) -> Any:
    return other.document if isinstance(other, LazyDocument) else other  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
