"""A counter by compare-and-set: what was said of each attempt adds up, whatever replies are lost."""

from __future__ import annotations

import pytest

from coodie_testing import FaultProxy, server_errors
from faults.aio.tally import Tally, check, count_up, figures_of
from faults.figures import Report

DROPPED, CUT, TIMED_OUT = 4, 1, 4
TIMEOUT_SECONDS = 1.0


@pytest.mark.usefixtures("proxied")
async def test_a_counter_adds_up_in_spite_of_lost_replies(proxy: FaultProxy, report: Report) -> None:
    await Tally.sync_table()

    def lose_replies() -> None:
        proxy.drop_reply(text="UPDATE", times=DROPPED).wait(DROPPED, timeout=60)
        timed_out = server_errors.WriteTimeout(write_type="CAS")
        proxy.fail(timed_out, text="UPDATE", times=TIMED_OUT, carried_out=True).wait(TIMED_OUT, timeout=60)
        for _ in range(CUT):
            proxy.cut(text="UPDATE", carried_out=True).wait(timeout=60)

    attempts = await count_up(4, 20, "ONE", TIMEOUT_SECONDS, lose_replies)

    tally = await Tally.find(id=1).consistency("SERIAL").get()
    unknown_there = check(attempts, tally)
    report(f"{DROPPED + CUT + TIMED_OUT} lost replies", figures_of(attempts, tally, unknown_there), table="Counter")
