"""Processes that start together, as the workers of a web server do, all bring the schema up to date.

Written by hand: each process is a program of its own.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

PROCESSES = 4

#: Each waits for a line of input, so that all look at the schema at the same time.
PROGRAM = """
import sys
from typing import Annotated

from pydantic import BaseModel

from coodie.fields import Indexed, PrimaryKey
from coodie.sync import Document, init_coodie


class Address(BaseModel):
    street: str


class Customer(Document):
    id: Annotated[int, PrimaryKey()]
    name: Annotated[str, Indexed()] = ""
    address: Address | None = None


host, port, keyspace = sys.argv[1:]
with init_coodie(hosts=[host], port=int(port), keyspace=keyspace):
    print("connected", flush=True)
    sys.stdin.readline()
    Customer.sync_table()
    Customer(id=1, name="Al", address=Address(street="High")).save()
    assert Customer.find(name="Al").count() == 1
"""


def test_processes_that_start_together_have_one_schema(coodie_server: Any, coodie_keyspace: str) -> None:
    command = [sys.executable, "-c", PROGRAM, coodie_server.hosts[0], str(coodie_server.port), coodie_keyspace]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen(command, text=True, **pipes) for _ in range(PROCESSES)]

    connected = [process.stdout.readline() for process in processes if process.stdout]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=120)[1] for process in processes]

    assert connected == ["connected\n"] * PROCESSES
    assert [process.returncode for process in processes] == [0] * PROCESSES, "\n".join(errors)
