"""The benchmark's own view of the database: it makes the table, and looks what is really in it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent
from cassandra.query import BatchStatement, BatchType, tuple_factory
from contender_protocol import (
    CHANGED_ROWS,
    ROWS_IN_BATCH,
    ROWS_OF,
    STREAM,
    Row,
    new_temperature,
    own_station,
    row,
)
from statements import INSERT, READ

from coodie_testing import Server

CREATE = """
CREATE TABLE readings (station text, sequence int, temperature double, note text, PRIMARY KEY (station, sequence))
"""

ROWS_AT_ONCE = 100
"""Rows in one unlogged batch of one partition."""

BATCHES_IN_FLIGHT = 4
"""More of them time out on a server that has just started, on a busy machine."""


class Stations:
    """The table ``readings``, by the bare driver."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._read = session.prepare(READ)

    def rows(self, station: str) -> list[Row]:
        """Return what a station has, by sequence."""
        rows: list[Row] = self._session.execute(self._read, [station]).all()
        return rows

    def written(self, station: str, operation: str) -> list[tuple[Any, ...]]:
        """Return what a station has, as `expected_rows` tells it: of updated rows only what was written."""
        rows = self.rows(station)
        return [(sequence, new) for _, sequence, new, _ in rows] if operation == "update" else [*rows]


@contextmanager
def stations(server: Server, keyspace: str, contenders: Sequence[str]) -> Generator[Stations, None, None]:
    """Make the table, with what is only read in it, and give it for the length of the ``with`` block."""
    profile = ExecutionProfile(row_factory=tuple_factory, request_timeout=60)
    profiles = {EXEC_PROFILE_DEFAULT: profile}
    with Cluster(server.hosts, port=server.port, execution_profiles=profiles) as cluster:
        session = cluster.connect(keyspace)
        session.execute(CREATE)
        fill(session, [row(station, sequence) for station, length in ROWS_OF.items() for sequence in range(length)])
        fill(session, [row(own_station(name, "delete"), index) for name in contenders for index in range(CHANGED_ROWS)])
        yield Stations(session)


def fill(session: Any, rows: Sequence[Row]) -> None:
    """Write *rows*, those of a partition next to each other."""
    insert = session.prepare(INSERT)
    batches: list[tuple[Any, None]] = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        batch: Any = BatchStatement(BatchType.UNLOGGED)
        for one in rows[start : start + ROWS_AT_ONCE]:
            batch.add(insert, one)
        batches.append((batch, None))
    execute_concurrent(session, batches, concurrency=BATCHES_IN_FLIGHT)


def expected_answer(operation: str, index: int) -> list[tuple[Any, ...]]:
    """Return the rows that *operation* should get."""
    stations_of_reads = {"read 100": "hundred", "read 5,000": "thousands", "read 100,000": "masses"}
    if operation == "get":
        return [row("hundred", index % ROWS_OF["hundred"])]
    if operation == STREAM:
        return [(ROWS_OF["stream"], sum(range(ROWS_OF["stream"])))]
    station = stations_of_reads.get(operation)
    return [] if station is None else [row(station, sequence) for sequence in range(ROWS_OF[station])]


def expected_rows(station: str, operation: str, calls: int) -> list[tuple[Any, ...]]:
    """Return what a station has after *operation* wrote to it so many times, with the indexes from 0."""
    if operation == "update":
        return sorted({index % CHANGED_ROWS: new_temperature(index) for index in range(calls)}.items())
    if operation == "delete":
        return [row(station, index) for index in range(calls, CHANGED_ROWS)]
    return [row(station, index) for index in range(calls * (ROWS_IN_BATCH if operation == "batch of 20" else 1))]
