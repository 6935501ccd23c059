"""What a driver's question about a failed request means in coodie's words."""

from __future__ import annotations

from coodie_core.driver_support.errors import MEANINGS, carried_nothing_out, meaning_of
from coodie_core.retrying import Failure
from coodie_core.statement import Request


def unavailable(request: Request, level: int, attempts: int) -> Failure:
    """Return what is known where too few replicas were alive.

    Args:
        request: What was sent.
        level: The number of the consistency level for which they were too few.
        attempts: How often it was sent.
    """
    meaning = MEANINGS["Unavailable"]
    applied = False if carried_nothing_out(meaning, request, level) else None
    return Failure(meaning.error, attempts, request.idempotent, applied)


def failure_of(request: Request, error: Exception, attempts: int) -> Failure:
    """Return what is known of a request that ended with *error* of the driver.

    Args:
        request: What was sent.
        error: The driver's exception, or the server's answer.
        attempts: How often it was sent.
    """
    meaning = meaning_of(error)
    applied = False if carried_nothing_out(meaning, request, None) else None
    return Failure(meaning.error, attempts, request.idempotent, applied)
