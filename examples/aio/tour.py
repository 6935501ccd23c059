"""A tour of coodie: what an application does with a database, with the 28,000 airports of the world.

Read it from the top: first the documents, then one function for each thing to do with them. Each function counts what
it got, and tells what the data set itself says. `examples/tour.py` starts a server and runs it.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from typing import Annotated

from airports import AirportRecord, slices_of_countries
from pydantic import Field
from tour_log import TourLog

from coodie.aio import AsyncBatchQuery, CounterDocument, Document, MaterializedView, execute_raw
from coodie.fields import ClusteringKey, Counter, Double, Indexed, PrimaryKey


class Airport(Document):
    """An airport. The airports of one country are one partition, sorted by their ICAO code."""

    country: Annotated[str, PrimaryKey()]
    icao: Annotated[str, ClusteringKey()]
    iata: str | None = None
    name: str
    city: Annotated[str | None, Indexed()] = None
    elevation_feet: Annotated[float, Double()]
    latitude: Annotated[float, Double()]
    longitude: Annotated[float, Double()]
    elevation_metres: int | None = None
    tags: set[str] = Field(default_factory=set)

    class Settings:
        name = "airports"


class AirportByIata(MaterializedView):
    """The airports that have an IATA code, as on a luggage tag, by that code. The server keeps the view up to date."""

    iata: Annotated[str, PrimaryKey()]
    country: Annotated[str, ClusteringKey(clustering_key_index=0)]
    icao: Annotated[str, ClusteringKey(clustering_key_index=1)]
    name: str

    class Settings:
        name = "airports_by_iata"
        __base_table__ = Airport


class Country(CounterDocument):
    """How many airports a country has."""

    code: Annotated[str, PrimaryKey()]
    airports: Annotated[int, Counter()] = 0

    class Settings:
        name = "countries"


async def tour(airports: list[AirportRecord], log: TourLog) -> None:
    """Do everything below, in the keyspace of the default connection."""
    await create_tables(log)
    await load(airports, log)

    await count_on_the_server(airports, log)
    await page_through_everything(airports, log)
    await read_a_partition(airports, log)
    await read_a_part_of_a_partition(airports, log)
    await read_by_an_index(airports, log)
    await read_a_view(airports, log)
    await write_cql(airports, log)

    await update_fields(airports, log)
    await add_to_collections(airports, log)
    await count_with_counters(airports, log)
    await move_a_row_in_one_batch(airports, log)
    await insert_only_what_is_new(airports, log)
    await delete_a_partition(airports, log)


async def create_tables(log: TourLog) -> None:
    """Create what is missing. Run again, it finds everything there and changes nothing."""
    with log.step("Create the tables", "sync_table(), sync_view()") as step:
        executed = [
            *await Airport.sync_table(),
            *await AirportByIata.sync_view(),
            *await Country.sync_table(),
        ]
    step.counted(len(executed), expected=len(["table", "index", "view", "counter table"]))


ROWS_PER_BATCH = 20
"""Rows in one request. The server warns of batches above 5 KiB (Cassandra's ``batch_size_warn_threshold``)."""


async def load(airports: list[AirportRecord], log: TourLog) -> None:
    """Save all airports, some of one country at a time.

    What a record does not have is not written: leave such a field out, since a field set to None deletes its column.

    An unlogged batch of rows of *one* partition is a single write for the server. Do not mix partitions in one: the
    node that receives it would have to pass each row on, and that is slower than saving them one by one.
    """
    loaded = 0
    with (
        log.step("Load every airport", "AsyncBatchQuery(), save(batch=...)") as step,
        log.progress(f"Loading with {log.api}", total=len(airports)) as advance,
    ):
        for records in slices_of_countries(airports, ROWS_PER_BATCH):
            async with AsyncBatchQuery(logged=False) as batch:
                for record in records:
                    await Airport(**record).save(batch=batch)
            loaded += len(records)
            advance(len(records))
    step.counted(loaded, expected=len(airports))


async def count_on_the_server(airports: list[AirportRecord], log: TourLog) -> None:
    with log.step("Count them on the server", "find().count()") as step:
        counted = await Airport.find().count()
    step.counted(counted, expected=len(airports))


async def page_through_everything(airports: list[AirportRecord], log: TourLog) -> None:
    """Read every airport, holding one page in memory, and compare it with what was saved."""
    saved = {record["icao"]: record for record in airports}
    with log.step("Page through everything", "for airport in find()") as step:
        same = 0
        async for airport in Airport.find():
            same += airport == Airport(**saved[airport.icao])
    step.counted(same, expected=len(airports))


async def read_a_partition(airports: list[AirportRecord], log: TourLog) -> None:
    with log.step("Read a partition", 'find(country="NL").all()') as step:
        dutch = await Airport.find(country="NL").all()
    step.counted(len(dutch), expected=len([record for record in airports if record["country"] == "NL"]))


async def read_a_part_of_a_partition(airports: list[AirportRecord], log: TourLog) -> None:
    """Read the rows between two clustering keys, last one first. The ICAO codes of Alaska begin with PA."""
    with log.step("Read part of a partition", 'find(...).order_by("-icao").all()') as step:
        alaskan = await Airport.find(country="US", icao__gte="PA", icao__lt="PB").order_by("-icao").all()
    step.counted(len(alaskan), expected=len([record for record in airports if record["icao"].startswith("PA")]))


async def read_by_an_index(airports: list[AirportRecord], log: TourLog) -> None:
    with log.step("Read by an index", 'find(city="Greenville").all()') as step:
        greenville = await Airport.find(city="Greenville").all()
    step.counted(len(greenville), expected=len([record for record in airports if record.get("city") == "Greenville"]))


async def read_a_view(airports: list[AirportRecord], log: TourLog) -> None:
    """Read the airports by another key. A view follows its table after a moment, so wait until it has caught up."""
    expected = len([record for record in airports if "iata" in record])
    with log.step("Read a view", 'get(iata="AMS"), find().count()') as step:
        counted, give_up = 0, time.monotonic() + 30
        while counted < expected and time.monotonic() < give_up:
            counted = await AirportByIata.find().count()
        schiphol = await AirportByIata.get(iata="AMS")
    step.counted(counted, expected=expected if schiphol.icao == "EHAM" else 0)


async def write_cql(airports: list[AirportRecord], log: TourLog) -> None:
    """Send CQL of your own, and get a dict for each row. Values are bound to the question marks, never pasted in."""
    benelux = ["BE", "LU", "NL"]
    with log.step("Write CQL", 'execute_raw("SELECT ...", [...])') as step:
        rows = await execute_raw(
            "SELECT country, count(*) AS airports FROM airports WHERE country IN ? GROUP BY country", [benelux]
        )
    counted = sum(row["airports"] for row in rows)
    step.counted(counted, expected=len([record for record in airports if record["country"] in benelux]))


async def update_fields(airports: list[AirportRecord], log: TourLog) -> None:
    """Write single fields of a row; the others are not touched, and not sent."""
    with log.step("Update a field", "update(elevation_metres=...)") as step:
        async for airport in Airport.find(country="NL"):
            await airport.update(elevation_metres=round(airport.elevation_feet * 0.3048))
        dutch = await Airport.find(country="NL").all()
    updated = [airport for airport in dutch if airport.elevation_metres is not None]
    step.counted(len(updated), expected=len([record for record in airports if record["country"] == "NL"]))


async def add_to_collections(airports: list[AirportRecord], log: TourLog) -> None:
    """Add to sets that are not read first: two writers at the same time both get their tag in."""
    below_sea = [record for record in airports if record["country"] == "NL" and record["elevation_feet"] < 0]
    with log.step("Add to a set", "find(...).update(tags__add={...})") as step:
        for record in below_sea:
            row = Airport.find(country=record["country"], icao=record["icao"])
            await row.update(tags__add={"below sea level"})
            await row.update(tags__add={"bring boots"})
        dutch = await Airport.find(country="NL").all()
    tagged = [airport for airport in dutch if airport.tags == {"below sea level", "bring boots"}]
    step.counted(len(tagged), expected=len(below_sea))


async def count_with_counters(airports: list[AirportRecord], log: TourLog) -> None:
    """Add to counters. Unlike any other write, doing so again adds again."""
    per_country = Tally(record["country"] for record in airports)
    with log.step("Increment counters", "increment(airports=...)") as step:
        for code, number in per_country.items():
            await Country(code=code).increment(airports=number)
        countries = await Country.find().all()
    right = [country for country in countries if country.airports == per_country[country.code]]
    step.counted(len(right), expected=len(per_country))


async def move_a_row_in_one_batch(airports: list[AirportRecord], log: TourLog) -> None:
    """Give an airport another code. The key of a row never changes, so this is a new row and one deleted.

    A logged batch makes sure that, whatever fails, in the end both have happened or neither has.
    """
    with log.step("Move a row in one batch", "save(batch=...), delete(batch=...)") as step:
        old = await Airport.get(country="NL", icao="EHAM")
        new = old.model_copy(update={"icao": "EHXX"})
        async with AsyncBatchQuery() as batch:
            await new.save(batch=batch)
            await old.delete(batch=batch)
        dutch = await Airport.find(country="NL").all()
    step.counted(dutch.count(new) - dutch.count(old), expected=1)


async def insert_only_what_is_new(airports: list[AirportRecord], log: TourLog) -> None:
    """Insert where no row has the key (a lightweight transaction). The result tells what was there instead."""
    newcomers = [
        Airport(country="NL", icao="EHXX", name="A taken code", elevation_feet=0, latitude=52, longitude=5),
        Airport(country="NL", icao="EHYY", name="A free code", elevation_feet=3, latitude=52, longitude=5),
    ]
    with log.step("Insert if it is new", "airport.insert()") as step:
        results = [await airport.insert() for airport in newcomers]
    step.counted(len([result for result in results if result.applied]), expected=1)


async def delete_a_partition(airports: list[AirportRecord], log: TourLog) -> None:
    with log.step("Delete a partition", 'find(country="NL").delete()') as step:
        await Airport.find(country="NL").delete()
        left = await Airport.find().count()
    step.counted(left, expected=len([record for record in airports if record["country"] != "NL"]))
