"""Raw CQL: every page, and plain values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coodie_core.exceptions import InvalidQueryError
from coodie_core.operations.raw import execute
from coodie_core.options import execution_options
from coodie_core.statement import DEFAULT_EXECUTION, ExecutionOptions, Statement


def test_one_dict_a_row(start):
    conversation = start(execute("SELECT id, name FROM users WHERE id = ?", [7], DEFAULT_EXECUTION))

    conversation.answer((7, "Alice"), (8, None), columns=("id", "name"))

    assert conversation.requests == [Statement("SELECT id, name FROM users WHERE id = ?", (7,), idempotent=True)]
    assert conversation.result == [{"id": 7, "name": "Alice"}, {"id": 8, "name": None}]


def test_every_page_is_read(start):
    conversation = start(execute("SELECT id FROM users WHERE a = ?", [1], DEFAULT_EXECUTION))

    conversation.answer((1,), columns=("id",), paging_state=b"2")
    second = conversation.request
    conversation.answer(columns=("id",), paging_state=b"3").answer((3,), columns=("id",))

    assert second.paging_state == b"2"
    assert conversation.result == [{"id": 1}, {"id": 3}]


def test_a_statement_without_an_answer_gives_an_empty_list(start):
    assert start(execute("TRUNCATE users", None, DEFAULT_EXECUTION)).answer().result == []


def test_values_of_the_answer_are_plain_python(start):
    conversation = start(execute("SELECT at FROM users", None, DEFAULT_EXECUTION))

    conversation.answer((datetime(2026, 11, 23),), columns=("at",))

    assert conversation.result == [{"at": datetime(2026, 11, 23, tzinfo=UTC)}]


@pytest.mark.parametrize(
    ("cql", "params", "prepared"),
    [
        ("SELECT id FROM users", None, True),
        ("  insert into users (id) values (1)", None, True),
        ("SELECT id FROM users WHERE id = ?", [1], True),
        ("TRUNCATE users", None, False),
        ("LIST ROLES", None, False),
        ("CREATE TABLE users (id int PRIMARY KEY)", None, False),
    ],
)
def test_what_reads_and_writes_rows_is_prepared(start, cql, params, prepared):
    assert start(execute(cql, params, DEFAULT_EXECUTION)).request.prepared is prepared


def test_consistency_and_timeout_travel_with_the_statement(start):
    options = execution_options("QUORUM", 2.5)

    conversation = start(execute("SELECT id FROM users", None, options))

    assert conversation.request.options == ExecutionOptions(consistency=options.consistency, timeout=2.5)


@pytest.mark.parametrize("params", ["ab", b"ab", {"id": 7}, {7}])
def test_values_without_an_order_are_refused(start, params):
    """A dict would bind its keys, a text its letters."""
    with pytest.raises(InvalidQueryError) as refused:
        start(execute("SELECT id FROM users WHERE id = ?", params, DEFAULT_EXECUTION))

    assert str(refused.value) == (
        f"execute_raw(): give the values in a list, in the order of the markers (?), not in one "
        f"{type(params).__name__}."
    )
