"""Which statements leave the same when they are sent twice: a truth table over every kind of change."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_core.assignments import UPDATES
from coodie_core.batch import BaseBatch
from coodie_core.cql_builder.parts import ASSIGNMENTS
from coodie_core.document import BaseDocument
from coodie_core.fields import Counter, Frozen, PrimaryKey
from coodie_core.operations import counters, documents, json_writes, keyspaces, queries, raw, reading, tables
from coodie_core.options import write_options
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.schema import TableKind
from coodie_core.statement import DEFAULT_EXECUTION, BatchKind, BatchStatement, Statement

NOW = write_options()


class Thing(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    name: str | None = None
    words: list[str] = []
    tags: set[str] = set()
    prices: dict[str, int] = {}
    fixed: Annotated[list[str], Frozen()] = []


class Views(BaseDocument):
    __coodie_kind__ = TableKind.COUNTER
    url: Annotated[str, PrimaryKey()]
    views: Annotated[int, Counter()] = 0


#: What ``update()`` can do to each field: every operation, on every kind of collection that has it.
VALUES: dict[str, Any] = {"words": ["a"], "tags": {"a"}, "prices": {"a": 1}}
SPECIAL: dict[tuple[str, str], Any] = {
    ("prices", "remove"): {"a"},
    ("prices", "put"): ("a", 1),
    ("words", "setindex"): (0, "a"),
}
FIELDS = {"list": "words", "set": "tags", "map": "prices"}

REPEATABLE_ON_A_LIST = {"remove"}


def operations() -> dict[str, tuple[dict[str, Any], bool]]:
    table: dict[str, tuple[dict[str, Any], bool]] = {
        "set a scalar": ({"name": "a"}, True),
        "set a scalar to null": ({"name": None}, True),
        "set a list": ({"words": ["a"]}, False),
        "set an empty list": ({"words": []}, True),
        "set a frozen list": ({"fixed": ["a"]}, True),
        "set a set": ({"tags": {"a"}}, True),
        "set a map": ({"prices": {"a": 1}}, True),
        "a list among others": ({"name": "a", "words__append": ["a"]}, False),
    }
    for name, (_, kinds) in UPDATES.items():
        for kind in kinds:
            field = FIELDS[kind]
            value = SPECIAL.get((field, name), VALUES[field])
            table[f"{name} on a {kind}"] = (
                {f"{field}__{name}": value},
                kind != "list" or name in REPEATABLE_ON_A_LIST,
            )
    return table


OPERATIONS = operations()


def find(**filters: Any) -> Any:
    return BaseQuerySet(Query(Thing)).filter(**filters)


def the_request(start: Any, operation: Any) -> Any:
    return start(operation).request


def test_the_table_has_every_kind_of_assignment() -> None:
    assert {kind for kind, _ in UPDATES.values()} | {"set"} == set(ASSIGNMENTS)


@pytest.mark.parametrize("what", OPERATIONS)
def test_updates(start: Any, what: str) -> None:
    changes, expected = OPERATIONS[what]

    of_document = the_request(start, documents.update(Thing(id=1), "ks", changes, NOW))
    of_query = the_request(start, queries.update(find(id=1).query, "ks", changes))

    assert (of_document.idempotent, of_query.idempotent) == (expected, expected)


@pytest.mark.parametrize("what", OPERATIONS)
@pytest.mark.parametrize("condition", [{"if_exists": True}, {"if_conditions": {"name": "b"}}])
def test_a_condition_makes_every_write_one_that_is_sent_once(start: Any, what: str, condition: Any) -> None:
    changes, _ = OPERATIONS[what]

    assert not the_request(start, documents.update(Thing(id=1), "ks", changes, NOW, **condition)).idempotent


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "a"}, True),
        ({"words": ["a"]}, False),
        ({"words": []}, True),
        ({"fixed": ["a"]}, True),
        ({"tags": {"a"}, "prices": {"a": 1}}, True),
    ],
)
def test_saving_and_creating(start: Any, fields: dict[str, Any], expected: bool) -> None:
    thing = Thing(id=1, **fields)

    assert the_request(start, documents.save(thing, "ks", NOW)).idempotent is expected
    assert the_request(start, json_writes.save_json(thing, "ks", NOW)).idempotent is expected
    assert the_request(start, queries.create(find().query, "ks", {"id": 1, **fields})).idempotent is expected
    assert not the_request(start, documents.insert(thing, "ks", NOW)).idempotent
    conditional = find().if_not_exists().query
    assert not the_request(start, queries.create(conditional, "ks", {"id": 1, **fields})).idempotent


@pytest.mark.parametrize("options", [{"ttl": 60}, {"timestamp": 1}, {"ttl": 60, "timestamp": 1, "consistency": "ONE"}])
def test_options_change_nothing(start: Any, options: dict[str, Any]) -> None:
    assert the_request(start, documents.save(Thing(id=1, name="a"), "ks", write_options(**options))).idempotent


@pytest.mark.parametrize(
    ("columns", "elements", "expected"),
    [
        (["name"], {}, True),
        (["words"], {}, True),
        ([], {"tags": "a"}, True),
        ([], {"prices": "a"}, True),
        ([], {"words": 0}, False),
        (["name"], {"prices": "a", "words": 0}, False),
    ],
)
def test_deleting_columns_and_elements(start: Any, columns: Any, elements: Any, expected: bool) -> None:
    operation = documents.delete_columns(Thing(id=1), "ks", columns, NOW, collection_elements=elements)

    assert the_request(start, operation).idempotent is expected


def test_deleting_rows(start: Any) -> None:
    assert the_request(start, documents.delete(Thing(id=1), "ks", NOW)).idempotent
    assert the_request(start, queries.delete(find(id=1).query, "ks")).idempotent
    assert not the_request(start, documents.delete(Thing(id=1), "ks", NOW, if_exists=True)).idempotent
    assert not the_request(start, queries.delete(find(id=1).if_exists().query, "ks")).idempotent


def test_counters(start: Any) -> None:
    assert not the_request(start, counters.change(Views(url="/"), "ks", {"views": 1}, NOW)).idempotent
    assert not the_request(start, documents.delete(Views(url="/"), "ks", NOW)).idempotent


def test_reads(start: Any) -> None:
    query = find(id=1).query
    for read in (
        reading.page(query, "ks", reading.documents),
        reading.count(query, "ks"),
        reading.json(query, "ks"),
        reading.aggregate(query, "ks", {"rows": "count(*)"}),
        reading.of_cell(query, "ks", "writetime", "name"),
        tables.sync_table(Thing, "ks"),
    ):
        assert the_request(start, read).idempotent


def test_changes_of_the_schema(start: Any) -> None:
    for change in (
        tables.drop_table(Thing, "ks"),
        tables.truncate(Thing, "ks"),
        keyspaces.drop("ks"),
    ):
        assert not the_request(start, change).idempotent


@pytest.mark.parametrize(
    ("cql", "said", "expected"),
    [
        ("SELECT * FROM t", None, True),
        ("  select now() FROM t", None, True),
        ("SELECT * FROM t", False, False),
        ("INSERT INTO t (id, at) VALUES (1, now())", None, False),
        ("UPDATE t SET a = 1 WHERE id = 1", None, False),
        ("UPDATE t SET a = 1 WHERE id = 1", True, True),
        ("BEGIN BATCH DELETE FROM t WHERE id = 1; APPLY BATCH", None, False),
        ("TRUNCATE t", None, False),
        ("CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY)", None, False),
    ],
)
def test_raw_cql(start: Any, cql: str, said: bool | None, expected: bool) -> None:
    assert the_request(start, raw.execute(cql, None, DEFAULT_EXECUTION, said)).idempotent is expected


YES, NO = Statement("INSERT", idempotent=True), Statement("UPDATE")


@pytest.mark.parametrize(
    ("statements", "kind", "expected"),
    [
        ((YES, YES), BatchKind.LOGGED, True),
        ((YES,), BatchKind.UNLOGGED, True),
        ((YES, NO), BatchKind.LOGGED, False),
        ((YES,), BatchKind.COUNTER, False),
    ],
)
def test_batches(statements: Any, kind: BatchKind, expected: bool) -> None:
    assert BatchStatement(statements, kind).idempotent is expected


def test_texts_in_a_batch_are_believed() -> None:
    batch = BaseBatch()
    batch.add("UPDATE t SET a = ? WHERE id = ?", [1, 1], idempotent=True)
    batch.add("UPDATE t SET l = l + ? WHERE id = ?", [["a"], 1])

    assert [statement.idempotent for statement in batch._statements] == [True, False]
