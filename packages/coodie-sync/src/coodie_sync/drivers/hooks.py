"""Calling the hooks of documents."""

from __future__ import annotations

from inspect import isawaitable, iscoroutine
from typing import TypeAlias

from coodie_core.exceptions import ConfigurationError
from coodie_core.operation import HookCall
from coodie_core.statement import NO_ROWS, Rows

HookOutcome: TypeAlias = None
"""What a hook returns: nothing."""


def call_hook(call: HookCall) -> Rows:
    """Call the hook.

    Raises:
        ConfigurationError: It is async, and nobody here could wait for it.
    """
    outcome = call.method()
    if isawaitable(outcome):
        if iscoroutine(outcome):
            outcome.close()
        raise ConfigurationError(
            f"{call.name} is async, which documents of coodie.sync cannot wait for. Write it without async, "
            f"or use coodie.aio."
        )
    return NO_ROWS
