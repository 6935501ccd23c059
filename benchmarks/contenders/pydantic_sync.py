"""scylla-driver with Pydantic models made of its rows by hand, which is what one writes without a mapper."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.query import BatchStatement, dict_factory
from contender_protocol import (
    CHANGED_ROWS,
    Contender,
    Row,
    Target,
    new_temperature,
    row,
    sequences_of_batch,
    serve,
)
from pydantic import BaseModel
from statements import DELETE, GET, INSERT, INSERT_IF_NOT_EXISTS, READ, UPDATE


class Reading(BaseModel):
    station: str
    sequence: int
    temperature: float
    note: str


def reading(station: str, index: int) -> Reading:
    station, sequence, temperature, note = row(station, index)
    return Reading(station=station, sequence=sequence, temperature=temperature, note=note)


def rows(readings: Sequence[Reading]) -> list[Row]:
    return [(one.station, one.sequence, one.temperature, one.note) for one in readings]


def connect(target: Target) -> Contender:
    profile = ExecutionProfile(row_factory=dict_factory)
    cluster = Cluster(target.hosts, port=target.port, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    session: Any = cluster.connect(target.keyspace)
    insert, insert_new = session.prepare(INSERT), session.prepare(INSERT_IF_NOT_EXISTS)
    update, delete, get, read = (session.prepare(cql) for cql in (UPDATE, DELETE, GET, READ))
    inserts, batches, news = target.station("insert"), target.station("batch of 20"), target.station("LWT insert")
    updates, deletes = target.station("update"), target.station("delete")

    def save(statement: Any, station: str, index: int) -> None:
        session.execute(statement, reading(station, index).model_dump())

    def models(statement: Any, *values: Any) -> list[Reading]:
        return [Reading.model_validate(found) for found in session.execute(statement, values)]

    def batch(index: int) -> None:
        statements = BatchStatement()
        for sequence in sequences_of_batch(index):
            statements.add(insert, reading(batches, sequence).model_dump())
        session.execute(statements)

    def stream(_index: int) -> tuple[int, int]:
        found = total = 0
        for one in session.execute(read, ["stream"]):
            found += 1
            total += Reading.model_validate(one).sequence
        return found, total

    return Contender(
        versions={"scylla-driver": version("scylla-driver"), "pydantic": version("pydantic")},
        operations={
            "insert": lambda index: save(insert, inserts, index),
            "get": lambda index: models(get, "hundred", index % 100),
            "update": lambda index: session.execute(update, (new_temperature(index), updates, index % CHANGED_ROWS)),
            "delete": lambda index: session.execute(delete, (deletes, index % CHANGED_ROWS)),
            "LWT insert": lambda index: save(insert_new, news, index),
            "batch of 20": batch,
            "read 100": lambda index: models(read, "hundred"),
            "read 5,000": lambda index: models(read, "thousands"),
            "read 100,000": lambda index: models(read, "masses"),
            "stream 50,000": stream,
        },
        rows=rows,
        close=cluster.shutdown,
    )


if __name__ == "__main__":
    serve(connect)
