"""A long run of ordinary work, in a process of its own, that looks at the process meanwhile.

    python -m faults.aio.soak '{"hosts": ["127.0.0.1"], "keyspace": "shop"}' 1000000 600

It is given the arguments of `init_coodie`. It ends after so many operations, or so many seconds if these are over
before. Then it prints one line of JSON: a `Soak`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from typing import Annotated

from coodie_aio import Document, init_coodie
from coodie_core.fields import ClusteringKey, PrimaryKey
from faults.aio.workers import together
from faults.soaking import Soak, Watch

WORKERS = 25
PARTITIONS, ROWS = 100, 10
"""Of each worker, which writes them again and again: the table does not grow."""

PAGE = 8


class Item(Document):
    worker: Annotated[int, PrimaryKey()]
    part: Annotated[int, PrimaryKey(partition_key_index=1)]
    number: Annotated[int, ClusteringKey()]
    text: str
    count: int = 0

    class Settings:
        name = "items"


async def soak(operations: int, seconds: float) -> Soak:
    """Insert, read, update and iterate, all checked, *operations* times in all, or until the time is over."""
    await Item.sync_table()
    watch = Watch(operations, seconds)
    await together(*(partial(work, watch, worker, operations // WORKERS) for worker in range(WORKERS)))
    return watch.soak()


async def work(watch: Watch, worker: int, operations: int) -> None:
    """Do so many operations, a fifth of which iterate, for one worker."""
    done = 0
    while done < operations and not watch.is_over:
        part = done // (5 * ROWS) % PARTITIONS
        for number in range(ROWS):
            item = Item(worker=worker, part=part, number=number, text=str(done), count=0)
            await insert_read_update_iterate(watch, item)
            done += 5


async def insert_read_update_iterate(watch: Watch, item: Item) -> None:
    """Five operations on one row, and on those before it in its partition."""
    await item.save()
    read = await Item.get(worker=item.worker, part=item.part, number=item.number)
    assert (read.text, read.count) == (item.text, item.count)
    await read.update(count=read.number + 1)
    found = await Item.find_one(worker=item.worker, part=item.part, number=item.number)
    assert found == read
    query = Item.find(worker=item.worker, part=item.part, number__lte=item.number).fetch_size(PAGE)
    numbers = [other.number async for other in query]
    assert numbers == list(range(item.number + 1))
    watch.done(5)


async def main() -> None:
    arguments, operations, seconds = sys.argv[1:]
    async with await init_coodie(**json.loads(arguments)):
        print((await soak(int(operations), float(seconds))).as_json())


if __name__ == "__main__":
    asyncio.run(main())
