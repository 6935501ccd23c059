"""Optimistic locking: writes that need the row to have the version that was read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from coodie_core.batch import BaseBatch
from coodie_core.cql_builder import Restriction
from coodie_core.document import BaseDocument, remember_written
from coodie_core.exceptions import InvalidModel, InvalidQueryError, VersionConflict
from coodie_core.fields import Version
from coodie_core.operation import Operation
from coodie_core.operations.saving import known_values
from coodie_core.results import LWTResult
from coodie_core.schema import Table
from coodie_core.shapes import markers_in

#: The version of a new document.
FIRST_VERSION = 1

_WHOLE_NUMBERS = ("int", "bigint", "smallint", "tinyint", "varint")


class Lock(NamedTuple):
    """What a write of a versioned document needs and makes of the version.

    Attributes:
        field: The field that holds the version.
        is_new: Whether the document is a new one, which needs that no row has its key.
        expected: The version that was read.
    """

    field: str
    is_new: bool
    expected: int | None

    @property
    def next(self) -> int:
        """The version after the write."""
        return FIRST_VERSION if self.expected is None else self.expected + 1

    @property
    def condition(self) -> Restriction:
        """What must hold of the row."""
        return Restriction(self.field, "=", self.expected)


def lock_of(table: Table, document: BaseDocument, asked: str) -> Lock | None:
    """Return the lock of a document, or None if its class has no version.

    Raises:
        InvalidModel: The class's version cannot be one.
        InvalidQueryError: The document was read without its version.
    """
    field = version_field(table)
    if field is None:
        return None
    known = known_values(table, document)
    if not known:
        return Lock(field, is_new=True, expected=None)
    if field not in known:
        raise InvalidQueryError(
            f"{table.document}.{asked}: the document was read without its version, so nobody can tell whether the row "
            f"changed since. Name {field!r} in only()."
        )
    return Lock(field, is_new=False, expected=known[field])


def new_lock(table: Table) -> Lock | None:
    """Return the lock of a document that is written as a new one, or None if its class has no version."""
    field = version_field(table)
    return None if field is None else Lock(field, is_new=True, expected=None)


def refuse_new(lock: Lock | None, table: Table, asked: str) -> None:
    """Raise where a new document, which has no version yet, is asked for what needs one.

    Raises:
        InvalidQueryError: The document was neither read nor saved.
    """
    if lock is not None and lock.is_new:
        raise InvalidQueryError(
            f"{table.document}.{asked}: this document was neither read nor saved, so it has no version to compare. "
            f"Read it with get(), or save() it."
        )


def refuse_version(lock: Lock, table: Table, changes: Iterable[str]) -> None:
    """Raise where *changes* have the version, which nobody sets but coodie.

    Raises:
        InvalidQueryError: They do.
    """
    if lock.field in changes:
        raise InvalidQueryError(
            f"{table.document}.update({lock.field}=...): it is the document's Version(), which coodie counts itself."
        )


def settle(document: BaseDocument, lock: Lock | None, result: LWTResult, batch: BaseBatch | None) -> None:
    """Take over the new version once it is written, or raise if another was found.

    The outcome of a batch is known when it was sent, and is the batch's result.

    Raises:
        VersionConflict: The row has another version.
    """
    if lock is None:
        return
    if batch is not None:
        batch.afterwards(lambda outcome: _take_over_later(document, lock, outcome))
    elif result.applied:
        take_over(document, lock)
    elif _is_conflict(lock, result):
        raise VersionConflict(type(document).__name__, lock.field, lock.expected, result)


def take_over(document: BaseDocument, lock: Lock) -> None:
    """Give the document the version that its row has now."""
    vars(document)[lock.field] = lock.next
    document.model_fields_set.add(lock.field)
    remember_written(document, {lock.field: lock.next})


def _take_over_later(document: BaseDocument, lock: Lock, outcome: LWTResult) -> Operation[None]:
    if outcome.applied:
        take_over(document, lock)
    yield from ()


def _is_conflict(lock: Lock, result: LWTResult) -> bool:
    """Whether it is the version that is not as expected, and not another condition."""
    return lock.is_new or result.existing is None or result.existing.get(lock.field, lock.expected) != lock.expected


@lru_cache(maxsize=4096)
def version_field(table: Table) -> str | None:
    """Return the field that holds the document's version; None if the class has none.

    Raises:
        InvalidModel: Several fields are marked, or one that cannot count.
    """
    marked = [
        name
        for name, field in table.model.model_fields.items()
        if any(isinstance(marker, Version) for marker in markers_in(field.metadata))
    ]
    if len(marked) > 1:
        raise InvalidModel(
            f"{table.document}: {' and '.join(marked)} are marked with Version(). A row has one version."
        )
    for name in marked:
        column = table.by_name[name]
        if table.types[name].name not in _WHOLE_NUMBERS or column.is_primary_key or column.static:
            raise InvalidModel(
                f"{table.document}.{name}: a Version() is an `int` that is neither part of the primary key nor static."
            )
    return marked[0] if marked else None
