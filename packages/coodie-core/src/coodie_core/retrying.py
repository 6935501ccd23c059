"""When a statement that failed is sent again, and when one that is slow is sent to a second node meanwhile.

Decisions only: a driver carries them out. Whatever a policy says, a statement that is not idempotent is sent again only
if it surely was not carried out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from coodie_core.exceptions import (
    ConnectionLost,
    DatabaseError,
    InvalidQueryError,
    Overloaded,
    ReadTimeout,
    ServerFailed,
    Unavailable,
    WriteTimeout,
)

#: The failures after which a statement can be sent again: those of which a driver asks what to do.
RETRIED: tuple[type[DatabaseError], ...] = (
    Unavailable,
    ReadTimeout,
    WriteTimeout,
    Overloaded,
    ConnectionLost,
    ServerFailed,
)

#: After these it is the replicas that were slow, and not the node that was asked.
_SAME_NODE = (ReadTimeout, WriteTimeout)

#: More would not be a retry but a loop.
MOST_ATTEMPTS = 100
LONGEST_PAUSE_SECONDS = 3600


class Failure(NamedTuple):
    """What is known of a statement that failed, when it is to be decided whether it is sent again.

    Attributes:
        error: The exception that it would end with.
        attempts: How often it was sent.
        idempotent: Whether it leaves the same when it is sent twice.
        applied: False if it surely was not carried out, None if nobody knows.
        seconds_left: Until the caller's timeout; None if there is none.
    """

    error: type[DatabaseError]
    attempts: int
    idempotent: bool
    applied: bool | None = None
    seconds_left: float | None = None


class Again(NamedTuple):
    """That a statement is sent again.

    Attributes:
        other_node: Whether to the next node, instead of to the same one.
        pause: Seconds to wait before.
    """

    other_node: bool
    pause: float


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Sends a statement again that failed, if it may be sent twice or surely was not carried out.

    The caller's ``timeout`` is for all attempts and pauses together: a pause that would outlast it is not begun.

    Args:
        attempts: How often a statement is sent at most; 1 to send it once.
        first_pause: Seconds before the second attempt. Each further pause is twice as long; and each is shortened by
            up to a half, by chance, so that those who failed together do not come back together.
        longest_pause: Seconds that no pause exceeds.
        on: The failures after which it is sent again, as exceptions of ``coodie.exceptions``.

    Raises:
        InvalidQueryError: A number is out of its range, or a driver never asks about one of the failures.

    Example:
        ```python
        patient = RetryPolicy(attempts=5, first_pause=0.1, longest_pause=2)
        await User.find(id=user_id).retry(patient).get()
        ```
    """

    attempts: int = 3
    first_pause: float = 0.05
    longest_pause: float = 1.0
    on: tuple[type[DatabaseError], ...] = RETRIED

    def __post_init__(self) -> None:
        attempts: Any = self.attempts
        if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts <= MOST_ATTEMPTS:
            raise InvalidQueryError(
                f"RetryPolicy(attempts={attempts!r}): give a whole number from 1 (once) to {MOST_ATTEMPTS}."
            )
        _check_seconds("RetryPolicy", "first_pause", self.first_pause, least=0)
        _check_seconds("RetryPolicy", "longest_pause", self.longest_pause, least=0)
        if isinstance(self.on, type):
            raise InvalidQueryError(
                f"RetryPolicy(on={self.on.__name__}): give a tuple, as in on=({self.on.__name__},)."
            )
        object.__setattr__(self, "on", tuple(self.on))
        for error in self.on:
            if error not in RETRIED:
                raise InvalidQueryError(
                    f"RetryPolicy(on=...): {getattr(error, '__name__', error)} cannot be retried. "
                    f"Use some of {', '.join(known.__name__ for known in RETRIED)}."
                )

    def decide(self, failure: Failure, chance: float = 0.0) -> Again | None:
        """Return how the statement is sent again, or None if it is not.

        Args:
            failure: What happened.
            chance: A random number from 0 to 1, by which the pause is shortened.
        """
        may_be_sent_twice = failure.idempotent or failure.applied is False
        if failure.error not in self.on or failure.attempts >= self.attempts or not may_be_sent_twice:
            return None
        pause = min(self.longest_pause, self.first_pause * 2 ** (failure.attempts - 1)) * (1 - chance / 2)
        if failure.seconds_left is not None and pause >= failure.seconds_left:
            return None
        return Again(failure.error not in _SAME_NODE, pause)


@dataclass(frozen=True, slots=True)
class SpeculativePolicy:
    """Sends an idempotent statement that is slow to a further node as well, and takes the answer that comes first.

    Args:
        after: Seconds without an answer before it is sent to the next node; a little more than most requests take.
        attempts: To how many further nodes, each after that time.

    Raises:
        InvalidQueryError: A number is out of its range.

    Example:
        ```python
        await init_coodie(hosts=["127.0.0.1"], speculative=SpeculativePolicy(after=0.05))
        ```
    """

    after: float
    attempts: int = 1

    def __post_init__(self) -> None:
        _check_seconds("SpeculativePolicy", "after", self.after, least=0.001)
        attempts: Any = self.attempts
        if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts <= MOST_ATTEMPTS:
            raise InvalidQueryError(
                f"SpeculativePolicy(attempts={attempts!r}): give a whole number from 1 to {MOST_ATTEMPTS}."
            )


def checked_policy(name: str, policy: Any, kind: type[Any]) -> Any:
    """Return *policy* if it is one, or None.

    Raises:
        InvalidQueryError: It is something else; *name* says in the error what was asked.
    """
    if policy is not None and not isinstance(policy, kind):
        raise InvalidQueryError(f"{name}={type(policy).__name__}: give a {kind.__name__}, as in {kind.__name__}(...).")
    return policy


def _check_seconds(policy: str, name: str, seconds: Any, *, least: float) -> None:
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not least <= seconds <= LONGEST_PAUSE_SECONDS:
        raise InvalidQueryError(
            f"{policy}({name}={seconds!r}): give seconds from {least} to {LONGEST_PAUSE_SECONDS} (an hour)."
        )


class Policies(NamedTuple):
    """What a driver does where neither a call nor a query says what to do.

    Attributes:
        retry: When statements are sent again; None to leave those that may be sent twice to the driver's own policy.
        speculative: When idempotent statements are sent to a second node; None for never, or what a profile says.
    """

    retry: RetryPolicy | None = None
    speculative: SpeculativePolicy | None = None


NO_POLICIES = Policies()


def policies(retry: RetryPolicy | None, speculative: SpeculativePolicy | None) -> Policies:
    """Return the policies of a driver.

    Raises:
        InvalidQueryError: One of them is none.
    """
    return Policies(
        checked_policy("retry", retry, RetryPolicy), checked_policy("speculative", speculative, SpeculativePolicy)
    )


#: For what must not be sent twice, where nothing else was asked: as often as the driver does it by itself.
ONLY_WHAT_WAS_NOT_CARRIED_OUT = RetryPolicy(attempts=2, first_pause=0, on=(Unavailable,))
