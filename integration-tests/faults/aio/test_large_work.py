"""Many rows are written and scanned while connections break: each is written, each is read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from coodie_core.exceptions import DatabaseError
from coodie_testing import FaultProxy, server_errors
from faults.aio.load import Entry
from faults.aio.workers import pause
from faults.figures import Report, by_class

pytestmark = pytest.mark.usefixtures("proxied")

ROWS, OF_EACH_WORKER = 2_000, 20
PAGE = 50
MOST_RUNS = 50
PAUSE_SECONDS = 0.5


def entries() -> Iterator[Entry]:
    for number in range(ROWS):
        worker, place = divmod(number, OF_EACH_WORKER)
        yield Entry(worker=worker, number=place, text=str(number))


async def test_many_rows_are_all_written_though_connections_break(proxy: FaultProxy, report: Report) -> None:
    await Entry.sync_table()
    errors, runs = Counter[str](), 0
    proxy.fail(server_errors.Overloaded(), text="INSERT", times=20)

    def entries_and_a_reset() -> Iterator[Entry]:
        for number, entry in enumerate(entries()):
            if number == ROWS // 2:
                proxy.reset()
            yield entry

    written = await Entry.insert_many(entries_and_a_reset(), raise_on_error=False, max_errors=None)
    while written.errors and runs < MOST_RUNS:
        errors.update(type(outcome.error).__name__ for outcome in written.errors)
        await pause(PAUSE_SECONDS)
        written = await Entry.insert_many(entries(), raise_on_error=False, checkpoint=written.checkpoint)
        runs += 1

    assert written.errors == ()
    assert sorted(await Entry.find().all(), key=lambda entry: int(entry.text)) == list(entries())
    report("`insert_many`", figures_of(errors, runs + 1), table="Large work")


async def test_a_scan_that_is_begun_again_hands_out_each_row_once(proxy: FaultProxy, report: Report) -> None:
    await Entry.sync_table()
    await Entry.insert_many(entries())
    read, errors, checkpoint = [], Counter[str](), None
    query = Entry.find().fetch_size(PAGE)

    for _ in range(MOST_RUNS):
        scan = query.scan(parallel=4, checkpoint=checkpoint)
        try:
            async for entry in scan:
                read.append(entry)
                if len(read) in (ROWS // 3, ROWS // 2):
                    proxy.reset()
            break
        except DatabaseError as error:
            errors[type(error).__name__] += 1
            checkpoint = scan.checkpoint
            await pause(PAUSE_SECONDS)

    assert errors.total() >= 1
    assert sorted(read, key=lambda entry: int(entry.text)) == list(entries())
    report("`scan`", figures_of(errors, errors.total() + 1), table="Large work")


def figures_of(errors: Counter[str], runs: int) -> dict[str, str | int]:
    return {"rows": ROWS, "errors": by_class(errors), "runs": runs, "rows lost": 0}
