"""Several connections: each document, query and batch goes where it belongs, and to no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import uuid4

import pytest

from coodie_aio import AsyncBatchQuery, Document, create_keyspace, drop_keyspace, execute_raw, get_driver, init_coodie
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import PrimaryKey


class Order(Document):
    id: Annotated[int, PrimaryKey()]
    total: int = 0

    class Settings:
        name = "orders"


class Report(Document):
    id: Annotated[int, PrimaryKey()]
    title: str = ""

    class Settings:
        name = "reports"
        connection = "reports"


@pytest.fixture(autouse=True)
async def reports(coodie_server: Any, coodie_aio_driver: Any) -> AsyncIterator[str]:
    """The keyspace of a second connection, called reports."""
    keyspace = f"reports_{uuid4().hex[:12]}"
    await create_keyspace(keyspace)
    async with await init_coodie(**coodie_server.connect_arguments, keyspace=keyspace, name="reports"):
        await Order.sync_table()
        await Report.sync_table()
        yield keyspace
    await drop_keyspace(keyspace)


async def tables_in(keyspace: str) -> set[str]:
    rows = await execute_raw("SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?", [keyspace])
    return {row["table_name"] for row in rows}


async def test_a_second_connection_does_not_become_the_default(coodie_aio_driver: Any):
    assert get_driver() is coodie_aio_driver


async def test_tables_are_made_where_their_documents_live(reports: str, coodie_aio_driver: Any):
    assert await tables_in(reports) == {"reports"}
    assert await tables_in(coodie_aio_driver.keyspace) == {"orders"}


async def test_every_request_of_a_document_goes_through_the_connection_that_its_settings_name():
    report = await Report.create(id=1, title="a")
    await Report(id=2, title="b").save()
    await report.update(title="c")
    await Report.find(id=2).update(title="d")
    await Report(id=3).insert()
    await Report(id=3).delete()

    assert {found.id: found.title for found in await Report.find().all()} == {1: "c", 2: "d"}
    assert {found.id async for found in Report.find()} == {1, 2}
    assert await Report.find().count() == 2
    assert (await Report.get(id=1)).title == "c"
    assert len(await execute_raw("SELECT id FROM reports", connection="reports")) == 2


async def test_a_batch_goes_where_its_documents_live():
    async with AsyncBatchQuery() as batch:
        await Report(id=1, title="a").save(batch=batch)
        batch.add("INSERT INTO reports (id, title) VALUES (?, ?)", [2, "raw"])

    assert await Report.find().count() == 2


async def test_a_batch_that_would_go_to_two_connections_is_refused_and_not_sent():
    async def mix() -> None:
        async with AsyncBatchQuery() as batch:
            await Report(id=1, title="a").save(batch=batch)
            await Order(id=1).save(batch=batch)

    with pytest.raises(InvalidQueryError, match="this write is for 'default' while the batch goes to 'reports'"):
        await mix()

    assert await Report.find().count() == 0


async def test_a_query_can_name_the_connection():
    await execute_raw("CREATE TABLE orders (id int PRIMARY KEY, total int)", connection="reports")

    elsewhere = Order.find().using("reports")
    await elsewhere.create(id=1, total=5)
    await elsewhere.filter(id=1).update(total=6)

    assert [order.total for order in await elsewhere.all()] == [6]
    assert [order.total async for order in elsewhere] == [6]
    assert (await elsewhere.count(), await Order.find().count()) == (1, 0)
    await elsewhere.filter(id=1).delete()
    assert await elsewhere.first() is None


async def test_keyspaces_are_made_through_the_connection_that_is_named(reports: str):
    other = f"{reports}_b"
    await create_keyspace(other, connection="reports")

    await drop_keyspace(other, connection="reports")

    assert await tables_in(other) == set()
