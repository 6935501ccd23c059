"""Rows become record batches with the types of their columns; a value that does not fit is refused, never changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pyarrow as pa
import pytest

from coodie_core.document import BaseDocument
from coodie_core.exceptions import ConfigurationError, InvalidQueryError
from coodie_core.fields import ClusteringKey, PrimaryKey, Static, VarInt
from coodie_core.query import Query
from coodie_core.selection import with_values
from coodie_core.statement import Rows
from coodie_core.tabular import batches, imported, polars_frames

ID = UUID("8c1c7f0e-9d1b-4a4e-8a55-8b5a3f4f1a11")


class Price(BaseDocument):
    id: Annotated[UUID, PrimaryKey()]
    amount: Decimal | None = None
    units: Annotated[int | None, VarInt()] = None
    tags: set[str] = set()
    notes: set[str] | None = None


class Shelf(BaseDocument):
    shop: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    owner: Annotated[str | None, Static()] = None


COLUMNS = ("id", "amount", "units", "tags", "notes")


def batch_of(*rows: tuple[Any, ...], decimal_scale: int = 9) -> Any:
    query = Query(Price)
    return batches(query, decimal_scale)(query, Rows(COLUMNS, rows))


def test_an_empty_page_has_the_types_of_the_columns():
    assert batch_of().schema == pa.schema(
        [
            ("id", pa.uuid()),
            ("amount", pa.decimal128(38, 9)),
            ("units", pa.decimal128(38, 0)),
            ("tags", pa.list_(pa.string())),
            ("notes", pa.list_(pa.string())),
        ]
    )


def test_null_is_an_empty_collection_where_documents_have_one():
    batch = batch_of((ID, None, None, None, None))

    assert batch.to_pylist() == [{"id": ID, "amount": None, "units": None, "tags": [], "notes": None}]


def test_decimals_keep_every_digit_or_are_refused():
    exact = Decimal("0.123456789012")

    assert batch_of((ID, exact, 2**100, None, None), decimal_scale=12).to_pylist()[0]["amount"] == exact
    with pytest.raises(InvalidQueryError, match=r"amount: a value does not fit Arrow's decimal128\(38, 9\)") as refused:
        batch_of((ID, exact, None, None, None))
    assert "0.123" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_varint_of_more_than_38_digits_is_refused():
    with pytest.raises(InvalidQueryError, match=r"units: a value does not fit Arrow's decimal128\(38, 0\)"):
        batch_of((ID, None, 10**38, None, None))


def test_polars_gets_uuids_as_text():
    query = Query(Price)

    frame = polars_frames(query, 9)(query, Rows(COLUMNS, [(ID, None, None, None, None)]))

    assert frame["id"].to_list() == [str(ID)]


def test_a_partition_that_only_has_static_columns_is_no_row():
    query = Query(Shelf)
    rows = Rows(("shop", "number", "owner"), [(1, None, "Ada"), (2, 5, "Ada")])

    assert batches(query, 9)(query, rows).to_pylist() == [{"shop": 2, "number": 5, "owner": "Ada"}]


def test_values_of_some_fields_are_columns_in_their_order():
    query = with_values(Query(Shelf), ("owner", "shop"))
    rows = Rows(("owner", "shop", "number"), [("Ada", 1, None), ("Ada", 2, 5)])

    assert batches(query, 9)(query, rows).to_pylist() == [{"owner": "Ada", "shop": 2}]


def test_functions_are_refused():
    with pytest.raises(InvalidQueryError, match=r"Price.find\(\).scan\(\).arrow_batches\(\): functions and casts"):
        batches(with_values(Query(Price), ("writetime(amount)",)), 9)


@pytest.mark.parametrize("digits", [-1, 39, 1.5, True])
def test_a_scale_that_cannot_be_is_refused(digits: Any):
    with pytest.raises(InvalidQueryError, match=r"decimal_scale=.*: give the digits after the point, from 0 to 38"):
        batches(Query(Price), digits)


def test_what_is_not_installed_is_named_with_how_to_get_it():
    with pytest.raises(ConfigurationError) as missing:
        imported("no_such_library", "arrow", "arrow_batches()")

    assert str(missing.value) == (
        "scan().arrow_batches() needs no_such_library, which is not installed: pip install 'coodie[arrow]'."
    )
