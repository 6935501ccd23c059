"""Equal values have equal bytes, and different ones different bytes."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any
from uuid import UUID

import pytest
from every_type import CASES
from hypothesis import given
from hypothesis import strategies as st
from pydantic import create_model

from coodie_core.canonical import canonical
from coodie_core.codecs.nested import UserValue
from coodie_core.document import BaseDocument
from coodie_core.duration import CqlDuration
from coodie_core.fields import PrimaryKey
from coodie_core.schema import table_of
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


#: A document with a column of every type, called as its field.
EVERY_TYPE: Any = create_model(
    "EveryType",
    __base__=BaseDocument,
    id=(Annotated[int, PrimaryKey()], ...),
    **{name: (case.annotation | None, None) for name, case in CASES.items()},
)


@pytest.mark.parametrize("name", CASES)
def test_values_of_every_type_have_bytes(name: str):
    table = table_of(EVERY_TYPE)
    encode = table.codecs[name].encode or deepcopy

    for edge in CASES[name].edges:
        assert canonical(encode(edge), table.types[name]) == canonical(encode(deepcopy(edge)), table.types[name])


def test_a_subclass_is_what_it_derives_from():
    class Name(str):
        pass

    assert canonical(Name("Alice")) == canonical("Alice")


def test_what_no_driver_takes_is_refused():
    with pytest.raises(TypeError, match=r"canonical\(object\): there is no such value in CQL"):
        canonical(object())
