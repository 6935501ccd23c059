"""A scan hands out Arrow, Polars and pandas batches whose values are those of the documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from typing import Annotated, Any
from uuid import UUID

import pandas
import polars
import pyarrow as pa
import pytest
from driver_features import DURATIONS
from pydantic import BaseModel

from coodie_aio import Document, execute_raw
from coodie_core.fields import BigInt, ClusteringKey, Double, PrimaryKey, SmallInt, Static, TinyInt, VarInt, Vector
from coodie_core.types import CqlDuration

ID = UUID("8c1c7f0e-9d1b-4a4e-8a55-8b5a3f4f1a11")
FLAT = 1_000


class Color(Enum):
    RED = "red"


class Point(BaseModel):
    x: int
    label: str | None = None


class Everything(Document):
    id: Annotated[UUID, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    shared: Annotated[str | None, Static()] = None
    big: Annotated[int | None, BigInt()] = None
    small: Annotated[int | None, SmallInt()] = None
    tiny: Annotated[int | None, TinyInt()] = None
    huge: Annotated[int | None, VarInt()] = None
    exact: Annotated[float | None, Double()] = None
    rough: float | None = None
    money: Decimal | None = None
    flag: bool | None = None
    raw: bytes | None = None
    at: datetime | None = None
    day: date | None = None
    clock: time | None = None
    length: CqlDuration | None = None
    address: IPv4Address | None = None
    color: Color | None = None
    tags: set[str] = set()
    steps: list[UUID] | None = None
    counts: dict[str, int] | None = None
    pair: tuple[int, str] | None = None
    place: Point | None = None
    days: dict[date, list[time]] | None = None
    vector: Annotated[list[float] | None, Vector(dimensions=2)] = None

    class Settings:
        name = "batches_everything"


class Flat(Document):
    id: Annotated[int, PrimaryKey()]
    text: str

    class Settings:
        name = "batches_flat"


FULL = {
    "id": ID,
    "number": 1,
    "shared": "Ada",
    "big": 2**62,
    "small": -(2**15),
    "tiny": 127,
    "huge": 2**100,
    "exact": 0.1,
    "rough": 0.5,
    "money": Decimal("12.340000001"),
    "flag": True,
    "raw": b"\x00\xff",
    "at": datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
    "day": date(1, 1, 1),
    "clock": time(23, 59, 59, 999999),
    "length": CqlDuration(months=14, days=3, nanoseconds=7),
    "address": IPv4Address("127.0.0.1"),
    "color": Color.RED,
    "tags": {"a", "b"},
    "steps": [ID],
    "counts": {"a": 1},
    "pair": (1, "one"),
    "place": Point(x=1, label="home"),
    "days": {date(2026, 1, 1): [time(1, 2, 3)]},
    "vector": [0.5, -1.0],
}


@pytest.fixture(autouse=True)
async def flat_rows(coodie_aio_driver: Any) -> None:
    """The rows of `Flat`, written by the first test."""
    if await Flat.sync_table():
        await Flat.insert_many({"id": number, "text": f"row {number}"} for number in range(FLAT))


async def rows_of_everything() -> Any:
    """A query for the rows of `Everything`, which the first that asks writes."""
    if await Everything.sync_table():
        for row in (FULL, {"id": ID, "number": 2}):
            await Everything(**row).save()
        await execute_raw("INSERT INTO batches_everything (id, shared) VALUES (?, 'nobody')", [UUID(int=7)])
    return Everything.find()


async def the_batch() -> pa.RecordBatch:
    (batch,) = [batch async for batch in (await rows_of_everything()).scan().arrow_batches()]
    return batch


@pytest.mark.needs(DURATIONS)
async def test_columns_have_the_types_that_they_have_in_cql():
    schema = (await the_batch()).schema

    assert {name: str(schema.field(name).type) for name in schema.names} == {
        "id": "extension<arrow.uuid>",
        "number": "int32",
        "shared": "string",
        "big": "int64",
        "small": "int16",
        "tiny": "int8",
        "huge": "decimal128(38, 0)",
        "exact": "double",
        "rough": "float",
        "money": "decimal128(38, 9)",
        "flag": "bool",
        "raw": "binary",
        "at": "timestamp[ms, tz=UTC]",
        "day": "date32[day]",
        "clock": "time64[ns]",
        "length": "month_day_nano_interval",
        "address": "string",
        "color": "string",
        "tags": "list<item: string>",
        "steps": "list<item: string>",
        "counts": "map<string, int32>",
        "pair": "struct<0: int32, 1: string>",
        "place": "struct<x: int32, label: string>",
        "days": "map<date32[day], list<item: time64[ns]>>",
        "vector": "fixed_size_list<item: float>[2]",
    }


@pytest.mark.needs(DURATIONS)
async def test_values_are_those_of_the_document():
    full, nearly_empty = (await the_batch()).to_pylist()

    assert full == {
        **FULL,
        "huge": Decimal(2**100),
        "length": pa.MonthDayNano((14, 3, 7)),
        "address": "127.0.0.1",
        "color": "red",
        "tags": ["a", "b"],
        "steps": [str(ID)],
        "counts": [("a", 1)],
        "pair": {"0": 1, "1": "one"},
        "place": {"x": 1, "label": "home"},
        "days": [(date(2026, 1, 1), [time(1, 2, 3)])],
    }
    given = {"id": ID, "number": 2, "shared": "Ada", "tags": []}
    assert nearly_empty == {**dict.fromkeys(FULL), **given}


@pytest.mark.needs(DURATIONS)
async def test_polars_has_the_same_values():
    (frame,) = [frame async for frame in (await rows_of_everything()).scan().polars_batches()]

    assert frame.schema["at"] == polars.Datetime("ms", "UTC")
    assert frame.schema["money"] == polars.Decimal(38, 9)
    assert frame.schema["id"] == frame.schema["color"] == polars.String
    row = frame.row(0, named=True)
    assert row["id"] == str(ID)
    assert row["at"] == FULL["at"]
    assert row["money"] == FULL["money"]
    assert row["length"] == {"months": 14, "days": 3, "nanoseconds": 7}
    assert row["tags"] == ["a", "b"]
    assert row["place"] == {"x": 1, "label": "home"}


@pytest.mark.needs(DURATIONS)
async def test_pandas_has_the_same_values():
    (frame,) = [frame async for frame in (await rows_of_everything()).scan().pandas_batches()]

    assert str(frame["at"].dtype) == "datetime64[ms, UTC]"
    row = frame.iloc[0]
    assert row["id"] == ID
    assert row["at"] == pandas.Timestamp(datetime(1970, 1, 1, tzinfo=UTC) - timedelta(milliseconds=1))
    assert row["money"] == FULL["money"]
    assert list(row["tags"]) == ["a", "b"]


@pytest.mark.parametrize("method", ["arrow_batches", "polars_batches", "pandas_batches"])
async def test_every_row_is_in_one_batch(method: str):
    scan = Flat.find().fetch_size(30).scan(parallel=3)

    batches = [batch async for batch in getattr(scan, method)()]

    assert sum(len(batch) for batch in batches) == scan.handed_out == FLAT
    ids = [number for batch in batches for number in column(batch, "id")]
    assert sorted(ids) == list(range(FLAT))


def column(batch: Any, name: str) -> list[Any]:
    """Return the values of a column, whichever library the batch is of."""
    values: Any = batch[name]
    return list(values.to_pylist() if isinstance(batch, pa.RecordBatch) else values.to_list())


async def test_batches_go_on_from_a_checkpoint():
    first = Flat.find().fetch_size(30).scan(parallel=2)
    batches = first.arrow_batches()
    ids = [number for _ in range(5) for number in column(await anext(batches), "id")]

    second = Flat.find().fetch_size(30).scan(checkpoint=first.checkpoint)
    ids += [number async for batch in second.arrow_batches() for number in column(batch, "id")]

    assert sorted(ids) == list(range(FLAT))


async def test_rows_and_batches_of_one_scan_together_are_all_rows():
    """A checkpoint inside of a page: the batch of that page has the rows that are left of it."""
    scan = Flat.find().fetch_size(30).scan(parallel=2)
    ids = []
    async for row in scan:
        ids.append(row.id)
        if len(ids) == 17:
            break

    ids += [number async for batch in scan.polars_batches() for number in column(batch, "id")]

    assert sorted(ids) == list(range(FLAT))
