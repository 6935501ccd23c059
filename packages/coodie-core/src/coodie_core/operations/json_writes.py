"""Writing a document as JSON."""

from __future__ import annotations

from coodie_core.batch import BaseBatch
from coodie_core.cql_builder import build_insert_json
from coodie_core.cql_json import json_row
from coodie_core.document import BaseDocument, remember_written
from coodie_core.exceptions import InvalidQueryError
from coodie_core.idempotence import values_are_idempotent
from coodie_core.operation import Operation
from coodie_core.operations.hooks import with_hooks
from coodie_core.operations.saving import known_values, normalise, values_to_save
from coodie_core.operations.sending import NO_PLAIN_WRITES, refuse_on, write
from coodie_core.options import WriteOptions
from coodie_core.results import LWTResult
from coodie_core.schema import table_of
from coodie_core.validation import encoded


def save_json(
    document: BaseDocument, keyspace: str | None, options: WriteOptions, batch: BaseBatch | None = None
) -> Operation[LWTResult]:
    """Write all of *document* by INSERT JSON."""
    return with_hooks(document, "save", _save_json(document, keyspace, options, batch), batch)


def _save_json(
    document: BaseDocument, keyspace: str | None, options: WriteOptions, batch: BaseBatch | None
) -> Operation[LWTResult]:
    table = table_of(type(document))
    refuse_on(table, "save_json()", NO_PLAIN_WRITES)
    if table.version_field is not None:
        raise InvalidQueryError(
            f"{table.document}.save_json(): CQL cannot compare the document's version with JSON. Use save()."
        )
    normalise(table, document)
    written = values_to_save(table, document, known_values(table, document), "save_json()", rewrite=True)
    row = {name: encoded(table, name, value) for name, value in written.items()}
    cql = build_insert_json(
        table.name,
        table.keyspace_in(keyspace),
        row=json_row(table.types, row),
        ttl=options.ttl,
        timestamp=options.timestamp,
    )
    repeatable = values_are_idempotent(table, written)
    result = yield from write(table, cql, options, batch, idempotent=repeatable, document=document)
    if result.applied:
        remember_written(document, written)
    return result
