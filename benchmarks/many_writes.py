"""How many rows a second insert_many() writes with windows of several sizes, beside a loop of save().

    python benchmarks/many_writes.py [HOST:PORT]

It needs a server, and drops the keyspace that it makes. One process, one connection; CPU time is that of the process.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Annotated, Any

import coodie.aio
import coodie.sync
from coodie.fields import ClusteringKey, PrimaryKey

ROWS = 20_000
ROWS_OF_A_LOOP = 2_000
PARTITIONS = 3_000
WINDOWS = (1, 8, 32, 64, 128, 512)


class Row(coodie.sync.Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    name: str

    class Settings:
        name = "rows"


class AsyncRow(coodie.aio.Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    name: str

    class Settings:
        name = "rows"


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Yield rows in many partitions."""
    for number in range(count):
        yield {"part": number % PARTITIONS, "number": number, "name": f"row {number}"}


def save_each() -> int:
    for row in rows(ROWS_OF_A_LOOP):
        Row(**row).save()
    return ROWS_OF_A_LOOP


async def save_each_async() -> int:
    for row in rows(ROWS_OF_A_LOOP):
        await AsyncRow(**row).save()
    return ROWS_OF_A_LOOP


def insert(window: int) -> int:
    return Row.insert_many(rows(ROWS), max_in_flight=window).applied


async def insert_async(window: int) -> int:
    return (await AsyncRow.insert_many(rows(ROWS), max_in_flight=window)).applied


def show(what: str, count: int, wall: float, cpu: float) -> None:
    print(f"{what:24} {count / wall:8.0f} rows/s {cpu / count * 1e6:8.0f} us of CPU a row", flush=True)


def measured(what: str, work: Callable[[], int]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    count = work()
    show(what, count, time.perf_counter() - wall, time.process_time() - cpu)


async def measured_async(what: str, work: Callable[[], Awaitable[int]]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    count = await work()
    show(what, count, time.perf_counter() - wall, time.process_time() - cpu)


def measure_sync(host: str, keyspace: str) -> None:
    with coodie.sync.init_coodie(hosts=[host], keyspace=keyspace):
        Row.sync_table()
        save_each()
        measured("sync, save() in a loop", save_each)
        for window in WINDOWS:
            measured(f"sync, {window} in flight", partial(insert, window))


async def measure_async(host: str, keyspace: str) -> None:
    async with await coodie.aio.init_coodie(hosts=[host], keyspace=keyspace):
        await measured_async("aio, save() in a loop", save_each_async)
        for window in WINDOWS:
            await measured_async(f"aio, {window} in flight", partial(insert_async, window))


def main(host: str) -> None:
    keyspace = f"many_writes_{secrets.token_hex(4)}"
    with coodie.sync.init_coodie(hosts=[host]):
        coodie.sync.create_keyspace(keyspace)
        try:
            measure_sync(host, keyspace)
            asyncio.run(measure_async(host, keyspace))
        finally:
            with coodie.sync.init_coodie(hosts=[host], name="end"):
                coodie.sync.drop_keyspace(keyspace, connection="end")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9042")
