"""The data set of the tour: the airports of the world, as the package ``airportsdata`` ships them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NotRequired, TypedDict

import airportsdata


class AirportRecord(TypedDict):
    """An airport in plain values, with the fields of the tour's `Airport`."""

    country: str
    icao: str
    iata: NotRequired[str]
    name: str
    city: NotRequired[str]
    elevation_feet: float
    latitude: float
    longitude: float


def all_airports() -> list[AirportRecord]:
    """Return every airport that has an ICAO code, sorted by country and code."""
    records = [airport_record(entry) for entry in airportsdata.load("ICAO").values()]
    return sorted(records, key=lambda airport: (airport["country"], airport["icao"]))


def airport_record(entry: airportsdata.Airport) -> AirportRecord:
    """Return an entry of the package in our words, without what it leaves empty."""
    record = AirportRecord(
        country=entry["country"],
        icao=entry["icao"],
        name=entry["name"],
        elevation_feet=entry["elevation"],
        latitude=entry["lat"],
        longitude=entry["lon"],
    )
    if entry["iata"]:
        record["iata"] = entry["iata"]
    if entry["city"]:
        record["city"] = entry["city"]
    return record


def slices_of_countries(airports: list[AirportRecord], most: int) -> Iterator[list[AirportRecord]]:
    """Yield all *airports*, which are sorted by country, in slices of at most *most*, each of one country."""
    for _, of_country in groupby(airports, key=lambda airport: airport["country"]):
        rows = list(of_country)
        yield from (rows[start : start + most] for start in range(0, len(rows), most))
