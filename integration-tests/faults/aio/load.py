"""The usual load: workers that write rows and read them back, while something happens to the cluster."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from threading import Event
from typing import Annotated

from coodie_aio import Document
from coodie_core.fields import ClusteringKey, PrimaryKey
from faults.aio.workers import elsewhere, pause, together
from faults.calls import Calls, Name

WORKERS = 8
PAUSE_SECONDS = 0.02
"""Between two turns of a worker: an application has other things to do, and the nodes need the processors too."""


class Entry(Document):
    """A row that one worker wrote."""

    worker: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    text: str

    class Settings:
        name = "entries"


async def entries_while(
    happening: Callable[[Calls], None],
    *,
    consistency: str = "QUORUM",
    timeout: float | None = None,
    pause_seconds: float = PAUSE_SECONDS,
) -> Calls:
    """Write entries and read each back, in several workers, for as long as *happening* takes.

    Args:
        happening: What happens to the cluster; it is given the calls, to wait for their progress.
        consistency: Of all calls.
        timeout: Of each call, in seconds; None for the usual one.
        pause_seconds: Between two turns of a worker.
    """
    calls, ended = Calls(), Event()

    async def happen() -> None:
        try:
            await elsewhere(partial(happening, calls))
        finally:
            ended.set()

    async def work(worker: int) -> None:
        try:
            for number in count():
                await write_and_read(Entry(worker=worker, number=number, text=f"{worker}:{number}"))
                if ended.is_set():
                    return
        except BaseException:
            ended.set()
            calls.give_up()
            raise

    async def write_and_read(entry: Entry) -> None:
        name = Name(entry.worker, entry.number)
        with calls.write(name):
            await entry.save(consistency=consistency, timeout=timeout)
        if name in calls.confirmed:
            query = Entry.find(worker=entry.worker, number=entry.number).consistency(consistency)
            with calls.read(entry.worker):
                found = await (query if timeout is None else query.timeout(timeout)).first()
                assert found == entry, "a confirmed write is read at once"
        await pause(pause_seconds)

    await together(*(partial(work, worker) for worker in range(WORKERS)), happen)
    return calls


async def stored_entries(consistency: str = "QUORUM") -> set[Name]:
    """Return the names of the entries that are there."""
    return {Name(entry.worker, entry.number) async for entry in Entry.find().consistency(consistency).fetch_size(1000)}
