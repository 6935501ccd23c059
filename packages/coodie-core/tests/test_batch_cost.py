"""Batches that servers punish are noticed before they are sent."""

from __future__ import annotations

import warnings
from typing import Annotated, Any

import pytest

from coodie_core.batch import BaseBatch
from coodie_core.batch_cost import LARGE_BYTES, MANY_PARTITIONS, BatchWarning, size_of
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_core.operations.batches import send
from coodie_core.operations.documents import delete, save, update
from coodie_core.options import WriteOptions

NOW = WriteOptions()


class Item(BaseDocument):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    name: str = ""


class Other(BaseDocument):
    id: Annotated[int, PrimaryKey()]


def filled(start: Any, batch: BaseBatch, parts: int, rows: int = 1, name: str = "") -> BaseBatch:
    for part in range(parts):
        for number in range(rows):
            start(save(Item(part=part, number=number, name=name), "shop", NOW, batch))
    return batch


def test_a_batch_over_many_partitions_is_warned_of(start):
    batch = filled(start, BaseBatch(), MANY_PARTITIONS + 1)

    with pytest.warns(BatchWarning, match="This LOGGED batch writes to 11 partitions, where servers warn above 10"):
        start(send(batch))


def test_an_unlogged_batch_too(start):
    batch = filled(start, BaseBatch(logged=False), MANY_PARTITIONS + 1)

    with pytest.warns(BatchWarning, match="This UNLOGGED batch"):
        start(send(batch))


def test_a_large_batch_over_several_partitions_is_warned_of(start):
    batch = filled(start, BaseBatch(), 2, name="x" * (LARGE_BYTES // 2))

    with pytest.warns(BatchWarning, match=r"holds about 5,1\d\d bytes for several partitions"):
        start(send(batch))


@pytest.mark.parametrize(
    ("parts", "rows", "name"),
    [(MANY_PARTITIONS, 1, ""), (1, 200, ""), (1, 2, "x" * LARGE_BYTES), (2, 1, "x" * 100)],
    ids=["as many as is fine", "many rows of one partition", "a large partition", "small"],
)
def test_what_servers_take_well_is_not_warned_of(start, parts, rows, name):
    batch = filled(start, BaseBatch(), parts, rows, name)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert start(send(batch)).request.statements


def test_every_kind_of_write_counts_its_partition(start):
    batch = BaseBatch()
    for part in range(4):
        start(save(Item(part=part, number=1), "shop", NOW, batch))
        start(update(Item(part=part, number=2), "shop", {"name": "b"}, NOW, batch))
        start(delete(Item(part=part + 4, number=2), "shop", NOW, batch))
        start(save(Other(id=part), "shop", NOW, batch))

    with pytest.warns(BatchWarning, match="writes to 12 partitions"):
        start(send(batch))


def test_a_strict_batch_is_refused_and_not_sent(start):
    batch = filled(start, BaseBatch(strict=True), MANY_PARTITIONS + 1)

    with pytest.raises(InvalidQueryError, match="writes to 11 partitions"):
        start(send(batch))


def test_a_warning_that_is_an_error_keeps_the_batch_from_being_sent(start):
    batch = filled(start, BaseBatch(), MANY_PARTITIONS + 1)

    with warnings.catch_warnings():
        warnings.simplefilter("error", BatchWarning)
        with pytest.raises(BatchWarning):
            start(send(batch))


def test_it_points_to_the_code_that_sends(start):
    batch = filled(start, BaseBatch(), MANY_PARTITIONS + 1)

    with pytest.warns(BatchWarning) as caught:
        start(send(batch))

    assert not caught[0].filename.replace("\\", "/").endswith("coodie_core/batch_cost.py")


class Address:
    def __init__(self) -> None:
        self.city = "Utrecht"


@pytest.mark.parametrize(
    ("value", "size"), [("four", 4), (b"xy", 2), (7, 8), (None, 0), (["ab", 1], 10), ({"a": "bc"}, 3), (Address(), 11)]
)
def test_the_size_of_values(value, size):
    assert size_of([value]) == size
