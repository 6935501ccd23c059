"""coodie's retry policies in the terms of the ``cassandra`` package, which asks one what to do about a failure."""

from __future__ import annotations

import random
from time import monotonic
from typing import Any

from cassandra import policies as driver_policies
from cassandra.policies import RetryPolicy as DriverRetryPolicy

from coodie_core.driver_support.retries import failure_of, unavailable
from coodie_core.exceptions import ReadTimeout, WriteTimeout
from coodie_core.retrying import Failure, RetryPolicy
from coodie_core.statement import Request

CAN_PAUSE = hasattr(driver_policies, "ExponentialBackoffRetryPolicy")
"""Whether the package can wait before another attempt: scylla-driver can, cassandra-driver 3.30 sends it at once."""


class Retries:
    """What becomes of one request that fails: the methods of the package's ``RetryPolicy``, which it calls.

    Args:
        request: The request.
        policy: What is to be done.

    Attributes:
        refusals: How many of its attempts surely carried nothing out.
    """

    def __init__(self, request: Request, policy: RetryPolicy) -> None:
        self.refusals: int = 0
        self._request = request
        self._policy = policy
        self._gives_up_at: float | None = None

    def begin(self, timeout: float | None) -> None:
        """Remember that the request is sent now, and that the caller waits *timeout* seconds for it."""
        self._gives_up_at = None if timeout is None else monotonic() + timeout

    def on_read_timeout(
        self,
        query: Any,
        consistency: int,
        required_responses: int,
        received_responses: int,
        data_retrieved: bool,
        retry_num: int,
    ) -> tuple[Any, ...]:
        return self._decision(Failure(ReadTimeout, retry_num + 1, self._request.idempotent))

    def on_write_timeout(
        self,
        query: Any,
        consistency: int,
        write_type: int,
        required_responses: int,
        received_responses: int,
        retry_num: int,
    ) -> tuple[Any, ...]:
        return self._decision(Failure(WriteTimeout, retry_num + 1, self._request.idempotent))

    def on_unavailable(
        self, query: Any, consistency: int, required_replicas: int, alive_replicas: int, retry_num: int
    ) -> tuple[Any, ...]:
        return self._decision(unavailable(self._request, consistency, retry_num + 1))

    def on_request_error(self, query: Any, consistency: int, error: Exception, retry_num: int) -> tuple[Any, ...]:
        return self._decision(failure_of(self._request, error, retry_num + 1))

    def _decision(self, failure: Failure) -> tuple[Any, ...]:
        if failure.applied is False:
            self.refusals += 1
        if self._gives_up_at is not None:
            failure = failure._replace(seconds_left=self._gives_up_at - monotonic())
        again = self._policy.decide(failure, random.random())
        if again is None:
            return DriverRetryPolicy.RETHROW, None
        kind = DriverRetryPolicy.RETRY_NEXT_HOST if again.other_node else DriverRetryPolicy.RETRY
        return (kind, None, again.pause) if again.pause and CAN_PAUSE else (kind, None)
