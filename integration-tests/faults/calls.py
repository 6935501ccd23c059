"""What became of the calls of a run: noted by its workers, waited for by whoever plays the faults."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from coodie_core.exceptions import DatabaseError, OutcomeUnknown

LONGEST_WAIT_SECONDS = 120
"""For progress, before a run is given up: long, because the machine may be busy with other things."""


class Name(NamedTuple):
    """The name of a write: who made it, and its number among those."""

    worker: int
    number: int


class NoProgress(AssertionError):
    """Calls did not succeed again after a fault."""


@dataclass
class Calls:
    """The calls of one run. Writes have names, by which their rows are found again.

    Attributes:
        confirmed: The writes that succeeded.
        refused: The writes that failed, and that surely did not take place as the exception says.
        unknown: The writes that failed, and of which the exception says that nobody knows.
        reads: How many reads succeeded.
        errors: How many calls failed, by the class of the exception.
        is_broken: Whether a worker has ended with an error of its own, so that no progress can be waited for.
        longest_pause: The longest time in seconds for which one of the workers had no success.
    """

    confirmed: set[Name] = field(default_factory=set)
    refused: set[Name] = field(default_factory=set)
    unknown: set[Name] = field(default_factory=set)
    reads: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    longest_pause: float = 0.0
    is_broken: bool = False
    _succeeded_at: dict[int, float] = field(default_factory=dict, repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @property
    def succeeded(self) -> int:
        """How many calls succeeded."""
        return len(self.confirmed) + self.reads

    @property
    def all(self) -> int:
        """How many calls ended."""
        return self.succeeded + self.errors.total()

    @contextmanager
    def write(self, name: Name) -> Generator[None]:
        """Note what becomes of the write in this block; errors of the cluster end here, others are defects."""
        self._begin(name.worker)
        try:
            yield
        except DatabaseError as error:
            self._note_failed_write(name, error)
        else:
            with self._success(name.worker):
                self.confirmed.add(name)

    @contextmanager
    def read(self, worker: int) -> Generator[None]:
        """Note what becomes of the read in this block; errors of the cluster end here, others are defects."""
        self._begin(worker)
        try:
            yield
        except DatabaseError as error:
            self._note_failed_read(worker, error)
        else:
            with self._success(worker):
                self.reads += 1

    def _note_failed_read(self, worker: int, error: DatabaseError) -> None:
        assert not isinstance(error, OutcomeUnknown), f"a read has no outcome that could be unknown: {error!r}"
        with self._changed:
            self.errors[type(error).__name__] += 1
            self._note_pause(worker)

    def _note_failed_write(self, name: Name, error: DatabaseError) -> None:
        is_unknown = isinstance(error, OutcomeUnknown)
        assert is_unknown == (error.applied is None), f"the class and .applied say different things: {error!r}"
        with self._changed:
            self.errors[type(error).__name__] += 1
            (self.unknown if is_unknown else self.refused).add(name)
            self._note_pause(name.worker)

    def _begin(self, worker: int) -> None:
        with self._changed:
            self._succeeded_at.setdefault(worker, time.monotonic())

    @contextmanager
    def _success(self, worker: int) -> Generator[None]:
        with self._changed:
            yield
            self._note_pause(worker)
            self._succeeded_at[worker] = time.monotonic()
            self._changed.notify_all()

    def _note_pause(self, worker: int) -> None:
        self.longest_pause = max(self.longest_pause, time.monotonic() - self._succeeded_at[worker])

    def give_up(self) -> None:
        """Let nobody wait for progress any more: a worker has found a defect."""
        with self._changed:
            self.is_broken = True
            self._changed.notify_all()

    def wait_for_more(self, count: int) -> None:
        """Return when *count* more calls have succeeded.

        Raises:
            NoProgress: They did not, in two minutes.
        """
        with self._changed:
            wanted = self.succeeded + count
            self._changed.wait_for(lambda: self.succeeded >= wanted or self.is_broken, LONGEST_WAIT_SECONDS)
            if self.succeeded < wanted:
                raise NoProgress(f"{wanted - self.succeeded} of {count} calls are missing; errors: {self.errors}")

    def check(self, stored: Iterable[Name]) -> int:
        """Compare what was said of the writes with the rows that are there.

        Args:
            stored: The names of the writes whose rows are there.

        Returns:
            How many of the writes of which nobody knew are there.
        """
        there = set(stored)
        assert self.confirmed - there == set(), "rows were lost: their writes were confirmed"
        assert self.refused & there == set(), "writes took place of which it was said that they surely did not"
        assert there - self.confirmed - self.unknown == set(), "rows are there that nobody wrote"
        return len(self.unknown & there)
