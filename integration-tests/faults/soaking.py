"""Looking at a process while it works for long: its memory, its threads, its open files."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass
from statistics import linear_regression
from typing import NamedTuple, Self

import psutil

SAMPLES = 200
WARM_UP = 0.3
"""The share of a run in which caches and pools fill, and that is not looked at."""


class Sample(NamedTuple):
    """The process after some operations."""

    operations: int
    memory_bytes: int
    threads: int
    open_files: int


@dataclass(frozen=True)
class Soak:
    """What was seen in a long run.

    Attributes:
        operations: How many there were, all of which succeeded.
        seconds: How long they took.
        samples: The process, at regular intervals.
    """

    operations: int
    seconds: float
    samples: list[Sample]

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        values = json.loads(text)
        return cls(values["operations"], values["seconds"], [Sample(*sample) for sample in values["samples"]])

    @property
    def warm(self) -> list[Sample]:
        """The samples after the warm-up."""
        return [sample for sample in self.samples if sample.operations >= WARM_UP * self.operations]

    @property
    def growth(self) -> float:
        """Bytes of memory that each operation leaves behind, by a line through all samples after the warm-up."""
        warm = self.warm
        return linear_regression([one.operations for one in warm], [one.memory_bytes for one in warm]).slope

    @property
    def most_memory(self) -> int:
        """Bytes of memory, at most."""
        return max(sample.memory_bytes for sample in self.samples)

    @property
    def threads(self) -> tuple[int, int]:
        """The fewest and the most threads after the warm-up."""
        return _range([sample.threads for sample in self.warm])

    @property
    def open_files(self) -> tuple[int, int]:
        """The fewest and the most open files after the warm-up."""
        return _range([sample.open_files for sample in self.warm])


def _range(numbers: list[int]) -> tuple[int, int]:
    return min(numbers), max(numbers)


class Watch:
    """Counts operations, and takes a sample of the process now and then.

    Args:
        operations: How many there will be.
        seconds: How long they may take.
    """

    def __init__(self, operations: int, seconds: float) -> None:
        self._every = max(1, operations // SAMPLES)
        self._done = 0
        self._began = time.monotonic()
        self._end = self._began + seconds
        self._samples: list[Sample] = []
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self._end

    def done(self, count: int) -> None:
        """Count operations that have succeeded."""
        with self._lock:
            before, self._done = self._done, self._done + count
            if before // self._every != self._done // self._every:
                self._samples.append(Sample(self._done, *this_process()))

    def soak(self) -> Soak:
        """Return what was seen."""
        return Soak(self._done, time.monotonic() - self._began, self._samples)


def this_process() -> tuple[int, int, int]:
    """Return this process's memory in bytes, its threads and its open files."""
    process = psutil.Process()
    return process.memory_info().rss, process.num_threads(), process.num_fds()
