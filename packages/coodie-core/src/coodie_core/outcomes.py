"""What becomes of a write whose answer did not come."""

from __future__ import annotations

from collections.abc import Mapping
from types import new_class
from typing import Any

from coodie_core.exceptions import DatabaseError, OutcomeUnknown

#: The classes that `of_unknown_outcome` made, one for each class above.
_OF_UNKNOWN_OUTCOME: dict[type[DatabaseError], type[DatabaseError]] = {}


def of_unknown_outcome(kind: type[DatabaseError]) -> type[DatabaseError]:
    """Return the class of *kind* that is an `OutcomeUnknown` as well."""
    if kind is DatabaseError:
        return OutcomeUnknown
    if issubclass(kind, OutcomeUnknown):
        return kind
    if kind not in _OF_UNKNOWN_OUTCOME:
        attributes = {
            "__doc__": kind.__doc__,
            "__module__": kind.__module__,
            "__reduce__": _reduced,
            "of_known_outcome": kind,
        }
        _OF_UNKNOWN_OUTCOME[kind] = new_class(
            kind.__name__, (kind, OutcomeUnknown), exec_body=lambda body: body.update(attributes)
        )
    return _OF_UNKNOWN_OUTCOME[kind]


def _reduced(error: Any) -> tuple[Any, ...]:
    return _again, (error.of_known_outcome, error.args, vars(error))


def _again(kind: type[DatabaseError], arguments: tuple[Any, ...], facts: Mapping[str, Any]) -> DatabaseError:
    made = of_unknown_outcome(kind)
    error = made.__new__(made, *arguments)
    error.__dict__.update(facts)
    return error
