"""scylla-driver by itself under asyncio: its callbacks wake a future of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from importlib.metadata import version
from typing import Any

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.query import BatchStatement, tuple_factory
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
from statements import DELETE, GET, INSERT, INSERT_IF_NOT_EXISTS, READ, UPDATE


async def connect(target: Target) -> Contender:
    profile = ExecutionProfile(row_factory=tuple_factory)
    cluster = Cluster(target.hosts, port=target.port, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    session: Any = cluster.connect(target.keyspace)
    insert, insert_new = session.prepare(INSERT), session.prepare(INSERT_IF_NOT_EXISTS)
    update, delete, get, read = (session.prepare(cql) for cql in (UPDATE, DELETE, GET, READ))
    inserts, batches, news = target.station("insert"), target.station("batch of 20"), target.station("LWT insert")
    updates, deletes = target.station("update"), target.station("delete")
    loop = asyncio.get_running_loop()
    call_soon: Any = loop.call_soon_threadsafe

    async def pages(statement: Any, *values: Any) -> AsyncIterator[list[Row]]:
        response: Any = session.execute_async(statement, values or None)
        while True:
            done: asyncio.Future[Any] = loop.create_future()
            response.add_callbacks(
                partial(call_soon, done.set_result),
                partial(call_soon, done.set_exception),
            )
            yield (await done) or []
            if not response.has_more_pages:
                return
            response.clear_callbacks()
            response.start_fetching_next_page()

    async def all_rows(statement: Any, *values: Any) -> list[Row]:
        rows: list[Row] = []
        async for page in pages(statement, *values):
            rows += page
        return rows

    async def batch(index: int) -> None:
        statements = BatchStatement()
        for sequence in sequences_of_batch(index):
            statements.add(insert, row(batches, sequence))
        await all_rows(statements)

    async def stream(_index: int) -> tuple[int, int]:
        rows = total = 0
        async for page in pages(read, "stream"):
            for _, sequence, _, _ in page:
                rows += 1
                total += sequence
        return rows, total

    async def close() -> None:
        cluster.shutdown()

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
        close=close,
    )


if __name__ == "__main__":
    serve_async(connect)
