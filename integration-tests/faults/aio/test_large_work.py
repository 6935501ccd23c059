"""Many rows are written and scanned while a node is killed: each is written, each is read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from coodie_aio import bulk
from coodie_core.exceptions import DatabaseError
from coodie_testing import LocalCluster
from faults.aio.load import Entry
from faults.aio.workers import elsewhere, pause
from faults.figures import Report, by_class

pytestmark = [
    pytest.mark.faults,
    pytest.mark.usefixtures("clustered"),
    pytest.mark.parametrize("cluster", ["direct"], indirect=True),
]

ROWS, OF_EACH_WORKER = 6_000, 20
PAGE = 50
MOST_RUNS = 20
PAUSE_SECONDS = 0.5


def entries() -> Iterator[Entry]:
    for number in range(ROWS):
        worker, place = divmod(number, OF_EACH_WORKER)
        yield Entry(worker=worker, number=place, text=str(number))


async def test_many_rows_are_written_while_a_node_is_killed(cluster: LocalCluster, report: Report) -> None:
    await Entry.sync_table()
    errors = Counter[str]()

    def entries_and_a_kill() -> Iterator[Entry]:
        for number, entry in enumerate(entries()):
            if number == ROWS // 2:
                cluster.kill(2)
            yield entry

    written = await Entry.insert_many(entries_and_a_kill(), consistency="QUORUM", raise_on_error=False)
    runs = 1
    while written.errors and runs < MOST_RUNS:
        errors.update(f"{type(outcome.error).__name__}" for outcome in written.errors)
        written = await Entry.insert_many(
            entries(), consistency="QUORUM", raise_on_error=False, checkpoint=written.checkpoint
        )
        runs += 1

    assert written.errors == ()
    read = [entry async for entry in Entry.find().consistency("QUORUM").scan(parallel=4)]
    assert sorted(read, key=lambda entry: int(entry.text)) == list(entries())
    report(
        "`insert_many`", {"rows": ROWS, "errors": by_class(errors), "runs": runs, "rows lost": 0}, table="Large work"
    )


async def test_a_scan_whose_node_is_killed_goes_on_and_hands_out_each_row_once(
    cluster: LocalCluster, report: Report
) -> None:
    await Entry.sync_table()
    async with bulk(consistency="QUORUM") as writes:
        for entry in entries():
            await writes.save(entry)

    read, errors, checkpoint = [], Counter[str](), None
    query = Entry.find().consistency("QUORUM").fetch_size(PAGE)
    for _ in range(MOST_RUNS):
        scan = query.scan(parallel=4, checkpoint=checkpoint)
        try:
            async for entry in scan:
                read.append(entry)
                if len(read) == ROWS // 3:
                    await elsewhere(partial(cluster.kill, 1))
            break
        except DatabaseError as error:
            errors[type(error).__name__] += 1
            checkpoint = scan.checkpoint
            await pause(PAUSE_SECONDS)

    assert sorted(read, key=lambda entry: int(entry.text)) == list(entries())
    report("`scan`", figures_of(errors, errors.total() + 1), table="Large work")


def figures_of(errors: Counter[str], runs: int) -> dict[str, str | int]:
    return {"rows": ROWS, "errors": by_class(errors), "runs": runs, "rows lost": 0}
