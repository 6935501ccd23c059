"""coodie.sync, as an application uses it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

from contender_protocol import UPDATED_ROWS, Contender, Row, Target, new_temperature, row, serve

from coodie.fields import ClusteringKey, Double, PrimaryKey
from coodie.sync import Document, init_coodie


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


def connect(target: Target) -> Contender:
    driver = init_coodie(hosts=target.hosts, port=target.port, keyspace=target.keyspace)
    updated = [reading(target.updates, index) for index in range(UPDATED_ROWS)]
    return Contender(
        versions={"coodie": version("coodie"), "scylla-driver": version("scylla-driver")},
        operations={
            "insert": lambda index: reading(target.inserts, index).save(),
            "get": lambda index: Reading.get(station="hundred", sequence=index % 100),
            "update": lambda index: updated[index % UPDATED_ROWS].update(temperature=new_temperature(index)),
            "read 100": lambda index: Reading.find(station="hundred").all(),
            "read 5,000": lambda index: Reading.find(station="thousands").all(),
        },
        rows=rows,
        close=driver.close,
    )


serve(connect)
