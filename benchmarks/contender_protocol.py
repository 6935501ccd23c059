"""How a contender talks to the benchmark: one JSON object a line, in and out.

A contender is a script that runs in a process, and perhaps an environment, of its own. It imports this file, which
needs nothing but Python, and ends with `serve(connect)` or `serve_async(connect)`. What goes over the lines:

    in   {"hosts": ["127.0.0.1"], "port": 9042, "keyspace": "bench_1f", "inserts": "raw sync", "updates": "raw sync 2"}
    out  {"versions": {"scylla-driver": "3.29.12"}}
    in   {"do": "answer", "operation": "get", "index": 7}
    out  {"rows": [["hundred", 7, 1.75, "note 7"]]}
    in   {"do": "time", "operation": "get", "start": 0, "count": 500}
    out  {"cpu_seconds": 0.21, "wall_seconds": 0.36}

At the end of its input the contender closes what it opened. README.md tells what each operation does.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

Row = tuple[str, int, float, str]
"""station, sequence, temperature, note"""

ROWS_OF = {"hundred": 100, "thousands": 5_000}
"""The stations that are only read, and how many rows each has."""

UPDATED_ROWS = 100
"""Updates go round so many rows."""

READS = {"get", "read 100", "read 5,000"}
"""The operations that return rows."""


def row(station: str, sequence: int) -> Row:
    """Return the row that a station has, or is to get, at *sequence*."""
    return station, sequence, sequence / 4, f"note {sequence}"


def new_temperature(index: int) -> float:
    """Return what the update with this index writes."""
    return index + 0.5


@dataclass(frozen=True)
class Target:
    """Where to connect.

    Attributes:
        hosts: Addresses of the server.
        port: Its port.
        keyspace: Where the table is.
        inserts: The station that this contender inserts to.
        updates: The station whose rows it updates.
    """

    hosts: list[str]
    port: int
    keyspace: str
    inserts: str
    updates: str


@dataclass(frozen=True)
class Contender:
    """A connected contender.

    Attributes:
        versions: What it is made of.
        operations: What it does, by name; each takes the index of the call. With `serve_async` they are awaited.
        rows: Turns what a read returned into plain rows. Not timed.
        close: Ends the connection. With `serve_async` it is awaited.
    """

    versions: Mapping[str, str]
    operations: Mapping[str, Callable[[int], Any]]
    rows: Callable[[Any], list[Row]]
    close: Callable[[], Any]


def serve(connect: Callable[[Target], Contender]) -> None:
    """Answer the benchmark with a contender whose calls block."""
    requests, answers = requests_and_answers()
    contender = connect(Target(**next(requests)))
    tell(answers, versions=dict(contender.versions))
    for request in requests:
        operation = contender.operations[request["operation"]]
        if request["do"] == "answer":
            answer = operation(request["index"])
            tell(answers, rows=contender.rows(answer) if request["operation"] in READS else [])
            continue
        stopwatch = Stopwatch()
        for index in range(request["start"], request["start"] + request["count"]):
            operation(index)
        tell(answers, **stopwatch.seconds())
    contender.close()


def serve_async(connect: Callable[[Target], Awaitable[Contender]]) -> None:
    """Answer the benchmark with a contender whose calls are awaited, all in one event loop."""
    asyncio.run(_serve_async(connect))


async def _serve_async(connect: Callable[[Target], Awaitable[Contender]]) -> None:
    requests, answers = requests_and_answers()
    contender = await connect(Target(**next(requests)))
    tell(answers, versions=dict(contender.versions))
    for request in requests:
        operation = contender.operations[request["operation"]]
        if request["do"] == "answer":
            answer = await operation(request["index"])
            tell(answers, rows=contender.rows(answer) if request["operation"] in READS else [])
            continue
        stopwatch = Stopwatch()
        for index in range(request["start"], request["start"] + request["count"]):
            await operation(index)
        tell(answers, **stopwatch.seconds())
    await contender.close()


class Stopwatch:
    """Takes the processor time of the whole process, all threads and the kernel's part with it, and the wall time."""

    def __init__(self) -> None:
        gc.collect()  # what others left behind is not paid for in this block
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def seconds(self) -> dict[str, float]:
        """Return what has passed since it was made."""
        cpu, wall = time.process_time() - self.cpu, time.perf_counter() - self.wall
        return {"cpu_seconds": cpu, "wall_seconds": wall}


def requests_and_answers() -> tuple[Iterator[dict[str, Any]], TextIO]:
    """Return the requests, and where answers go; what a library prints goes to standard error from now on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return map(json.loads, sys.stdin), answers


def tell(answers: TextIO, **answer: Any) -> None:
    """Send one answer."""
    print(json.dumps(answer), file=answers, flush=True)
