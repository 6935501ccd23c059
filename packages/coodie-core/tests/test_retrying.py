"""When a statement is sent again: a table of decisions."""

from __future__ import annotations

from typing import Any

import pytest
from cassandra.connection import ConnectionShutdown
from cassandra.protocol import IsBootstrappingErrorMessage, OverloadedErrorMessage, ServerError, TruncateError

from coodie_core.consistency import ConsistencyLevel
from coodie_core.driver_support.retries import failure_of, unavailable
from coodie_core.exceptions import (
    ClientTimeout,
    ConnectionLost,
    DatabaseError,
    InvalidQueryError,
    Overloaded,
    ReadTimeout,
    ServerFailed,
    Unavailable,
    WriteTimeout,
)
from coodie_core.retrying import (
    ONLY_WHAT_WAS_NOT_CARRIED_OUT,
    RETRIED,
    Again,
    Failure,
    RetryPolicy,
    SpeculativePolicy,
    policies,
)
from coodie_core.statement import BatchKind, BatchStatement, Statement

AT_ONCE = RetryPolicy(attempts=3, first_pause=0)
INSERT = Statement("INSERT INTO t (id) VALUES (?)", (1,), idempotent=True)
COUNT = Statement("UPDATE t SET n = n + ? WHERE id = ?", (1, 1), counter=True)
CLAIM = Statement("INSERT INTO t (id) VALUES (?) IF NOT EXISTS", (1,), conditional=True)
QUORUM, SERIAL = ConsistencyLevel.QUORUM, ConsistencyLevel.SERIAL


@pytest.mark.parametrize("error", RETRIED)
def test_what_may_be_sent_twice_is_after_each_failure(error: type[DatabaseError]) -> None:
    assert AT_ONCE.decide(Failure(error, 1, idempotent=True)) is not None


@pytest.mark.parametrize("error", RETRIED)
@pytest.mark.parametrize("policy", [AT_ONCE, RetryPolicy(attempts=100), ONLY_WHAT_WAS_NOT_CARRIED_OUT])
def test_what_must_not_be_sent_twice_is_not_unless_it_was_not_carried_out(
    error: type[DatabaseError], policy: RetryPolicy
) -> None:
    assert policy.decide(Failure(error, 1, idempotent=False)) is None
    again = policy.decide(Failure(error, 1, idempotent=False, applied=False))
    assert (again is not None) is (error in policy.on)


def test_it_is_sent_as_often_as_the_policy_says() -> None:
    decisions = [AT_ONCE.decide(Failure(ReadTimeout, attempts, idempotent=True)) for attempts in (1, 2, 3, 4)]

    assert [decision is not None for decision in decisions] == [True, True, False, False]


def test_once_means_once() -> None:
    assert RetryPolicy(attempts=1).decide(Failure(ReadTimeout, 1, idempotent=True)) is None


@pytest.mark.parametrize("error", RETRIED)
def test_slow_replicas_are_asked_by_the_same_node_again_and_other_failures_by_the_next(
    error: type[DatabaseError],
) -> None:
    again = AT_ONCE.decide(Failure(error, 1, idempotent=True))

    assert again == Again(other_node=error not in (ReadTimeout, WriteTimeout), pause=0)


def test_pauses_double_up_to_the_longest() -> None:
    policy = RetryPolicy(attempts=10, first_pause=0.1, longest_pause=0.5)

    pauses = [decided.pause for n in range(1, 6) if (decided := policy.decide(Failure(Overloaded, n, idempotent=True)))]

    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.5, 0.5])


def test_chance_shortens_a_pause_by_up_to_a_half() -> None:
    policy = RetryPolicy(first_pause=0.4)
    failure = Failure(Overloaded, 1, idempotent=True)

    assert policy.decide(failure, chance=1.0) == Again(other_node=True, pause=0.2)


@pytest.mark.parametrize(("left", "sent_again"), [(None, True), (0.2, True), (0.1, False), (-1, False)])
def test_a_pause_that_outlasts_the_callers_time_is_not_begun(left: float | None, sent_again: bool) -> None:
    failure = Failure(ReadTimeout, 1, idempotent=True, seconds_left=left)

    assert (RetryPolicy(first_pause=0.1).decide(failure) is not None) is sent_again


def test_a_failure_that_the_policy_does_not_name_is_not_retried() -> None:
    policy = RetryPolicy(on=(Unavailable,))

    assert policy.decide(Failure(ReadTimeout, 1, idempotent=True)) is None
    assert policy.decide(Failure(Unavailable, 1, idempotent=True)) is not None


@pytest.mark.parametrize(
    "arguments",
    [
        {"attempts": 0},
        {"attempts": 101},
        {"attempts": True},
        {"attempts": 1.5},
        {"first_pause": -1},
        {"first_pause": True},
        {"longest_pause": 3601},
        {"longest_pause": "1"},
        {"on": (ClientTimeout,)},
        {"on": (ValueError,)},
        {"on": ("Unavailable",)},
    ],
)
def test_a_policy_that_cannot_be_is_refused(arguments: dict[str, Any]) -> None:
    (name,) = arguments
    with pytest.raises(InvalidQueryError, match=rf"RetryPolicy\({name}="):
        RetryPolicy(**arguments)


@pytest.mark.parametrize("arguments", [{"after": 0}, {"after": "1"}, {"after": 1, "attempts": 0}])
def test_a_speculative_policy_that_cannot_be_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidQueryError, match="SpeculativePolicy"):
        SpeculativePolicy(**arguments)


@pytest.mark.parametrize("given", [{"retry": 3}, {"speculative": RetryPolicy()}])
def test_what_is_no_policy_is_refused(given: Any) -> None:
    with pytest.raises(InvalidQueryError, match="give a"):
        policies(given.get("retry"), given.get("speculative"))


# -- what a driver asks, as a failure ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "level", "applied"),
    [
        (INSERT, QUORUM, False),
        (COUNT, QUORUM, False),
        (CLAIM, SERIAL, False),
        (CLAIM, ConsistencyLevel.LOCAL_SERIAL, False),
        (CLAIM, QUORUM, None),
        (BatchStatement((INSERT, INSERT)), QUORUM, None),
        (BatchStatement((COUNT,), BatchKind.COUNTER), QUORUM, None),
    ],
)
def test_missing_replicas_mean_that_nothing_was_carried_out_but_for_parts_and_what_was_agreed_on(
    request_: Any, level: int, applied: bool | None
) -> None:
    assert unavailable(request_, level, 2) == Failure(Unavailable, 2, request_.idempotent, applied)


@pytest.mark.parametrize(
    ("error", "expected", "applied"),
    [
        (OverloadedErrorMessage(0x1001, "busy", None), Overloaded, None),
        (ServerError(0, "bug", None), ServerFailed, None),
        (ConnectionShutdown("gone"), ConnectionLost, None),
    ],
)
def test_errors_of_a_node_are_failures_of_coodie(error: Exception, expected: Any, applied: bool | None) -> None:
    assert failure_of(COUNT, error, 1) == Failure(expected, 1, idempotent=False, applied=applied)


def test_a_table_that_could_not_be_truncated_is_not_truncated_again() -> None:
    truncate = Statement("TRUNCATE t", prepared=False)

    assert AT_ONCE.decide(failure_of(truncate, TruncateError(0x1003, "no", None), 1)) is None


def test_a_node_that_is_still_joining_has_done_nothing() -> None:
    failure = failure_of(COUNT, IsBootstrappingErrorMessage(0x1002, "joining", None), 1)

    assert failure.applied is False


def test_failures_are_given_as_a_tuple():
    one: Any = Unavailable

    with pytest.raises(InvalidQueryError, match=r"RetryPolicy\(on=Unavailable\): give a tuple"):
        RetryPolicy(on=one)
