"""What drivers besides the ``cassandra`` package report, in the terms of that package, which `errors` understands."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from coodie_core.deadlines import TimeLimit
from coodie_core.driver_support.answers import OpenDriver, was_closed
from coodie_core.driver_support.errors import (
    Circumstances,
    ReportedError,
    carried_nothing_out,
    coodie_error,
    meaning_of,
    names_of,
)
from coodie_core.driver_support.time_limits import out_of_time, ran_out
from coodie_core.exceptions import CoodieError
from coodie_core.retrying import ONLY_WHAT_WAS_NOT_CARRIED_OUT, Again, Failure, Policies, RetryPolicy
from coodie_core.statement import Request

#: By words in the text of an error, what the operating system calls that.
CAUSES: Mapping[str, type[OSError]] = {
    "refused": ConnectionRefusedError,
    "reset": ConnectionResetError,
    "closed": ConnectionResetError,
    "broken": ConnectionResetError,
    "time": TimeoutError,
}


def no_host(hosts: tuple[str, ...], text: str) -> ReportedError:
    """Return the error for a cluster of which no node can be asked, with the reason that *text* gives."""
    lowered = text.lower()
    cause = next((kind for word, kind in CAUSES.items() if word in lowered), OSError)
    return ReportedError(("NoHostAvailable",), text, errors={host: cause(text) for host in hosts})


class Attempts:
    """How often a request was sent, and whether it is sent again: for drivers that leave that to coodie.

    Args:
        request: The request.
        policies: What holds where the request says nothing.

    Attributes:
        policy: What decides; None where the driver's own policy does.
        sent: How often it was sent.
        refused: How many of these surely carried nothing out.
    """

    def __init__(self, request: Request, policies: Policies) -> None:
        policy: RetryPolicy | None = request.options.retry or policies.retry
        if policy is None and not request.idempotent:
            policy = ONLY_WHAT_WAS_NOT_CARRIED_OUT
        self.policy: RetryPolicy | None = policy
        self.sent: int = 0
        self.refused: int = 0
        self._request = request
        self._failed = 0

    def begin(self) -> None:
        """Remember that the request is sent now."""
        self.sent += 1

    def failed(self, error: Exception, seconds_left: float | None) -> Again | None:
        """Return how the request is sent again after *error*, or None if it is not.

        Args:
            error: What the driver reported.
            seconds_left: Until the caller's timeout; None if there is none.
        """
        if self.sent == self._failed:  # it was not sent this time
            return None
        if "NoHostAvailable" in names_of(error):  # there was no node that it could have been sent to
            self.sent -= 1
            return None
        self._failed += 1
        meaning = meaning_of(error)
        surely_not = carried_nothing_out(meaning, self._request, getattr(error, "consistency", None))
        self.refused += surely_not
        if self.policy is None:
            return None
        applied = False if surely_not else None
        failure = Failure(meaning.error, self.sent, self._request.idempotent, applied, seconds_left)
        return self.policy.decide(failure, random.random())


def reported_failure(
    driver: OpenDriver,
    closed: bool,
    known: tuple[str, ...],
    request: Request,
    attempts: Attempts,
    error: Exception,
    limit: TimeLimit | None,
) -> CoodieError:
    """Return what to raise for *error*, of which the driver does not tell by which node it came.

    Args:
        driver: The driver.
        closed: Whether it was closed meanwhile.
        known: The nodes that it was told of: any of them may have been asked.
        request: What it was asked.
        attempts: How often it was sent.
        error: What the driver reported.
        limit: The time that the request had.
    """
    if closed and not attempts.sent:
        return was_closed(driver)
    circumstances = Circumstances(
        request,
        driver.keyspace,
        request.options.consistency,
        known * attempts.sent,
        known,
        len(known) * attempts.refused,
    )
    if limit is not None and ran_out(limit, error):
        return out_of_time(limit, circumstances)
    return coodie_error(error, circumstances)


def seconds_left(limit: TimeLimit | None, usual: float | None, began: float, now: float) -> float | None:
    """Return the seconds until the caller's timeout, for all attempts together; None if there is none.

    Args:
        limit: The time that the request has.
        usual: The seconds that the driver waits where nobody says otherwise.
        began: When the first attempt began.
        now: The time now, by the same clock.
    """
    if limit is not None and not limit.is_deadline:
        return limit.rest()
    rests = [*([] if usual is None else [began + usual - now]), *([] if limit is None else [limit.rest()])]
    return min(rests, default=None)


def with_facts(names: tuple[str, ...], said: str, facts: Mapping[str, Any]) -> ReportedError:
    """Return the error of a server, with those of its facts that are known."""
    return ReportedError(names, said, **{name: value for name, value in facts.items() if value is not None})
