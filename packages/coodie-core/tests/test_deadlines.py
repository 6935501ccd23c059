"""One budget for a block: what is left for each request, by a clock that only this test moves."""

from __future__ import annotations

import asyncio
import pickle
from contextvars import copy_context

import pytest
from cassandra import OperationTimedOut

from coodie_core.deadlines import Deadline, OutOfTime, TimeLimit, pause_within_deadline, time_limit
from coodie_core.driver_support.answers import failure, not_connected_in_time, sending_arguments
from coodie_core.driver_support.errors import Circumstances
from coodie_core.driver_support.time_limits import out_of_time
from coodie_core.exceptions import (
    ClientTimeout,
    ConfigurationError,
    DeadlineExceeded,
    InvalidQueryError,
    OutcomeUnknown,
)
from coodie_core.statement import Statement

STATEMENT = Statement("INSERT INTO users (id) VALUES (?)", (1,))


class Clock:
    """Stands still until it is told otherwise."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def rest(timeout: float | None, clock: Clock) -> float | None:
    limit = time_limit(timeout, clock)
    return None if limit is None else limit.rest()


def test_without_timeout_and_deadline_nothing_limits_a_request(clock: Clock) -> None:
    assert time_limit(None, clock) is None


def test_a_deadline_leaves_each_request_what_is_left(clock: Clock) -> None:
    with Deadline(2, clock):
        clock.now += 0.5
        assert rest(None, clock) == 1.5
        clock.now += 2
        assert rest(None, clock) == -0.5
    assert rest(None, clock) is None


@pytest.mark.parametrize(("timeout", "left"), [(0.5, 0.5), (1.5, 1.5), (5, 2)])
def test_the_shorter_one_of_timeout_and_deadline_counts(clock: Clock, timeout: float, left: float) -> None:
    with Deadline(2, clock):
        assert rest(timeout, clock) == left


@pytest.mark.parametrize(("outer", "inner", "left"), [(2, 1, 1), (1, 2, 1), (1, 1, 1)])
def test_a_deadline_inside_another_only_shortens(clock: Clock, outer: float, inner: float, left: float) -> None:
    with Deadline(outer, clock):
        with Deadline(inner, clock) as block:
            assert rest(None, clock) == block.remaining() == left
        assert rest(None, clock) == outer


async def test_it_works_with_async_with_too(clock: Clock) -> None:
    async with Deadline(2, clock):
        assert rest(None, clock) == 2
    assert rest(None, clock) is None


async def test_tasks_that_are_started_inside_inherit_it_and_others_do_not(clock: Clock) -> None:
    async def seen() -> float | None:
        await asyncio.sleep(0)
        return rest(None, clock)

    before = asyncio.ensure_future(seen())
    with Deadline(2, clock):
        inside = asyncio.ensure_future(seen())
        await asyncio.sleep(0)
    after = asyncio.ensure_future(seen())

    assert await asyncio.gather(before, inside, after) == [None, 2, None]


def test_a_block_that_an_error_ends_leaves_nothing_behind(clock: Clock) -> None:
    with pytest.raises(KeyError), Deadline(2, clock):
        raise KeyError

    assert rest(None, clock) is None


def test_a_block_may_end_in_another_context_than_it_began_in(clock: Clock) -> None:
    block = Deadline(2, clock)
    copy_context().run(block.__enter__)

    block.__exit__(None, None, None)

    assert rest(None, clock) is None


def test_a_deadline_is_for_one_block(clock: Clock) -> None:
    block = Deadline(2, clock)
    with block:
        pass

    with pytest.raises(ConfigurationError, match=r"was used already. Call deadline\(seconds\) for each block"), block:
        pass


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), True, "1", None])
def test_what_is_no_time_is_refused(clock: Clock, seconds: float) -> None:
    with pytest.raises(InvalidQueryError, match="give a number of seconds above 0"):
        Deadline(seconds, clock)


def test_it_tells_what_is_left(clock: Clock) -> None:
    block = Deadline(2, clock)
    assert block.remaining() == 2
    with block:
        clock.now += 1.5
        assert repr(block) == "<deadline of 2 s: 0.500 s left>"
        clock.now += 1.5
        assert block.remaining() == 0


@pytest.mark.parametrize(
    ("seconds", "is_deadline", "usual", "waits"),
    [(2, True, 10, 2), (20, True, 10, 10), (20, True, None, 20), (20, False, 10, 20), (2, False, 10, 2)],
)
def test_a_deadline_only_shortens_the_usual_time_and_a_timeout_replaces_it(
    clock: Clock, seconds: float, is_deadline: bool, usual: float | None, waits: float
) -> None:
    limit = TimeLimit(seconds, clock(), clock, is_deadline)

    assert sending_arguments(STATEMENT, limit, lambda _: usual, None) == {"timeout": waits}


def test_a_request_without_a_limit_leaves_the_time_to_the_driver() -> None:
    assert sending_arguments(STATEMENT, None, lambda _: 10, None) == {}


def test_nothing_is_sent_once_the_time_is_over(clock: Clock) -> None:
    limit = TimeLimit(2, clock(), clock, is_deadline=True)
    clock.now += 2

    with pytest.raises(OutOfTime):
        sending_arguments(STATEMENT, limit, lambda _: 10, None)


def test_a_pause_ends_with_the_deadline(clock: Clock) -> None:
    assert pause_within_deadline(5) == 5
    with Deadline(2, clock):
        assert (pause_within_deadline(5), pause_within_deadline(1)) == (2, 1)
        clock.now += 3
        assert pause_within_deadline(5) == 0


class Session:
    """What is asked of a driver for its errors."""

    name, keyspace, api = "default", "shop", "sync"


class Host:
    endpoint = "10.0.0.1:9042"


class Response:
    attempted_hosts = (Host,)

    class message:
        consistency_level = 6

    class query:
        retry_policy = None


def failed(limit: TimeLimit, response: object | None, error: Exception) -> Exception:
    return failure(Session(), False, ("10.0.0.1:9042",), STATEMENT, response, error, limit)


def test_a_write_that_was_not_sent_in_time_surely_did_not_take_place(clock: Clock) -> None:
    limit = TimeLimit(0.25, clock(), clock, is_deadline=True)
    clock.now += 0.3

    error = failed(limit, None, OutOfTime(limit))

    assert isinstance(error, DeadlineExceeded)
    assert str(error) == (
        "The deadline of 0.25 s is over, 0.300 s after it began. Nothing was carried out. Give more time with "
        "deadline(seconds), or ask for less inside it. Statement: INSERT INTO users (id) VALUES (?)"
    )
    assert (error.budget, round(error.elapsed, 6)) == (0.25, 0.3)
    assert (error.applied, error.statement, error.keyspace) == (False, STATEMENT.cql, "shop")


def test_of_a_write_that_was_sent_nobody_knows(clock: Clock) -> None:
    limit = TimeLimit(0.25, clock(), clock, is_deadline=True)
    clock.now += 0.25

    error = failed(limit, Response, OperationTimedOut())

    assert isinstance(error, DeadlineExceeded)
    assert isinstance(error, OutcomeUnknown)
    assert "A write may or may not have taken place." in str(error)
    assert (error.applied, error.hosts, error.consistency) == (None, ("10.0.0.1:9042",), "LOCAL_QUORUM")


def test_of_a_read_nothing_is_said_of_writes(clock: Clock) -> None:
    read = Statement("SELECT id FROM users WHERE id = ?", (1,), idempotent=True)
    limit = TimeLimit(0.25, clock(), clock, is_deadline=True)
    clock.now += 0.25

    error = failure(Session(), False, ("10.0.0.1:9042",), read, Response, OperationTimedOut(), limit)

    assert str(error) == (
        "The deadline of 0.25 s is over, 0.250 s after it began. It only reads, so it can be sent again. Give more "
        "time with deadline(seconds), or ask for less inside it. Statement: SELECT id FROM users WHERE id = ?"
    )


def test_a_request_that_took_longer_than_the_drivers_usual_time_did_not_exceed_the_deadline(clock: Clock) -> None:
    limit = TimeLimit(60, clock(), clock, is_deadline=True)
    clock.now += 10

    error = failed(limit, Response, OperationTimedOut())

    assert isinstance(error, ClientTimeout)
    assert not isinstance(error, DeadlineExceeded)


@pytest.mark.parametrize(
    ("response", "applied", "outcome"),
    [(None, False, "Nothing was carried out."), (Response, None, "A write may or may not have taken place.")],
)
def test_a_timeout_of_one_request_is_no_deadline(
    clock: Clock, response: object, applied: bool | None, outcome: str
) -> None:
    limit = TimeLimit(0.25, clock(), clock, is_deadline=False)

    error = failed(limit, response, OutOfTime(limit))

    assert isinstance(error, ClientTimeout)
    assert not isinstance(error, DeadlineExceeded)
    assert str(error) == (
        f"No answer came within 0.25 s. {outcome} Give more time with timeout=, or ask for less at once. "
        f"Statement: INSERT INTO users (id) VALUES (?)"
    )
    assert error.applied is applied


def test_connecting_knows_of_no_statement(clock: Clock) -> None:
    limit = TimeLimit(0.25, clock(), clock, is_deadline=True)
    clock.now += 0.3

    error = not_connected_in_time(Session(), ("10.0.0.1:9042",), limit)

    assert str(error).endswith("ask for less inside it.")
    assert (error.statement, error.hosts, error.applied) == (None, ("10.0.0.1:9042",), False)


def test_the_deadline_that_ended_first_is_the_one_that_is_named(clock: Clock) -> None:
    with Deadline(1, clock), Deadline(5, clock):
        clock.now += 2
        limit = time_limit(10, clock)

    assert limit is not None
    error = out_of_time(limit, Circumstances())
    assert isinstance(error, DeadlineExceeded)
    assert (error.budget, error.elapsed) == (1, 2)
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)
