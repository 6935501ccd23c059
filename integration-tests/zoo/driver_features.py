"""What each driver of `init_coodie(driver_type=...)` does not have.

The contract of drivers is tested by it, and the table in the documentation is written from it.
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from coodie_core.exceptions import ConfigurationError, CoodieError, InvalidQueryError


class Missing(NamedTuple):
    """That a driver does not have a feature.

    Attributes:
        reason: Why, in the table.
        words: What the message of the error says, as a pattern; None where nothing is refused, because the feature
            only saves time.
        error: The exception.
    """

    reason: str
    words: str | None
    error: type[CoodieError] = InvalidQueryError


CASSANDRA = "cassandra"
RUST = "rust"

#: The distributions of the drivers, by their ``driver_type``.
DISTRIBUTIONS = {
    "scylla": "scylla-driver",
    "cassandra": "cassandra-driver",
    "rust": "scylladb-rs-driver",
}

SESSION = "a session of your own, `init_coodie(session=...)`"
SSL = "`ssl_context=`"
RETRY_OF_DRIVER = "retry policies of the driver, `default_retry_policy=`"
DURATIONS = "`duration`"
NANOSECONDS = "nanoseconds of `time`"
IN_KEYS = "lists, sets, maps and user-defined types inside of sets and keys of maps"
NULLS = "null inside of tuples and user-defined types"
SAME_NAMES = "two columns of one name in the rows of raw CQL"
BATCH_TIMESTAMP = "`batch(timestamp=...)`"
FORKS = "use in processes forked from one that uses it"
FAR_TIMES = "milliseconds of a `timestamp` that is thousands of years away"
EXPONENTS = "`decimal` with an exponent of 2,147,483,648"
RATE_LIMITS = "`RateLimited` for the rate limits of ScyllaDB"
CLUSTER = "further keywords of `init_coodie` for the `Cluster` of the `cassandra` package"
PACKAGE = "`driver.session` of the `cassandra` package"
SHORT_WAY = "a shorter way through the driver, `fast=`"
FRAMES = "requests and rows in frames of coodie's own, with `fast=True`"
OWN_TIMEOUTS = "the seconds, in the error of a timeout that a session of your own has"
EMPTY = "null apart from an empty collection, in raw CQL and frozen columns"

#: Every feature that some driver does not have: by driver, what is missing.
FEATURES: dict[str, dict[str, Missing]] = {
    SESSION: {RUST: Missing("it has sessions of another kind", "Give hosts= instead", ConfigurationError)},
    PACKAGE: {RUST: Missing("it has a session of another kind", None)},
    CLUSTER: {
        RUST: Missing(
            "it has those of its `SessionBuilder`",
            "neither init_coodie nor the driver's Cluster has such|driver refuses an argument",
            ConfigurationError,
        )
    },
    SHORT_WAY: {RUST: Missing("it is one", None)},
    SSL: {RUST: Missing("it has TLS of its own: `tls_context=`", "tls_context=", ConfigurationError)},
    RETRY_OF_DRIVER: {RUST: Missing("coodie's own are used: `retry=`", "retry=RetryPolicy", ConfigurationError)},
    DURATIONS: {RUST: Missing("it turns hours into days", "has no durations.*driver_type='scylla'")},
    NANOSECONDS: {
        RUST: Missing(
            "it has microseconds: more is refused, and cut off when it is read", "nanoseconds.*whole microseconds"
        )
    },
    IN_KEYS: {
        RUST: Missing("it makes of them what Python cannot hash", "inside of sets and keys.*driver_type='scylla'")
    },
    FAR_TIMES: {CASSANDRA: Missing("it reads them by way of a float", None)},
    EXPONENTS: {CASSANDRA: Missing("it reads another sign", None)},
    RATE_LIMITS: {CASSANDRA: Missing("it knows nothing of them: a `DatabaseError`", None)},
    NULLS: {RUST: Missing("it can read them, but not write them", "can write no null.*driver_type='scylla'")},
    FRAMES: {CASSANDRA: Missing("its protocol handler is another", None), RUST: Missing("it needs none", None)},
    OWN_TIMEOUTS: {CASSANDRA: Missing("it does not tell them", None), RUST: Missing("it takes no such session", None)},
    EMPTY: {RUST: Missing("it reads both as an empty one", None)},
    SAME_NAMES: {RUST: Missing("its rows are dicts: give one another name with `AS`", "two columns called.*AS")},
    BATCH_TIMESTAMP: {RUST: Missing("give `timestamp=` to each statement", "no write time for a whole batch")},
    FORKS: {RUST: Missing("its threads do not exist there: connect in the children", "forked", ConfigurationError)},
}


def is_installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False


CHOSEN = os.environ.get("COODIE_TEST_DRIVER")
"""The driver that all tests use in this run; without it each test uses the one that it is about, or the default."""

#: The drivers that can be tried here. scylla-driver and cassandra-driver are one package to Python.
DRIVER_TYPES = [CHOSEN] if CHOSEN else [name for name, package in DISTRIBUTIONS.items() if is_installed(package)]
