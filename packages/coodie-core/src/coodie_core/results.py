"""What writes, paged reads and changes of the schema return."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LWTResult:
    """The outcome of a write that the server may refuse: a lightweight transaction.

    Attributes:
        applied: True if the write took place (a write without a condition always does), False if its condition did not
            hold, None while that is not known because the statement waits in a batch that was not sent yet.
        existing: Where the write was refused, the values that the server found instead, by column name.

    Example:
        ```python
        result = await user.insert()
        if not result.applied:
            print("taken by", result.existing)
        ```
    """

    applied: bool | None
    existing: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PagedResult(Generic[T]):
    """One page of a query.

    Attributes:
        data: The documents of this page.
        paging_state: Where the next page begins: give it to `QuerySet.page`. None on the last page. Hand it only to
            code that you trust, since whoever holds it can make the server read from anywhere in the table.

    Example:
        ```python
        page = await User.find().fetch_size(100).paged_all()
        more = await User.find().fetch_size(100).page(page.paging_state).paged_all()
        ```
    """

    data: Sequence[T]
    paging_state: bytes | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """Something in which the database differs from the model, and that was left as it is.

    Attributes:
        kind: What differs.
        name: Its name, such as that of the column.
        difference: In which way, and what to do about it.
    """

    kind: Literal["column", "index", "option", "field of a user-defined type"]
    name: str
    difference: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.difference}"


class SchemaChanges(list[str]):
    """The CQL that changed the schema, in order; of a dry run, that would change it. Empty if nothing had to change.

    Attributes:
        drift: In what the database still differs from the model.

    Args:
        statements: The CQL.
        drift: What was left as it is.

    Example:
        ```python
        changes = await User.sync_table(dry_run=True)
        for cql in changes:
            print(cql)
        for difference in changes.drift:
            print("left as it is:", difference)
        ```
    """

    def __init__(self, statements: Iterable[str] = (), drift: Iterable[Drift] = ()) -> None:
        super().__init__(statements)
        self.drift: tuple[Drift, ...] = tuple(drift)
