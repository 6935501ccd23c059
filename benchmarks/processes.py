"""Contenders in their processes."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uv
from contender_protocol import own_station
from measuring import Sample
from workloads import PYTHON, Entry, Workload

from coodie_testing import Server

BENCHMARKS = Path(__file__).resolve().parent
SECONDS_TO_END = 30


class ContenderFailed(Exception):
    """A contender did something else than it was asked to, so its times mean nothing."""


class CallFailed(ContenderFailed):
    """A call of a contender ended in an error. It waits for what to do next."""


class Process:
    """A contender that runs, and waits for what to do.

    Attributes:
        entry: Who it is.
        versions: What it is made of, since it has connected.
        operations: What it can do, since it has connected.
        start_cpu_seconds: The processor time of its start, by part: ``"import"`` (with Python's own) and ``"connect"``.
        calls: How often it did each operation, or the most in one block where calls go round the same rows.
    """

    def __init__(self, entry: Entry, process: subprocess.Popen[str]) -> None:
        self.entry = entry
        self.versions: dict[str, str] = {}
        self.operations: list[str] = []
        self.start_cpu_seconds: dict[str, float] = {}
        self.calls: Counter[str] = Counter()
        self._process = process

    def station(self, operation: str) -> str:
        """Return the station that it alone writes to with *operation*."""
        return own_station(self.entry.name, operation)

    def connect(self, server: Server, keyspace: str) -> None:
        """Have it connect."""
        where = {"hosts": list(server.hosts), "port": server.port, "keyspace": keyspace, "name": self.entry.name}
        said = self._ask(where)
        self.versions, self.operations, self.start_cpu_seconds = said["versions"], said["operations"], said["start"]

    def answer(self, operation: str, index: int) -> list[tuple[Any, ...]]:
        """Have it do *operation* once, and return the rows that it got."""
        self.calls[operation] += 1
        answer = self._ask({"do": "answer", "operation": operation, "index": index})
        return [tuple(row) for row in answer["rows"]]

    def memory(self, operation: str) -> dict[str, int]:
        """Have it do *operation* once, and return the bytes of what that returned, and of the most in between."""
        return self._ask({"do": "memory", "operation": operation})

    def sample(self, workload: Workload, calls: int, round_number: int) -> Sample:
        """Have it do *workload* with so many calls, and return what that took."""
        operation = workload.operation
        request = {"do": "time", "operation": operation, "count": calls, "in_flight": workload.in_flight}
        taken = self._ask({**request, "start": self.calls[operation] if workload.adds_rows else 0})
        self.calls[operation] = (
            self.calls[operation] + calls if workload.adds_rows else max(self.calls[operation], calls)
        )
        return Sample(
            contender=self.entry.name,
            workload=workload.name,
            round=round_number,
            cpu_microseconds=taken["cpu_seconds"] / calls * 1e6,
            wall_microseconds=taken["wall_seconds"] / calls * 1e6,
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
        if "error" in answer:
            raise CallFailed(f"{self.entry.name}, {request.get('operation')}: {answer['error']}")
        return answer


def command(entry: Entry) -> list[str]:
    """Return what starts a contender: this interpreter, or one in an environment that is made for it once."""
    script = str(BENCHMARKS / "contenders" / entry.script)
    if not entry.requirements:
        return [PYTHON, script]
    needs = [word for requirement in entry.requirements for word in ("--with", requirement)]
    return [uv.find_uv_bin(), "run", "--quiet", "--no-project", "--python", PYTHON, *needs, "python", script]


@contextmanager
def started(entry: Entry) -> Generator[Process, None, None]:
    """Start a contender for the length of the ``with`` block."""
    with subprocess.Popen(
        command(entry),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(BENCHMARKS), **entry.variables},
    ) as process:
        try:
            yield Process(entry, process)
            process.communicate(timeout=SECONDS_TO_END)  # the end of its input: it closes its connection
        finally:
            process.kill()
