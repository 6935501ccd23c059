"""Rows of raw CQL hold plain Python, whatever the driver's classes are."""

from __future__ import annotations

from collections import namedtuple
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from cassandra.util import Date, Duration, OrderedMapSerializedKey, SortedSet, Time

from coodie_core.codecs.plain import decode_value
from coodie_core.types import CqlDuration


class _Keys:
    """A stand-in for the driver's key type: it only has to serialize."""

    @staticmethod
    def serialize(key: Any, _version: int) -> bytes:
        return repr(key).encode()


def ordered_map(*items: tuple[Any, Any]) -> OrderedMapSerializedKey:
    made = OrderedMapSerializedKey(_Keys, 4)
    for key, value in items:
        made._insert(key, value)
    return made


@pytest.mark.parametrize(
    ("driver_value", "plain"),
    [
        (datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (Date(date(2026, 1, 2)), date(2026, 1, 2)),
        (Date(10_000_000), "10000000"),
        (Time(time(1, 2, 3)), time(1, 2, 3)),
        (Duration(1, 2, 3), CqlDuration(1, 2, 3)),
        (SortedSet([1, 2]), {1, 2}),
        (SortedSet([[1], [2, 3]]), {(1,), (2, 3)}),
        (ordered_map(("a", SortedSet([1]))), {"a": {1}}),
        (ordered_map(([1, 2], "x")), {(1, 2): "x"}),
        ([SortedSet(["x"])], [{"x"}]),
        ((None, Date(date(1960, 1, 1))), (None, date(1960, 1, 1))),
        (None, None),
    ],
    ids=repr,
)
def test_a_value_becomes_plain(driver_value: Any, plain: Any) -> None:
    decoded = decode_value(driver_value)

    assert decoded == plain
    assert type(decoded) is type(plain)


def test_a_user_defined_type_becomes_a_dict() -> None:
    address = namedtuple("address", ["street", "moved"])  # as the driver makes them

    assert decode_value(address("High", Date(date(2026, 1, 1)))) == {"street": "High", "moved": date(2026, 1, 1)}
