"""scyllapy, a driver on the Rust one, with prepared statements; its rows are dicts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from contender_protocol import (
    CHANGED_ROWS,
    Contender,
    Row,
    Target,
    new_temperature,
    row,
    sequences_of_batch,
    serve_async,
)
from scyllapy import Batch, BatchType, Scylla
from scyllapy.extra_types import Double
from statements import DELETE, GET, INSERT, INSERT_IF_NOT_EXISTS, READ, UPDATE


def rows(found: Sequence[dict[str, Any]]) -> list[Row]:
    return [(one["station"], one["sequence"], one["temperature"], one["note"]) for one in found]


async def connect(target: Target) -> Contender:
    scylla = Scylla([f"{host}:{target.port}" for host in target.hosts], keyspace=target.keyspace)
    await scylla.startup()
    insert, insert_new = await scylla.prepare(INSERT), await scylla.prepare(INSERT_IF_NOT_EXISTS)
    update, delete = await scylla.prepare(UPDATE), await scylla.prepare(DELETE)
    get, read = await scylla.prepare(GET), await scylla.prepare(READ)
    inserts, batches, news = target.station("insert"), target.station("batch of 20"), target.station("LWT insert")
    updates, deletes = target.station("update"), target.station("delete")

    async def all_rows(statement: Any, *values: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await scylla.execute(statement, values)).all()
        return found

    async def batch(index: int) -> None:
        statements = Batch(BatchType.LOGGED)
        rows_of_batch = (row(batches, sequence) for sequence in sequences_of_batch(index))
        values = [(station, number, Double(new), note) for station, number, new, note in rows_of_batch]
        for _ in values:
            statements.add_query(insert)
        await scylla.batch(statements, values)

    async def stream(_index: int) -> tuple[int, int]:
        found = total = 0
        async for one in await scylla.execute(read, ["stream"], paged=True):
            found += 1
            total += one["sequence"]
        return found, total

    return Contender(
        versions={"scyllapy": version("scyllapy")},
        operations={
            "insert": lambda index: scylla.execute(insert, row(inserts, index)),
            "get": lambda index: all_rows(get, "hundred", index % 100),
            "update": lambda index: scylla.execute(update, [new_temperature(index), updates, index % CHANGED_ROWS]),
            "delete": lambda index: scylla.execute(delete, [deletes, index % CHANGED_ROWS]),
            "LWT insert": lambda index: scylla.execute(insert_new, row(news, index)),
            "batch of 20": batch,
            "read 100": lambda index: all_rows(read, "hundred"),
            "read 5,000": lambda index: all_rows(read, "thousands"),
            "read 100,000": lambda index: all_rows(read, "masses"),
            "stream 50,000": stream,
        },
        rows=rows,
        close=scylla.shutdown,
    )


if __name__ == "__main__":
    serve_async(connect)
