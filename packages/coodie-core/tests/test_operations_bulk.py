"""Many writes: which rows are taken, what each needs next, what becomes of it, and where another run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import Field

from coodie_core.document import BaseDocument
from coodie_core.exceptions import (
    BulkWriteError,
    DatabaseError,
    InvalidQueryError,
    Overloaded,
    ServerRefusedQuery,
    WriteTimeout,
)
from coodie_core.fields import ClusteringKey, Counter, PrimaryKey, Version
from coodie_core.operation import HookCall
from coodie_core.operations.bulk import MOST_ATTEMPTS, BulkWork, Pause, RowWrite, check_rows, length_of, writer_of
from coodie_core.options import WriteOptions
from coodie_core.results import BulkProgress, RowStatus
from coodie_core.schema import TableKind
from coodie_core.statement import NO_ROWS, Rows, Statement


class Row(BaseDocument):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    name: str = ""
    marks: list[int] | None = None


class Page(BaseDocument):
    path: Annotated[str, PrimaryKey()]
    text: str = ""
    version: Annotated[int, Version()] = 0


class Aliased(BaseDocument):
    path: Annotated[str, PrimaryKey()] = Field(alias="thePath")


class Visits(BaseDocument):
    __coodie_kind__ = TableKind.COUNTER
    path: Annotated[str, PrimaryKey()]
    count: Annotated[int, Counter()] = 0


WRITE = writer_of(Row, "ks", WriteOptions(), if_not_exists=False)
INSERT = writer_of(Row, "ks", WriteOptions(), if_not_exists=True)
ROW = {"part": 1, "number": 2, "name": "Ada"}
TAKEN = Rows(("[applied]", "part", "number", "name"), [(False, 1, 2, "Eve")])


def begun(work: BulkWork, row: Any = ROW, writer: Callable[[Any], Any] = WRITE) -> tuple[RowWrite, Statement]:
    """A row that waits for the answer of its statement."""
    taken = work.take(row, writer)
    assert taken is not None
    step = taken.begin()
    assert isinstance(step, Statement)
    return taken, step


class TestRows:
    def test_a_dict_is_written_as_the_document_of_its_fields(self):
        _, statement = begun(BulkWork())

        assert statement.cql == 'INSERT INTO "ks"."row" ("part", "number", "name") VALUES (?, ?, ?)'
        assert statement.params == (1, 2, "Ada")

    def test_fields_may_be_named_by_their_aliases_too(self):
        write = writer_of(Aliased, "ks", WriteOptions(), if_not_exists=False)

        assert begun(BulkWork(), {"path": "/"}, write)[1].params == ("/",)
        assert begun(BulkWork(), {"thePath": "/"}, write)[1].params == ("/",)

    def test_a_document_is_written_whole_even_if_it_was_read_and_not_changed(self):
        """Copying rows from one cluster to another reads and writes the same documents."""
        document = Row(part=1, number=2, name="Ada")
        row, _ = begun(BulkWork(), document)
        row.answered(NO_ROWS, 0.001)

        _, again = begun(BulkWork(), document)

        assert again.params == (1, 2, "Ada")

    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            ({"part": "x", "number": 2}, r"Row.insert_many\(\): part: Input should be a valid integer"),
            ({"number": 2}, r"Row.insert_many\(\): part: Field required"),
            (7, r"Row.insert_many\(\): give documents of Row, or dicts of their fields, not int"),
            (Page(path="/"), r"give documents of Row, or dicts of their fields, not Page"),
        ],
    )
    def test_what_is_no_row_is_invalid_before_anything_is_sent(self, given: Any, problem: str):
        work = BulkWork(raise_on_error=False)

        assert work.take(given, WRITE) is None

        (outcome,) = work.result().errors
        assert (outcome.index, outcome.status, outcome.document) == (0, RowStatus.INVALID, given)
        with pytest.raises(InvalidQueryError, match=problem):
            raise outcome.error  # type: ignore[misc]

    def test_a_value_that_cannot_be_stored_is_invalid_before_anything_is_sent(self):
        work = BulkWork(raise_on_error=False)
        row = work.take(Row.model_construct(part=1, number=2**40, name="Ada"), WRITE)

        assert row is not None
        assert row.begin() is None
        assert [outcome.status for outcome in work.result().errors] == [RowStatus.INVALID]

    def test_a_table_that_takes_no_values_is_refused_at_once(self):
        with pytest.raises(InvalidQueryError, match=r"Visits.insert_many\(\): a counter table takes no values"):
            writer_of(Visits, "ks", WriteOptions(), if_not_exists=False)

    def test_finding_out_is_for_rows_on_a_condition(self):
        resolving = WriteOptions(resolves=True)

        with pytest.raises(
            InvalidQueryError, match=r"insert_many\(on_unknown='resolve'\): it is for conditional writes"
        ):
            writer_of(Row, "ks", resolving, if_not_exists=False)
        assert writer_of(Row, "ks", resolving, if_not_exists=True)
        assert writer_of(Page, "ks", resolving, if_not_exists=False), "its version makes it one"


class TestOutcomes:
    def test_a_row_that_the_server_confirms_is_applied_and_forgotten(self):
        work = BulkWork()
        row, _ = begun(work)

        assert row.answered(NO_ROWS, 0.001) is None

        report = work.result()
        assert (report.applied, report.outcomes) == (1, ())

    def test_a_row_whose_condition_does_not_hold_is_refused_which_is_no_error(self):
        work = BulkWork()
        row, _ = begun(work, writer=INSERT)

        row.answered(TAKEN, 0.001)

        report = work.result()
        (refused,) = report.refused
        assert (refused.status, refused.existing) == (RowStatus.REFUSED, {"part": 1, "number": 2, "name": "Eve"})
        assert report.errors == report.remaining == ()

    def test_a_new_document_with_a_version_is_refused_where_there_is_a_row(self):
        work = BulkWork()
        row, _ = begun(work, Page(path="/"), writer_of(Page, "ks", WriteOptions(), if_not_exists=False))

        row.answered(Rows(("[applied]", "path", "version"), [(False, "/", 4)]), 0.001)

        assert [outcome.existing for outcome in work.result().refused] == [{"path": "/", "version": 4}]

    @pytest.mark.parametrize(
        ("applied", "status"),
        [(False, RowStatus.FAILED), (None, RowStatus.UNKNOWN)],
        ids=["surely not", "nobody knows"],
    )
    def test_a_failure_says_whether_the_row_may_be_written(self, applied: bool | None, status: RowStatus):
        work = BulkWork(raise_on_error=False)
        row, _ = begun(work)
        error = DatabaseError("no answer", applied=applied)

        row.raised(error)

        (outcome,) = work.result().errors
        assert (outcome.status, outcome.error) == (status, error)

    def test_a_hook_that_raises_before_anything_was_sent_makes_the_row_invalid(self):
        work = BulkWork(raise_on_error=False)

        def vetoed() -> Any:
            yield HookCall("Row.before_save()", lambda: None)

        row = work.take(ROW, lambda _: vetoed())
        assert row is not None
        assert isinstance(row.begin(), HookCall)
        row.raised(ValueError("no"))

        assert [outcome.status for outcome in work.result().errors] == [RowStatus.INVALID]

    def test_rows_that_were_left_under_way_are_unknown(self):
        work = BulkWork(raise_on_error=False)
        begun(work)

        work.abandon()

        assert [outcome.status for outcome in work.report().errors] == [RowStatus.UNKNOWN]
        assert work.in_flight == 0

    def test_the_repr_of_an_outcome_has_no_values(self):
        work = BulkWork(raise_on_error=False)
        work.take({"part": "secret", "number": 1}, WRITE)

        assert "secret" not in repr(work.result())


class TestSendingAgain:
    @pytest.mark.parametrize("error", [Overloaded("busy"), WriteTimeout("late")])
    def test_a_row_that_may_be_sent_twice_is_sent_again_after_a_pause(self, error: DatabaseError):
        work = BulkWork()
        row, statement = begun(work)

        pause = row.raised(error)

        assert isinstance(pause, Pause)
        assert row.answered(NO_ROWS, 0) == statement
        assert row.answered(NO_ROWS, 0.001) is None
        assert work.result().applied == 1

    def test_pauses_grow_and_end(self):
        work = BulkWork(raise_on_error=False)
        row, statement = begun(work)
        pauses = []

        for _ in range(MOST_ATTEMPTS - 1):
            pause = row.raised(Overloaded("busy", applied=False))
            assert isinstance(pause, Pause)
            pauses.append(pause.seconds)
            assert row.answered(NO_ROWS, 0) == statement
        assert row.raised(Overloaded("busy", applied=False)) is None

        assert pauses == [0.1, 0.2, 0.4, 0.8]
        assert [outcome.status for outcome in work.result().errors] == [RowStatus.FAILED]

    def test_a_row_that_must_not_be_sent_twice_is_unknown_after_a_timeout(self):
        """A list that is written twice has its elements twice."""
        work = BulkWork(raise_on_error=False)
        row, _ = begun(work, {**ROW, "marks": [1, 2]})

        assert row.raised(WriteTimeout("late")) is None

        assert [outcome.status for outcome in work.result().errors] == [RowStatus.UNKNOWN]

    def test_it_is_sent_again_where_it_surely_was_not_carried_out(self):
        row, _ = begun(BulkWork(), {**ROW, "marks": [1, 2]})

        assert isinstance(row.raised(Overloaded("busy", applied=False)), Pause)

    def test_other_failures_are_not_repeated(self):
        row, _ = begun(BulkWork())

        assert row.raised(ServerRefusedQuery("no such table", applied=False)) is None

    def test_an_overload_halves_the_window(self):
        work = BulkWork()
        row, _ = begun(work)
        before = work.window.size

        row.raised(Overloaded("busy"))

        assert work.window.size == before // 2


class TestTheRun:
    def test_no_more_rows_are_under_way_than_the_window_has_room_for(self):
        work = BulkWork(max_in_flight=2)
        begun(work)
        assert work.has_room
        row, _ = begun(work)
        assert not work.has_room

        row.answered(NO_ROWS, 0.001)

        assert work.has_room

    def test_errors_are_raised_at_the_end_with_the_report(self):
        work = BulkWork()
        row, _ = begun(work)
        row.answered(NO_ROWS, 0.001)
        work.take({"part": 1}, WRITE)
        row, _ = begun(work)
        row.raised(DatabaseError("no answer"))

        with pytest.raises(BulkWriteError) as raised:
            work.result()

        assert str(raised.value) == (
            "1 rows were written, 1 invalid, 1 unknown. The first error is that of row 1: InvalidQueryError: "
            "Row.insert_many(): number: Field required. Look at .report.errors; give .report.checkpoint to another run "
            "to write what is left."
        )
        assert raised.value.report.remaining == (1, 2)
        assert raised.value.__cause__ is raised.value.report.errors[0].error

    def test_it_stops_at_too_many_errors(self):
        work = BulkWork(max_errors=2, raise_on_error=False)
        work.take({}, WRITE)
        assert not work.has_stopped

        work.take({}, WRITE)

        assert work.has_stopped
        assert work.result().has_stopped

    def test_refused_conditions_do_not_stop_it(self):
        work = BulkWork(max_errors=1)
        row, _ = begun(work, writer=INSERT)

        row.answered(TAKEN, 0.001)

        assert not work.has_stopped

    def test_progress_is_told_now_and_then_and_at_the_end(self):
        seen: list[BulkProgress] = []
        work = BulkWork(on_progress=seen.append, total=3, raise_on_error=False)

        for at in (10.0, 10.01, 10.02, 10.2):
            work.take({}, WRITE)
            work.tell_progress(at)
        begun(work)
        work.tell_progress(10.21, at_end=True)

        assert [(each.done, each.errors, each.in_flight, each.total) for each in seen] == [
            (1, 1, 0, 3),
            (4, 4, 0, 3),
            (4, 4, 1, 3),
        ]


class TestCheckpoints:
    def test_rows_that_were_written_are_passed_over_and_the_others_are_not(self):
        first = BulkWork(raise_on_error=False)
        for given in (ROW, {}, ROW, ROW):
            taken = first.take(given, WRITE)
            if taken is not None:
                taken.begin()
                if first.taken != 3:
                    taken.answered(NO_ROWS, 0.001)
                else:
                    taken.raised(DatabaseError("no answer"))
        checkpoint = json.loads(json.dumps(first.result().checkpoint))
        assert checkpoint == {"next": 4, "remaining": [1, 2]}

        second = BulkWork(checkpoint=checkpoint)
        taken_again = [second.take(ROW, WRITE) is not None for _ in range(6)]

        assert taken_again == [False, True, True, False, True, True]

    def test_rows_under_way_are_part_of_what_is_left(self):
        seen: list[BulkProgress] = []
        work = BulkWork(on_progress=seen.append)
        begun(work)

        work.tell_progress(0)

        assert seen[0].checkpoint == {"next": 1, "remaining": [0]}

    def test_a_run_that_ends_before_it_reached_what_was_left_keeps_that(self):
        work = BulkWork(checkpoint={"next": 10, "remaining": [2, 7]})
        for _ in range(3):
            taken = work.take(ROW, WRITE)
        assert taken is not None
        taken.begin()
        taken.answered(NO_ROWS, 0.001)

        assert work.result().checkpoint == {"next": 10, "remaining": [7]}

    @pytest.mark.parametrize(
        "checkpoint",
        [
            {},
            {"next": 1},
            {"next": "1", "remaining": []},
            {"next": -1, "remaining": []},
            {"next": 1, "remaining": [None]},
            [1],
            "x",
        ],
    )
    def test_what_is_no_checkpoint_is_refused(self, checkpoint: Any):
        with pytest.raises(InvalidQueryError, match="give the checkpoint of an earlier run's report"):
            BulkWork(checkpoint=checkpoint)


@pytest.mark.parametrize("rows", ["text", b"bytes", ROW, Page(path="/"), 7, None])
def test_what_is_no_collection_of_rows_is_refused(rows: Any):
    with pytest.raises(InvalidQueryError, match=r"insert_many\(\w+\): give a list or another iterable"):
        check_rows(rows, (list, tuple, str, bytes, dict))


def test_the_length_is_known_of_a_list_and_not_of_a_generator():
    assert length_of([ROW, ROW]) == 2
    assert length_of(row for row in [ROW]) is None


@pytest.mark.parametrize("max_errors", [0, -1, 1.5, "1", True])
def test_a_number_of_errors_that_cannot_be_is_refused(max_errors: Any):
    with pytest.raises(InvalidQueryError, match=r"max_errors=.*: give the number of errors at which to stop"):
        BulkWork(max_errors=max_errors)
