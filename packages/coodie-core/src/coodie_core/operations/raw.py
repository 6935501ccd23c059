"""CQL of the application's own making."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coodie_core.codecs import decode_value, encode_param
from coodie_core.operation import Operation
from coodie_core.statement import ExecutionOptions, Statement


def execute(cql: str, params: Sequence[Any] | None, options: ExecutionOptions) -> Operation[list[dict[str, Any]]]:
    """Send a statement, and read every page of its answer."""
    bound = tuple(encode_param(value) for value in params or ())
    statement = Statement(cql, bound, options, prepared=bool(bound))
    rows: list[dict[str, Any]] = []
    while True:
        answer = yield statement
        rows += [dict(zip(answer.columns, map(decode_value, row), strict=True)) for row in answer.rows]
        if answer.paging_state is None:
            return rows
        statement = statement._replace(paging_state=answer.paging_state)
