"""Load a data set of 28,000 rows with a progress bar, scan the table with another, and stop and go on in between.

    python examples/aio/many_rows.py [HOST:PORT] [ROWS]

It needs a server: `python -m coodie_testing` starts one on 127.0.0.1:9042. What it makes, it drops again.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import airportsdata
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from coodie.aio import Document, create_keyspace, drop_keyspace, init_coodie
from coodie.fields import Double, PrimaryKey
from coodie.results import BulkProgress


class Airport(Document):
    icao: Annotated[str, PrimaryKey()]
    country: str
    name: str
    elevation: Annotated[float, Double()]

    class Settings:
        name = "airports_to_scan"


def airports(rows: int) -> Iterator[dict[str, Any]]:
    """Yield the fields of so many airports, one by one, as from a file."""
    yield from map(dict, islice(airportsdata.load("ICAO").values(), rows))


async def load(progress: Progress, rows: int) -> int:
    """Write the airports, and return how many were written."""
    bar = progress.add_task("loading", total=rows)

    def show(told: BulkProgress) -> None:
        progress.update(bar, completed=told.done, description=f"loading, {told.window} at a time")

    report = await Airport.insert_many(airports(rows), on_progress=show)
    return report.applied


async def countries(progress: Progress, rows: int) -> Counter[str]:
    """Return how many airports each country has, from two scans: the second goes on where the first was stopped."""
    bar = progress.add_task("scanning", total=rows)
    found: Counter[str] = Counter()

    scan = Airport.find().scan(parallel=4)
    async for airport in scan:
        found[airport.country] += 1
        progress.update(bar, completed=scan.handed_out)
        if scan.handed_out == rows // 2:
            break

    rest = Airport.find().scan(parallel=4, checkpoint=scan.checkpoint)
    async for airport in rest:
        found[airport.country] += 1
        progress.update(bar, completed=rest.handed_out, description=f"scanning, {rest.fraction_done:.0%}")
    return found


async def main(host: str, rows: int) -> None:
    columns = TextColumn("{task.description:26}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    async with await init_coodie(hosts=[host]):
        await create_keyspace("many_rows", replication_factor=1)

    async with await init_coodie(hosts=[host], keyspace="many_rows"):
        await Airport.sync_table()
        with Progress(*columns, console=Console(stderr=True)) as progress:
            written = await load(progress, rows)
            found = await countries(progress, rows)
        await drop_keyspace("many_rows")

    print(f"wrote {written} airports, scanned {found.total()}, in {len(found)} countries")


if __name__ == "__main__":
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9042"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else len(airportsdata.load("ICAO"))
    asyncio.run(main(address, count))
