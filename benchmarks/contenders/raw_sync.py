"""scylla-driver by itself, blocking: prepared statements, tuple rows."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.query import BatchStatement, tuple_factory
from contender_protocol import CHANGED_ROWS, Contender, Row, Target, new_temperature, row, sequences_of_batch, serve
from statements import DELETE, GET, INSERT, INSERT_IF_NOT_EXISTS, READ, UPDATE


def connect(target: Target) -> Contender:
    profile = ExecutionProfile(row_factory=tuple_factory)
    cluster = Cluster(target.hosts, port=target.port, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    session: Any = cluster.connect(target.keyspace)
    insert, insert_new = session.prepare(INSERT), session.prepare(INSERT_IF_NOT_EXISTS)
    update, delete, get, read = (session.prepare(cql) for cql in (UPDATE, DELETE, GET, READ))
    inserts, batches, news = target.station("insert"), target.station("batch of 20"), target.station("LWT insert")
    updates, deletes = target.station("update"), target.station("delete")

    def all_rows(statement: Any, *values: Any) -> list[Row]:
        rows: list[Row] = session.execute(statement, values).all()
        return rows

    def batch(index: int) -> None:
        statements = BatchStatement()
        for sequence in sequences_of_batch(index):
            statements.add(insert, row(batches, sequence))
        session.execute(statements)

    def stream(_index: int) -> tuple[int, int]:
        rows = total = 0
        for _, sequence, _, _ in session.execute(read, ["stream"]):
            rows += 1
            total += sequence
        return rows, total

    return Contender(
        versions={"scylla-driver": version("scylla-driver")},
        operations={
            "insert": lambda index: all_rows(insert, *row(inserts, index)),
            "get": lambda index: all_rows(get, "hundred", index % 100),
            "update": lambda index: all_rows(update, new_temperature(index), updates, index % CHANGED_ROWS),
            "delete": lambda index: all_rows(delete, deletes, index % CHANGED_ROWS),
            "LWT insert": lambda index: all_rows(insert_new, *row(news, index)),
            "batch of 20": batch,
            "read 100": lambda index: all_rows(read, "hundred"),
            "read 5,000": lambda index: all_rows(read, "thousands"),
            "read 100,000": lambda index: all_rows(read, "masses"),
            "stream 50,000": stream,
        },
        rows=list,
        close=cluster.shutdown,
    )


if __name__ == "__main__":
    serve(connect)
