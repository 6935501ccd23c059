"""What a write leaves behind when it is sent twice: the same as when it is sent once, or not.

A write that is sent again carries the same write time, which settles most conflicts. Lists are the exception, since the
server names their elements anew each time: of a list that is written twice as a whole, with the same write time, all
elements are there twice (Apache Cassandra 5.0.9, ``Lists.Setter``). An index may mean another element the second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coodie_core.cql_builder import Assignment, Element
from coodie_core.schema import Table

#: Changes of a list that leave the same when they are sent twice: elements are removed by their values.
_REPEATABLE_ON_LISTS = frozenset({"remove"})


def is_list_of_cells(table: Table, column: str) -> bool:
    """Whether a column is a list whose elements the server keeps one by one."""
    return column in table.lists_of_cells


def assignments_are_idempotent(table: Table, assignments: Sequence[Assignment]) -> bool:
    """Whether an UPDATE with these assignments can be sent twice."""
    return all(
        item.operation in _REPEATABLE_ON_LISTS or (item.operation == "set" and not item.value)
        for item in assignments
        if is_list_of_cells(table, item.column)
    )


def values_are_idempotent(table: Table, values: Mapping[str, Any]) -> bool:
    """Whether an INSERT of these values can be sent twice: an empty list, or null, only deletes."""
    lists = table.lists_of_cells
    return not lists or not any([values.get(column) for column in lists])


def elements_are_idempotent(table: Table, elements: Sequence[Element]) -> bool:
    """Whether a DELETE of these elements can be sent twice."""
    return not any(is_list_of_cells(table, element.column) for element in elements)
