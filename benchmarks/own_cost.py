"""What coodie itself costs, without a server: rows made into documents, and calls made into statements.

Each figure is processor time, and also a ratio to a loop of plain Python that was timed in turns with it, so that it
says the same on a slow machine and on a fast one. For rows the loop makes what a document needs at the least: an
object, its dict and its set of fields. For calls it makes a text and a tuple of values. A call is the user's own, such
as ``Document.get()``, from its beginning to its result, without what a driver does in between.

    python benchmarks/own_cost.py [--rounds 9] [--json FILE] [--check]

``--check`` fails where a ratio is above what is written down here: half as much again as was measured.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Annotated, Any
from uuid import UUID, uuid4

from cassandra.util import SortedSet

from coodie_core.fields import ClusteringKey, Double, PrimaryKey
from coodie_core.hydration import documents_of
from coodie_core.query import Query
from coodie_core.selection import values_of, with_values
from coodie_core.statement import NO_ROWS, Request, Rows
from coodie_sync import BatchQuery, Document, register_driver
from coodie_sync.drivers.base import Driver

ROWS = 5000
CALLS = 2000
IN_BATCH = 20


class Reading(Document):
    station: Annotated[str, PrimaryKey()]
    sequence: Annotated[int, ClusteringKey()]
    temperature: Annotated[float, Double()]
    note: str | None = None

    class Settings:
        name = "readings"
        connection = "answers"


class TaggedReading(Document):
    station: Annotated[str, PrimaryKey()]
    sequence: Annotated[int, ClusteringKey()]
    temperature: Annotated[float, Double()]
    note: str | None = None
    device: UUID
    tags: set[str]

    class Settings:
        name = "tagged_readings"


FOUR = Rows(tuple(Reading.model_fields), [("thousands", i, i / 4, f"note {i}") for i in range(ROWS)])
SIX = Rows(tuple(TaggedReading.model_fields), [(*row, uuid4(), SortedSet(["a", "b"])) for row in FOUR.rows])
EMPTY_NOTES = Rows(FOUR.columns, [(*row[:3], None) for row in FOUR.rows])


class Bare:
    """An object with a dict and a set, as a document has them."""

    __slots__ = ("fields", "values")

    values: dict[str, Any]
    fields: set[str]


def bare_objects() -> list[Bare]:
    """Make of 5,000 rows what documents need at the least."""
    names, made = frozenset(FOUR.columns), list[Bare]()
    for station, sequence, temperature, note in FOUR.rows:
        bare = Bare()
        bare.values = {"station": station, "sequence": sequence, "temperature": temperature, "note": note}
        bare.fields = set(names)
        made.append(bare)
    return made


def bare_calls() -> None:
    """Make the text and the values of as many calls by hand."""
    for number in range(CALLS):
        values = {"station": "u", "sequence": number, "temperature": 1.0, "note": "x"}
        text = f"INSERT INTO readings ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
        _ = (text, tuple(values.values()))


class Answers(Driver):
    """A driver that has the answer: what a call takes with it is coodie's own part, from the call to the result.

    Attributes:
        answer: What every request is answered with.
    """

    name = "answers"
    keyspace = "ks"
    answer: Rows = NO_ROWS

    def execute(self, request: Request) -> Rows:
        return self.answer

    def _release(self) -> None:
        pass


DRIVER = Answers()


def answering() -> Answers:
    """Register the driver, which at the end of ``with`` is unknown again: nobody else is to meet it."""
    register_driver(DRIVER.name, DRIVER)
    return DRIVER


ONE = Rows(FOUR.columns, FOUR.rows[:1])
APPLIED = Rows(("[applied]",), [(True,)])
REFUSED = Rows(("[applied]", *FOUR.columns), [(False, *FOUR.rows[0])])


def reading() -> Reading:
    return Reading(station="u", sequence=7, temperature=1.0, note="x")


def stored() -> Reading:
    """Return a document whose row is known."""
    document = reading()
    _ = document.save()
    return document


with answering():
    STORED = stored()
temperatures = itertools.count(2.5)


def save_change() -> None:
    STORED.temperature = next(temperatures)
    _ = STORED.save()


def save_batch() -> None:
    with BatchQuery() as batch:
        for number in range(IN_BATCH):
            _ = Reading(station="u", sequence=number, temperature=1.0, note="x").save(batch=batch)


@dataclass(frozen=True)
class Measure:
    """Something that is timed.

    Attributes:
        name: What it is.
        run: Does it *count* times.
        count: How many rows or calls one run is.
        reference: The loop of plain Python that it is compared with.
        most: The highest ratio that ``--check`` accepts.
    """

    name: str
    run: Callable[[], Any]
    count: int
    reference: Callable[[], Any]
    most: float


def of_rows(name: str, run: Callable[[], Any], most: float) -> Measure:
    return Measure(name, run, ROWS, bare_objects, most)


def of_calls(name: str, call: Callable[[], Any], most: float, answer: Rows = NO_ROWS, count: int = 1) -> Measure:
    """Return the measure of a call that is answered with *answer*, and does *count* things."""

    def calls() -> None:
        DRIVER.answer = answer
        for _ in range(CALLS // count):
            _ = call()

    return Measure(name, calls, CALLS, bare_calls, most)


MEASURES = (
    of_rows("row of 4 columns", lambda: documents_of(Reading, FOUR), most=3),
    of_rows("row of 4 columns, one empty", lambda: documents_of(Reading, EMPTY_NOTES), most=3),
    of_rows("row of 6 columns, with uuid and set", lambda: documents_of(TaggedReading, SIX), most=6),
    of_rows("row of 6 columns, as a tuple", lambda: values_of(with_values(Query(TaggedReading), ()), SIX), most=2.5),
    of_calls("make a document (Pydantic alone)", reading, most=3),
    of_calls("Document.get(key)", lambda: Reading.get(station="u", sequence=7), most=20, answer=ONE),
    of_calls("find(key).first()", lambda: Reading.find(station="u", sequence=7).first(), most=20, answer=ONE),
    of_calls("make a document and save() it", lambda: reading().save(), most=20),
    of_calls("make a document and insert() it", lambda: reading().insert(), most=22, answer=APPLIED),
    of_calls("the same, which is refused", lambda: reading().insert(), most=24, answer=REFUSED),
    of_calls("Document.create()", lambda: Reading.create(station="u", sequence=7, temperature=1.0), most=28),
    of_calls("change a document and save() it", save_change, most=19),
    of_calls("update() a document", lambda: STORED.update(temperature=2.5), most=16),
    of_calls("find(key).update()", lambda: Reading.find(station="u", sequence=7).update(temperature=2.5), most=20),
    of_calls("delete() a document", STORED.delete, most=15),
    of_calls("find(key).delete()", Reading.find(station="u", sequence=7).delete, most=20),
    of_calls("make a document and save() it in a batch", save_batch, most=27, count=IN_BATCH),
)


@dataclass(frozen=True)
class Figure:
    """What one measure came to.

    Attributes:
        name: What was measured.
        microseconds: Processor time of one row or call: the median of the rounds.
        ratio: That divided by the reference's in the same round: the median.
        most: The highest ratio that is accepted.
    """

    name: str
    microseconds: float
    ratio: float
    most: float


def seconds(run: Callable[[], Any]) -> float:
    """Return the processor time of one run, which begins without garbage."""
    _ = gc.collect()
    start = process_time()
    kept = run()  # results stay until the clock is read, as an application keeps them
    taken = process_time() - start
    del kept
    return taken


def figures(measures: Iterable[Measure], rounds: int) -> Iterator[Figure]:
    """Time each, in turns with its reference, and yield what it came to."""
    with answering():
        for measure in measures:
            _ = measure.run(), measure.reference()
            timed = [(seconds(measure.reference), seconds(measure.run)) for _ in range(rounds)]
            yield Figure(
                name=measure.name,
                microseconds=median(own for _, own in timed) / measure.count * 1e6,
                ratio=median(own / reference for reference, own in timed),
                most=measure.most,
            )


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what coodie itself costs, without a server.")
    _ = parser.add_argument("--rounds", type=int, default=9, help="how often everything is timed")
    _ = parser.add_argument("--json", type=Path, help="where to write the figures")
    _ = parser.add_argument("--check", action="store_true", help="fail where a ratio is too high")
    options = parser.parse_args()
    measured = list(figures(MEASURES, options.rounds))
    for figure in measured:
        print(f"{figure.name:<40} {figure.microseconds:8.2f} us  {figure.ratio:6.1f} x  (at most {figure.most:g})")
    if options.json:
        _ = options.json.write_text(json.dumps([asdict(figure) for figure in measured], indent=2), encoding="utf-8")
    too_high = [figure.name for figure in measured if figure.ratio > figure.most]
    if options.check and too_high:
        print(f"Above what was agreed: {', '.join(too_high)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
