"""Measures what coodie costs its client, beside the bare driver, on a real server.

    python benchmarks/run.py [--rounds 7] [--quick] [--json FILE]

Each contender runs in a process of its own. In each round each contender does each operation, in an order that moves on
every time; what counts is the processor time of its process as a ratio to the baseline in the same round. Before it is
timed, its answers are compared with what was written, and after it, its writes are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from contender_protocol import row
from measuring import Result, Sample, as_json, result, rotated
from processes import ContenderFailed, Entry, Process, started
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table
from stations import Stations, expected_answer, expected_temperatures, stations

from coodie_testing import CoodieTestingError, NodeConfig, Server, choose_server, fresh_keyspace

ENTRIES = [
    Entry("raw, sync", "raw_sync.py", baseline="raw, sync"),
    Entry("coodie, sync", "ours_sync.py", baseline="raw, sync"),
    Entry("raw, aio", "raw_aio.py", baseline="raw, aio"),
    Entry("coodie, aio", "ours_aio.py", baseline="raw, aio"),
]

CALLS_IN_BLOCK = {"insert": 500, "get": 500, "update": 500, "read 100": 200, "read 5,000": 30}
"""The operations, and how many calls are timed at once: 0.1 to 0.2 seconds of the raw driver's processor time."""

ROUNDS = 7
VERIFIED_INDEX = 7

SERVER = NodeConfig(heap="1g", java_options=["-XX:+UseG1GC"])
"""Where coodie-testing starts the server: one for speed, with all of Java's compiler and short pauses."""


def measured(processes: Sequence[Process], rounds: int, share_of_calls: float) -> list[Sample]:
    """Return the samples of all rounds; what comes before them warms caches up, and is thrown away."""
    calls = {operation: max(1, int(count * share_of_calls)) for operation, count in CALLS_IN_BLOCK.items()}
    for process in processes:
        for operation, count in calls.items():
            process.sample(operation, max(1, count // 5), round_number=-1)
    return [
        process.sample(operation, count, round_number)
        for round_number in track(range(rounds), "Measuring", console=Console(stderr=True))
        for turn, (operation, count) in enumerate(calls.items())
        for process in rotated(processes, by=round_number + turn)
    ]


def benchmark(server: Server, rounds: int, share_of_calls: float) -> tuple[list[Sample], dict[str, dict[str, str]]]:
    """Run all contenders against *server*; return the samples, and the versions that each contender is made of.

    Raises:
        ContenderFailed: One of them read or wrote something else than it was asked to.
    """
    with (
        fresh_keyspace(server, "bench") as keyspace,
        stations(server, keyspace) as database,
        ExitStack() as running,
    ):
        processes = [running.enter_context(started(entry)) for entry in ENTRIES]
        for process in processes:
            process.connect(server, keyspace)
            verify_answers(process)
        samples = measured(processes, rounds, share_of_calls)
        for process in processes:
            verify_writes(process, database)
        return samples, {process.entry.name: process.versions for process in processes}


def verify_answers(process: Process) -> None:
    """Have a contender do everything once, and look at the rows that it gets.

    Raises:
        ContenderFailed: They are not what is in the table.
    """
    for operation in CALLS_IN_BLOCK:
        got = process.answer(operation, VERIFIED_INDEX)
        compare(process, operation, got, expected_answer(operation, VERIFIED_INDEX))


def verify_writes(process: Process, database: Stations) -> None:
    """Look whether everything that a contender was asked to write is in the table.

    Raises:
        ContenderFailed: It is not.
    """
    inserted = [row(process.inserts, index) for index in range(process.inserted)]
    compare(process, "insert", database.rows(process.inserts), inserted)
    temperatures = expected_temperatures(process.updated)
    compare(process, "update", database.temperatures(process.updates), temperatures)


def compare(process: Process, operation: str, got: object, expected: object) -> None:
    """Raise unless both are the same.

    Raises:
        ContenderFailed: They differ.
    """
    if got != expected:
        raise ContenderFailed(
            f"{process.entry.name}, {operation}: got {str(got)[:200]}..., expected {str(expected)[:200]}..."
        )


def machine() -> dict[str, str | int | None]:
    """Return what the figures depend on."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
    }


def table(results: Sequence[Result]) -> Table:
    """Return the ratios, a contender a row and an operation a column."""
    shown = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title="Processor time of the client a call, as a ratio to the raw driver: median of the rounds, lowest-highest",
        title_justify="left",
    )
    shown.add_column("", no_wrap=True)
    for operation in CALLS_IN_BLOCK:
        shown.add_column(operation, justify="right")
    for entry in ENTRIES:
        own = {item.operation: item for item in results if item.contender == entry.name}
        shown.add_row(entry.name, *(cell(entry, own[operation]) for operation in CALLS_IN_BLOCK))
    return shown


def cell(entry: Entry, item: Result) -> str:
    """Return a baseline's time, or another contender's ratio to it."""
    if entry.name == entry.baseline:
        return f"1.00\n{item.cpu_microseconds:,.0f} us"
    return f"{item.ratio:.2f}\n{item.lowest:.2f}-{item.highest:.2f}"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure what coodie costs its client, beside the bare driver.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds to measure (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="3 rounds of few calls: to see that it runs, not to quote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write results, samples, machine and versions there")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    rounds, share_of_calls = (3, 0.1) if options.quick else (options.rounds, 1.0)

    console = Console()
    try:
        with choose_server(SERVER) as server:
            console.print(f"{server}, {rounds} rounds")
            samples, versions = benchmark(server, rounds, share_of_calls)
    except (CoodieTestingError, ContenderFailed) as error:
        console.print(str(error), style="bold red", markup=False)
        return 1

    results = [
        result(samples, entry.name, entry.baseline, operation) for entry in ENTRIES for operation in CALLS_IN_BLOCK
    ]
    console.print(table(results))
    if options.json:
        report = {"machine": machine(), "server": str(server), "versions": versions, **as_json(results, samples)}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
