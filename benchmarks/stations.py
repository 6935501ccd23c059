"""The benchmark's own view of the database: it makes the table, and looks what is really in it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.query import tuple_factory
from contender_protocol import ROWS_OF, UPDATED_ROWS, Row, new_temperature, row

from coodie_testing import Server

CREATE = """
CREATE TABLE readings (station text, sequence int, temperature double, note text, PRIMARY KEY (station, sequence))
"""
INSERT = "INSERT INTO readings (station, sequence, temperature, note) VALUES (?, ?, ?, ?)"
READ = "SELECT station, sequence, temperature, note FROM readings WHERE station = ?"

WRITES_IN_FLIGHT = 8
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

    def temperatures(self, station: str) -> dict[int, float]:
        """Return the temperature at each sequence of a station."""
        return {sequence: temperature for _, sequence, temperature, _ in self.rows(station)}


@contextmanager
def stations(server: Server, keyspace: str) -> Generator[Stations, None, None]:
    """Make the table, with what is only read in it, and give it for the length of the ``with`` block."""
    profile = ExecutionProfile(row_factory=tuple_factory, request_timeout=60)
    profiles = {EXEC_PROFILE_DEFAULT: profile}
    with Cluster(server.hosts, port=server.port, execution_profiles=profiles) as cluster:
        session = cluster.connect(keyspace)
        session.execute(CREATE)
        everything = [row(station, sequence) for station, length in ROWS_OF.items() for sequence in range(length)]
        execute_concurrent_with_args(session, session.prepare(INSERT), everything, concurrency=WRITES_IN_FLIGHT)
        yield Stations(session)


def expected_answer(operation: str, index: int) -> list[Row]:
    """Return the rows that *operation* should get."""
    answers = {
        "get": [row("hundred", index % ROWS_OF["hundred"])],
        "read 100": [row("hundred", sequence) for sequence in range(ROWS_OF["hundred"])],
        "read 5,000": [row("thousands", sequence) for sequence in range(ROWS_OF["thousands"])],
    }
    return answers.get(operation, [])


def expected_temperatures(updates: int) -> dict[int, float]:
    """Return the temperatures after so many updates, by sequence."""
    return {index % UPDATED_ROWS: new_temperature(index) for index in range(updates)}
