"""Rows read in C are the rows that the driver reads, whatever their types. No server is needed for that."""

from __future__ import annotations

import gc
from importlib import import_module
from struct import pack
from typing import Any

import pytest
from budget import bounded
from cassandra.cqltypes import (
    BytesType,
    DecimalType,
    IntegerType,
    ListType,
    MapType,
    SetType,
    SimpleDateType,
    UTF8Type,
    UUIDType,
    lookup_casstype,
)
from every_type import exactly
from hypothesis import given
from hypothesis import strategies as st
from rows_in_c import WAYS, both_ways, rows_by

from coodie_aio._wire.rows import PLAIN_TYPES
from coodie_core.collector import FEWEST_ROWS

SIZES = {"boolean": 1, "tinyint": 1, "smallint": 2, "int": 4, "float": 4, "bigint": 8, "counter": 8}
SIZES |= {"double": 8, "uuid": 16, "timeuuid": 16}
MOMENTS = st.integers(-62_135_596_800_000, 253_402_300_799_999)
OTHERS: dict[Any, st.SearchStrategy[Any]] = {
    IntegerType: st.integers(),
    DecimalType: st.decimals(allow_nan=False, allow_infinity=False),
    SimpleDateType: st.dates(),
    ListType.apply_parameters([UTF8Type]): st.lists(st.text()),
    SetType.apply_parameters([UUIDType]): st.sets(st.uuids()),
    MapType.apply_parameters([UTF8Type, IntegerType]): st.dictionaries(st.text(), st.integers()),
    lookup_casstype("TupleType(Int32Type, UTF8Type)"): st.tuples(st.integers(0, 9), st.text()),
}


def cells(kind: Any) -> st.SearchStrategy[bytes]:
    """What a cell of that type holds."""
    if kind in OTHERS:
        return OTHERS[kind].map(lambda value: kind.serialize(value, 4))
    name = kind.typename
    if name in SIZES:
        return st.binary(min_size=SIZES[name], max_size=SIZES[name])
    if name == "timestamp":
        return MOMENTS.map(lambda milliseconds: pack(">q", milliseconds))
    if name == "blob":
        return st.binary()
    characters = st.characters(max_codepoint=127) if name == "ascii" else st.characters(codec="utf-8")
    return st.text(characters).map(str.encode)


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[Any], bytes]:
    """Draw the types of some columns, and rows with them as the server sends them."""
    kinds = draw(st.lists(st.sampled_from([*PLAIN_TYPES, *OTHERS]), min_size=1, max_size=6))
    table = draw(st.lists(st.tuples(*(st.none() | cells(kind) for kind in kinds)), max_size=5))
    table += draw(st.sampled_from([[], table[:1] * 2]))
    encoded = (pack(">i", -1) if cell is None else pack(">i", len(cell)) + cell for row in table for cell in row)
    return kinds, pack(">i", len(table)) + b"".join(encoded)


def columns_of(kinds: list[Any]) -> list[tuple[str, str, str, Any]]:
    return [("ks", "readings", f"c{place}", kind) for place, kind in enumerate(kinds)]


@pytest.mark.parametrize("api", ["coodie_aio", "coodie_sync"])
@bounded(200)
@given(answers())
def test_each_way_reads_the_same_rows(api: str, answer: tuple[list[Any], bytes]) -> None:
    kinds, encoded = answer
    rows_reader = import_module(f"{api}._wire.rows").rows_reader

    read: list[Any] = []
    for way in WAYS:
        with rows_by(way):
            read.append(rows_reader(columns_of(kinds), 4)(b"head" + encoded, 4))

    assert all(exactly(rows) == exactly(read[0]) for rows in read)
    assert all(type(row) is tuple for rows in read for row in rows)


class SeesTheCollector(BytesType):  # type: ignore[misc]  # the driver has no types
    """A type whose values tell whether the garbage collector was on when they were read."""

    @staticmethod
    def deserialize(_encoded: bytes, _protocol_version: int) -> bool:
        return gc.isenabled()


@both_ways
@pytest.mark.parametrize(("number", "is_on"), [(FEWEST_ROWS - 1, True), (FEWEST_ROWS, False)])
def test_the_garbage_collector_waits_while_many_rows_are_read(way: str, number: int, is_on: bool) -> None:
    gc.enable()
    with rows_by(way):
        read = import_module("coodie_aio._wire.rows").rows_reader(columns_of([SeesTheCollector, UTF8Type]), 4)

    rows = read(pack(">i", number) + (pack(">i", 1) + b"a") * 2 * number, 0)

    assert rows == [(is_on, "a")] * number
    assert gc.isenabled()


@both_ways
@pytest.mark.parametrize("cut", [1, 4, 5, 9])
def test_an_answer_that_ends_too_early_is_no_rows(way: str, cut: int) -> None:
    encoded = pack(">i", 2) + (pack(">i", 3) + b"abc") * 2
    with rows_by(way):
        read = import_module("coodie_aio._wire.rows").rows_reader(columns_of([UTF8Type]), 4)

    with pytest.raises((ValueError, EOFError)):
        read(encoded[:-cut], 0)
