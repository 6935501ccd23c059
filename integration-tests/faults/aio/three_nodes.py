"""What each API does on three nodes. `faults.both` has both do it at the same time, while something happens to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Event

from coodie_aio import init_coodie
from coodie_core.retrying import SpeculativePolicy
from coodie_testing import Server
from faults.aio.load import Entry, entries_while, stored_entries
from faults.aio.tally import Tally, check, count_up, figures_of
from faults.aio.walks import rows_of_walks, stored_walks, walk_all
from faults.aio.workers import elsewhere, together
from faults.calls import LONGEST_WAIT_SECONDS, Calls

PAUSE_SECONDS = 0.04
"""Between two turns of a worker: there are twice as many as where one API is alone."""


async def entries(
    server: Server,
    keyspace: str,
    happening: Callable[[Calls], None],
    *,
    timeout: float | None = None,
    speculative: SpeculativePolicy | None = None,
) -> tuple[Calls, int]:
    """Write and read entries while something happens, and look for each afterwards.

    Args:
        server: The cluster.
        keyspace: Where the entries are to be.
        happening: What happens; it is given the calls.
        timeout: Of each call, in seconds; None for the usual one.
        speculative: When a request is sent to a second node too.

    Returns:
        The calls, and how many of the writes of which nobody knew were found.
    """
    async with await init_coodie(**server.connect_arguments, keyspace=keyspace, speculative=speculative):
        await Entry.sync_table()
        calls = await entries_while(happening, timeout=timeout, pause_seconds=PAUSE_SECONDS)
        return calls, calls.check(await stored_entries())


async def entries_and_walks(
    server: Server, keyspace: str, happening: Callable[[Calls], None], begin_to_walk: Event, one_has_ended: Event
) -> tuple[Calls, int, Counter[str]]:
    """Write and read entries, and make all walks at the same time, while something happens.

    Args:
        server: The cluster.
        keyspace: Where the rows are to be.
        happening: What happens; it is given the calls of the entries.
        begin_to_walk: Is waited for before the walks.
        one_has_ended: Is set when the first walk has ended, and the others are on their way.

    Returns:
        As `entries` does, and the failures after which a walk began again.
    """
    errors = Counter[str]()

    async def write_and_read() -> Calls:
        return await entries_while(happening, pause_seconds=PAUSE_SECONDS)

    async def walk() -> None:
        assert await elsewhere(partial(begin_to_walk.wait, LONGEST_WAIT_SECONDS))
        assert await walk_all("QUORUM", one_has_ended, errors) == rows_of_walks()

    async with await init_coodie(**server.connect_arguments, keyspace=keyspace):
        await Entry.sync_table()
        await stored_walks("QUORUM")
        calls, _ = await together(write_and_read, walk)
        return calls, calls.check(await stored_entries()), errors


async def count(
    server: Server, keyspace: str, timeout: float, happening: Callable[[None], None]
) -> dict[str, str | int]:
    """Count a row up by compare-and-set while something happens, and see that all adds up.

    Args:
        server: The cluster.
        keyspace: Where the row is to be.
        timeout: Of each request, in seconds.
        happening: What happens.

    Returns:
        The figures of the run.
    """
    async with await init_coodie(**server.connect_arguments, keyspace=keyspace):
        await Tally.sync_table()
        attempts = await count_up(6, 20, "QUORUM", timeout, lambda: happening(None))
        tally = await Tally.find(id=1).consistency("SERIAL").timeout(LONGEST_WAIT_SECONDS).get()
        return figures_of(attempts, tally, check(attempts, tally))
