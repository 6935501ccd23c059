"""scylla-driver by itself, blocking: prepared statements, tuple rows."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.query import tuple_factory
from contender_protocol import UPDATED_ROWS, Contender, Row, Target, new_temperature, row, serve

INSERT = "INSERT INTO readings (station, sequence, temperature, note) VALUES (?, ?, ?, ?)"
UPDATE = "UPDATE readings SET temperature = ? WHERE station = ? AND sequence = ?"
GET = "SELECT station, sequence, temperature, note FROM readings WHERE station = ? AND sequence = ?"
READ = "SELECT station, sequence, temperature, note FROM readings WHERE station = ?"


def connect(target: Target) -> Contender:
    profile = ExecutionProfile(row_factory=tuple_factory)
    cluster = Cluster(target.hosts, port=target.port, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    session: Any = cluster.connect(target.keyspace)
    insert, update, get, read = (session.prepare(cql) for cql in (INSERT, UPDATE, GET, READ))

    def all_rows(statement: Any, *values: Any) -> list[Row]:
        rows: list[Row] = session.execute(statement, values).all()
        return rows

    return Contender(
        versions={"scylla-driver": version("scylla-driver")},
        operations={
            "insert": lambda index: all_rows(insert, *row(target.inserts, index)),
            "get": lambda index: all_rows(get, "hundred", index % 100),
            "update": lambda index: all_rows(update, new_temperature(index), target.updates, index % UPDATED_ROWS),
            "read 100": lambda index: all_rows(read, "hundred"),
            "read 5,000": lambda index: all_rows(read, "thousands"),
        },
        rows=list,
        close=cluster.shutdown,
    )


serve(connect)
