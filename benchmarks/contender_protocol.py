"""How a contender talks to the benchmark: one JSON object a line, in and out.

A contender is a script that runs in a process, and perhaps an environment, of its own. It imports this file, which
needs nothing but Python, and ends with `serve(connect)` or `serve_async(connect)`. What goes over the lines:

    in   {"hosts": ["127.0.0.1"], "port": 9042, "keyspace": "bench_1f", "name": "raw, sync"}
    out  {"versions": {"scylla-driver": "3.29.12"}, "operations": ["insert", "get"], "start": {"import": 0.2, ...}}
    in   {"do": "answer", "operation": "get", "index": 7}
    out  {"rows": [["hundred", 7, 1.75, "note 7"]]}
    in   {"do": "time", "operation": "get", "start": 0, "count": 500, "in_flight": 1}
    out  {"cpu_seconds": 0.21, "wall_seconds": 0.36}
    in   {"do": "memory", "operation": "read 5,000"}
    out  {"kept_bytes": 1204224, "peak_bytes": 2310144}

A request that fails is answered with {"error": "what happened"}. At the end of its input the contender closes what it
opened. README.md tells what each operation does.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, TextIO, cast

Row = tuple[str, int, float, str]
"""station, sequence, temperature, note"""

ROWS_OF = {"hundred": 100, "thousands": 5_000, "stream": 50_000, "masses": 100_000}
"""The stations that are only read, and how many rows each has."""

CHANGED_ROWS = 100
"""Updates and deletes go round so many rows."""

ROWS_IN_BATCH = 20

READS = {"get", "read 100", "read 5,000", "read 100,000"}
"""The operations that return rows."""

STREAM = "stream 50,000"
"""The operation that looks at rows one by one and keeps none: it returns their number and the sum of `sequence`."""


def row(station: str, sequence: int) -> Row:
    """Return the row that a station has, or is to get, at *sequence*."""
    return station, sequence, sequence / 4, f"note {sequence}"


def new_temperature(index: int) -> float:
    """Return what the update with this index writes."""
    return index + 0.5


def sequences_of_batch(index: int) -> range:
    """Return which rows the batch with this index writes."""
    return range(index * ROWS_IN_BATCH, (index + 1) * ROWS_IN_BATCH)


def own_station(contender: str, operation: str) -> str:
    """Return the station that only this contender writes to, and only with this operation."""
    return f"{contender}: {operation}"


@dataclass(frozen=True)
class Target:
    """Where to connect.

    Attributes:
        hosts: Addresses of the server.
        port: Its port.
        keyspace: Where the table is.
        name: What the contender is called.
    """

    hosts: list[str]
    port: int
    keyspace: str
    name: str

    def station(self, operation: str) -> str:
        """Return the station that *operation* writes to."""
        return own_station(self.name, operation)


@dataclass(frozen=True)
class Contender:
    """A connected contender.

    Attributes:
        versions: What it is made of.
        operations: What it does, by name; each takes the index of the call. With `serve_async` they are awaited.
        rows: Turns what a read returned into plain rows. Not timed.
        close: Ends the connection. With `serve_async` it may be awaited.
    """

    versions: Mapping[str, str]
    operations: Mapping[str, Callable[[int], Any]]
    rows: Callable[[Any], list[Row]]
    close: Callable[[], Any]

    def plain(self, operation: str, answer: Any) -> list[Any]:
        """Return what *operation* returned as rows that can be compared."""
        if operation == STREAM:
            return [answer]
        return self.rows(answer) if operation in READS else []


def serve(connect: Callable[[Target], Contender]) -> None:
    """Answer the benchmark with a contender whose calls block."""
    imported = time.process_time()
    requests, answers = requests_and_answers()
    where = next(requests, None)
    if where is None:
        return  # the benchmark ended before it began
    contender = connect(Target(**where))
    introduce(answers, contender, imported)
    for request in requests:
        try:
            tell(answers, **_answer(contender, request))
        except Exception as error:
            tell(answers, error=words_of(error))
    contender.close()


def _answer(contender: Contender, request: dict[str, Any]) -> dict[str, Any]:
    name = request["operation"]
    operation = contender.operations[name]
    if request["do"] == "answer":
        return {"rows": contender.plain(name, operation(request["index"]))}
    if request["do"] == "memory":
        operation(0)
        with_it = Memory()
        kept = operation(0)
        return with_it.bytes(kept)
    stopwatch = Stopwatch()
    for index in range(request["start"], request["start"] + request["count"]):
        operation(index)
    return stopwatch.seconds()


def serve_async(connect: Callable[[Target], Awaitable[Contender]]) -> None:
    """Answer the benchmark with a contender whose calls are awaited, all in one event loop."""
    asyncio.run(_serve_async(connect, time.process_time()))


async def _serve_async(connect: Callable[[Target], Awaitable[Contender]], imported: float) -> None:
    requests, answers = requests_and_answers()
    where = next(requests, None)
    if where is None:
        return  # the benchmark ended before it began
    contender = await connect(Target(**where))
    introduce(answers, contender, imported)
    for request in requests:
        try:
            tell(answers, **(await _async_answer(contender, request)))
        except Exception as error:
            tell(answers, error=words_of(error))
    closing = contender.close()
    if isawaitable(closing):
        await closing


async def _async_answer(contender: Contender, request: dict[str, Any]) -> dict[str, Any]:
    name = request["operation"]
    operation = contender.operations[name]
    if request["do"] == "answer":
        return {"rows": contender.plain(name, await operation(request["index"]))}
    if request["do"] == "memory":
        await operation(0)
        with_it = Memory()
        kept = await operation(0)
        return with_it.bytes(kept)
    indexes = iter(range(request["start"], request["start"] + request["count"]))

    async def one_after_another() -> None:
        for index in indexes:
            await operation(index)

    stopwatch = Stopwatch()
    if request["in_flight"] == 1:
        await one_after_another()
    else:
        async with asyncio.TaskGroup() as group:
            for _ in range(request["in_flight"]):
                group.create_task(one_after_another())
    return stopwatch.seconds()


class Stopwatch:
    """Takes the processor time of the whole process, all threads and the kernel's part with it, and the wall time."""

    def __init__(self) -> None:
        gc.collect()  # what others left behind is not paid for in this block
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def seconds(self) -> dict[str, float]:
        """Return what has passed since it was made."""
        cpu, wall = time.process_time() - self.cpu, time.perf_counter() - self.wall
        return {"cpu_seconds": cpu, "wall_seconds": wall}


class Memory:
    """Takes the memory that Python allocates; what a compiled driver allocates by itself is not seen."""

    def __init__(self) -> None:
        gc.collect()
        tracemalloc.start()

    def bytes(self, kept: object) -> dict[str, int]:
        """Return how much is in use while *kept* is held, and the most that was since it was made."""
        in_use, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        del kept
        return {"kept_bytes": in_use, "peak_bytes": peak}


def requests_and_answers() -> tuple[Iterator[dict[str, Any]], TextIO]:
    """Return the requests, and where answers go; what a library prints goes to standard error from now on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return map(json.loads, sys.stdin), answers


def introduce(answers: TextIO, contender: Contender, imported: float) -> None:
    """Say what the contender is made of, what it can do, and the processor time that its start took."""
    start = {"import": imported, "connect": time.process_time() - imported}
    tell(answers, versions=dict(contender.versions), operations=list(contender.operations), start=start)


def words_of(error: Exception) -> str:
    """Return what went wrong; of several calls in flight, with the first of them that failed."""
    first = cast("ExceptionGroup[Exception]", error).exceptions[0] if isinstance(error, ExceptionGroup) else error
    return f"{type(first).__name__}: {first}"


def driver_package(driver_type: str) -> str:
    """Return the distribution of one of coodie's drivers."""
    return {"cassandra": "cassandra-driver", "rust": "scylladb-rs-driver"}.get(driver_type, "scylla-driver")


def tell(answers: TextIO, **answer: Any) -> None:
    """Send one answer."""
    print(json.dumps(answer), file=answers, flush=True)
