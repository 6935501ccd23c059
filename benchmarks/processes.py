"""Contenders in their processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import Sample

from coodie_testing import Server

BENCHMARKS = Path(__file__).resolve().parent
SECONDS_TO_END = 30


@dataclass(frozen=True)
class Entry:
    """A contender as it stands in the list.

    Attributes:
        name: What the tables call it.
        script: Its file in `contenders/`.
        baseline: The name of the contender by whose processor time its own is divided.
        python: The interpreter of its environment.
    """

    name: str
    script: str
    baseline: str
    python: str = sys.executable


class ContenderFailed(Exception):
    """A contender did something else than it was asked to, so its times mean nothing."""


class Process:
    """A contender that runs, and waits for what to do.

    Attributes:
        entry: Who it is.
        versions: What it is made of, since it has connected.
        inserted: How many rows it was asked to insert while it was timed.
        updated: How many updates each timed block had.
    """

    def __init__(self, entry: Entry, process: subprocess.Popen[str]) -> None:
        self.entry = entry
        self.versions: dict[str, str] = {}
        self.inserted = self.updated = 0
        self._process = process

    @property
    def inserts(self) -> str:
        """The station that it alone inserts to."""
        return f"{self.entry.name}: inserts"

    @property
    def updates(self) -> str:
        """The station that it alone updates."""
        return f"{self.entry.name}: updates"

    def connect(self, server: Server, keyspace: str) -> None:
        """Have it connect."""
        where = {"hosts": list(server.hosts), "port": server.port, "keyspace": keyspace}
        self.versions = self._ask({**where, "inserts": self.inserts, "updates": self.updates})["versions"]

    def answer(self, operation: str, index: int) -> list[tuple[Any, ...]]:
        """Have it do *operation* once, and return the rows that it got."""
        answer = self._ask({"do": "answer", "operation": operation, "index": index})
        return [tuple(row) for row in answer["rows"]]

    def sample(self, operation: str, count: int, round_number: int) -> Sample:
        """Have it do *operation* so many times in a row, and return what that took."""
        start = self.inserted if operation == "insert" else 0
        taken = self._ask({"do": "time", "operation": operation, "start": start, "count": count})
        if operation == "insert":
            self.inserted += count
        if operation == "update":
            self.updated = count
        return Sample(
            contender=self.entry.name,
            operation=operation,
            round=round_number,
            cpu_microseconds=taken["cpu_seconds"] / count * 1e6,
            wall_microseconds=taken["wall_seconds"] / count * 1e6,
        )

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            print(json.dumps(request), file=stdin, flush=True)
            answer: dict[str, Any] = json.loads(stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError) as error:
            raise ContenderFailed(f"{self.entry.name} gave no answer to {request}; it says why above.") from error
        return answer


@contextmanager
def started(entry: Entry) -> Generator[Process, None, None]:
    """Start a contender for the length of the ``with`` block."""
    with subprocess.Popen(
        [entry.python, str(BENCHMARKS / "contenders" / entry.script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(BENCHMARKS)},
    ) as process:
        try:
            yield Process(entry, process)
            process.communicate(timeout=SECONDS_TO_END)  # the end of its input: it closes its connection
        finally:
            process.kill()
