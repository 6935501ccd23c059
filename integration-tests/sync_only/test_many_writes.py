"""Many threads write many rows each, at the same time, each within its own deadline."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest

from coodie_core.exceptions import BulkWriteError, InvalidQueryError
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_sync import BulkWrites, Document, bulk, deadline

THREADS = 64
ROWS = 20
PLENTY, TOO_LITTLE = 60, 0.000_001


class Line(Document):
    thread: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]

    class Settings:
        name = "lines_of_threads"


@pytest.fixture(autouse=True)
def table(coodie_sync_driver: Any) -> None:
    Line.sync_table()


def write_lines(thread: int) -> int:
    """Write the lines of one thread, of which each third one has no time to; say how many were written."""
    try:
        with deadline(PLENTY if thread % 3 else TOO_LITTLE), bulk() as writes:
            for number in range(ROWS):
                writes.save(Line(thread=thread, number=number))
    except BulkWriteError as error:
        return error.report.applied
    return writes.report.applied


def test_64_threads_with_a_block_and_a_deadline_each():
    with ThreadPoolExecutor(THREADS) as threads:
        written = list(threads.map(write_lines, range(THREADS)))

    assert written == [ROWS if thread % 3 else 0 for thread in range(THREADS)]
    assert [len(Line.find(thread=thread).all()) for thread in range(THREADS)] == written


def test_a_block_is_for_the_thread_that_opened_it():
    def write(writes: BulkWrites) -> None:
        writes.save(Line(thread=1, number=1))

    with bulk() as writes, ThreadPoolExecutor(1) as threads:
        with pytest.raises(InvalidQueryError, match="a block is for the thread that opened it"):
            threads.submit(write, writes).result()
        write(writes)

    assert writes.report.applied == 1
