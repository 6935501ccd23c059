"""Many writes at the same time: what becomes of each, how many are under way, and what is left.

A `BulkWork` is the whole run, a `RowWrite` one row of it, which says step by step what it needs next. Who carries it
out (``drivers/concurrent.py`` of the shells) sends requests, waits, and hands in what came of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from coodie_core.deadlines import pause_within_deadline
from coodie_core.document import BaseDocument
from coodie_core.exceptions import (
    BulkWriteError,
    ConditionNotMet,
    DatabaseError,
    DeadlineExceeded,
    InvalidQueryError,
    OutcomeUnknown,
    Overloaded,
    RateLimited,
    WriteTimeout,
)
from coodie_core.operation import HookCall, Operation
from coodie_core.operations import documents
from coodie_core.operations.sending import NO_PLAIN_WRITES, refuse_on
from coodie_core.options import WriteOptions
from coodie_core.results import BulkProgress, BulkReport, LWTResult, RowOutcome, RowStatus
from coodie_core.schema import table_of
from coodie_core.statement import Request, Rows
from coodie_core.window import USUAL_MAXIMUM, Window

D = TypeVar("D", bound=BaseDocument)

#: After these failures a row is sent again, once what was too much is over; if it may be sent twice, or surely was not
#: carried out. The driver's own retries come before.
SENT_AGAIN = (Overloaded, RateLimited, WriteTimeout)
MOST_ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.1

#: So many errors show that something is wrong with all of the rows.
USUAL_MAX_ERRORS = 1000

#: Progress is told this often: what people can follow.
PROGRESS_SECONDS = 0.1


class Pause(NamedTuple):
    """Asks to wait before a request is sent again."""

    seconds: float


#: What a row needs next; None when it has an outcome.
Step = Request | HookCall | Pause | None

#: Makes the operation that writes what was given as a row, and raises where it cannot be one.
Writer = Callable[[Any], Operation[LWTResult]]

ProgressCallback = Callable[[BulkProgress], object]


class BulkWork:
    """A run of many writes: which rows it takes, how many are under way, and what became of them.

    Args:
        max_in_flight: To how many rows under way the window may grow.
        max_errors: At how many errors it stops; None for never.
        on_progress: Called now and then, and at the end.
        raise_on_error: Whether the end raises if there are errors.
        checkpoint: Where an earlier run ended, from its report.
        total: How many rows there are, if that is known.

    Raises:
        InvalidQueryError: An option is not of its type, or the checkpoint is none.
    """

    def __init__(
        self,
        *,
        max_in_flight: int = USUAL_MAXIMUM,
        max_errors: int | None = USUAL_MAX_ERRORS,
        on_progress: ProgressCallback | None = None,
        raise_on_error: bool = True,
        checkpoint: Mapping[str, Any] | None = None,
        total: int | None = None,
    ) -> None:
        self.window: Window = Window(max_in_flight)
        self._max_errors = _checked_max_errors(max_errors)
        self._on_progress = _checked_callback(on_progress)
        self._raise_on_error = raise_on_error
        self._total = total
        self._begin, self._left_over = _read_checkpoint(checkpoint)
        self._taken = 0
        self._under_way: dict[int, RowWrite] = {}
        self._counts: dict[RowStatus, int] = dict.fromkeys(RowStatus, 0)
        self._outcomes: list[RowOutcome] = []
        self._told_at: float | None = None
        self._is_out_of_time = False

    @property
    def has_room(self) -> bool:
        """Whether one more row may be begun."""
        return len(self._under_way) < self.window.size

    @property
    def taken(self) -> int:
        """How many rows were taken."""
        return self._taken

    @property
    def in_flight(self) -> int:
        """How many rows are under way."""
        return len(self._under_way)

    @property
    def has_stopped(self) -> bool:
        """Whether no more rows are taken: there are too many errors, or a deadline is over, which all would miss."""
        return self._is_out_of_time or (self._max_errors is not None and self._errors >= self._max_errors)

    @property
    def _errors(self) -> int:
        return self._counts[RowStatus.INVALID] + self._counts[RowStatus.FAILED] + self._counts[RowStatus.UNKNOWN]

    def take(self, document: Any, writer: Writer) -> RowWrite | None:
        """Take the next row; None if it needs nothing: it was written before, or is invalid."""
        index = self._taken
        self._taken += 1
        if index < self._begin and index not in self._left_over:
            return None
        try:
            operation = writer(document)
        except Exception as error:  # of coodie, or of a validator that a user wrote
            self.ended(RowOutcome(index, RowStatus.INVALID, document, error))
            return None
        row = self._under_way[index] = RowWrite(self, index, document, operation)
        return row

    def ended(self, outcome: RowOutcome) -> None:
        """Take note of what became of a row."""
        _ = self._under_way.pop(outcome.index, None)
        self._counts[outcome.status] += 1
        if outcome.status is not RowStatus.APPLIED:
            self._outcomes.append(outcome)
            self._is_out_of_time = self._is_out_of_time or isinstance(outcome.error, DeadlineExceeded)

    def abandon(self) -> None:
        """End the rows under way where they are; of what was sent of them, nobody will know."""
        for row in tuple(self._under_way.values()):
            row.abandon()

    def tell_progress(self, now: float, *, at_end: bool = False) -> None:
        """Call the callback, if it is time to.

        Args:
            now: Seconds, by any clock.
            at_end: Whether this is the last time.
        """
        if self._on_progress is None or not (at_end or self._told_at is None or now - self._told_at > PROGRESS_SECONDS):
            return
        self._told_at = now
        _ = self._on_progress(self._progress())

    def _progress(self) -> BulkProgress:
        counts = self._counts
        return BulkProgress(
            taken=self._taken,
            applied=counts[RowStatus.APPLIED],
            refused=counts[RowStatus.REFUSED],
            invalid=counts[RowStatus.INVALID],
            failed=counts[RowStatus.FAILED],
            unknown=counts[RowStatus.UNKNOWN],
            in_flight=self.in_flight,
            window=self.window.size,
            total=self._total,
            checkpoint=self._checkpoint(),
        )

    def _checkpoint(self) -> dict[str, Any]:
        errors = {outcome.index for outcome in self._outcomes if outcome.status is not RowStatus.REFUSED}
        not_reached = {index for index in self._left_over if index >= self._taken}
        return {
            "next": max(self._taken, self._begin),
            "remaining": sorted(errors | self._under_way.keys() | not_reached),
        }

    def report(self) -> BulkReport:
        """Return what became of the rows so far."""
        outcomes = tuple(sorted(self._outcomes, key=lambda outcome: outcome.index))
        return BulkReport(self._counts[RowStatus.APPLIED], outcomes, self.has_stopped, self._checkpoint())

    def result(self) -> BulkReport:
        """Return the report of a run that has ended.

        Raises:
            BulkWriteError: There are errors, and they are to be raised.
        """
        report = self.report()
        if self._raise_on_error and report.errors:
            raise BulkWriteError(report) from report.errors[0].error
        return report


class RowWrite:
    """One row under way.

    Args:
        work: The run that it belongs to.
        index: Its place among the rows.
        document: What was given.
        operation: What writes it, not started yet.
    """

    def __init__(self, work: BulkWork, index: int, document: Any, operation: Operation[LWTResult]) -> None:
        self._work = work
        self._index = index
        self._document = document
        self._operation = operation
        self._step: Step = None
        self._request: Request | None = None
        self._round = 0
        self._attempts = 0
        self._has_sent = False

    def begin(self) -> Step:
        """Return what the row needs first."""
        return self._next(lambda: next(self._operation))

    def answered(self, rows: Rows, seconds: float) -> Step:
        """Return what it needs after its step was carried out.

        Args:
            rows: The answer; `NO_ROWS` after a hook or a pause.
            seconds: How long the answer took.
        """
        if isinstance(self._step, Pause):
            return self._send(self._request)
        if not isinstance(self._step, HookCall):
            self._work.window.answered(self._round, seconds, self._work.in_flight)
        return self._next(lambda: self._operation.send(rows))

    def raised(self, error: Exception) -> Step:
        """Return what it needs after its step ended with *error*."""
        request = self._request
        if request is not None and not isinstance(self._step, HookCall):
            self._work.window.failed(self._round, error)
            if self._attempts < MOST_ATTEMPTS and _may_be_sent_again(request, error):
                self._step = Pause(pause_within_deadline(FIRST_PAUSE_SECONDS * 2 ** (self._attempts - 1)))
                return self._step
        return self._next(lambda: self._operation.throw(error))

    def abandon(self) -> None:
        """End the row where it is, without waiting for an answer."""
        self._operation.close()
        status = RowStatus.UNKNOWN if self._has_sent else RowStatus.FAILED
        _ = self._end(status, OutcomeUnknown("The run ended before the row's answer came."))

    def _next(self, resume: Callable[[], Request | HookCall]) -> Step:
        try:
            step = resume()
        except StopIteration as finished:
            return self._end(_status(finished.value), existing=finished.value.existing)
        except ConditionNotMet as refusal:
            return self._end(RowStatus.REFUSED, existing=refusal.result.existing)
        except Exception as error:
            return self._end(_status_after(error, has_sent=self._has_sent), error)
        self._attempts = 0
        self._step = step
        return step if isinstance(step, HookCall) else self._send(step)

    def _send(self, request: Request | None) -> Step:
        self._step = self._request = request
        self._attempts += 1
        self._has_sent = True
        self._round = self._work.window.round
        return request

    def _end(self, status: RowStatus, error: Exception | None = None, existing: dict[str, Any] | None = None) -> Step:
        self._work.ended(RowOutcome(self._index, status, self._document, error, existing))
        return None


def _status(result: LWTResult) -> RowStatus:
    return RowStatus.REFUSED if result.applied is False else RowStatus.APPLIED


def _status_after(error: Exception, *, has_sent: bool) -> RowStatus:
    if isinstance(error, DatabaseError):
        return RowStatus.FAILED if error.applied is False else RowStatus.UNKNOWN
    return RowStatus.UNKNOWN if has_sent else RowStatus.INVALID


def _may_be_sent_again(request: Request, error: Exception) -> bool:
    return isinstance(error, SENT_AGAIN) and (request.idempotent or error.applied is False)


def writer_of(model: type[BaseDocument], keyspace: str | None, options: WriteOptions, *, if_not_exists: bool) -> Writer:
    """Return what writes rows of *model* that are new: documents, or dicts of their fields.

    Raises:
        InvalidQueryError: The class takes no new rows: it is a view, or has counters. Or the options contradict.
    """
    table = table_of(model)
    refuse_on(table, "insert_many()", NO_PLAIN_WRITES)
    if options.resolves and not if_not_exists and table.version_field is None:
        raise InvalidQueryError(
            f"{table.document}.insert_many(on_unknown='resolve'): it is for conditional writes. Add "
            f"if_not_exists=True, or leave it out: rows that are safe to send twice are sent again after a timeout."
        )
    in_keyspace = table.keyspace_in(keyspace)

    def write(given: Any) -> Operation[LWTResult]:
        document = document_of(model, given)
        return documents.save_new(document, in_keyspace, options, if_not_exists=if_not_exists, asked="insert_many()")

    return write


def document_of(model: type[D], given: Any) -> D:
    """Return the document that was given, or made of the fields that were given.

    Raises:
        InvalidQueryError: It is neither, or the class's validators refuse the fields.
    """
    if isinstance(given, model):
        return given
    if not isinstance(given, Mapping):
        raise InvalidQueryError(
            f"{model.__name__}.insert_many(): give documents of {model.__name__}, or dicts of their fields, "
            f"not {type(given).__name__}."
        )
    try:
        return model.model_validate(given, by_name=True, by_alias=True)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'the document'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise InvalidQueryError(f"{model.__name__}.insert_many(): {problems}.") from None


def length_of(rows: Any) -> int | None:
    """Return how many rows there are, where that is known without reading them."""
    return len(rows) if isinstance(rows, Sized) else None


def check_rows(rows: Any, protocols: tuple[type, ...]) -> None:
    """Raise for what is no collection of rows.

    Raises:
        InvalidQueryError: It is no iterable, or one of something else.
    """
    kind: str = type(rows).__name__
    if isinstance(rows, str | bytes | Mapping | BaseDocument) or not isinstance(rows, protocols):
        raise InvalidQueryError(f"insert_many({kind}): give a list or another iterable of documents, or of dicts.")


def _checked_max_errors(max_errors: int | None) -> int | None:
    if max_errors is not None and (isinstance(max_errors, bool) or not isinstance(max_errors, int) or max_errors < 1):
        raise InvalidQueryError(
            f"max_errors={max_errors!r}: give the number of errors at which to stop, from 1, or None for never."
        )
    return max_errors


def _checked_callback(on_progress: ProgressCallback | None) -> ProgressCallback | None:
    if on_progress is not None and not callable(on_progress):
        raise InvalidQueryError(f"on_progress={type(on_progress).__name__}: give a function that takes a BulkProgress.")
    return on_progress


def _read_checkpoint(checkpoint: Mapping[str, Any] | None) -> tuple[int, frozenset[int]]:
    """Return the index before which all rows are written, and those that are not."""
    if checkpoint is None:
        return 0, frozenset()
    try:
        begin, left_over = checkpoint["next"], frozenset(checkpoint["remaining"])
        if all(type(index) is int and index >= 0 for index in (begin, *left_over)):
            return begin, left_over
    except (KeyError, TypeError):
        pass
    raise InvalidQueryError(
        "checkpoint=...: give the checkpoint of an earlier run's report or progress, a dict such as "
        "{'next': 1200, 'remaining': [3, 17]}."
    )
