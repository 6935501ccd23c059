"""cqlengine, the object mapper that comes with scylla-driver."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

os.environ["CQLENG_ALLOW_SCHEMA_MANAGEMENT"] = "1"

from cassandra.cqlengine import columns, connection
from cassandra.cqlengine.models import Model
from cassandra.cqlengine.query import BatchQuery
from contender_protocol import (
    CHANGED_ROWS,
    Contender,
    Row,
    Target,
    new_temperature,
    row,
    sequences_of_batch,
    serve,
)


class ReadingModel(Model):  # type: ignore[misc]  # cqlengine has no types
    __table_name__ = "readings"
    station = columns.Text(partition_key=True)
    sequence = columns.Integer(primary_key=True)
    temperature = columns.Double()
    note = columns.Text()


Reading: Any = ReadingModel


def fields(station: str, index: int) -> dict[str, Any]:
    station, sequence, temperature, note = row(station, index)
    return {"station": station, "sequence": sequence, "temperature": temperature, "note": note}


def rows(readings: Sequence[Any]) -> list[Row]:
    return [(one.station, one.sequence, one.temperature, one.note) for one in readings]


def connect(target: Target) -> Contender:
    connection.setup(target.hosts, target.keyspace, port=target.port)
    inserts, batches, news = target.station("insert"), target.station("batch of 20"), target.station("LWT insert")
    updated = [Reading(**fields(target.station("update"), index)) for index in range(CHANGED_ROWS)]
    deletes = target.station("delete")

    def all_of(station: str) -> list[Any]:
        return list(Reading.objects.filter(station=station).limit(None))

    def batch(index: int) -> None:
        with BatchQuery() as collected:
            for sequence in sequences_of_batch(index):
                Reading.batch(collected).create(**fields(batches, sequence))

    def stream(_index: int) -> tuple[int, int]:
        found = total = 0
        for one in Reading.objects.filter(station="stream").limit(None):
            found += 1
            total += one.sequence
        return found, total

    return Contender(
        versions={"scylla-driver": version("scylla-driver")},
        operations={
            "insert": lambda index: Reading.create(**fields(inserts, index)),
            "get": lambda index: [Reading.objects.get(station="hundred", sequence=index % 100)],
            "update": lambda index: updated[index % CHANGED_ROWS].update(temperature=new_temperature(index)),
            "delete": lambda index: Reading.objects(station=deletes, sequence=index % CHANGED_ROWS).delete(),
            "LWT insert": lambda index: Reading.if_not_exists().create(**fields(news, index)),
            "batch of 20": batch,
            "read 100": lambda index: all_of("hundred"),
            "read 5,000": lambda index: all_of("thousands"),
            "read 100,000": lambda index: all_of("masses"),
            "stream 50,000": stream,
        },
        rows=rows,
        close=lambda: connection.unregister_connection("default"),
    )


if __name__ == "__main__":
    serve(connect)
