"""Measures what coodie costs its client, beside the bare driver and its peers, on a real server.

    python benchmarks/run.py [--rounds 7] [--own] [--quick] [--json FILE] [--docs]

Each contender runs in a process of its own. In each round each contender does each workload, in an order that moves on
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
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from cold_start import import_cpu_seconds
from measuring import Report, Sample, result, rotated
from processes import CallFailed, ContenderFailed, Process, started
from reporting import plot, print_report, write_docs
from rich.console import Console
from rich.progress import track
from stations import Stations, expected_answer, expected_rows, stations
from workloads import BASELINES, IMPORTS, MEMORY_OF, OURS, OWN, PEERS, WORKLOADS, Entry, Workload

from coodie_testing import CoodieTestingError, NodeConfig, Server, choose_server, fresh_keyspace

ROUNDS = 7
VERIFIED_INDEX = 7
ATTEMPTS = 3
"""How often a block is tried."""
ADDING = {workload.operation for workload in WORKLOADS if workload.adds_rows}
DOCS = Path(__file__).resolve().parents[1] / "docs"

SERVER = NodeConfig(heap="1g", java_options=["-XX:+UseG1GC"])
"""Where coodie-testing starts the server: one for speed, with all of Java's compiler and short pauses."""

Faults = dict[str, dict[str, str]]
"""What contenders do wrong, by their name and the operation."""


def benchmark(server: Server, entries: Sequence[Entry], rounds: int, share_of_calls: float) -> Report:
    """Run *entries* against *server*, and return what was measured.

    Raises:
        ContenderFailed: A contender died, or wrote something else than it was asked to; or one of ours or a baseline
            gave a wrong answer.
    """
    with (
        fresh_keyspace(server, "bench") as keyspace,
        stations(server, keyspace, [entry.name for entry in entries]) as database,
        ExitStack() as running,
    ):
        processes = [running.enter_context(started(entry)) for entry in entries]
        for process in processes:
            process.connect(server, keyspace)
        faults = {process.entry.name: verify_answers(process) for process in processes}
        samples = measured(processes, faults, rounds, share_of_calls)
        for process in processes:
            verify_writes(process, faults[process.entry.name], database)
        memory = {process.entry.name: memory_of(process, faults[process.entry.name]) for process in processes}
        return Report(
            when=datetime.now(UTC).isoformat(timespec="minutes"),
            machine=machine(),
            server=str(server),
            versions={process.entry.name: process.versions for process in processes},
            results=[
                found
                for entry in entries
                for workload in WORKLOADS
                if (found := result(samples, entry.name, entry.baseline, workload.name))
            ],
            samples=samples,
            faults=faults,
            memory=memory,
            start_cpu_seconds={process.entry.name: process.start_cpu_seconds for process in processes},
        )


def measured(processes: Sequence[Process], faults: Faults, rounds: int, share_of_calls: float) -> list[Sample]:
    """Return the samples of all rounds; what comes before them warms caches up, and is thrown away."""
    todo = [
        (process, workload)
        for process in processes
        for workload in WORKLOADS
        if workload.is_for(process.entry.api) and is_sound(process, faults, workload.operation)
    ]
    for process, workload in todo:
        timed(process, workload, max(1, int(workload.calls * share_of_calls / 5)), round_number=-1)
    return [
        timed(process, workload, max(1, int(workload.calls * share_of_calls)), number)
        for number in track(range(rounds), "Measuring", console=Console(stderr=True))
        for workload in WORKLOADS
        for process in rotated(processes, by=number)
        if (process, workload) in todo
    ]


def timed(process: Process, workload: Workload, calls: int, round_number: int) -> Sample:
    """Return what a block took, done once more where a call failed, as when the server was busy with its own things.

    A block writes the same rows each time.

    Raises:
        ContenderFailed: It failed `ATTEMPTS` times, or the contender died.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return process.sample(workload, calls, round_number)
        except CallFailed as error:
            print(f"once more: {error}", file=sys.stderr)
    return process.sample(workload, calls, round_number)


def is_sound(process: Process, faults: Faults, operation: str) -> bool:
    """Tell whether a contender does *operation*, and does it right."""
    return operation in process.operations and operation not in faults[process.entry.name]


def verify_answers(process: Process) -> dict[str, str]:
    """Have a contender do everything once, look at the rows that it gets, and return what is wrong by the operation.

    Raises:
        ContenderFailed: It is one of ours or a baseline, and something is.
    """
    faults: dict[str, str] = {}
    for operation in process.operations:
        try:
            index = 0 if operation in ADDING else VERIFIED_INDEX
            got = process.answer(operation, index)
            compare(process, operation, got, expected_answer(operation, index))
        except ContenderFailed as error:
            if process.entry.name in {*BASELINES.values(), *OURS.values()}:
                raise
            faults[operation] = str(error)
    return faults


def verify_writes(process: Process, faults: dict[str, str], database: Stations) -> None:
    """Look whether everything that a contender was asked to write is in the table, and nothing else.

    Raises:
        ContenderFailed: It is not.
    """
    for operation in ("insert", "LWT insert", "batch of 20", "update", "delete"):
        if operation in process.operations and operation not in faults:
            station = process.station(operation)
            expected = expected_rows(station, operation, process.calls[operation])
            compare(process, operation, database.written(station, operation), expected)


def compare(process: Process, operation: str, got: object, expected: object) -> None:
    """Raise unless both are the same.

    Raises:
        ContenderFailed: They differ.
    """
    if got != expected:
        raise ContenderFailed(
            f"{process.entry.name}, {operation}: got {str(got)[:200]}..., expected {str(expected)[:200]}..."
        )


def memory_of(process: Process, faults: dict[str, str]) -> dict[str, dict[str, int]]:
    """Return the bytes that each of some operations keeps and needs."""
    done = [operation for operation in MEMORY_OF if operation in process.operations and operation not in faults]
    return {operation: process.memory(operation) for operation in done}


def imports(rounds: int) -> dict[str, float]:
    """Return the processor time of importing ours, and what it is compared with: the medians of interleaved rounds."""
    taken = [{name: import_cpu_seconds(modules) for name, modules in IMPORTS.items()} for _ in range(rounds)]
    return {name: median(one[name] for one in taken) for name in IMPORTS}


def machine() -> dict[str, str | int | None]:
    """Return what the figures depend on."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure what coodie costs its client, beside the driver and peers.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds to measure (default: %(default)s)")
    parser.add_argument("--own", action="store_true", help="leave the peers out: coodie beside the bare driver only")
    parser.add_argument("--quick", action="store_true", help="3 rounds of few calls: to see that it runs, not to quote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write results, samples, machine and versions there")
    parser.add_argument("--docs", action="store_true", help="write the tables and the plot into docs/")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    rounds, share_of_calls = (3, 0.1) if options.quick else (options.rounds, 1.0)

    console = Console()
    try:
        with choose_server(SERVER) as server:
            console.print(f"{server}, {rounds} rounds")
            report = benchmark(server, OWN if options.own else OWN + PEERS, rounds, share_of_calls)
    except (CoodieTestingError, ContenderFailed) as error:
        console.print(str(error), style="bold red", markup=False)
        return 1
    report.imports.update(imports(rounds))
    print_report(report, console)
    if options.json:
        options.json.write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")
    if options.docs:
        write_docs(report, DOCS / "benchmarks.md")
        plot(report, DOCS / "assets" / "benchmarks.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
