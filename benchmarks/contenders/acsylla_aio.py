"""acsylla, a driver on the C++ one, with prepared statements; its rows are made into tuples."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import acsylla
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

ROWS_IN_PAGE = 5_000


async def connect(target: Target) -> Contender:
    cluster = acsylla.create_cluster(target.hosts, port=target.port)
    session = await cluster.create_session(keyspace=target.keyspace)
    insert, insert_new = await session.create_prepared(INSERT), await session.create_prepared(INSERT_IF_NOT_EXISTS)
    update, delete = await session.create_prepared(UPDATE), await session.create_prepared(DELETE)
    get, read = await session.create_prepared(GET), await session.create_prepared(READ)
    inserts, batches, news = target.station("insert"), target.station("batch of 20"), target.station("LWT insert")
    updates, deletes = target.station("update"), target.station("delete")

    def bound(prepared: Any, values: Any) -> Any:
        statement = prepared.bind(page_size=ROWS_IN_PAGE)
        statement.bind_list([*values])
        return statement

    async def execute(prepared: Any, *values: Any) -> Any:
        return await session.execute(bound(prepared, values))

    async def pages(prepared: Any, *values: Any) -> AsyncIterator[list[Row]]:
        statement = bound(prepared, values)
        while True:
            result = await session.execute(statement)
            yield [one.as_tuple() for one in result]
            if not result.has_more_pages():
                return
            statement.set_page_state(result.page_state())

    async def all_rows(prepared: Any, *values: Any) -> list[Row]:
        rows: list[Row] = []
        async for page in pages(prepared, *values):
            rows += page
        return rows

    async def batch(index: int) -> None:
        statements = acsylla.create_batch_logged()
        for sequence in sequences_of_batch(index):
            statements.add_statement(bound(insert, row(batches, sequence)))
        await session.execute_batch(statements)

    async def stream(_index: int) -> tuple[int, int]:
        rows = total = 0
        async for page in pages(read, "stream"):
            for _, sequence, _, _ in page:
                rows += 1
                total += sequence
        return rows, total

    return Contender(
        versions={"acsylla": version("acsylla")},
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
        rows=list,
        close=session.close,
    )


if __name__ == "__main__":
    serve_async(connect)
