"""Sending a batch."""

from __future__ import annotations

from coodie_core.batch import BaseBatch, BatchState
from coodie_core.operation import Operation
from coodie_core.operations.sending import lwt_result


def send(batch: BaseBatch) -> Operation[None]:
    """Send what *batch* collected, if anything, and keep the outcome of its conditions."""
    request = batch.closed_as(BatchState.SENT)
    if request is None:
        return
    answer = yield request
    if any(statement.conditional for statement in request.statements):
        batch.keep_result(lwt_result(None, answer))


def discard(batch: BaseBatch) -> None:
    """Let *batch* be one that is never sent, unless it was sent already."""
    if batch.is_open:
        _ = batch.closed_as(BatchState.DISCARDED)
