"""Rows are read from bytes, and from nothing beside them: an answer that is not what it says is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from struct import pack
from typing import Any
from uuid import UUID, SafeUUID

import pytest
from budget import bounded
from hypothesis import given
from hypothesis import strategies as st

rows = pytest.importorskip("coodie_speedups.rows", reason="nothing could be compiled; test_speedups.py judges that")

Cell = bytes | None


def answer(table: Sequence[Sequence[Cell]]) -> bytes:
    """Return rows as the CQL binary protocol has them (v4, section 4.2.5.2): their number, and their cells."""
    cells = (pack(">i", -1) if cell is None else pack(">i", len(cell)) + cell for row in table for cell in row)
    return pack(">i", len(table)) + b"".join(cells)


def read(types: Sequence[str], *table: Sequence[Cell]) -> list[tuple[Any, ...]]:
    made: list[tuple[Any, ...]] = rows.RowsReader(types)(answer(table), 0)
    return made


SOME_UUID = UUID("6b6a3a6f-93ab-4a4c-8f0a-3f0e8a9c2b11")

VALUES: list[tuple[str, bytes, Any]] = [
    ("text", "Ünï \U0001f600".encode(), "Ünï \U0001f600"),
    ("text", b"", ""),
    ("varchar", b"a", "a"),
    ("ascii", b"a", "a"),
    ("ascii", b"", ""),
    ("blob", b"\x00\xff", b"\x00\xff"),
    ("blob", b"", b""),
    ("boolean", b"\x00", False),
    ("boolean", b"\x02", True),
    ("tinyint", b"\x80", -128),
    ("smallint", b"\x80\x01", -32767),
    ("int", b"\x80\x00\x00\x00", -(2**31)),
    ("int", b"\x7f\xff\xff\xff", 2**31 - 1),
    ("bigint", b"\x80" + b"\x00" * 7, -(2**63)),
    ("counter", b"\xff" * 8, -1),
    ("float", pack(">f", 1.5), 1.5),
    ("double", pack(">d", -math.inf), -math.inf),
    ("timestamp", pack(">q", 0), datetime(1970, 1, 1)),
    ("timestamp", pack(">q", -1), datetime(1969, 12, 31, 23, 59, 59, 999_000)),
    ("timestamp", pack(">q", -62_135_596_800_000), datetime(1, 1, 1)),
    ("timestamp", pack(">q", 253_402_300_799_999), datetime(9999, 12, 31, 23, 59, 59, 999_000)),
    ("uuid", SOME_UUID.bytes, SOME_UUID),
    ("timeuuid", UUID(int=0).bytes, UUID(int=0)),
]


@pytest.mark.parametrize(("name", "encoded", "value"), VALUES)
def test_each_type_is_read(name: str, encoded: bytes, value: Any) -> None:
    ((found, null),) = read([name, name], [encoded, None])

    assert found == value
    assert type(found) is type(value)
    assert null is None


def test_a_uuid_is_like_any_other() -> None:
    ((found,),) = read(["uuid"], [SOME_UUID.bytes])

    assert hash(found) == hash(SOME_UUID)
    assert (str(found), found.version, found.is_safe) == (str(SOME_UUID), 4, SafeUUID.unknown)
    with pytest.raises(TypeError):
        found.int = 5


def test_rows_begin_where_it_is_said() -> None:
    assert rows.RowsReader(["int"])(b"before" + answer([[pack(">i", 7)]]) + b"after", 6) == [(7,)]


def test_the_same_bytes_twice_are_one_value_of_that_column_only() -> None:
    table = read(["text", "blob"], [b"ab", b"ab"], [b"ab", b"ab"], [None, None], [b"ab", b"cd"], [b"ab", b"c"])

    assert table == [("ab", b"ab"), ("ab", b"ab"), (None, None), ("ab", b"cd"), ("ab", b"c")]
    assert table[0][0] is table[1][0]


def test_columns_of_other_types_are_read_by_somebody_else_all_rows_at_once() -> None:
    asked: list[bytes] = []

    def others(encoded: bytes) -> list[list[str]]:
        asked.append(encoded)
        return [["x", "y"], ["z", "w"]]

    reader = rows.RowsReader(["set", "int", "map"], others)

    found = reader(answer([[b"a", pack(">i", 1), None], [b"b", None, b"cc"]]), 0)

    assert found == [("x", 1, "y"), ("z", None, "w")]
    assert asked == [answer([[b"a", None], [b"b", b"cc"]])]


@pytest.mark.parametrize("made", [[], [("x",)], [("x", 1), ("y", 2)], [("x",), ()], [5, 6], None])
def test_somebody_else_has_to_read_as_many(made: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        rows.RowsReader(["set"], lambda _: made)(answer([[b"a"], [b"b"]]), 0)


def test_what_somebody_else_raises_is_raised() -> None:
    def others(_: bytes) -> Any:
        raise LookupError("no such type")

    with pytest.raises(LookupError, match="no such type"):
        rows.RowsReader(["set"], others)(answer([[b"a"]]), 0)


@pytest.mark.parametrize("types", [[], ["int"] * 65_536, ["set"], ["int", "nothing"]])
def test_a_reader_without_columns_or_without_somebody_for_them_is_refused(types: Sequence[str]) -> None:
    with pytest.raises(ValueError, match="columns"):
        rows.RowsReader(types)


FIXED_SIZES = {"boolean": 1, "tinyint": 1, "smallint": 2, "int": 4, "float": 4, "bigint": 8, "counter": 8}
FIXED_SIZES |= {"double": 8, "timestamp": 8, "uuid": 16, "timeuuid": 16}


@pytest.mark.parametrize("name", FIXED_SIZES)
def test_a_cell_of_another_length_than_its_type_is_refused(name: str) -> None:
    for length in {*range(18)} - {FIXED_SIZES[name]}:
        with pytest.raises(ValueError, match="as long as its type"):
            read([name], [bytes(length)])


@pytest.mark.parametrize("moment", [2**63 - 1, -(2**63), 253_402_300_800_000, -62_135_596_800_001])
def test_a_timestamp_outside_of_pythons_years_is_refused(moment: int) -> None:
    with pytest.raises(OverflowError):
        read(["timestamp"], [pack(">q", moment)])


@pytest.mark.parametrize(("name", "encoded"), [("text", b"\xff"), ("ascii", b"\x80")])
def test_bytes_that_are_no_text_are_refused(name: str, encoded: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        read([name], [encoded])


@pytest.mark.parametrize("number", [-1, -(2**31), 2, 2**31 - 1])
def test_more_rows_than_there_are_cells_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="fewer cells"):
        rows.RowsReader(["int"])(pack(">i", number) + pack(">ii", 4, 7)[:7], 0)


@pytest.mark.parametrize("start", [-1, -(2**62), 5, 2**62])
def test_a_start_outside_of_the_answer_is_refused(start: int) -> None:
    with pytest.raises(ValueError, match="ends"):
        rows.RowsReader(["int"])(b"\x00\x00\x00\x00", start)


@pytest.mark.parametrize("body", [None, bytearray(8), memoryview(bytes(8)), "text"])
def test_an_answer_is_bytes(body: Any) -> None:
    with pytest.raises(TypeError):
        rows.RowsReader(["int"])(body, 0)


def test_each_answer_that_ends_too_early_is_refused() -> None:
    types = [name for name, _, _ in VALUES]
    whole = answer([[encoded for _, encoded, _ in VALUES]] * 2)
    reader = rows.RowsReader(types)

    for length in range(len(whole)):
        with pytest.raises(ValueError, match=r"ends|fewer cells"):
            reader(whole[:length], 0)
    assert len(reader(whole, 0)) == 2


NAMES = st.sampled_from([*rows.KINDS, "set"])
NUMBERS = st.sampled_from([-(2**31), -2, -1, 0, 1, 2, 4, 8, 16, 255, 2**16, 2**31 - 1]).map(
    lambda number: pack(">i", number)
)


def by_somebody_else(encoded: bytes) -> Any:
    return [(None,)] * int.from_bytes(encoded[:4], "big")


@bounded(500)
@given(st.lists(NAMES, min_size=1, max_size=5), st.lists(NUMBERS | st.binary(max_size=20)).map(b"".join))
def test_any_bytes_are_read_or_refused(types: list[str], body: bytes) -> None:
    try:
        found = rows.RowsReader(types, by_somebody_else)(body, 0)
    except (ValueError, OverflowError):
        return
    assert all(len(row) == len(types) for row in found)


@bounded(500)
@given(st.data())
def test_an_answer_of_which_some_bytes_were_changed_is_read_or_refused(data: st.DataObject) -> None:
    values = data.draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=6))
    body = bytearray(answer([[encoded for _, encoded, _ in values]] * 3))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    try:
        found = rows.RowsReader([name for name, _, _ in values])(bytes(body), 0)
    except (ValueError, OverflowError):
        return
    assert all(len(row) == len(values) for row in found)
