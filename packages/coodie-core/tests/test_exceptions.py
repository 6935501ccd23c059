"""Exceptions travel between processes, as those of workers do: with their text and all of their facts."""

from __future__ import annotations

import inspect
import pickle
from copy import copy, deepcopy
from typing import Annotated, Any

import pytest

from coodie_core import exceptions
from coodie_core.document import BaseDocument
from coodie_core.exceptions import (
    BulkWriteError,
    ConditionNotMet,
    CoodieError,
    DatabaseError,
    DeadlineExceeded,
    DocumentNotFound,
    FieldNotLoaded,
    FilteringRefused,
    InvalidPagingToken,
    MultipleDocumentsFound,
    OutcomeUnknown,
    RowDoesNotFit,
    ServerRefusedQuery,
    UnmappableType,
    UnstorableValue,
    VersionConflict,
    WriteLost,
    WrongVectorLength,
)
from coodie_core.fields import PrimaryKey
from coodie_core.outcomes import of_unknown_outcome
from coodie_core.results import BulkReport, LWTResult, RowOutcome, RowStatus


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    name: str = ""


FACTS: dict[str, Any] = {
    "statement": "SELECT * FROM users",
    "keyspace": "shop",
    "consistency": "QUORUM",
    "hosts": ("10.0.0.1:9042",),
    "applied": None,
}
REFUSED = LWTResult(applied=False, existing={"id": 1, "name": "Bob", "version": 3})


def bulk_write_error() -> BulkWriteError:
    outcomes = (
        RowOutcome(0, RowStatus.UNKNOWN, User(id=1, name="Alice"), of_unknown_outcome(DeadlineExceeded)("Late.")),
        RowOutcome(4, RowStatus.INVALID, {"id": "x"}, UnstorableValue("too large").named("User", "id")),
    )
    return BulkWriteError(BulkReport(7, outcomes, has_stopped=False, checkpoint={"next": 9, "remaining": [0, 4]}))


def outcome_unknown() -> OutcomeUnknown:
    error = OutcomeUnknown("Nobody knows.", **FACTS)
    error.found = {"id": 1}
    return error


def deadline_exceeded() -> DeadlineExceeded:
    error = DeadlineExceeded("Too late.", **FACTS)
    error.budget, error.elapsed = 0.5, 0.75
    return error


#: Those that need more than a text, and those with facts of their own.
SPECIAL: list[CoodieError] = [
    InvalidPagingToken("expired"),
    DocumentNotFound("User", ("id", "name")),
    MultipleDocumentsFound("User", ("name",)),
    ConditionNotMet("Refused.", REFUSED),
    VersionConflict("User", "version", 2, REFUSED),
    VersionConflict("User", "version", None, REFUSED),
    bulk_write_error(),
    FieldNotLoaded("User.name was not loaded."),
    RowDoesNotFit("User", {"name": "is empty"}),
    outcome_unknown(),
    deadline_exceeded(),
    of_unknown_outcome(DeadlineExceeded)("Too late.", **FACTS),
    FilteringRefused("User", ("age",), {"age": "age is not indexed"}, ServerRefusedQuery("No.", **FACTS)),
    UnmappableType("no CQL type").within("Address.zip").named("User", "address"),
    UnstorableValue("too large").named("User", "age"),
    UnstorableValue("too large"),
    WrongVectorLength(3, 2).named("User", "place"),
    WriteLost("Lost.", **{**FACTS, "applied": False}),
]
KINDS = [kind for _, kind in inspect.getmembers(exceptions, inspect.isclass) if issubclass(kind, CoodieError)]


def plain(kind: type[CoodieError]) -> CoodieError:
    error = kind("What was wrong.", **FACTS) if issubclass(kind, DatabaseError) else kind("What was wrong.")
    error.add_note("A note of the application.")
    return error


EXAMPLES = [*SPECIAL, *(plain(kind) for kind in KINDS if kind not in {type(error) for error in SPECIAL})]


@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy, deepcopy])
@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_a_pickled_or_copied_exception_says_the_same(error: CoodieError, again: Any):
    other = again(error)

    assert other is not error
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert repr(other) == repr(error)
    assert other.args == error.args
    assert _comparable(vars(other)) == _comparable(vars(error))


def test_every_exception_is_among_them():
    assert {type(error) for error in EXAMPLES} >= set(KINDS)


def test_a_row_of_many_that_failed_arrives_with_its_document_and_its_error():
    report = pickle.loads(pickle.dumps(bulk_write_error())).report

    assert report.outcomes[0].document == User(id=1, name="Alice")
    assert isinstance(report.outcomes[0].error, DeadlineExceeded)
    assert isinstance(report.outcomes[0].error, OutcomeUnknown)
    assert str(report.outcomes[1].error) == "User.id: too large"


def test_exceptions_that_applications_derive_travel_as_well():
    arrived = pickle.loads(pickle.dumps(SeatTaken("12A", REFUSED)))

    assert (arrived.seat, arrived.result, str(arrived)) == ("12A", REFUSED, "Seat 12A is taken.")


class SeatTaken(ConditionNotMet):
    def __init__(self, seat: str, result: LWTResult) -> None:
        self.seat = seat
        super().__init__(f"Seat {seat} is taken.", result)


def _comparable(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts, of which exceptions are compared by their texts: none equals another one."""
    return {name: repr(value) for name, value in facts.items()}
