"""What writes, paged reads and changes of the schema return."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from coodie_core.paging_tokens import no_key

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


class _HasToken:
    """Holds the token of the next page, which is no field: what a page equals is its data and its paging state.

    `operations.paging` sets it.
    """

    __slots__ = ("_next_token",)

    _next_token: str | None


@dataclass(frozen=True, slots=True)
class PagedResult(_HasToken, Generic[T]):
    """One page of a query.

    Attributes:
        data: The documents of this page.
        paging_state: Where the next page begins: give it to `QuerySet.page`. None on the last page. Hand it only to
            code that you trust, since whoever holds it can make the server read from anywhere in the table; clients
            get `next_token`.

    Example:
        ```python
        page = await User.find().fetch_size(100).paged_all()
        more = await User.find().fetch_size(100).page(page.paging_state).paged_all()
        ```
    """

    data: Sequence[T]
    paging_state: bytes | None = None

    @property
    def next_token(self) -> str | None:
        """Where the next page begins, for a client to give back: text that needs no quoting in a URL.

        None on the last page. `QuerySet.page` takes it. It is encrypted, and good for the same query and principal
        only, for a limited time (see `PagingTokens`).

        Raises:
            ConfigurationError: The connection has no key for tokens, or this is a copy of the page that was read.

        Example:
            ```python
            page = await Order.find(shop=7).fetch_size(20).page(token).paged_all()
            answer = {"orders": page.data, "next": page.next_token}
            ```
        """
        if not hasattr(self, "_next_token"):
            raise no_key("PagedResult.next_token")
        return self._next_token


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


class RowStatus(StrEnum):
    """What became of one row of many.

    A row is ``applied``, or ``refused`` because the server found that its condition does not hold (``insert()`` where
    there is such a row, say). The others are errors: ``invalid`` rows cannot be stored, so that nothing of them was
    sent; ``failed`` ones surely were not written; of ``unknown`` ones nobody knows, as after a timeout.
    """

    APPLIED = "applied"
    REFUSED = "refused"
    INVALID = "invalid"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row of many. Its ``repr`` has no values of the row.

    Attributes:
        index: The row's place, from 0, in what was to be written.
        status: What became of it.
        document: What was to be written: the document, or what was given in its place.
        error: Why it was not written, or may not be; None where the server refused its condition.
        existing: Where the server refused its condition, the values that it found, by column name.
    """

    index: int
    status: RowStatus
    document: Any = field(repr=False)
    error: Exception | None = field(default=None, repr=False)
    existing: dict[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """How far a run of many writes has come.

    Attributes:
        taken: Rows that were taken from what is to be written, those that an earlier run wrote included.
        applied: Rows written in this run.
        refused: Rows of which the server refused the condition.
        invalid: Rows that cannot be stored.
        failed: Rows that surely were not written.
        unknown: Rows of which nobody knows.
        in_flight: Rows under way.
        window: How many may be under way at the moment.
        total: How many rows there are, where that is known.
        checkpoint: Where another run goes on if this one ends here: plain data for JSON.

    Example:
        ```python
        def show(progress: BulkProgress) -> None:
            print(f"{progress.done} of {progress.total}, {progress.errors} errors")

        await User.insert_many(users, on_progress=show)
        ```
    """

    taken: int
    applied: int
    refused: int
    invalid: int
    failed: int
    unknown: int
    in_flight: int
    window: int
    total: int | None
    checkpoint: dict[str, Any] = field(repr=False)

    @property
    def done(self) -> int:
        """How many rows have an outcome, those that an earlier run wrote included."""
        return self.taken - self.in_flight

    @property
    def errors(self) -> int:
        """How many rows are invalid, failed or unknown."""
        return self.invalid + self.failed + self.unknown


@dataclass(frozen=True, slots=True)
class BulkReport:
    """What became of many writes: every row that was taken and is not among the outcomes was applied.

    Attributes:
        applied: How many rows were written.
        outcomes: The rows that were not, or perhaps not, in their order.
        has_stopped: Whether it ended before the last row, because there were too many errors, or a deadline was over.
        checkpoint: Where another run goes on: plain data for JSON. Give it to `Document.insert_many` with the same
            rows; those that were written are passed over.

    Example:
        ```python
        report = await User.insert_many(users, raise_on_error=False)
        for outcome in report.errors:
            print(outcome.index, outcome.status, outcome.error)
        ```
    """

    applied: int
    outcomes: tuple[RowOutcome, ...]
    has_stopped: bool
    checkpoint: dict[str, Any] = field(repr=False)

    @property
    def refused(self) -> tuple[RowOutcome, ...]:
        """The rows of which the server refused the condition."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is RowStatus.REFUSED)

    @property
    def errors(self) -> tuple[RowOutcome, ...]:
        """The rows that are invalid, failed or unknown."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is not RowStatus.REFUSED)

    @property
    def remaining(self) -> tuple[int, ...]:
        """The places of the rows that another run has to write: those of the errors."""
        return tuple(outcome.index for outcome in self.errors)
