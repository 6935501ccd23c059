"""How many requests may be in flight: the window grows while answers come, and shrinks by half at signs of overload."""

from __future__ import annotations

import pytest

from coodie_core.exceptions import (
    ClientTimeout,
    DatabaseError,
    InvalidQueryError,
    Overloaded,
    RateLimited,
    ServerRefusedQuery,
    Unavailable,
    WriteTimeout,
)
from coodie_core.window import FIRST_SIZE, SLOW_SECONDS, Window


def grown(window: Window, answers: int) -> Window:
    """A window whose requests were answered, so many at a time as it lets."""
    for _ in range(answers):
        window.answered(window.round, 0.001, window.size)
    return window


def test_it_doubles_with_each_round_of_answers_until_something_goes_wrong():
    window = Window(maximum=1000)

    assert grown(window, FIRST_SIZE).size == 2 * FIRST_SIZE
    assert grown(window, 2 * FIRST_SIZE).size == 4 * FIRST_SIZE


def test_it_never_exceeds_its_maximum():
    assert grown(Window(maximum=20), 1000).size == 20
    assert Window(maximum=3).size == 3


@pytest.mark.parametrize("error", [Overloaded, RateLimited, WriteTimeout, Unavailable, ClientTimeout])
def test_a_sign_of_overload_halves_it(error: type[DatabaseError]):
    window = grown(Window(maximum=64), 1000)

    window.failed(window.round, error("too much"))

    assert window.size == 32


def test_another_error_leaves_it():
    window = grown(Window(maximum=64), 1000)

    window.failed(window.round, ServerRefusedQuery("no such table"))

    assert window.size == 64


def test_what_was_sent_before_it_shrank_does_not_shrink_it_again():
    """64 requests that fail together say one thing: it was too much."""
    window = grown(Window(maximum=64), 1000)
    sent_in = window.round

    for _ in range(64):
        window.failed(sent_in, Overloaded("busy"))

    assert window.size == 32


def test_it_stays_at_one_at_least():
    window = Window()

    for _ in range(20):
        window.failed(window.round, Overloaded("busy"))

    assert window.size == 1


def test_after_it_shrank_it_grows_by_one_a_round():
    window = grown(Window(maximum=64), 1000)
    window.failed(window.round, Overloaded("busy"))

    grown(window, 34)

    assert window.size == 33


def test_slow_answers_halve_it_before_the_server_refuses_any():
    window = grown(Window(maximum=64), 1000)

    window.answered(window.round, SLOW_SECONDS * 1.01, in_flight=64)

    assert window.size == 32


def test_it_does_not_grow_while_it_is_not_used_up():
    window = Window()

    for _ in range(100):
        window.answered(window.round, 0.001, in_flight=1)

    assert window.size == FIRST_SIZE


@pytest.mark.parametrize("maximum", [0, -1, 2049, 1.5, "8", True, None])
def test_a_maximum_that_cannot_be_is_refused(maximum: object):
    with pytest.raises(InvalidQueryError, match=r"max_in_flight=.*: give a whole number from 1 to 2048"):
        Window(maximum)  # type: ignore[arg-type]
