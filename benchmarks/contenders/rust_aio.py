"""scylladb-rs-driver by itself, with prepared statements; its rows are dicts."""

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
from scylla.batch import Batch
from scylla.session_builder import SessionBuilder
from statements import DELETE, GET, INSERT, INSERT_IF_NOT_EXISTS, READ, UPDATE


def rows(found: Sequence[dict[str, Any]]) -> list[Row]:
    return [(one["station"], one["sequence"], one["temperature"], one["note"]) for one in found]


async def connect(target: Target) -> Contender:
    builder = SessionBuilder().contact_points([(host, target.port) for host in target.hosts])
    session = await builder.use_keyspace(target.keyspace, True).connect()
    insert, insert_new = await session.prepare(INSERT), await session.prepare(INSERT_IF_NOT_EXISTS)
    update, delete = await session.prepare(UPDATE), await session.prepare(DELETE)
    get, read = await session.prepare(GET), await session.prepare(READ)
    inserts, batches, news = target.station("insert"), target.station("batch of 20"), target.station("LWT insert")
    updates, deletes = target.station("update"), target.station("delete")

    async def execute(statement: Any, *values: Any) -> Any:
        return await session.execute(statement, values)

    async def all_rows(statement: Any, *values: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await (await session.execute(statement, values)).all()
        return found

    async def batch(index: int) -> None:
        statements = Batch()
        statements.add_all([(insert, row(batches, sequence)) for sequence in sequences_of_batch(index)])
        await session.batch(statements)

    async def stream(_index: int) -> tuple[int, int]:
        found = total = 0
        page: Any = await session.execute(read, ("stream",))
        while page is not None:
            for one in page.iter_current_page():
                found += 1
                total += one["sequence"]
            page = await page.fetch_next_page()
        return found, total

    async def close() -> None:
        """Nothing: it has no such method, and ends with the process."""

    return Contender(
        versions={"scylladb-rs-driver": version("scylladb-rs-driver")},
        operations={
            "insert": lambda index: execute(insert, *row(inserts, index)),
            "get": lambda index: all_rows(get, "hundred", index % 100),
            "update": lambda index: execute(update, new_temperature(index), updates, index % CHANGED_ROWS),
            "delete": lambda index: execute(delete, deletes, index % CHANGED_ROWS),
            "LWT insert": lambda index: execute(insert_new, *row(news, index)),
            "batch of 20": batch,
            "read 100": lambda index: all_rows(read, "hundred"),
            "read 5,000": lambda index: all_rows(read, "thousands"),
            "read 100,000": lambda index: all_rows(read, "masses"),
            "stream 50,000": stream,
        },
        rows=rows,
        close=close,
    )


if __name__ == "__main__":
    serve_async(connect)
