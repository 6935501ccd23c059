"""The schema changes, by another program, while pages are read and rows are written."""

from __future__ import annotations

from typing import Annotated

from coodie_aio import Document, bulk
from coodie_aio.drivers import Driver
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_testing import Server
from coodie_testing.cql import CqlConnection
from faults.aio.load import Entry, entries_while, stored_entries
from faults.calls import Calls
from faults.figures import Report, of_calls

ROWS = 500
PAGE = 50
CHANGES = 5


class EntryWithNote(Document):
    """What the other program makes of entries."""

    worker: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    text: str
    note0: str | None = None

    class Settings:
        name = "entries"


def add_column(server: Server, keyspace: str | None, name: str) -> None:
    """Add a column to the entries past all that coodie knows of its connections."""
    with CqlConnection(server.hosts[0], server.port, timeout=30) as connection:
        connection.start()
        connection.execute(f'ALTER TABLE {keyspace}."entries" ADD {name} text')


async def test_a_walk_goes_on_over_a_table_that_gains_columns(coodie_server: Server, proxied: Driver) -> None:
    await Entry.sync_table()
    rows = [Entry(worker=0, number=number, text=str(number)) for number in range(ROWS)]
    async with bulk() as writes:
        for row in rows:
            await writes.save(row)

    walked: list[Entry] = []
    async for entry in Entry.find(worker=0).fetch_size(PAGE):
        if entry.number in range(PAGE + 1, ROWS, ROWS // CHANGES):
            add_column(coodie_server, proxied.keyspace, f"note{entry.number}")
        walked.append(entry)

    assert walked == rows


async def test_reads_and_writes_go_on_while_columns_are_added(
    coodie_server: Server, proxied: Driver, report: Report
) -> None:
    await Entry.sync_table()

    def add_columns(calls: Calls) -> None:
        for number in range(CHANGES):
            calls.wait_for_more(100)
            add_column(coodie_server, proxied.keyspace, f"note{number}")
        calls.wait_for_more(100)

    calls = await entries_while(add_columns, consistency="ONE")

    assert calls.errors == {}
    report(f"{CHANGES} columns are added", of_calls(calls, calls.check(await stored_entries("ONE"))))
    await EntryWithNote(worker=0, number=0, text="0:0", note0="new").save()
    assert (await EntryWithNote.get(worker=0, number=0)).note0 == "new"
    assert (await Entry.get(worker=0, number=0)).text == "0:0"
