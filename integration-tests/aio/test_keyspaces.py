"""Keyspaces: created, altered, dropped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import uuid4

import pytest

from coodie_aio import Document, alter_keyspace, create_keyspace, drop_keyspace, execute_raw
from coodie_core.exceptions import InvalidQueryError, KeyspaceNotFound
from coodie_core.fields import PrimaryKey


@pytest.fixture
async def name(coodie_aio_driver: Any) -> AsyncIterator[str]:
    """A name that no keyspace has; if one gets it, it is dropped afterwards."""
    name = f"Made_{uuid4().hex[:12]}"
    yield name
    await drop_keyspace(name)


async def replication(keyspace: str) -> tuple[dict[str, str], bool]:
    [row] = await execute_raw(
        "SELECT replication, durable_writes FROM system_schema.keyspaces WHERE keyspace_name = ?", [keyspace]
    )
    return row["replication"], row["durable_writes"]


async def test_a_keyspace_is_created_with_its_replication(name: str):
    await create_keyspace(name, replication_factor=3)

    assert await replication(name) == (
        {"class": "org.apache.cassandra.locator.SimpleStrategy", "replication_factor": "3"},
        True,
    )


async def test_creating_it_again_changes_nothing(name: str):
    await create_keyspace(name, replication_factor=1)
    await create_keyspace(name, replication_factor=2)

    assert (await replication(name))[0]["replication_factor"] == "1"


async def test_replication_by_data_centre(name: str):
    [local] = await execute_raw("SELECT data_center FROM system.local")

    await create_keyspace(name, dc_replication_map={local["data_center"]: 1}, durable_writes=False)

    assert await replication(name) == (
        {"class": "org.apache.cassandra.locator.NetworkTopologyStrategy", local["data_center"]: "1"},
        False,
    )


async def test_a_keyspace_is_altered(name: str):
    await create_keyspace(name)

    await alter_keyspace(name, replication_factor=2, durable_writes=False)

    found, durable = await replication(name)
    assert (found["replication_factor"], durable) == ("2", False)


async def test_a_keyspace_is_dropped_with_its_tables(name: str):
    class Note(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            keyspace = name

    await create_keyspace(name)
    await Note.sync_table()
    await Note(id=1).save()

    await drop_keyspace(name)
    await drop_keyspace(name)

    assert await execute_raw("SELECT * FROM system_schema.tables WHERE keyspace_name = ?", [name]) == []


async def test_documents_live_in_the_keyspace_that_their_settings_name(name: str):
    class Note(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            keyspace = name

    await create_keyspace(name)
    await Note.sync_table()
    await Note(id=1).save()

    assert await execute_raw(f'SELECT id FROM "{name}".note') == [{"id": 1}]
    assert await Note.find().all() == [Note(id=1)]


async def test_a_keyspace_that_does_not_exist_is_named_with_what_to_do(name: str):
    class Note(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            keyspace = "missing_keyspace"

    for operation in (Note.sync_table, Note(id=1).save, Note.find().all):
        with pytest.raises(KeyspaceNotFound, match=r"no keyspace 'missing_keyspace'.*create_keyspace"):
            await operation()


async def test_a_name_that_no_keyspace_can_have_is_refused(coodie_aio_driver: Any):
    for operation in (create_keyspace, drop_keyspace):
        with pytest.raises(InvalidQueryError, match="a name has letters, digits and underscores only"):
            await operation("my-keyspace")
