"""What a time limit means for a request: how long the driver may wait, and the exception once it is over."""

from __future__ import annotations

from coodie_core.deadlines import OutOfTime, TimeLimit
from coodie_core.driver_support.errors import (
    Circumstances,
    consistency_name,
    hosts_of,
    kind_of,
    names_of,
    quoted,
    statement_text,
    words_of_outcome,
)
from coodie_core.exceptions import ClientTimeout, DatabaseError, DeadlineExceeded

ROUNDING_SECONDS = 0.01
"""The driver's timers go by another clock, and are a little early at times. With less than this left, time is over."""


def waiting_time(limit: TimeLimit, usual: float | None) -> float:
    """Return how many seconds the driver may wait for an answer.

    Args:
        limit: The time limit of the request.
        usual: The seconds that the driver waits where nobody says otherwise; None for as long as it takes. A deadline
            only shortens that; ``timeout=`` replaces it.

    Raises:
        OutOfTime: The limit is over.
    """
    left = limit.seconds_left()
    return min(left, usual) if limit.is_deadline and usual is not None else left


def ran_out(limit: TimeLimit, error: Exception) -> bool:
    """Tell whether *error* means that *limit* is over."""
    timed_out = "OperationTimedOut" in names_of(error) and limit.rest() <= ROUNDING_SECONDS
    return timed_out or isinstance(error, OutOfTime)


def out_of_time(limit: TimeLimit, circumstances: Circumstances) -> DatabaseError:
    """Return the exception for a request whose *limit* is over.

    Args:
        limit: The limit.
        circumstances: What is known of the request: what was sent nowhere did not take place.
    """
    applied = None if circumstances.attempted else False
    outcome = words_of_outcome(circumstances.request, applied)
    elapsed = limit.spent()
    if limit.is_deadline:
        over = f"The deadline of {limit.seconds:g} s is over, {elapsed:.3f} s after it began."
        advice = "Give more time with deadline(seconds), or ask for less inside it."
    else:
        over = f"No answer came within {limit.seconds:g} s."
        advice = "Give more time with timeout=, or ask for less at once."
    error = kind_of(DeadlineExceeded if limit.is_deadline else ClientTimeout, circumstances.request, applied)(
        f"{over} {outcome} {advice}{quoted(circumstances.request)}",
        statement=statement_text(circumstances.request),
        keyspace=circumstances.keyspace,
        consistency=consistency_name(circumstances.consistency),
        hosts=hosts_of(circumstances),
        applied=applied,
    )
    if isinstance(error, DeadlineExceeded):
        error.budget, error.elapsed = limit.seconds, elapsed
    return error
