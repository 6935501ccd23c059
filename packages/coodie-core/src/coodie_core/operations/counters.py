"""Counters, which are only ever changed by an amount."""

from __future__ import annotations

from collections.abc import Mapping

from coodie_core.batch import BaseBatch
from coodie_core.cql_builder import build_counter_update
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.operation import Operation
from coodie_core.operations.saving import key_of
from coodie_core.operations.sending import given_options, option_clash, write
from coodie_core.options import WriteOptions
from coodie_core.schema import Table, table_of


def change(
    document: BaseDocument,
    keyspace: str | None,
    deltas: Mapping[str, int],
    options: WriteOptions,
    batch: BaseBatch | None = None,
    *,
    sign: int = 1,
) -> Operation[None]:
    """Add *deltas* times *sign* to the document's counters."""
    method = "increment" if sign > 0 else "decrement"
    table = table_of(type(document))
    option_clash(table, method, given_options(options, batch))
    cql = build_counter_update(
        table.name,
        table.keyspace_in(keyspace),
        deltas={name: sign * _checked(table, method, name, delta) for name, delta in deltas.items()}
        or _refuse_nothing(table, method),
        where=key_of(table, document, f"{method}()"),
    )
    yield from write(table, cql, options, batch, idempotent=False, counter=True, document=document)


def _checked(table: Table, method: str, name: str, delta: int) -> int:
    asked = f"{method}({name}=...)"
    if not table.column(name, asked).counter:
        raise InvalidQueryError(f"{table.document}.{asked}: {name} is no counter.")
    if isinstance(delta, bool) or not isinstance(delta, int) or not -(2**63) < delta < 2**63:
        raise InvalidQueryError(f"{table.document}.{asked}: give a whole number of 64 bits.")
    return delta


def _refuse_nothing(table: Table, method: str) -> dict[str, int]:
    raise InvalidQueryError(f"{table.document}.{method}(): name at least one counter, as in {method}(views=1).")
