"""A counter that several workers count up by compare-and-set, and that remembers who counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Annotated, Any
from uuid import UUID, uuid4

from coodie_aio import Document
from coodie_core.exceptions import DatabaseError, OutcomeUnknown
from coodie_core.fields import PrimaryKey
from faults.aio.workers import elsewhere, pause, together

PAUSE_SECONDS = 0.02
"""Between two attempts of a worker."""


class Tally(Document):
    """The counter. Each attempt has a name, and those that were applied are all in the row."""

    id: Annotated[int, PrimaryKey()]
    value: int
    applied: list[UUID]

    class Settings:
        name = "tallies"


@dataclass
class Attempts:
    """What the workers were told of their attempts.

    Attributes:
        applied: Those that took place: confirmed, or resolved by coodie.
        refused: Those that surely did not take place.
        found: Those of which coodie could not tell, and which are in the row that it found.
        unknown: Those of which nobody can tell yet.
    """

    applied: set[UUID] = field(default_factory=set)
    refused: set[UUID] = field(default_factory=set)
    found: set[UUID] = field(default_factory=set)
    unknown: set[UUID] = field(default_factory=set)

    def sort_out(self, name: UUID, expected: int, found: Mapping[str, Any] | None) -> None:
        """Decide, as an application would, by the row that coodie found when it could not tell.

        Args:
            name: The attempt.
            expected: The value that it would have counted up.
            found: The row; None if it could not be read.
        """
        if found is not None and name in found["applied"]:
            self.found.add(name)
        elif found is not None and found["value"] > expected:  # the condition cannot hold any more
            self.refused.add(name)
        else:
            self.unknown.add(name)


async def count_up(
    worker_count: int, each: int, consistency: str, timeout: float, happening: Callable[[], None]
) -> Attempts:
    """Have workers count up, each until that took place *each* times, while something happens to the cluster.

    Args:
        worker_count: How many workers.
        each: How often each counts.
        consistency: Of the writes.
        timeout: Of each request, in seconds.
        happening: What happens to the cluster.
    """
    await Tally(id=1, value=0, applied=[]).insert()
    attempts, ended = Attempts(), Event()

    async def happen() -> None:
        try:
            await elsewhere(happening)
        finally:
            ended.set()

    async def work() -> None:
        counted = 0
        while counted < each or not ended.is_set():
            name = uuid4()
            await attempt(name)
            counted += name in attempts.applied or name in attempts.found
            await pause(PAUSE_SECONDS)

    async def attempt(name: UUID) -> None:
        value = 0
        try:
            tally = await Tally.find(id=1).consistency("SERIAL").timeout(timeout).get()
            value = tally.value
            result = await tally.update(
                value=tally.value + 1,
                applied=[*tally.applied, name],
                if_conditions={"value": tally.value},
                consistency=consistency,
                timeout=timeout,
                on_unknown="resolve",
            )
        except OutcomeUnknown as error:
            attempts.sort_out(name, value, error.found)
        except DatabaseError:
            attempts.refused.add(name)  # the class of the exception says so; or it was the read that failed
        else:
            (attempts.applied if result.applied else attempts.refused).add(name)

    await together(*[work] * worker_count, happen)
    return attempts


def check(attempts: Attempts, tally: Tally) -> int:
    """Compare what the workers were told with the row.

    Returns:
        How many of the attempts of which nobody knew took place.
    """
    there = set(tally.applied)
    assert tally.value == len(tally.applied) == len(there), "each attempt counts once"
    assert (attempts.applied | attempts.found) - there == set(), "attempts were lost that had taken place"
    assert attempts.refused & there == set(), "attempts took place that surely had not"
    assert there - attempts.applied - attempts.found - attempts.unknown == set(), "something counted that nobody did"
    return len(there & attempts.unknown)


def figures_of(attempts: Attempts, tally: Tally, unknown_there: int) -> dict[str, str | int]:
    """Return the figures of a run that was checked: all that was said of the attempts is true."""
    return {
        "final value": tally.value,
        "confirmed, or resolved as applied": len(attempts.applied),
        "left to the caller, who found it applied": len(attempts.found),
        "refused": len(attempts.refused),
        "unknown to the end (applied)": f"{len(attempts.unknown)} ({unknown_there})",
    }
