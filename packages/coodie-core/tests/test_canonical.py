"""Equal values have equal bytes, and different ones different bytes."""

from __future__ import annotations

from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coodie_core.canonical import canonical
from coodie_core.codecs.nested import UserValue
from coodie_core.duration import CqlDuration
from coodie_core.types import CqlType

TEXT = CqlType("text")

DIFFERENT = [
    *(None, True, False, 0, 1, -1, 10**5000, 0.0, -0.0, 1.0, float("inf"), float("nan")),
    *("", "1", "None", "s", b"", b"1", UUID(int=1), Decimal(1), Decimal("1.0"), Decimal("1E+1"), Decimal(10)),
    *(IPv4Address("127.0.0.1"), IPv6Address("::1"), CqlDuration(1, 2, 3), CqlDuration(12, 3, 0)),
    *((), ("",), ("", ""), ((),), ((), ()), ("a", "b"), ("ab",), (("a",), "b"), ("a", ("b",)), {}, {"a": "b"}),
    *(("a;sb",), ("a;1:sb",), ("a", "b;"), ("a;", "b"), "a;s1:b"),
    *({"a": 1, "b": 2}, {"a": 2, "b": 1}, {"ab": 1}, UserValue({}), UserValue({"a": "b"}), UserValue({"a": None})),
]


def test_different_values_have_different_bytes():
    assert len({canonical(value) for value in DIFFERENT}) == len(DIFFERENT)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.uuids(),
    lambda parts: st.lists(parts).map(tuple),
)


@given(values, values)
def test_bytes_are_equal_where_values_are(one: object, other: object):
    assert (canonical(one) == canonical(other)) == (repr(one) == repr(other))


@given(st.lists(st.text(), unique=True), st.randoms(use_true_random=False))
def test_the_elements_of_a_set_have_no_order(texts: list[str], chance: object):
    shuffled = chance.sample(texts, len(texts))  # type: ignore[attr-defined]

    assert canonical(tuple(texts), CqlType("set", (TEXT,))) == canonical(tuple(shuffled), CqlType("set", (TEXT,)))


def test_the_elements_of_a_list_have_one():
    assert canonical(("a", "b"), CqlType("list", (TEXT,))) != canonical(("b", "a"), CqlType("list", (TEXT,)))


@pytest.mark.parametrize(
    ("one", "other", "cql"),
    [
        ((("a", "b"),), (("b", "a"),), CqlType("list", (CqlType("set", (TEXT,)),))),
        (("x", ("a", "b")), ("x", ("b", "a")), CqlType("tuple", (TEXT, CqlType("set", (TEXT,))))),
        ({"x": ("a", "b")}, {"x": ("b", "a")}, CqlType("map", (TEXT, CqlType("set", (TEXT,))))),
        ({("a", "b"): 1}, {("b", "a"): 1}, CqlType("map", (CqlType("set", (TEXT,)), CqlType("int")))),
        ({"x": 1, "y": 2}, {"y": 2, "x": 1}, CqlType("map", (TEXT, CqlType("int")))),
        (
            UserValue({"x": 1, "tags": ("a", "b")}),
            UserValue({"tags": ("b", "a"), "x": 1}),
            CqlType("label", fields=(("x", CqlType("int")), ("tags", CqlType("set", (TEXT,))))),
        ),
    ],
)
def test_sets_and_maps_inside_of_others_have_no_order_either(one: object, other: object, cql: CqlType):
    assert canonical(one, cql) == canonical(other, cql)


def test_a_subclass_is_what_it_derives_from():
    class Name(str):
        pass

    assert canonical(Name("Alice")) == canonical("Alice")


def test_what_no_driver_takes_is_refused():
    with pytest.raises(TypeError, match=r"canonical\(object\): there is no such value in CQL"):
        canonical(object())
