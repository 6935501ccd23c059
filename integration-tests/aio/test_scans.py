"""scan() reads a whole table, each row once, whatever is read at a time and wherever an earlier scan ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from coodie_aio import Document, execute_raw
from coodie_core.exceptions import FilteringRefused, InvalidQueryError
from coodie_core.fields import ClusteringKey, Indexed, PrimaryKey, Static
from coodie_core.token_ranges import GREATEST_TOKEN, LEAST_TOKEN

ROWS = 20_000
PARTITIONS = 3_000
STATIC_ONLY = 50
SMALL = 300


class Row(Document):
    part: Annotated[int, PrimaryKey(partition_key_index=0)]
    half: Annotated[str, PrimaryKey(partition_key_index=1)]
    number: Annotated[int, ClusteringKey()]
    owner: Annotated[str | None, Static()] = None
    even: bool = False

    class Settings:
        name = "scanned_rows"


class Small(Document):
    id: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    color: Annotated[str, Indexed()] = "red"

    class Settings:
        name = "scanned_small_rows"


class Empty(Document):
    id: Annotated[int, PrimaryKey()]

    class Settings:
        name = "scanned_empty"


def rows() -> Iterator[dict[str, Any]]:
    for number in range(ROWS):
        part = number % PARTITIONS
        yield {"part": part, "half": "ab"[part % 2], "number": number, "even": number % 2 == 0}


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    """The tables, filled by the first test."""
    if await Row.sync_table():
        await Small.sync_table()
        await Empty.sync_table()
        await Row.insert_many(rows())
        for part in range(STATIC_ONLY):
            await execute_raw(
                "INSERT INTO scanned_rows (part, half, owner) VALUES (?, 'static only', 'Ada')", [PARTITIONS + part]
            )
        await Small.insert_many(
            {"id": number % 40, "number": number, "color": "blue" if number % 3 else "red"} for number in range(SMALL)
        )


async def raw_rows() -> list[tuple[int, str, int, bool]]:
    """The rows as a plain SELECT has them."""
    found = await execute_raw("SELECT part, half, number, even FROM scanned_rows")
    return sorted((row["part"], row["half"], row["number"], row["even"]) for row in found if row["number"] is not None)


@pytest.mark.parametrize("parallel", [1, 4, 16])
async def test_every_row_is_read_once(parallel: int):
    scan = Row.find().scan(parallel=parallel)

    read = [(row.part, row.half, row.number, row.even) async for row in scan]

    assert len(read) == ROWS
    assert sorted(read) == await raw_rows()
    assert scan.fraction_done == 1
    assert scan.handed_out == ROWS
    assert scan.checkpoint["left"] == []


async def test_tuples_and_documents_with_some_fields_are_scanned_too():
    tuples = [row async for row in Row.find().values_list("part", "half", "number", "even").scan()]
    some = [row async for row in Row.find().only("even").scan()]

    assert sorted(tuples) == await raw_rows()
    assert sorted((row.part, row.half, row.number, row.even) for row in some) == tuples_sorted(tuples)


def tuples_sorted(tuples: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(tuples)


@pytest.mark.parametrize("parallel", [1, 3])
async def test_a_scan_goes_on_from_the_checkpoint_behind_each_row(parallel: int):
    """Every checkpoint is taken, and some of them are tried: in the middle of pages, at their ends, between ranges."""
    query = Small.find().fetch_size(5)
    expected = sorted((row.id, row.number) for row in await Small.find().all())
    scan = query.scan(parallel=parallel)
    read, checkpoints = [], [json.dumps(scan.checkpoint)]
    async for row in scan:
        read.append((row.id, row.number))
        checkpoints.append(json.dumps(scan.checkpoint))
    assert sorted(read) == expected

    for count in (*range(0, 30), *range(30, SMALL, 23), SMALL):
        rest = query.scan(parallel=parallel, checkpoint=json.loads(checkpoints[count]))
        assert rest.handed_out == count
        assert sorted([*read[:count], *[(row.id, row.number) async for row in rest]]) == expected


async def test_many_scans_each_of_a_part_read_every_row_once():
    """As a job that is stopped again and again."""
    checkpoint, read = None, []
    while checkpoint is None or checkpoint["left"]:
        scan = Row.find().fetch_size(700).scan(parallel=4, checkpoint=checkpoint)
        enough = len(read) + 1_999
        async for row in scan:
            read.append(row.number)
            if len(read) == enough:
                break
        checkpoint = json.loads(json.dumps(scan.checkpoint))

    assert sorted(read) == list(range(ROWS))


async def test_iterating_again_goes_on_where_it_was_left():
    scan = Small.find().fetch_size(7).scan(parallel=2)
    read = []
    async for row in scan:
        read.append(row.number)
        if len(read) == 100:
            break

    read += [row.number async for row in scan]

    assert sorted(read) == list(range(SMALL))


async def test_of_two_loops_over_a_scan_the_later_one_goes_on():
    scan = Small.find().fetch_size(7).scan(parallel=2)
    first = scan.__aiter__()
    read = [(await anext(first)).number for _ in range(10)]

    second = scan.__aiter__()
    read.append((await anext(second)).number)
    with pytest.raises(InvalidQueryError, match="another loop over this scan began"):
        await anext(first)
    read += [row.number async for row in second]

    assert sorted(read) == list(range(SMALL))


async def test_progress_grows_to_one():
    scan = Small.find().scan(parallel=1)

    fractions = [scan.fraction_done async for _ in scan]

    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < 0.5 < fractions[-1] <= 1
    assert scan.fraction_done == 1


async def test_an_empty_table_is_scanned():
    scan = Empty.find().scan()

    assert [row async for row in scan] == []
    assert scan.fraction_done == 1


async def test_filters_narrow_a_scan():
    even = [row async for row in Row.find(even=True).allow_filtering().scan()]
    red = [row async for row in Small.find(color="red").scan()]

    assert sorted(row.number for row in even) == list(range(0, ROWS, 2))
    assert sorted(row.number for row in red) == list(range(0, SMALL, 3))
    with pytest.raises(FilteringRefused, match=r"^Row.find\(even=\.\.\.\): even is neither"):
        _ = [row async for row in Row.find(even=True).scan()]


async def test_one_row_of_each_partition_is_scanned():
    firsts = [row async for row in Row.find().per_partition_limit(1).values_list("part", "half", "number").scan()]
    partitions = [row async for row in Row.find().distinct().values_list("part", "half").scan()]

    assert sorted(number for _, _, number in firsts) == list(range(PARTITIONS))
    assert len(partitions) == len(set(partitions)) == PARTITIONS + STATIC_ONLY


async def test_what_a_scan_cannot_do_is_refused_at_once():
    with pytest.raises(InvalidQueryError, match="a scan reads the whole table"):
        Row.find().limit(5).scan()
    with pytest.raises(InvalidQueryError, match="says which partitions to read"):
        Row.find(part=1, half="b").scan()


async def test_the_tokens_of_rows_at_the_ends_of_the_ring_are_in_a_range():
    """The server finds each row by the range that its token is in, the ends of the ring included."""
    ends = [(None, LEAST_TOKEN + 1), (LEAST_TOKEN, -(2**62)), (2**62, GREATEST_TOKEN), (GREATEST_TOKEN - 1, None)]
    left = [[None, -(2**62), None, 0], [-(2**62), 2**62, None, 0], [2**62, None, None, 0]]
    whole = Small.find().scan()

    read = [row.number async for row in Small.find().scan(checkpoint={**whole.checkpoint, "left": left})]
    at_ends = [
        row.number
        for after, up_to in ends
        async for row in Small.find().scan(checkpoint={**whole.checkpoint, "left": [[after, up_to, None, 0]]})
    ]

    assert sorted(read) == list(range(SMALL))
    assert set(at_ends) < set(read)
