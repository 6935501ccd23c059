"""Rows of an answer to tuples: in C where coodie's part in C is installed, and in any case as the driver would."""

# pyright: basic, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportOptionalIterable=false
# (the driver has no types, and what is inferred of it is not what it does)

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cassandra.bytesio import BytesIOReader
from cassandra.cqltypes import (
    AsciiType,
    BooleanType,
    BytesType,
    ByteType,
    CounterColumnType,
    DateType,
    DoubleType,
    FloatType,
    Int32Type,
    LongType,
    ShortType,
    TimeUUIDType,
    UTF8Type,
    UUIDType,
    VarcharType,
)
from cassandra.deserializers import make_deserializers
from cassandra.obj_parser import ListParser
from cassandra.parsing import ParseDesc
from cassandra.policies import ColDesc

from coodie_core import speedups
from coodie_core.collector import FEWEST_ROWS, without_collector

Row = tuple[Any, ...]

PLAIN_TYPES: tuple[Any, ...] = (
    AsciiType,
    BooleanType,
    BytesType,
    ByteType,
    CounterColumnType,
    DateType,
    DoubleType,
    FloatType,
    Int32Type,
    LongType,
    ShortType,
    TimeUUIDType,
    UTF8Type,
    UUIDType,
    VarcharType,
)
"""Types whose cells are always the same, whatever the schema and the version of the protocol."""

_NAMES = {kind: kind.typename for kind in PLAIN_TYPES}
_list_parser = ListParser()


def rows_reader(columns: Sequence[Any], protocol_version: int) -> Callable[[bytes, int], list[Row]]:
    """Return what reads the rows that an answer has from a place in its body on.

    Args:
        columns: The columns: keyspace, table, name and type of each.
        protocol_version: Of the connection.
    """
    if speedups.rows is None:
        drivers = _drivers_rows_reader(columns, protocol_version)
        return lambda body, start: drivers(body[start:])
    names = [_NAMES.get(column[3], "") for column in columns]
    others = [column for column, name in zip(columns, names, strict=True) if not name]
    reader: Callable[[bytes, int], list[Row]] = speedups.rows.RowsReader(
        names, _drivers_rows_reader(others, protocol_version) if others else None
    )
    return reader


def _drivers_rows_reader(columns: Sequence[Any], protocol_version: int) -> Callable[[bytes], list[Row]]:
    names, types = [column[2] for column in columns], [column[3] for column in columns]
    tables = [ColDesc(column[0], column[1], column[2]) for column in columns]
    parser = ParseDesc(names, types, None, tables, make_deserializers(types), protocol_version)

    def read_all(rows: bytes) -> list[Row]:
        read: list[Row] = _list_parser.parse_rows(BytesIOReader(rows), parser)
        return read

    def read_quickly(rows: bytes) -> list[Row]:
        number = int.from_bytes(rows[:4], "big")
        return read_all(rows) if number < FEWEST_ROWS else without_collector(read_all, rows)

    return read_quickly
