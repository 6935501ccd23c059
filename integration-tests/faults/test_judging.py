"""The suite itself: it would see a lost row, a wrong word about a write, and a leak; and its page is written."""

from __future__ import annotations

import pytest

from coodie_core.exceptions import ClientTimeout, Unavailable
from coodie_core.outcomes import of_unknown_outcome
from faults.calls import Calls, Name
from faults.figures import BEGIN, END, PAGE, TITLES, Figures, of_calls, tables, with_figures
from faults.soaking import Sample, Soak

CONFIRMED, REFUSED, UNKNOWN = Name(1, 1), Name(1, 2), Name(1, 3)


@pytest.fixture
def calls() -> Calls:
    """Three writes: one was confirmed, one was refused, of one nobody knows."""
    calls = Calls()
    with calls.write(CONFIRMED):
        pass
    with calls.write(REFUSED):
        raise Unavailable("too few", applied=False)
    with calls.write(UNKNOWN):
        raise of_unknown_outcome(ClientTimeout)("no answer")
    return calls


@pytest.mark.parametrize(("stored", "unknown_there"), [({CONFIRMED}, 0), ({CONFIRMED, UNKNOWN}, 1)])
def test_rows_that_are_as_was_said_are_fine(calls: Calls, stored: set[Name], unknown_there: int) -> None:
    assert calls.check(stored) == unknown_there
    assert (calls.confirmed, calls.refused, calls.unknown) == ({CONFIRMED}, {REFUSED}, {UNKNOWN})


@pytest.mark.parametrize(
    ("stored", "complaint"),
    [
        (set[Name](), "rows were lost"),
        ({CONFIRMED, REFUSED}, "surely did not"),
        ({CONFIRMED, Name(2, 1)}, "nobody wrote"),
    ],
)
def test_rows_that_are_not_as_was_said_are_seen(calls: Calls, stored: set[Name], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        calls.check(stored)


def test_an_error_whose_class_and_outcome_differ_is_seen() -> None:
    with pytest.raises(AssertionError, match="different things"), Calls().write(UNKNOWN):
        raise ClientTimeout("no answer")  # its `applied` is None


def test_other_errors_than_those_of_the_cluster_end_a_run() -> None:
    with pytest.raises(ZeroDivisionError), Calls().read(worker=1):
        raise ZeroDivisionError


@pytest.mark.parametrize("bytes_an_operation", [0, 24])
def test_memory_that_grows_is_seen(bytes_an_operation: int) -> None:
    samples = [Sample(done, 10**8 + done * bytes_an_operation, 5, 9) for done in range(0, 100_000, 500)]

    soak = Soak.from_json(Soak(100_000, 1.0, samples).as_json())

    assert soak.growth == pytest.approx(bytes_an_operation)
    assert soak.warm[0].operations == 30_000


def test_figures_are_written_between_their_marks(calls: Calls) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    figures = [Figures("Load", "a fault", api, of_calls(calls, 1)) for api in ("sync", "aio")]

    written = with_figures(page, figures, {"coodie": "2.0.0"})

    assert written.startswith(before + BEGIN)
    assert written.endswith(END + after)
    assert "| a fault | aio | 3 | 1 `Unavailable`, 1 `ClientTimeout` |" in written
    assert "coodie 2.0.0" in written
    assert with_figures(written, figures, {"coodie": "2.0.0"}) == written


def test_a_page_without_marks_is_not_overwritten() -> None:
    with pytest.raises(ValueError, match="lost its marks"):
        with_figures("# Reliability\n", [], {})


def test_both_apis_of_a_scenario_stand_below_each_other() -> None:
    values = {"calls": 1}
    measured = [("later", "sync"), ("first", "sync"), ("later", "aio"), ("first", "aio")]

    text = tables([Figures("Walks", scenario, api, values) for scenario, api in measured])

    assert text.startswith(f"### {TITLES['Walks']}\n")
    assert [line.split(" | ")[:2] for line in text.splitlines()[4:]] == [
        ["| later", "aio"],
        ["| later", "sync"],
        ["| first", "aio"],
        ["| first", "sync"],
    ]
