"""CQL of the application's own making."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from coodie_core.codecs import encode_param
from coodie_core.codecs.plain import decode_value
from coodie_core.exceptions import InvalidQueryError
from coodie_core.operation import Operation
from coodie_core.statement import ExecutionOptions, Statement

#: How statements begin that read and write rows, which are worth preparing; all others change or show definitions.
_ABOUT_ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE", "BEGIN")


def execute(cql: str, params: Sequence[Any] | None, options: ExecutionOptions) -> Operation[list[dict[str, Any]]]:
    """Send a statement, and read every page of its answer."""
    if isinstance(params, str | bytes | Mapping | Set):
        raise InvalidQueryError(
            f"execute_raw(): give the values in a list, in the order of the markers (?), not in one "
            f"{type(params).__name__}."
        )
    bound = tuple(encode_param(value) for value in params or ())
    statement = Statement(cql, bound, options, prepared=bool(bound) or is_about_rows(cql), idempotent=is_read(cql))
    rows: list[dict[str, Any]] = []
    while True:
        answer = yield statement
        rows += [dict(zip(answer.columns, map(decode_value, row), strict=True)) for row in answer.rows]
        if answer.paging_state is None:
            return rows
        statement = statement._replace(paging_state=answer.paging_state)


def is_read(cql: str) -> bool:
    """Whether a statement only reads.

    Example:
        >>> is_read(" select * from users"), is_read("UPDATE users SET age = 1 WHERE id = 7")
        (True, False)
    """
    return cql.lstrip().upper().startswith("SELECT")


def is_about_rows(cql: str) -> bool:
    """Whether a statement reads or writes rows.

    Example:
        >>> is_about_rows("select * from users"), is_about_rows("DROP TABLE users")
        (True, False)
    """
    return cql.lstrip().upper().startswith(_ABOUT_ROWS)
