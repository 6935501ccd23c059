"""Sending a batch."""

from __future__ import annotations

from coodie_core.batch import BaseBatch, BatchState
from coodie_core.batch_cost import report
from coodie_core.operation import Operation
from coodie_core.operations.sending import WRITTEN, lwt_result


def send(batch: BaseBatch) -> Operation[None]:
    """Send what *batch* collected, if anything, and keep the outcome of its conditions."""
    request = batch.closed_as(BatchState.SENT)
    if request is None:
        return
    concern = batch.concern()
    if concern is not None:
        report(concern, strict=batch.strict)
    answer = yield request
    result = WRITTEN
    if any(statement.conditional for statement in request.statements):
        result = lwt_result(batch.conditional_table, answer)
        batch.keep_result(result)
    for follow_up in batch.follow_ups:
        yield from follow_up(result)


def discard(batch: BaseBatch) -> None:
    """Let *batch* be one that is never sent, unless it was sent already."""
    if batch.is_open:
        _ = batch.closed_as(BatchState.DISCARDED)
