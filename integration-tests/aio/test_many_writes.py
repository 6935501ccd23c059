"""insert_many() and bulk(): every row has an outcome, an error keeps no other row from being written, a run goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import pytest
from driver_features import EMPTY

from coodie_aio import AsyncBatchQuery, BulkWrites, CounterDocument, Document, bulk, deadline, execute_raw
from coodie_core.document import BaseDocument
from coodie_core.exceptions import BulkWriteError, InvalidQueryError
from coodie_core.fields import ClusteringKey, Counter, PrimaryKey
from coodie_core.results import BulkProgress, RowStatus

ROWS = 20_000
PARTS = 500
BAD = {7: {"part": "x"}, 4_999: {"part": 1}, 5_000: 7, 19_999: {"part": 1, "number": 2**31}}
"""Rows that cannot be written, by their places: of a wrong type, without a key, no row at all, too large."""


class Row(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    name: str = ""
    marks: list[int] | None = None

    class Settings:
        name = "many_rows"


class Sensor(Document):
    id: Annotated[int, PrimaryKey()]
    last: int | None = None
    seen: list[str] | None = None

    async def before_save(self) -> None:
        if self.id < 0:
            raise ValueError("no such sensor")

    class Settings:
        name = "many_sensors"


class BaseSensor(BaseDocument):
    """A document of another API."""

    __coodie_api__ = "coodie.other"
    id: Annotated[int, PrimaryKey()]


class Visits(CounterDocument):
    path: Annotated[str, PrimaryKey()]
    count: Annotated[int, Counter()] = 0

    class Settings:
        name = "many_visits"


def rows(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"part": number % PARTS, "number": number, "name": f"row {number}"}


async def stored_numbers() -> list[int]:
    return sorted(number for _, number in await Row.find().values_list("part", "number").all())


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    for document in (Row, Sensor):
        await document.sync_table()
        await document.truncate()


async def test_all_rows_but_the_bad_ones_are_written_and_those_are_named():
    taken = 0

    def given() -> Iterator[Any]:
        nonlocal taken
        for index, row in enumerate(rows(ROWS)):
            taken = index + 1
            yield BAD.get(index, row)

    seen: list[BulkProgress] = []
    with pytest.raises(BulkWriteError) as raised:
        await Row.insert_many(given(), on_progress=lambda progress: seen.append(progress))

    report = raised.value.report
    assert report.applied == ROWS - len(BAD)
    assert {outcome.index: outcome.document for outcome in report.errors} == BAD
    assert {outcome.status for outcome in report.errors} == {RowStatus.INVALID}
    assert (await execute_raw("SELECT count(*) AS rows FROM many_rows"))[0]["rows"] == ROWS - len(BAD)
    assert await stored_numbers() == [number for number in range(ROWS) if number not in BAD]
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert (seen[-1].done, seen[-1].errors, seen[-1].in_flight, seen[-1].total) == (ROWS, len(BAD), 0, None)
    assert taken == ROWS


async def test_rows_are_taken_as_they_are_needed():
    most_ahead, progress = 0, 0

    def given() -> Iterator[dict[str, Any]]:
        nonlocal most_ahead
        for index, row in enumerate(rows(2_000)):
            most_ahead = max(most_ahead, index - progress)
            yield row

    def note(told: BulkProgress) -> None:
        nonlocal progress
        progress = told.done
        assert told.in_flight <= 16
        assert told.taken - told.done == told.in_flight

    report = await Row.insert_many(given(), max_in_flight=16, on_progress=note)

    assert report.applied == 2_000


async def test_documents_and_dicts_become_the_same_rows():
    await Row.insert_many([Row(part=1, number=1, name="Ada"), {"part": 1, "number": 2, "name": "Ada"}])

    one, two = await Row.find(part=1).all()
    assert one.model_dump(exclude={"number"}) == two.model_dump(exclude={"number"})


async def test_an_empty_list_is_a_run_too():
    report = await Row.insert_many([])

    assert (report.applied, report.outcomes, report.checkpoint) == (0, (), {"next": 0, "remaining": []})


async def test_options_are_those_of_save():
    await Row.insert_many(rows(10), ttl=1000, timestamp=12345, consistency="ONE", timeout=20)

    cells = await Row.find().values_list("writetime(name)", "ttl(name)").all()
    assert {written for written, _ in cells} == {12345}
    assert all(900 < ttl <= 1000 for _, ttl in cells)


@pytest.mark.needs(EMPTY)
async def test_rows_that_exist_are_refused_if_that_was_asked_for():
    await Row(part=0, number=0, name="first").save()

    report = await Row.insert_many(rows(20), if_not_exists=True)

    (refused,) = report.refused
    assert (report.applied, refused.index, refused.status) == (19, 0, RowStatus.REFUSED)
    assert refused.existing == {"part": 0, "number": 0, "name": "first", "marks": None}
    assert report.errors == ()
    assert (await Row.get(part=0, number=0)).name == "first"


async def test_a_run_that_stopped_at_too_many_errors_goes_on_from_its_checkpoint():
    given: list[Any] = list(rows(300))
    given[100:120] = [{}] * 20

    with pytest.raises(BulkWriteError, match=r"It stopped there \(max_errors") as raised:
        await Row.insert_many(given, max_errors=20, max_in_flight=4)
    stopped = raised.value.report
    assert stopped.has_stopped
    checkpoint = json.loads(json.dumps(stopped.checkpoint))
    given[100:120] = list(rows(120))[100:]
    report = await Row.insert_many(given, checkpoint=checkpoint)

    assert stopped.applied + report.applied == 300
    assert await stored_numbers() == list(range(300))


async def test_a_run_stops_when_its_deadline_is_over_and_another_one_goes_on():
    given = list(rows(3_000))

    with pytest.raises(BulkWriteError) as raised:
        await write_within(0.05, given)
    assert raised.value.report.has_stopped
    await Row.insert_many(given, checkpoint=raised.value.report.checkpoint)

    assert await stored_numbers() == list(range(3_000))


async def write_within(seconds: float, given: list[Any]) -> None:
    async with deadline(seconds):
        await Row.insert_many(given)


async def test_an_error_of_the_rows_themselves_ends_the_run_once_what_was_begun_is_written():
    told: list[BulkProgress] = []

    def given() -> Iterator[dict[str, Any]]:
        yield from rows(50)
        raise OSError("the file ends here")

    with pytest.raises(OSError, match="the file ends here"):
        await Row.insert_many(given(), on_progress=lambda progress: told.append(progress))

    assert await stored_numbers() == list(range(50))


async def test_a_report_is_returned_where_errors_are_not_to_be_raised():
    report = await Row.insert_many([{}, *rows(3)], raise_on_error=False)

    assert (report.applied, report.remaining) == (3, (0,))


async def test_bulk_writes_documents_of_several_classes():
    await Row.insert_many(rows(30))
    old = await Row.find().all()

    async with bulk() as writes:
        for row in old[:10]:
            await writes.delete(row)
        for row in old[10:20]:
            await writes.update(row, name="new")
        for number in range(100):
            await writes.save(Sensor(id=number, last=number), ttl=1000)
        await writes.insert(Sensor(id=7))

    report = writes.report
    assert (report.applied, len(report.refused)) in ((120, 1), (121, 0))  # sensor 7 is saved and inserted at a time
    assert await Row.find().count() == 20
    assert sum(row.name == "new" for row in await Row.find().all()) == 10
    assert await Sensor.find().count() == 100


async def save_sensors(ids: Iterable[int], writes: BulkWrites) -> None:
    """Save a sensor for each id."""
    async with writes:
        for number in ids:
            await writes.save(Sensor(id=number))


async def test_hooks_run_and_their_errors_are_those_of_their_row():
    with pytest.raises(BulkWriteError, match="ValueError: no such sensor") as raised:
        await save_sensors((1, -2, 3), bulk())

    assert [(each.index, each.status) for each in raised.value.report.errors] == [(1, RowStatus.INVALID)]
    assert sorted(sensor.id for sensor in await Sensor.find().all()) == [1, 3]


async def test_an_error_in_the_block_comes_out_once_what_was_begun_is_written():
    writes = bulk()

    with pytest.raises(ZeroDivisionError):
        await save_sensors((100 // number for number in range(20, -1, -1)), writes)

    assert writes.report.applied == 20
    assert await Sensor.find().count() == len({100 // number for number in range(1, 21)})


async def test_a_block_stops_at_too_many_errors():
    with pytest.raises(BulkWriteError, match="max_errors") as raised:
        await save_sensors(range(-100, 0), bulk(max_errors=3, raise_on_error=False, max_in_flight=1))

    assert len(raised.value.report.errors) == 3


async def test_a_block_takes_writes_while_it_is_open_only():
    """Nobody would wait for the others, nor see their errors."""
    writes = bulk()

    with pytest.raises(InvalidQueryError, match="this block has not begun"):
        await writes.save(Sensor(id=1))
    async with writes:
        await writes.save(Sensor(id=2))
        with pytest.raises(InvalidQueryError, match="this block is open"):
            await save_sensors([3], writes)
    with pytest.raises(InvalidQueryError, match="this block has ended already"):
        await writes.update(Sensor(id=4), last=1)
    with pytest.raises(InvalidQueryError, match="this block has ended already"):
        await save_sensors([5], writes)

    assert writes.report.applied == 1
    assert [sensor.id for sensor in await Sensor.find().all()] == [2]


async def test_blocks_inside_of_blocks_and_of_batches_are_their_own():
    async with bulk() as outer, AsyncBatchQuery() as batch:
        await Sensor(id=1).save(batch=batch)
        await save_sensors([2, 3], inner := bulk())
        await outer.save(Sensor(id=4))

    assert (outer.report.applied, inner.report.applied) == (1, 2)
    assert sorted(sensor.id for sensor in await Sensor.find().all()) == [1, 2, 3, 4]


@pytest.mark.parametrize("given", [None, {"id": 1}, Sensor, [Sensor(id=1)], BaseSensor(id=1)], ids=repr)
async def test_a_block_refuses_what_is_no_document_of_its_api(given: Any):
    async with bulk() as writes:
        for begin in (writes.save, writes.insert, writes.delete, writes.update):
            with pytest.raises(InvalidQueryError, match=r"bulk\(\): (give a document|BaseSensor is a document of)"):
                await begin(given)

    assert writes.report.applied == 0


async def test_what_cannot_be_is_refused_before_the_first_row():
    with pytest.raises(InvalidQueryError, match="on_progress=int: give a function"):
        await Row.insert_many([], on_progress=3)  # type: ignore[arg-type]
    with pytest.raises(InvalidQueryError, match="a counter table takes no values"):
        await Visits.insert_many([{"path": "/"}])
    with pytest.raises(InvalidQueryError, match="give a list or another iterable"):
        await Row.insert_many({"part": 1, "number": 1})
    with pytest.raises(InvalidQueryError, match="max_in_flight"):
        await Row.insert_many([], max_in_flight=0)
