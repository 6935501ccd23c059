"""CQL of the application's own making."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from coodie_core.codecs import encode_param
from coodie_core.codecs.plain import decode_value
from coodie_core.exceptions import InvalidQueryError
from coodie_core.operation import Operation
from coodie_core.statement import ExecutionOptions, Statement, is_read

#: How statements begin that read and write rows, which are worth preparing; all others change or show definitions.
_ABOUT_ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE", "BEGIN")

#: What a conditional write has, and few others.
_CONDITION = re.compile(r"\bIF\b", re.IGNORECASE)


def execute(
    cql: str, params: Sequence[Any] | None, options: ExecutionOptions, idempotent: bool | None = None
) -> Operation[list[dict[str, Any]]]:
    """Send a statement, and read every page of its answer.

    Args:
        cql: The text.
        params: The values for its markers.
        options: How it is carried out.
        idempotent: Whether it may be sent twice; None to have reads so, and nothing else.
    """
    if isinstance(params, str | bytes | Mapping | Set):
        raise InvalidQueryError(
            f"execute_raw(): give the values in a list, in the order of the markers (?), not in one "
            f"{type(params).__name__}."
        )
    bound = tuple(encode_param(value) for value in params or ())
    statement = raw_statement(cql, bound, idempotent)._replace(
        options=options, prepared=bool(bound) or is_about_rows(cql)
    )
    rows: list[dict[str, Any]] = []
    while True:
        answer = yield statement
        rows += [dict(zip(answer.columns, map(decode_value, row), strict=True)) for row in answer.rows]
        if answer.paging_state is None:
            return rows
        statement = statement._replace(paging_state=answer.paging_state)


def raw_statement(cql: str, params: tuple[Any, ...], idempotent: bool | None) -> Statement:
    """Return a text of the application as a statement: what it does is not known, so that it is believed.

    Raises:
        InvalidQueryError: *idempotent* is no truth value.
    """
    if idempotent is not None and not isinstance(idempotent, bool):
        raise InvalidQueryError(f"idempotent={idempotent!r}: give True if the statement may be sent twice, or False.")
    statement = Statement(cql, params, conditional=bool(_CONDITION.search(cql)))
    return statement._replace(idempotent=is_read(statement) if idempotent is None else idempotent)


def is_about_rows(cql: str) -> bool:
    """Whether a statement reads or writes rows.

    Example:
        >>> is_about_rows("select * from users"), is_about_rows("DROP TABLE users")
        (True, False)
    """
    return cql.lstrip().upper().startswith(_ABOUT_ROWS)
