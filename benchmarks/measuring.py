"""What the benchmark makes of its measurements: pure functions from values to values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """One block of calls, timed.

    Attributes:
        contender: Who was timed.
        workload: What it did.
        round: In which round.
        cpu_microseconds: Processor time of the contender's process a call.
        wall_microseconds: Time a call; on a small machine, mostly the server's.
    """

    contender: str
    workload: str
    round: int
    cpu_microseconds: float
    wall_microseconds: float


@dataclass(frozen=True)
class Result:
    """What one contender needs for one workload.

    Attributes:
        contender: Who.
        workload: What.
        cpu_microseconds: The median over the rounds.
        wall_microseconds: The median over the rounds.
        ratio: Its processor time divided by the baseline's in the same round: the median over the rounds.
        lowest: The lowest of these ratios.
        highest: The highest.
    """

    contender: str
    workload: str
    cpu_microseconds: float
    wall_microseconds: float
    ratio: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Report:
    """Everything that one run of the benchmark found.

    Attributes:
        when: The time of the run.
        machine: What the figures depend on.
        server: What was asked.
        versions: What each contender is made of.
        results: What each needs for each workload.
        samples: Every block that was timed.
        faults: For each contender what it does wrong, by the operation; that was not timed.
        memory: For each contender and operation, the bytes of its result, and the most that were needed.
        start_cpu_seconds: For each contender the processor time of its start, by part.
        imports: The processor time of importing ours and what that is compared with, in seconds.
    """

    when: str
    machine: dict[str, str | int | None]
    server: str
    versions: dict[str, dict[str, str]]
    results: list[Result]
    samples: list[Sample]
    faults: dict[str, dict[str, str]]
    memory: dict[str, dict[str, dict[str, int]]]
    start_cpu_seconds: dict[str, dict[str, float]]
    imports: dict[str, float] = field(default_factory=dict)

    def of(self, contender: str, workload: str) -> Result | None:
        """Return what *contender* needs for *workload*, if it was timed."""
        found = [one for one in self.results if (one.contender, one.workload) == (contender, workload)]
        return found[0] if found else None


def rotated(items: Sequence[T], by: int) -> list[T]:
    """Return *items* beginning with another one each time, so that nobody always comes first.

    Example:
        >>> rotated(["a", "b", "c"], by=1)
        ['b', 'c', 'a']
    """
    start = by % len(items)
    return [*items[start:], *items[:start]]


def result(samples: Sequence[Sample], contender: str, baseline: str, workload: str) -> Result | None:
    """Return what *contender* needs for *workload*, as a ratio to *baseline* in the same rounds; None if not timed."""
    own = _by_round(samples, contender, workload)
    others = _by_round(samples, baseline, workload)
    if not own:
        return None
    ratios = [own[number].cpu_microseconds / others[number].cpu_microseconds for number in own]
    return Result(
        contender=contender,
        workload=workload,
        cpu_microseconds=median(sample.cpu_microseconds for sample in own.values()),
        wall_microseconds=median(sample.wall_microseconds for sample in own.values()),
        ratio=median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
    )


def _by_round(samples: Sequence[Sample], contender: str, workload: str) -> dict[int, Sample]:
    return {sample.round: sample for sample in samples if (sample.contender, sample.workload) == (contender, workload)}
