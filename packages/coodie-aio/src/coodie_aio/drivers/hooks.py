"""Calling the hooks of documents, which may be async."""

from __future__ import annotations

from collections.abc import Awaitable
from inspect import isawaitable
from typing import TypeAlias

from coodie_core.operation import HookCall
from coodie_core.statement import NO_ROWS, Rows

HookOutcome: TypeAlias = Awaitable[None] | None
"""What a hook returns: nothing, at once or once it was awaited."""


async def call_hook(call: HookCall) -> Rows:
    """Call the hook, and wait for it if it is async."""
    outcome = call.method()
    if isawaitable(outcome):
        await outcome
    return NO_ROWS
