"""Work for long in both APIs, each in a process of its own: memory, threads and open files stay as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from coodie_testing import Server, fresh_keyspace
from faults.figures import Report, mebibytes
from faults.figures import seconds as readable
from faults.soaking import Soak

ROOT = Path(__file__).parents[2]
APIS = ("aio", "sync")

FEW_OPERATIONS = 2_500
MANY_OPERATIONS = 500_000
MANY_SECONDS = 300
"""After which a busy machine may have done fewer, which the figures then say."""

TIME_TO_END_SECONDS = 60

MOST_GROWTH = 16
"""Bytes of memory for each operation: the smallest object of Python that can hold anything takes 24."""

FEW = 2
"""Threads and open files that may come and go: the driver may open a connection again. A leak would be many."""


@contextmanager
def soaking(api: str, server: Server, operations: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Give a process that works so long, in a keyspace of its own."""
    with fresh_keyspace(server, f"soak_{api}") as keyspace:
        arguments = json.dumps({**server.connect_arguments, "keyspace": keyspace})
        process = subprocess.Popen(
            [sys.executable, "-m", f"faults.{api}.soak", arguments, str(operations), str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def soaked(server: Server, operations: int, seconds: float) -> dict[str, Soak]:
    """Return what was seen of each API, which worked at the same time."""
    with ExitStack() as running:
        processes = {api: running.enter_context(soaking(api, server, operations, seconds)) for api in APIS}
        outputs = {
            api: process.communicate(timeout=seconds + TIME_TO_END_SECONDS)[0] for api, process in processes.items()
        }
        assert {api: process.returncode for api, process in processes.items()} == dict.fromkeys(APIS, 0)
        return {api: Soak.from_json(output) for api, output in outputs.items()}


def test_threads_and_open_files_stay_as_they_are(coodie_server: Server) -> None:
    for soak in soaked(coodie_server, FEW_OPERATIONS, MANY_SECONDS).values():
        assert soak.operations == FEW_OPERATIONS
        check_flat(soak)


@pytest.mark.faults
@pytest.mark.timeout(MANY_SECONDS + 2 * TIME_TO_END_SECONDS)
def test_a_million_operations_leave_nothing_behind(coodie_server: Server, report: Report) -> None:
    for api, soak in soaked(coodie_server, MANY_OPERATIONS, MANY_SECONDS).items():
        assert soak.operations == MANY_OPERATIONS or soak.seconds >= MANY_SECONDS
        check_flat(soak)
        assert soak.growth < MOST_GROWTH
        report("insert, get, update, find, iterate", figures_of(soak), table="Soak", api=api)


def check_flat(soak: Soak) -> None:
    fewest_threads, most_threads = soak.threads
    fewest_files, most_files = soak.open_files
    assert most_threads - fewest_threads <= FEW
    assert most_files - fewest_files <= FEW


def figures_of(soak: Soak) -> dict[str, str | int]:
    return {
        "operations": f"{soak.operations:,}",
        "errors": 0,
        "time": readable(soak.seconds),
        "memory after warm-up": mebibytes(soak.warm[0].memory_bytes),
        "at the end": mebibytes(soak.warm[-1].memory_bytes),
        "growth an operation": f"{soak.growth:.2f} bytes",
        "threads": " to ".join(map(str, sorted(set(soak.threads)))),
        "open files": " to ".join(map(str, sorted(set(soak.open_files)))),
    }
