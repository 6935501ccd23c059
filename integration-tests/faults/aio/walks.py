"""A hundred walks over pages at the same time."""

from __future__ import annotations

from collections import Counter
from functools import partial
from threading import Event

from coodie_aio import bulk
from coodie_core.exceptions import DatabaseError
from faults.aio.load import Entry
from faults.aio.workers import pause, together

WALKS = 100
ROWS = 60
PAGE_SIZES = [1, 7, 20, 59, 60, 61]
"""Around the number of rows too: where a walk that takes another's next page goes wrong."""

ATTEMPTS, PAUSE_SECONDS = 20, 0.5


class Step(Entry):
    """A row of a walk."""

    class Settings:
        name = "steps"


Walked = dict[int, list[Step]]


def rows_of_walks() -> Walked:
    """Return the rows that each walk must get."""
    return {walk: [Step(worker=walk, number=n, text=f"{walk}:{n}") for n in range(ROWS)] for walk in range(WALKS)}


async def stored_walks(consistency: str) -> Walked:
    """Return the rows of each walk, which are in the table."""
    await Step.sync_table()
    rows = rows_of_walks()
    async with bulk(consistency=consistency) as writes:
        for row in (row for rows_of_walk in rows.values() for row in rows_of_walk):
            await writes.save(row)
    return rows


async def walk_all(consistency: str, one_has_ended: Event, errors: Counter[str]) -> Walked:
    """Return what each walk gets, all of them made at the same time; one that fails begins again.

    Args:
        consistency: Of the reads.
        one_has_ended: Is set when the first walk has ended, and the others are on their way.
        errors: Where failures are counted, by their class.
    """
    walked: Walked = {}

    async def walk(number: int) -> None:
        query = Step.find(worker=number).fetch_size(PAGE_SIZES[number % len(PAGE_SIZES)]).consistency(consistency)
        for _ in range(ATTEMPTS):
            try:
                walked[number] = [entry async for entry in query]
                one_has_ended.set()
                return
            except DatabaseError as error:
                errors[type(error).__name__] += 1
                await pause(PAUSE_SECONDS)

    await together(*(partial(walk, number) for number in range(WALKS)))
    return walked
