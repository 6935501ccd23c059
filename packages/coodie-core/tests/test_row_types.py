"""Rows of a table whose columns have other types than the model says."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest

from coodie_core.document import BaseDocument
from coodie_core.exceptions import RowDoesNotFit
from coodie_core.fields import PrimaryKey
from coodie_core.hydration import documents_of
from coodie_core.row_types import MOST_LOOKS, TypesOfRows
from coodie_core.statement import Rows
from coodie_core.types import cql_type

SOME_ID = UUID("7d6a3c3e-0d0a-4a1c-9c1e-2f6a5b8f4e10")
"""Not a new one each time: it is in the name of a test, which is the same in all workers."""


@pytest.mark.parametrize(
    ("annotation", "fitting", "other"),
    [
        (str, "5", 5),
        (int, 5, "5"),
        (int, 5, True),
        (bool, True, 1),
        (float, 1.5, Decimal("1.5")),
        (Decimal, Decimal(1), 1.0),
        (bytes, b"", ""),
        (UUID, SOME_ID, str(SOME_ID)),
        (datetime, datetime(2026, 1, 1), 1_767_225_600_000),
        (list[int], [1], 1),
        (list[int], [1], ["1"]),
        (set[str], {"a"}, {"a": 1}),
        (dict[str, int], {"a": 1}, ["a"]),
        (dict[str, list[int]], {"a": [1]}, {"a": ["1"]}),
        (tuple[int, str], (1, None), ("1", "a")),
    ],
)
def test_a_value_of_another_type_is_told_from_one_of_the_column(annotation: Any, fitting: Any, other: Any) -> None:
    types = {"value": cql_type(annotation)}

    assert TypesOfRows(types).problems_in((fitting,)) == {}
    (problem,) = TypesOfRows(types).problems_in((other,)).values()
    assert problem.startswith(f"the column holds {type(other).__name__}, and the field is {types['value']}")


def test_empty_columns_are_looked_at_again() -> None:
    types = TypesOfRows({"id": cql_type(int), "note": cql_type(str)})

    assert types.problems_in((1, None)) == {}
    assert not types.are_known
    assert list(types.problems_in((1, 5))) == ["note"]


def test_what_was_seen_once_is_not_looked_at_again() -> None:
    types = TypesOfRows({"id": cql_type(int)})
    types.problems_in((1,))

    assert types.are_known


def test_a_column_that_stays_empty_is_not_looked_at_for_ever() -> None:
    types = TypesOfRows({"note": cql_type(str)})

    for _ in range(MOST_LOOKS):
        assert not types.are_known
        types.problems_in((None,))

    assert types.are_known


def test_a_document_is_not_made_of_such_a_row() -> None:
    class Order(BaseDocument):
        id: Annotated[UUID, PrimaryKey()]
        total: int = 0

    with pytest.raises(RowDoesNotFit) as refused:
        documents_of(Order, Rows(("id", "total"), [(str(SOME_ID), "12")]))

    assert list(refused.value.problems) == ["id", "total"]
    assert str(refused.value).startswith(
        "A row of the table does not fit Order: id: the column holds str, and the field is uuid: the table has another "
        "type. sync_table() compares them; total: the column holds str, and the field is int"
    )
