"""What is timed, by whom, and what is to be reached."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent

BASELINES = {"sync": "raw, sync", "aio": "raw, aio"}
"""By whose processor time that of the others is divided."""

OURS = {"sync": "coodie, sync", "aio": "coodie, aio"}

SCYLLA_DRIVER = "scylla-driver==3.29.12"
IN_PYTHON = {"COODIE_PURE_PYTHON": "1"}
ON_CASSANDRA = ("cassandra-driver==3.30.1", "pydantic>=2.10")
OWN_SOURCES = {"PYTHONPATH": os.pathsep.join(map(str, [HERE, *sorted(HERE.parent.glob("packages/*/src"))]))}
"""Our packages without what they bring: scylla-driver is the same package as cassandra-driver to Python."""
PUBLISHED = ("coodie==1.9.3", SCYLLA_DRIVER)


@dataclass(frozen=True)
class Entry:
    """A contender as it stands in the list.

    Attributes:
        name: What the tables call it.
        script: Its file in `contenders/`.
        api: ``"sync"`` or ``"aio"``: whose baseline it is compared with.
        requirements: What its environment needs; none for this interpreter's own environment.
        variables: Environment variables that its process has besides.
    """

    name: str
    script: str
    api: str
    requirements: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def baseline(self) -> str:
        """The name of the contender by whose processor time its own is divided."""
        return BASELINES[self.api]


OWN = (
    Entry(BASELINES["sync"], "raw_sync.py", "sync"),
    Entry(OURS["sync"], "mapper_sync.py", "sync"),
    Entry(BASELINES["aio"], "raw_aio.py", "aio"),
    Entry(OURS["aio"], "mapper_aio.py", "aio"),
    Entry("coodie without C, sync", "mapper_sync.py", "sync", variables=IN_PYTHON),
    Entry("coodie without C, aio", "mapper_aio.py", "aio", variables=IN_PYTHON),
    Entry("coodie on rust, sync", "mapper_on_rust_sync.py", "sync"),
    Entry("coodie on rust, aio", "mapper_on_rust_aio.py", "aio"),
)
"""Those that need nothing but the workspace."""

PEERS = (
    Entry("coodie on cassandra-driver, sync", "mapper_on_cassandra_sync.py", "sync", ON_CASSANDRA, OWN_SOURCES),
    Entry("coodie on cassandra-driver, aio", "mapper_on_cassandra_aio.py", "aio", ON_CASSANDRA, OWN_SOURCES),
    Entry("raw + Pydantic, sync", "pydantic_sync.py", "sync"),
    Entry("cqlengine, sync", "cqlengine_sync.py", "sync"),
    Entry("coodie 1.9, sync", "mapper_sync.py", "sync", PUBLISHED),
    Entry("coodie 1.9, aio", "mapper_aio.py", "aio", PUBLISHED),
    Entry("scyllapy, aio", "scyllapy_aio.py", "aio", ("scyllapy==1.3.3",)),
    Entry("acsylla, aio", "acsylla_aio.py", "aio", ("acsylla==1.2.0",)),
    Entry("scylladb-rs-driver, aio", "rust_aio.py", "aio", ("scylladb-rs-driver==0.2.0",)),
)
"""Others, each in an environment of its own where it is not part of this one."""


@dataclass(frozen=True)
class Workload:
    """What is timed in one block.

    Attributes:
        name: What the tables call it.
        operation: What the contender is asked to do.
        calls: How often in one block: 0.1 to 0.3 seconds of the raw driver's processor time.
        in_flight: How many calls run at a time; contenders of the sync API have one.
        adds_rows: Whether each call writes a row of its own, so that no index may come twice.
    """

    name: str
    operation: str
    calls: int
    in_flight: int = 1
    adds_rows: bool = False

    def is_for(self, api: str) -> bool:
        """Tell whether contenders of *api* do it."""
        return self.in_flight == 1 or api == "aio"


WORKLOADS = (
    Workload("insert", "insert", 500, adds_rows=True),
    Workload("get", "get", 500),
    Workload("update", "update", 500),
    Workload("delete", "delete", 500),
    Workload("LWT insert", "LWT insert", 200, adds_rows=True),
    Workload("batch of 20", "batch of 20", 150, adds_rows=True),
    Workload("read 100", "read 100", 200),
    Workload("read 5,000", "read 5,000", 20),
    Workload("read 100,000", "read 100,000", 1),
    Workload("stream 50,000", "stream 50,000", 2),
    *(Workload(f"get, {number:,} in flight", "get", 2_000, in_flight=number) for number in (16, 64, 256, 1_024)),
)

MEMORY_OF = ("read 5,000", "stream 50,000")
"""The operations whose memory is looked at."""

TARGETS = {
    "coodie, sync": {
        "insert": 0.60,
        "get": 0.60,
        "update": 0.60,
        "LWT insert": 0.75,
        "batch of 20": 0.8,
        "read 100": 0.65,
        "read 5,000": 1.4,
        "stream 50,000": 1.7,
    },
    "coodie, aio": {
        "insert": 0.60,
        "get": 0.60,
        "update": 0.60,
        "LWT insert": 0.75,
        "batch of 20": 0.8,
        "read 100": 0.60,
        "read 5,000": 1.5,
        "stream 50,000": 1.7,
        "get, 64 in flight": 0.40,
    },
    "coodie on rust, sync": {
        "insert": 0.40,
        "get": 0.40,
        "update": 0.40,
        "LWT insert": 0.45,
        "batch of 20": 0.7,
        "read 100": 0.45,
        "read 5,000": 1.2,
        "stream 50,000": 1.6,
    },
    "coodie on rust, aio": {
        "insert": 0.40,
        "get": 0.40,
        "update": 0.40,
        "LWT insert": 0.45,
        "batch of 20": 0.7,
        "read 100": 0.45,
        "read 5,000": 1.2,
        "stream 50,000": 1.6,
        "get, 64 in flight": 0.21,
    },
}
"""The ratio to the raw driver that each workload is to reach."""

IMPORTS = {"coodie.aio": "coodie.aio", "pydantic and the driver": "pydantic, cassandra.cluster"}
"""What is imported in fresh processes, first ours and then what it is compared with; at most 1.3 times that."""

PYTHON = sys.executable
