"""What the errors of scylladb-rs-driver mean. It has one class for all that a request ends with, and tells in its text.

The texts are those of the Rust driver's ``DbError`` and ``ExecutionError`` (scylla 1.x). `test_driver_contract` has a
server say each of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from coodie_core.consistency import ConsistencyLevel
from coodie_core.driver_support.errors import ReportedError
from coodie_core.driver_support.reported import no_host, with_facts

ANSWERED = re.compile(r"Database returned an error: (.*?), Error message: (.*)", re.DOTALL)
FACT = re.compile(r"(\w+): ([\w.]+)")
TIMED_OUT = re.compile(r"exceeded a client timeout of (\d+)ms")
PARAMETER = re.compile(r"parameter_index=(\d+)")
NO_NODE = re.compile(r"connection pool|in the pool|empty plan|establish session|pool is broken")
RATE_LIMIT_CODE = "17185"
"""0x4321: what ScyllaDB's rate limit is where the server has not named another code."""

#: How the driver's text about a server's error begins, and what the ``cassandra`` package calls that.
BEGINNINGS: Mapping[str, str] = {
    "The submitted query has a syntax error": "SyntaxException",
    "The query is syntactically correct but invalid": "InvalidRequest",
    "Attempted to create a keyspace or a table": "AlreadyExists",
    "User defined function failed": "FunctionFailure",
    "Authentication failed": "AuthenticationFailed",
    "The logged user doesn't have the right": "Unauthorized",
    "The query is invalid because of some configuration": "ConfigurationException",
    "Not enough nodes are alive": "Unavailable",
    "The request cannot be processed because the coordinator node is overloaded": "OverloadedErrorMessage",
    "The coordinator node is still bootstrapping": "IsBootstrappingErrorMessage",
    "Error during truncate operation": "TruncateError",
    "Not enough nodes responded to the read": "ReadTimeout",
    "Not enough nodes responded to the write": "WriteTimeout",
    "A non-timeout error during a read": "ReadFailure",
    "A non-timeout error during a write": "WriteFailure",
    "Internal server error": "ServerError",
    "Invalid protocol message": "ProtocolException",
    "Rate limit was exceeded": "RateLimitReached",
    f"Other error not specified in the specification. Error code: {RATE_LIMIT_CODE}": "RateLimitReached",
}
LEVELS: Mapping[str, ConsistencyLevel] = {level.name.replace("_", "").lower(): level for level in ConsistencyLevel}


class Lost(NamedTuple):
    """What the driver says itself, and what the ``cassandra`` package calls that."""

    words: str
    name: str


OWN_WORDS = (
    Lost("Authentication", "AuthenticationFailed"),
    Lost("resolve any hostname", "UnresolvableContactPoints"),
    Lost("stream id", "NoConnectionsAvailable"),
    Lost("future was cancelled", "ConnectionException"),  # by closing the driver
)


def reported(error: Exception, hosts: tuple[str, ...]) -> Exception:
    """Return *error* in the terms of the ``cassandra`` package, or as it is where nothing is known of it.

    Args:
        error: What the driver raised.
        hosts: The nodes that it was told of.
    """
    text = str(error)
    answered = ANSWERED.search(text)
    if answered is not None:
        return of_server(*answered.groups()) or error
    for words, name in OWN_WORDS:
        if words in text:
            return ReportedError((name,), text)
    timed_out = TIMED_OUT.search(text)
    if timed_out is not None:
        return ReportedError(("OperationTimedOut",), text, timeout=int(timed_out[1]) / 1000)
    if NO_NODE.search(text):
        return no_host(hosts, text)
    return ReportedError(("ConnectionException",), text) if "Connection broken" in text else error


def of_server(display: str, said: str) -> ReportedError | None:
    """Return the error that a server answered with, or None if it is none that coodie knows."""
    name = next((name for beginning, name in BEGINNINGS.items() if display.startswith(beginning)), None)
    return None if name is None else with_facts((name,), said, facts_of(display))


def facts_of(display: str) -> dict[str, Any]:
    """Return what the driver tells in brackets, under the names of the ``cassandra`` package."""
    given = dict(FACT.findall(display))
    return {
        "consistency": LEVELS.get(given.get("consistency", "").lower()),
        "required_replicas": given.get("required"),
        "alive_replicas": given.get("alive"),
        "required_responses": given.get("required"),
        "received_responses": given.get("received"),
        "failures": given.get("numfailures"),
        "keyspace": given.get("keyspace"),
        "table": given.get("table"),
        "function": given.get("function"),
        "rejected_by_coordinator": True if given.get("rejected_by_coordinator") == "true" else None,
    }


def is_disagreement(error: Exception) -> bool:
    """Tell whether *error* only says that the nodes did not agree on a new schema in time."""
    return "schema agreement" in str(error).lower()


def refused_parameter(error: Exception) -> int | None:
    """Return the number of the value that could not be sent, or None if that is not what *error* says."""
    text = str(error)
    if "Failed to serialize values" not in text:
        return None
    found = PARAMETER.search(text)
    return int(found[1]) if found else None
