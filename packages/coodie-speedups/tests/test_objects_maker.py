"""Objects are made of rows as one by one in Python, of classes for which that is safe; nothing is kept or lost."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest

rows = pytest.importorskip("coodie_speedups.rows", reason="nothing could be compiled; test_speedups.py judges that")


class Made:
    __slots__ = ("__dict__", "__weakref__", "reader", "row")


READER, ROW = Made.__dict__["reader"], Made.__dict__["row"]


def maker(
    *decoders: Callable[[Any], Any] | None,
    cls: Any = Made,
    when_null: Any = None,
    by_itself: Any = None,
    special: Any = None,
    slots: Any = ((READER, "reader"),),
    row_slot: Any = ROW,
) -> Any:
    names = [f"v{place}" for place in range(len(decoders))]
    empty, alone = when_null or [None] * len(names), by_itself or [False] * len(names)
    return rows.ObjectsMaker(cls, names, decoders, empty, alone, special, slots, row_slot)


def test_an_object_has_the_values_the_constants_and_its_row() -> None:
    row = (1, "2", None)

    (made,) = maker(None, int, str)([row])

    assert type(made) is Made
    assert vars(made) == {"v0": 1, "v1": 2, "v2": None}
    assert list(vars(made)) == ["v0", "v1", "v2"]
    assert made.reader == "reader"
    assert made.row is row


def test_each_has_a_dict_of_its_own() -> None:
    first, second = maker(None)([(1,), (1,)])

    first.v0, first.more = 5, 6

    assert vars(second) == {"v0": 1}


def test_null_is_made_to_what_it_stands_for() -> None:
    (made,) = maker(str, str, when_null=[None, list])([(None, None)])

    assert vars(made) == {"v0": None, "v1": []}


def test_a_row_of_any_kind_is_kept_as_it_is() -> None:
    row = [1, 2]

    (made,) = maker(None, None)(iter([row]))

    assert (made.v0, made.v1) == (1, 2)
    assert made.row is row


def test_a_special_row_is_left_to_somebody_else() -> None:
    make = maker(None, None, by_itself=[False, True], special=lambda row: ("special", row))

    assert make([(1, None)]) == [("special", (1, None))]
    assert type(make([(None, 1)])[0]) is Made


@pytest.mark.parametrize("row", [(), (1,), (1, 2, 3)])
def test_a_row_of_another_length_is_refused(row: Any) -> None:
    with pytest.raises(ValueError, match="unpack"):
        maker(None, None)([row])


@pytest.mark.parametrize("given", [5, [5], None])
def test_what_are_no_rows_is_refused(given: Any) -> None:
    with pytest.raises(TypeError):
        maker(None)(given)


class WithNew:
    __slots__ = ("__dict__", "row")

    def __new__(cls) -> Any:
        return super().__new__(cls)


class WithoutDict:
    __slots__ = ("row",)


@pytest.mark.parametrize("cls", [int, tuple, type, WithNew, "Made", Exception])
def test_a_class_that_makes_its_instances_itself_is_refused(cls: Any) -> None:
    with pytest.raises(TypeError, match="makes"):
        maker(None, cls=cls)


def test_a_class_without_dicts_is_refused() -> None:
    make = maker(None, cls=WithoutDict, slots=[], row_slot=WithoutDict.__dict__["row"])

    with pytest.raises(AttributeError, match="__dict__"):
        make([(1,)])


@pytest.mark.parametrize("slot", [WithNew.__dict__["row"], Made.__dict__["__dict__"], property(), "row", None])
def test_what_is_no_slot_of_the_class_is_refused(slot: Any) -> None:
    with pytest.raises(TypeError, match="slot"):
        maker(None, row_slot=slot)
    with pytest.raises(TypeError, match="slot"):
        maker(None, slots=[(slot, 5)])


@pytest.mark.parametrize("wrong", [{"when_null": [None, None]}, {"by_itself": [False, False]}])
def test_lists_of_different_lengths_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="as many"):
        maker(None, **wrong)


class Value:
    """Something of which one can see whether it is still there."""


def refused(value: Any) -> Any:
    raise ValueError(value)


def test_nothing_is_kept_of_rows_that_were_refused() -> None:
    value = Value()
    there = weakref.ref(value)
    try:
        maker(None, refused)([(value, 1)])
    except ValueError:
        pass

    del value
    gc.collect()

    assert there() is None


def test_cycles_of_objects_and_of_their_makers_are_found() -> None:
    made = maker(None, special=Value())
    (thing,) = made([(Value(),)])
    thing.itself, thing.reader = thing, made
    there = weakref.ref(thing.v0)

    del thing, made
    gc.collect()

    assert there() is None


def test_references_are_counted() -> None:
    value, make, tuples = Value(), maker(None, lambda made: made), rows.TuplesMaker([None, str], [None, None])

    def work() -> None:
        for _ in range(100):
            assert len(make([(value, value)] * 3)) == 3
            assert tuples([(value, 1), [value, None]]) == [(value, "1"), (value, None)]
            for wrong in ([(value,)], [(value, value), (value,)]):
                with pytest.raises(ValueError, match="unpack"):
                    make(wrong)

    before = sys.getrefcount(value)
    work()
    gc.collect()

    assert sys.getrefcount(value) == before


def test_memory_does_not_grow() -> None:
    body = (2).to_bytes(4, "big") + b"\x00\x00\x00\x10" + bytes(range(16)) + b"\x00\x00\x00\x10" + bytes(range(1, 17))
    reader, make = rows.RowsReader(["uuid"]), maker(str)

    def work() -> None:
        for _ in range(200):
            make(reader(body, 0))
            for end in (3, 20, 43):
                with pytest.raises(ValueError, match=r"ends|fewer"):
                    reader(body[:end], 0)

    work()
    gc.collect()
    before = sys.getallocatedblocks()
    work()
    gc.collect()

    assert sys.getallocatedblocks() - before < 100


def test_a_maker_stays_what_it_was_made_as() -> None:
    def starts_again(value: Any) -> Any:
        make.__init__(Made, ["only"], [None], [None], [False], None, [], ROW)
        return value

    make = maker(starts_again, None)

    assert [vars(made) for made in make([(1, 2)])] == [{"v0": 1, "v1": 2}]
