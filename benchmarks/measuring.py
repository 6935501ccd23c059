"""What the benchmark makes of its measurements: pure functions from values to values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """One block of calls, timed.

    Attributes:
        contender: Who was timed.
        operation: What it did.
        round: In which round.
        cpu_microseconds: Processor time of the contender's process a call.
        wall_microseconds: Time a call; on a small machine, mostly the server's.
    """

    contender: str
    operation: str
    round: int
    cpu_microseconds: float
    wall_microseconds: float


@dataclass(frozen=True)
class Result:
    """What one contender needs for one operation.

    Attributes:
        contender: Who.
        operation: What.
        cpu_microseconds: The median over the rounds.
        wall_microseconds: The median over the rounds.
        ratio: Its processor time divided by the baseline's in the same round: the median over the rounds.
        lowest: The lowest of these ratios.
        highest: The highest.
    """

    contender: str
    operation: str
    cpu_microseconds: float
    wall_microseconds: float
    ratio: float
    lowest: float
    highest: float


def rotated(items: Sequence[T], by: int) -> list[T]:
    """Return *items* beginning with another one each time, so that nobody always comes first.

    Example:
        >>> rotated(["a", "b", "c"], by=1)
        ['b', 'c', 'a']
    """
    start = by % len(items)
    return [*items[start:], *items[:start]]


def result(samples: Sequence[Sample], contender: str, baseline: str, operation: str) -> Result:
    """Return what *contender* needs for *operation*, as a ratio to *baseline* in the same rounds."""
    own = _by_round(samples, contender, operation)
    others = _by_round(samples, baseline, operation)
    ratios = [own[number].cpu_microseconds / others[number].cpu_microseconds for number in own]
    return Result(
        contender=contender,
        operation=operation,
        cpu_microseconds=median(sample.cpu_microseconds for sample in own.values()),
        wall_microseconds=median(sample.wall_microseconds for sample in own.values()),
        ratio=median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
    )


def _by_round(samples: Sequence[Sample], contender: str, operation: str) -> dict[int, Sample]:
    return {
        sample.round: sample for sample in samples if (sample.contender, sample.operation) == (contender, operation)
    }


def as_json(results: Sequence[Result], samples: Sequence[Sample]) -> dict[str, Any]:
    """Return both as plain values."""
    return {"results": [asdict(item) for item in results], "samples": [asdict(item) for item in samples]}
