"""The garbage collector waits while a page is made, and is on again afterwards, whatever happens."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from threading import Barrier, Thread
from typing import Any

import pytest

from coodie_core.collector import FEWEST_ROWS, MOST_ROWS, made_at_once


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector is on, as usual, and is so for the next test."""
    gc.enable()
    yield
    gc.enable()


def seen_by(rows: Any) -> list[bool]:
    """Whether the collector is on while results are made of *rows*, once for each time that some are made."""
    return made_at_once(lambda _part: [gc.isenabled()], rows)


def test_it_waits_while_many_are_made():
    assert seen_by(range(FEWEST_ROWS)) == [False]
    assert gc.isenabled()


def test_for_a_few_it_is_left_alone():
    assert seen_by(range(FEWEST_ROWS - 1)) == [True]


def test_very_many_are_made_in_parts_between_which_it_may_run():
    rows = range(2 * MOST_ROWS + 1)

    assert seen_by(rows) == [False, False, False]
    assert made_at_once(list, rows) == list(rows)


def test_it_is_on_again_after_an_error():
    with pytest.raises(ZeroDivisionError):
        made_at_once(lambda rows: [1 // 0 for _ in rows], range(FEWEST_ROWS))

    assert gc.isenabled()


def test_an_application_that_turned_it_off_keeps_it_off():
    gc.disable()

    assert seen_by(range(FEWEST_ROWS)) == [False]
    assert not gc.isenabled()


def test_pages_made_in_several_threads_leave_it_on():
    all_began, first_ended = Barrier(3), Barrier(2)

    def last(rows: Any) -> list[bool]:
        all_began.wait()
        first_ended.wait()
        return list(rows)

    def early(rows: Any) -> list[bool]:
        all_began.wait()
        return list(rows)

    def make(how: Any, afterwards: Any) -> None:
        made_at_once(how, range(FEWEST_ROWS))
        afterwards()

    threads = [Thread(target=make, args=(last, int)), Thread(target=make, args=(early, first_ended.wait))]
    for thread in threads:
        thread.start()
    all_began.wait()
    for thread in threads:
        thread.join()

    assert gc.isenabled()


FORKS_MEANWHILE = """
import gc, os, sys
from coodie_core.collector import FEWEST_ROWS, made_at_once

def fork(rows):
    child = os.fork()
    if child == 0:
        os._exit(0 if gc.isenabled() else 3)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), gc.isenabled()]

print(made_at_once(fork, range(FEWEST_ROWS)), gc.isenabled())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks on Windows")
def test_a_process_forked_meanwhile_begins_with_it_on():
    output = subprocess.run([sys.executable, "-c", FORKS_MEANWHILE], capture_output=True, text=True, check=True).stdout

    assert output == "[0, False] True\n"
