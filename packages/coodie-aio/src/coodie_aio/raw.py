"""CQL of the application's own making."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coodie_aio.connection import driver_for
from coodie_aio.runner import run
from coodie_core.consistency import Consistency, SerialConsistency
from coodie_core.operations import raw
from coodie_core.options import execution_options
from coodie_core.retrying import RetryPolicy, SpeculativePolicy


async def execute_raw(
    cql: str,
    params: Sequence[Any] | None = None,
    *,
    connection: str | None = None,
    consistency: Consistency | None = None,
    timeout: float | None = None,
    serial_consistency: SerialConsistency | None = None,
    retry: RetryPolicy | None = None,
    speculative: SpeculativePolicy | None = None,
    idempotent: bool | None = None,
) -> list[dict[str, Any]]:
    """Send a CQL statement, and return every row of its answer, from all pages.

    Never put a value into the text: bind it. Table names without a keyspace mean the connection's keyspace.

    Args:
        cql: The statement, with a ``?`` for each value.
        params: The values, in the order of the markers.
        connection: The connection to use, if not the default one.
        consistency: A consistency level, its name or its number.
        timeout: Seconds to wait for each answer.
        serial_consistency: ``"SERIAL"`` or ``"LOCAL_SERIAL"``, for a statement with a condition.
        retry: When it is sent again after a failure, if not as the connection says.
        speculative: When it is sent to a second node as well, if not as the connection says.
        idempotent: Whether it may be sent twice. By default a SELECT may, and nothing else.

    Returns:
        One dict a row, by column name, with plain Python values; an empty list for a statement without an answer.

    Raises:
        InvalidQueryError: The server refuses the statement, or the values do not fit its markers.
        DatabaseError: The cluster refused or did not answer.

    Example:
        ```python
        rows = await execute_raw("SELECT * FROM users WHERE id = ?", [user_id])
        ```
    """
    driver = driver_for(connection)
    options = execution_options(
        consistency, timeout, serial_consistency=serial_consistency, retry=retry, speculative=speculative
    )
    return await run(raw.execute(cql, params, options, idempotent), driver)
