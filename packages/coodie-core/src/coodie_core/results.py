"""What writes and paged reads return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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
