"""Errors of scylladb-rs-driver that a test server does not make: its texts, and what they mean."""

from __future__ import annotations

import pytest

from coodie_core.driver_support.errors import Circumstances, ReportedError, coodie_error
from coodie_core.driver_support.reported import Attempts, reported_failure
from coodie_core.driver_support.rust_errors import is_disagreement, refused_parameter, reported
from coodie_core.exceptions import (
    AuthenticationFailed,
    ConnectionLost,
    DatabaseError,
    FunctionFailed,
    NoHostAvailable,
    Overloaded,
    RateLimited,
)
from coodie_core.retrying import NO_POLICIES
from coodie_core.statement import Statement

HOSTS = ("10.0.0.1:9042", "10.0.0.2:9042")
ANSWER = "Failed to execute statement: Database returned an error: {}, Error message: no"


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (ANSWER.format("Authentication failed - bad credentials"), AuthenticationFailed, "user name and password"),
        (
            ANSWER.format("User defined function failed during execution (keyspace: k, function: f, arg_types: [])"),
            FunctionFailed,
            "function k.f of",
        ),
        (
            ANSWER.format("Rate limit was exceeded (op_type: Write, rejected_by_coordinator: true)"),
            RateLimited,
            "rate limit was exceeded",
        ),
        ("Couldn't resolve any hostname: ['x']", NoHostAvailable, "can be resolved"),
        ("Unable to allocate stream id", Overloaded, "as many requests in flight"),
        ("No connections in the pool: The pool is broken; Connection refused", NoHostAvailable, "refuses"),
        ("No connections in the pool: something else", NoHostAvailable, "10.0.0.2:9042 fails with OSError"),
        ("Connection broken, reason: EOF", ConnectionLost, "broke before the answer"),
        ("something new", DatabaseError, "failed with Exception"),
        (ANSWER.format("An error that did not exist in 2026"), DatabaseError, "failed with Exception"),
    ],
)
def test_a_text_becomes_its_exception(text: str, error: type[DatabaseError], words: str) -> None:
    explained = coodie_error(reported(Exception(text), HOSTS), Circumstances(known=HOSTS))

    assert type(explained) is error
    assert words in str(explained)


def test_a_schema_that_is_not_agreed_on_is_no_failure() -> None:
    assert is_disagreement(Exception("Failed to await automatic schema agreement: timed out"))
    assert not is_disagreement(Exception("Connection broken"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Failed to serialize values: SerializationError (parameter_index=2)", 2),
        ("Failed to serialize values: wrong column count", None),
        ("Database returned an error (parameter_index=2)", None),
    ],
)
def test_the_value_that_could_not_be_sent_is_found(text: str, number: int | None) -> None:
    assert refused_parameter(Exception(text)) == number


class Driver:
    name = "default"
    keyspace = None
    api = "sync"


@pytest.mark.parametrize(("times", "applied"), [(1, False), (2, None)])
def test_a_write_surely_did_not_take_place_only_if_each_attempt_says_so(times: int, applied: bool | None) -> None:
    write = Statement("INSERT INTO t (id) VALUES (1)")
    attempts = Attempts(write, NO_POLICIES)
    refused = ReportedError(("Unavailable",), "no")
    for _ in range(times - 1):
        attempts.begin()
        attempts.failed(ReportedError(("WriteTimeout",), "no"), None)
    attempts.begin()
    attempts.failed(refused, None)

    error = reported_failure(Driver(), False, HOSTS, write, attempts, refused, None)

    assert isinstance(error, DatabaseError)
    assert error.applied is applied
    assert error.hosts == HOSTS
