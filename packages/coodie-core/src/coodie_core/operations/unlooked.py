"""Writes that name a row by its key without looking at it, where the document's class promises something of the row.

CQL writes such a row whatever it holds, and makes it if it is not there. That would pass by a version, which nobody
compared and counted, and write to a row of another class of the same table.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.operations.saving import known_values
from coodie_core.schema import Table


def refuse_unlooked_update(table: Table, looked_at: Container[str], written: Container[str]) -> None:
    """Raise where a query would change a row of which it does not compare what the class promises.

    Args:
        table: The table.
        looked_at: The columns that the query names, in its key or its conditions.
        written: The columns that it sets.

    Raises:
        InvalidQueryError: It would write past a version, or to a row of any class.
    """
    version = table.version_field
    if version is not None and not (version in looked_at and version in written):
        raise InvalidQueryError(
            f"{table.document}.find(...).update(): nobody would compare and count {version!r}, the Version() by which "
            f"others see that the row changed. Read the document and save() or update() it; or do both here, as in "
            f"update(..., {version}=4, if_conditions={{{version!r}: 3}})."
        )
    _refuse_any_class(table, "find(...).update()", looked_at)


def refuse_unlooked_delete(table: Table, looked_at: Container[str]) -> None:
    """Raise where a query would delete rows of which it does not compare what the class promises.

    Raises:
        InvalidQueryError: It would delete whatever the version, or rows of any class.
    """
    version = table.version_field
    if version is not None and version not in looked_at:
        raise InvalidQueryError(
            f"{table.document}.find(...).delete(): it would delete whatever {version!r} is, the Version() by which "
            f"others see that the row changed. Read the document and delete() it; or say which version, as in "
            f"delete(if_conditions={{{version!r}: 3}})."
        )
    _refuse_any_class(table, "find(...).delete()", looked_at)


def refuse_unread(table: Table, document: BaseDocument, asked: str, looked_at: Iterable[str] | None) -> None:
    """Raise where a document, of which nobody knows whether its row is one of its class, is to change that row.

    Args:
        table: The document's table.
        document: The document.
        asked: What was asked, for the error.
        looked_at: The columns that its conditions name; None where it takes none.

    Raises:
        InvalidQueryError: The document was neither read nor saved.
    """
    if table.family is not None and not known_values(table, document):
        takes_conditions = looked_at is not None
        _refuse_any_class(table, asked, {*table.primary_key, *(looked_at or ())}, takes_conditions=takes_conditions)


def _refuse_any_class(table: Table, asked: str, looked_at: Container[str], *, takes_conditions: bool = True) -> None:
    family = table.family
    if family is None or family.root is None or table is family.root or family.discriminator in looked_at:
        return
    condition = f"{{{family.discriminator!r}: {table.settings.discriminator_value!r}}}"
    raise InvalidQueryError(
        f"{table.document}.{asked}: {family.root.document} and others share the table, and nothing shows that the row "
        f"is a {table.document}. Read the document and change or delete that"
        f"{f'; or give if_conditions={condition}' if takes_conditions else ''}; or write to a row of any class "
        f"through {family.root.document}."
    )
