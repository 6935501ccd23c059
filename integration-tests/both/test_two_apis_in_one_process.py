"""Both APIs in one process: each with its own drivers, under the same names, on the same tables.

Written by hand: a test of both at once has no sync twin.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Annotated, Any

import pytest

import coodie_aio
import coodie_sync
from coodie_core.exceptions import ConfigurationError, InvalidQueryError
from coodie_core.fields import PrimaryKey
from coodie_core.schema import build_schema


class SyncUser(coodie_sync.Document):
    id: Annotated[int, PrimaryKey()]
    name: str
    nick: str | None = None

    class Settings:
        name = "users"


class AsyncUser(coodie_aio.Document):
    id: Annotated[int, PrimaryKey()]
    name: str
    nick: str | None = None

    class Settings:
        name = "users"


@pytest.fixture(autouse=True)
async def tables(coodie_sync_driver: Any, coodie_aio_driver: Any) -> None:
    await AsyncUser.sync_table()


def test_both_have_a_driver_called_default(coodie_sync_driver: Any, coodie_aio_driver: Any) -> None:
    assert coodie_sync.get_driver() is coodie_sync_driver
    assert coodie_aio.get_driver() is coodie_aio_driver


def test_the_same_model_is_the_same_table() -> None:
    assert build_schema(SyncUser) == build_schema(AsyncUser)
    assert SyncUser.sync_table() == []


async def test_what_one_writes_the_other_reads() -> None:
    SyncUser(id=1, name="Alice", nick="Al").save()
    await AsyncUser(id=2, name="Bob").save()

    assert (await AsyncUser.get(id=1)).model_dump() == {"id": 1, "name": "Alice", "nick": "Al"}
    assert SyncUser.get(id=2) == SyncUser(id=2, name="Bob")


async def test_both_work_at_the_same_time() -> None:
    """A server that handles requests on its event loop, with a worker thread beside it."""

    def write_in_a_thread() -> None:
        for number in range(100, 150):
            SyncUser(id=number, name="sync").save()

    thread = threading.Thread(target=write_in_a_thread)
    thread.start()
    await asyncio.gather(*(AsyncUser(id=number, name="async").save() for number in range(150, 200)))
    await asyncio.to_thread(thread.join)

    names = [user.name for user in await AsyncUser.find(id__in=list(range(100, 200))).all()]
    assert sorted(names) == ["async"] * 50 + ["sync"] * 50


def test_a_driver_of_the_other_api_is_refused_where_it_is_given(
    coodie_sync_driver: Any, coodie_aio_driver: Any
) -> None:
    with pytest.raises(ConfigurationError, match=r"this driver belongs to coodie\.sync, and coodie\.aio cannot use it"):
        coodie_aio.register_driver("other", coodie_sync_driver)
    with pytest.raises(ConfigurationError, match=r"this driver belongs to coodie\.aio, and coodie\.sync cannot use it"):
        coodie_sync.register_driver("other", coodie_aio_driver)


def test_a_name_that_only_the_other_api_has_is_explained(coodie_sync_driver: Any) -> None:
    coodie_sync.register_driver("reports", coodie_sync_driver)

    with pytest.raises(ConfigurationError) as missing:
        coodie_aio.get_driver("reports")

    assert "coodie.aio has no connection called 'reports'." in str(missing.value)
    assert "(coodie.sync has one of that name, but each API needs a driver of its own.)" in str(missing.value)


async def test_closing_one_leaves_the_other(coodie_server: Any, coodie_keyspace: str) -> None:
    arguments = {**coodie_server.connect_arguments, "keyspace": coodie_keyspace, "name": "short-lived"}
    coodie_sync.init_coodie(**arguments).close()
    driver = await coodie_aio.init_coodie(**arguments)

    with pytest.raises(ConfigurationError):
        coodie_sync.get_driver("short-lived")
    assert coodie_aio.get_driver("short-lived") is driver
    await driver.close()


async def test_a_batch_takes_no_documents_of_the_other_api() -> None:
    with pytest.raises(
        InvalidQueryError, match=r"AsyncUser is a document of coodie\.aio.* BatchQuery is one of coodie\.sync"
    ):
        await AsyncUser(id=3, name="Cid").save(batch=coodie_sync.BatchQuery())  # type: ignore[arg-type]
    with pytest.raises(InvalidQueryError, match=r"SyncUser is a document of coodie\.sync.* AsyncBatchQuery is one of"):
        SyncUser(id=3, name="Cid").save(batch=coodie_aio.AsyncBatchQuery())  # type: ignore[arg-type]


def test_the_default_connection_is_one_whether_it_is_named_or_not(coodie_sync_driver: Any) -> None:
    class Named(coodie_sync.Document):
        id: Annotated[int, PrimaryKey()]
        name: str

        class Settings:
            name = "users"
            connection = "default"

    with coodie_sync.BatchQuery() as batch:
        SyncUser(id=4, name="Dora").save(batch=batch)
        Named(id=5, name="Eve").save(batch=batch)
    assert Named.get(id=5).name == "Eve"

    coodie_sync.register_driver("other", coodie_sync_driver, default=True)
    try:
        batch = coodie_sync.BatchQuery()
        SyncUser(id=6, name="Fay").save(batch=batch)
        with pytest.raises(InvalidQueryError, match="this write is for 'default' while the batch goes to 'other'"):
            Named(id=7, name="Gus").save(batch=batch)
    finally:
        coodie_sync.register_driver("default", coodie_sync_driver, default=True)
