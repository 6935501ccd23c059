"""A hundred walks over pages at the same time, with noise: each gets exactly its rows, in their order."""

from __future__ import annotations

import random
from collections import Counter
from threading import Event

import pytest

from coodie_testing import FaultProxy, server_errors
from faults.aio.walks import ROWS, WALKS, Step, stored_walks, walk_all
from faults.aio.workers import pause, together
from faults.figures import Report, of_walks

pytestmark = pytest.mark.usefixtures("proxied")


async def test_each_of_a_hundred_walks_gets_exactly_its_rows(proxy: FaultProxy, report: Report) -> None:
    rows, errors, has_ended = await stored_walks("ONE"), Counter[str](), Event()
    proxy.latency = 0.002
    delays = proxy.delay(0.05, text="SELECT", times=200)
    forgotten = proxy.fail(server_errors.Unprepared(), times=50, text="SELECT")

    async def walks() -> None:
        try:
            assert await walk_all("ONE", Event(), errors) == rows
        finally:
            has_ended.set()

    async def make_noise() -> None:
        chance = random.Random(1)
        while not has_ended.is_set():
            await Step(worker=WALKS + chance.randrange(9), number=chance.randrange(999), text="noise").save()
            await Step.find(worker=WALKS + chance.randrange(9)).fetch_size(3).limit(10).all()
            await pause(0)

    await together(walks, make_noise, make_noise)

    assert errors == {}
    assert (delays.happened, forgotten.happened) == (200, 50)
    report("late answers, forgotten statements, other reads and writes", of_walks(WALKS, ROWS, errors), table="Walks")
