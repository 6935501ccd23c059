"""Optimistic locking: writes that need the row to have the version that was read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from coodie_core.batch import BaseBatch
from coodie_core.cql_builder import Restriction
from coodie_core.document import BaseDocument, remember_written
from coodie_core.exceptions import InvalidQueryError, VersionConflict
from coodie_core.operation import Operation
from coodie_core.operations.saving import known_values
from coodie_core.results import LWTResult
from coodie_core.schema import Table

#: The version of a new document.
FIRST_VERSION = 1


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
        InvalidQueryError: The document was read without its version.
    """
    field = table.version_field
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
    field = table.version_field
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
