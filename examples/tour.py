"""Starts a real server and takes the tour of coodie over the airports of the world: first sync, then async.

    python examples/tour.py

The tour itself is `aio/tour.py`, and the same without `await` in `sync/tour.py`. The server is a Cassandra of this
machine, which is downloaded the first time; or, where COODIE_TEST_HOSTS names one (`127.0.0.1:9042`), that one, in a
keyspace that is dropped at the end. The exit code is 1 if any count is not what the data set says.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import aio.tour
import sync.tour
from airports import AirportRecord, all_airports
from rich.console import Console
from tour_log import TourLog

import coodie.aio
import coodie.sync
from coodie_testing import CoodieTestingError, Server, choose_server, fresh_keyspace


def main(airports: list[AirportRecord]) -> int:
    """Take both tours, print what they did, and return the exit code."""
    console = Console()
    began = time.monotonic()
    console.print(f"{len(airports):,} airports of the world. Starting a server...")
    try:
        with choose_server() as server:
            console.print(f"{server} (after {time.monotonic() - began:.1f} s)")
            mistakes = [*sync_tour(server, airports, console), *async_tour(server, airports, console)]
    except CoodieTestingError as error:
        mistakes = [str(error)]
    except KeyboardInterrupt:
        mistakes = ["Interrupted; the server is stopped."]
    for mistake in mistakes:
        console.print(mistake, style="bold red", markup=False)
    if not mistakes:
        console.print(f"Every count is what the data set says. {time.monotonic() - began:.1f} s in all.")
    return 1 if mistakes else 0


def sync_tour(server: Server, airports: list[AirportRecord], console: Console) -> list[str]:
    """Take the tour in `coodie.sync`; return what was wrong."""
    log = TourLog("coodie.sync", console)
    with (
        fresh_keyspace(server, "tour") as keyspace,
        coodie.sync.init_coodie(**server.connect_arguments, keyspace=keyspace),
    ):
        sync.tour.tour(airports, log)
    log.show()
    return log.mistakes


def async_tour(server: Server, airports: list[AirportRecord], console: Console) -> list[str]:
    """Take the tour in `coodie.aio`; return what was wrong."""
    log = TourLog("coodie.aio", console)
    with fresh_keyspace(server, "tour") as keyspace:
        asyncio.run(awaited_tour({**server.connect_arguments, "keyspace": keyspace}, airports, log))
    log.show()
    return log.mistakes


async def awaited_tour(connection: dict[str, Any], airports: list[AirportRecord], log: TourLog) -> None:
    """Connect and take the tour in one event loop."""
    async with await coodie.aio.init_coodie(**connection):
        await aio.tour.tour(airports, log)


if __name__ == "__main__":
    sys.exit(main(all_airports()))
