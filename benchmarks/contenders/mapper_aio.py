"""coodie.aio, as an application uses it. Release 1.9 runs the same lines, in an environment of its own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

from contender_protocol import (
    CHANGED_ROWS,
    Contender,
    Row,
    Target,
    driver_package,
    new_temperature,
    row,
    sequences_of_batch,
    serve_async,
)

from coodie.aio import AsyncBatchQuery, Document, init_coodie
from coodie.fields import ClusteringKey, Double, PrimaryKey


class Reading(Document):
    station: Annotated[str, PrimaryKey()]
    sequence: Annotated[int, ClusteringKey()]
    temperature: Annotated[float, Double()]
    note: str

    class Settings:
        name = "readings"


def reading(station: str, index: int) -> Reading:
    station, sequence, temperature, note = row(station, index)
    return Reading(station=station, sequence=sequence, temperature=temperature, note=note)


def rows(readings: Sequence[Reading] | Reading) -> list[Row]:
    found = [readings] if isinstance(readings, Reading) else readings
    return [(one.station, one.sequence, one.temperature, one.note) for one in found]


async def connect(target: Target, **options: Any) -> Contender:
    driver = await init_coodie(hosts=target.hosts, port=target.port, keyspace=target.keyspace, **options)
    package = driver_package(options.get("driver_type", "scylla"))
    inserts, batches, news = target.station("insert"), target.station("batch of 20"), target.station("LWT insert")
    updated = [reading(target.station("update"), index) for index in range(CHANGED_ROWS)]
    deleted = [reading(target.station("delete"), index) for index in range(CHANGED_ROWS)]

    async def batch(index: int) -> None:
        async with AsyncBatchQuery() as collected:
            for sequence in sequences_of_batch(index):
                await reading(batches, sequence).save(batch=collected)

    async def stream(_index: int) -> tuple[int, int]:
        found = total = 0
        async for one in Reading.find(station="stream"):
            found += 1
            total += one.sequence
        return found, total

    return Contender(
        versions={name: version(name) for name in ("coodie", package)},
        operations={
            "insert": lambda index: reading(inserts, index).save(),
            "get": lambda index: Reading.get(station="hundred", sequence=index % 100),
            "update": lambda index: updated[index % CHANGED_ROWS].update(temperature=new_temperature(index)),
            "delete": lambda index: deleted[index % CHANGED_ROWS].delete(),
            "LWT insert": lambda index: reading(news, index).insert(),
            "batch of 20": batch,
            "read 100": lambda index: Reading.find(station="hundred").all(),
            "read 5,000": lambda index: Reading.find(station="thousands").all(),
            "read 100,000": lambda index: Reading.find(station="masses").all(),
            "stream 50,000": stream,
        },
        rows=rows,
        close=driver.close,
    )


if __name__ == "__main__":
    serve_async(connect)
