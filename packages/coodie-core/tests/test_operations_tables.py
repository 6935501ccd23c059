"""sync_table(): look at the table, compare, and change what can be changed."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from coodie_core.document import BaseDocument
from coodie_core.exceptions import (
    ClientTimeout,
    InvalidQueryError,
    SchemaMismatch,
    SchemaNotAgreed,
    ServerRefusedQuery,
)
from coodie_core.fields import BigInt, ClusteringKey, Counter, Frozen, Indexed, PrimaryKey, Static, Vector, VectorIndex
from coodie_core.operations.tables import drop_table, sync_table, truncate
from coodie_core.schema import TableKind
from coodie_core.statement import Rows, Statement


class Address(BaseModel):
    street: str


class Order(BaseDocument):
    shop: Annotated[int, PrimaryKey()]
    day: Annotated[str, ClusteringKey(order="DESC")]
    total: float
    owner: Annotated[str | None, Static()] = None
    tags: Annotated[set[str], Indexed()] = set()

    class Settings:
        name = "orders"


#: Rows of system_schema.columns that describe the table of `Order`.
LIVE_COLUMNS = {
    "shop": ("int", "partition_key", 0, "none"),
    "day": ("text", "clustering", 0, "desc"),
    "total": ("float", "regular", -1, "none"),
    "owner": ("text", "static", -1, "none"),
    "tags": ("set<text>", "regular", -1, "none"),
}
LIVE_INDEXES = {"orders_tags_idx": {"target": "values(tags)"}}


def synced(
    start: Any,
    model: type[BaseDocument],
    columns: dict[str, tuple[Any, ...]],
    indexes: dict[str, dict[str, str]] | None = None,
    *,
    types: tuple[tuple[Any, ...], ...] = (),
    live_options: dict[str, Any] | None = None,
    is_scylladb: bool = False,
    **options: Any,
) -> Any:
    """Sync a model with a table that has these columns and indexes, and stays as it is; every change is confirmed."""
    conversation = start(sync_table(model, "ks", **options))
    while not conversation.has_ended:
        if "system_schema.columns" in conversation.cql:
            conversation.answer(*((name, *rest) for name, rest in columns.items()))
        elif "system_schema.indexes" in conversation.cql:
            conversation.answer(*(indexes or {}).items())
        elif "system_schema.types" in conversation.cql:
            conversation.answer(*types)
        elif "SELECT * FROM system_schema.tables" in conversation.cql:
            conversation.answer(tuple((live_options or {}).values()), columns=tuple(live_options or {}))
        elif "system_schema.tables" in conversation.cql:
            conversation.answer(*([("scylla_tables",)] if is_scylladb else []))
        else:
            conversation.answer()
    return conversation


def changes(start: Any, model: type[BaseDocument], *live: Any, **options: Any) -> list[str]:
    """What a sync ran, which is also what it says it ran."""
    conversation = synced(start, model, *live, **options)
    ran = [request.cql for request in conversation.requests if not request.prepared]
    assert ran == conversation.result
    return ran


def drift(start: Any, model: type[BaseDocument], *live: Any, **options: Any) -> list[str]:
    """In what a sync leaves the table as it is."""
    return [str(difference) for difference in synced(start, model, *live, **options).result.drift]


def mismatch(start: Any, model: type[BaseDocument], columns: dict[str, tuple[Any, ...]]) -> str:
    with pytest.raises(SchemaMismatch) as refused:
        synced(start, model, columns)
    return str(refused.value)


def live_columns_of(**changed: Any) -> dict[str, tuple[Any, ...]]:
    """The columns of `Order` with some of them changed, or left out if None."""
    return {name: column for name, column in {**LIVE_COLUMNS, **changed}.items() if column is not None}


def test_it_looks_first(start):
    conversation = start(sync_table(Order, "ks"))
    conversation.answer()

    assert conversation.requests == [
        Statement(
            "SELECT column_name, type, kind, position, clustering_order FROM system_schema.columns "
            "WHERE keyspace_name = ? AND table_name = ?",
            ("ks", "orders"),
            idempotent=True,
        ),
        Statement(
            "SELECT index_name, options FROM system_schema.indexes WHERE keyspace_name = ? AND table_name = ?",
            ("ks", "orders"),
            idempotent=True,
        ),
    ]


def test_a_table_that_does_not_exist_is_created_with_its_indexes(start):
    assert changes(start, Order, {}) == [
        'CREATE TABLE IF NOT EXISTS "ks"."orders" ("shop" int, "day" text, "total" float, "owner" text STATIC, '
        '"tags" set<text>, PRIMARY KEY (("shop"), "day")) WITH CLUSTERING ORDER BY ("day" DESC)',
        'CREATE INDEX IF NOT EXISTS "orders_tags_idx" ON "ks"."orders" ("tags")',
    ]


def test_changes_of_the_schema_are_not_prepared(start):
    conversation = synced(start, Order, {})

    assert [request.prepared for request in conversation.requests] == [True, True, False, False, True, True]


def test_a_table_that_is_as_the_model_describes_it_stays_as_it_is(start):
    assert changes(start, Order, LIVE_COLUMNS, LIVE_INDEXES) == []


def test_columns_that_no_field_stands_for_stay_and_are_reported(start):
    live = live_columns_of(extra=("text", "regular", -1, "none"))

    assert changes(start, Order, live, LIVE_INDEXES) == []
    assert drift(start, Order, live, LIVE_INDEXES) == [
        "column extra: the table has it (text), the model has no such field."
    ]


def test_missing_columns_are_added_in_one_statement_and_static_ones_stay_static(start):
    assert changes(start, Order, live_columns_of(total=None, owner=None), LIVE_INDEXES) == [
        'ALTER TABLE "ks"."orders" ADD ("total" float, "owner" text STATIC)'
    ]


def test_a_missing_index_is_created(start):
    assert changes(start, Order, LIVE_COLUMNS) == [
        'CREATE INDEX IF NOT EXISTS "orders_tags_idx" ON "ks"."orders" ("tags")'
    ]


def test_an_index_under_another_name_is_good_enough(start):
    assert changes(start, Order, LIVE_COLUMNS, {"made_by_hand": {"target": "values(tags)"}}) == []


def test_indexes_that_the_model_does_not_have_stay_and_are_reported(start):
    live = {**LIVE_INDEXES, "by_total": {"target": "total"}}

    assert changes(start, Order, LIVE_COLUMNS, live) == []
    assert drift(start, Order, LIVE_COLUMNS, live) == [
        "index by_total: on total: no field of the model asks for it. sync_table(drop_removed_indexes=True) drops it."
    ]


SAI = "org.apache.cassandra.index.sai.StorageAttachedIndex"


@pytest.mark.parametrize(
    ("existing", "difference"),
    [
        (
            {"note_text_idx": {"target": "text"}},
            "which note_text_idx keeps from being created",
        ),
        (
            {"old": {"target": "text", "class_name": SAI, "case_sensitive": "true"}},
            "which old keeps from being created",
        ),
    ],
)
def test_an_index_that_was_changed_is_reported_and_replaced_on_request(start, existing, difference):
    class Note(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        text: Annotated[str, Indexed(index_class="SAI", options={"case_sensitive": "false"})]

    live = {"id": ("int", "partition_key", 0, "none"), "text": ("text", "regular", -1, "none")}
    [old] = existing

    assert changes(start, Note, live, existing) == []
    assert difference in drift(start, Note, live, existing)[1]
    assert changes(start, Note, live, existing, drop_removed_indexes=True) == [
        f'DROP INDEX IF EXISTS "ks"."{old}"',
        'CREATE CUSTOM INDEX IF NOT EXISTS "note_text_idx" ON "ks"."note" ("text") USING \'StorageAttachedIndex\' '
        "WITH OPTIONS = {'case_sensitive': 'false'}",
    ]


def test_an_index_of_another_class_on_the_same_column_is_created_beside_it(start):
    class Note(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        text: Annotated[str, Indexed("note_text_sai", index_class="SAI")]

    live = {"id": ("int", "partition_key", 0, "none"), "text": ("text", "regular", -1, "none")}

    assert len(changes(start, Note, live, {"note_text_idx": {"target": "text"}})) == 1


@pytest.mark.parametrize("class_name", ["sai", "SAI", "StorageAttachedIndex", SAI])
def test_the_class_of_an_index_may_be_written_in_several_ways(start, class_name):
    class Note(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        text: Annotated[str, Indexed(index_class="SAI", options={"case_sensitive": "false"})]

    live = {"id": ("int", "partition_key", 0, "none"), "text": ("text", "regular", -1, "none")}
    index = {"target": "text", "class_name": class_name, "case_sensitive": "False"}

    assert drift(start, Note, live, {"note_text_idx": index}) == []


@pytest.mark.parametrize(("is_scylladb", "index_class"), [(False, "StorageAttachedIndex"), (True, "vector_index")])
def test_a_vector_index_is_of_the_class_that_the_server_has(start, is_scylladb, index_class):
    class Picture(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        embedding: Annotated[list[float], Vector(3), VectorIndex("EUCLIDEAN")]

    live = {"id": ("int", "partition_key", 0, "none"), "embedding": ("vector<float, 3>", "regular", -1, "none")}
    index = {"target": "embedding", "class_name": index_class, "similarity_function": "euclidean"}

    assert changes(start, Picture, live, is_scylladb=is_scylladb) == [
        'CREATE CUSTOM INDEX IF NOT EXISTS "picture_embedding_idx" ON "ks"."picture" ("embedding") '
        f"USING '{index_class}' WITH OPTIONS = {{'similarity_function': 'EUCLIDEAN'}}"
    ]
    assert changes(start, Picture, live, {"any": index}, is_scylladb=is_scylladb) == []


class Event(BaseDocument):
    id: Annotated[int, PrimaryKey()]

    class Settings:
        __default_ttl__ = 3600
        __options__ = {
            "comment": "Short",
            "bloom_filter_fp_chance": 0.1,
            "speculative_retry": "99PERCENTILE",
            "compaction": {"class": "LeveledCompactionStrategy", "sstable_size_in_mb": 160},
        }


LIVE_EVENT = {"id": ("int", "partition_key", 0, "none")}
LIVE_OPTIONS = {
    "default_time_to_live": 3600,
    "comment": "Short",
    "bloom_filter_fp_chance": 0.1,
    "speculative_retry": "99p",
    "compaction": {
        "class": "org.apache.cassandra.db.compaction.LeveledCompactionStrategy",
        "max_threshold": "32",
        "sstable_size_in_mb": "160",
    },
    "gc_grace_seconds": 60,
}


def test_options_that_are_the_same_in_other_words_stay(start):
    assert changes(start, Event, LIVE_EVENT, live_options=LIVE_OPTIONS) == []
    assert drift(start, Event, LIVE_EVENT, live_options=LIVE_OPTIONS) == []


@pytest.mark.parametrize(
    ("live", "altered"),
    [
        ({"default_time_to_live": 0}, "default_time_to_live = 3600"),
        ({"comment": "short"}, "comment = 'Short'"),
        ({"speculative_retry": "99ms"}, "speculative_retry = '99PERCENTILE'"),
        ({"bloom_filter_fp_chance": 0.01}, "bloom_filter_fp_chance = 0.1"),
        (
            {"compaction": {**LIVE_OPTIONS["compaction"], "sstable_size_in_mb": "80"}},
            "compaction = {'class': 'LeveledCompactionStrategy', 'sstable_size_in_mb': 160}",
        ),
    ],
)
def test_only_options_that_differ_are_altered(start, live, altered):
    assert changes(start, Event, LIVE_EVENT, live_options={**LIVE_OPTIONS, **live}) == [
        f'ALTER TABLE "ks"."event" WITH {altered}'
    ]


def test_an_option_that_the_server_does_not_show_is_reported(start):
    live = {**LIVE_OPTIONS, "comment": None}

    assert changes(start, Event, LIVE_EVENT, live_options=live) == []
    assert drift(start, Event, LIVE_EVENT, live_options=live) == [
        "option comment: the model has 'Short', and the server does not show what the table has. It is given when the "
        "table is created; after that, change it with ALTER TABLE."
    ]


def test_what_another_process_did_meanwhile_is_not_done_again(start):
    """Both look, both find a column missing, the other one is faster."""
    conversation = start(sync_table(Order, "ks"))
    before = live_columns_of(total=None)
    conversation.answer(*((name, *rest) for name, rest in before.items())).answer(*LIVE_INDEXES.items())
    assert conversation.cql == 'ALTER TABLE "ks"."orders" ADD ("total" float)'

    conversation.fail(ServerRefusedQuery("Column with name 'total' already exists"))
    conversation.answer(*((name, *rest) for name, rest in LIVE_COLUMNS.items())).answer(*LIVE_INDEXES.items())

    assert conversation.result == []


def refused_once(conversation: Any, columns: dict[str, tuple[Any, ...]]) -> None:
    """The server refuses a change; the table has these columns then."""
    conversation.fail(ServerRefusedQuery("no"))
    conversation.answer(*((name, *rest) for name, rest in columns.items())).answer(*LIVE_INDEXES.items())


def test_what_the_server_refuses_for_another_reason_is_raised(start):
    conversation = start(sync_table(Order, "ks"))
    before = live_columns_of(total=None)
    conversation.answer(*((name, *rest) for name, rest in before.items())).answer(*LIVE_INDEXES.items())

    for _ in range(2):
        refused_once(conversation, before)
    with pytest.raises(ServerRefusedQuery, match="no"):
        refused_once(conversation, before)


def test_a_server_that_shows_a_column_before_it_knows_it_is_asked_again(start):
    conversation = start(sync_table(Order, "ks"))
    conversation.answer(*((name, *rest) for name, rest in LIVE_COLUMNS.items())).answer()
    index = conversation.cql
    conversation.fail(ServerRefusedQuery("Undefined column name tags"))
    conversation.answer(*((name, *rest) for name, rest in LIVE_COLUMNS.items())).answer()

    assert conversation.cql == index
    conversation.answer()
    conversation.answer(*((name, *rest) for name, rest in LIVE_COLUMNS.items())).answer(*LIVE_INDEXES.items())
    assert conversation.result == [index]


def test_a_change_whose_answer_came_too_late_is_looked_for(start):
    conversation = start(sync_table(Order, "ks"))
    conversation.answer(*((name, *rest) for name, rest in LIVE_COLUMNS.items())).answer()
    index = conversation.cql
    conversation.fail(ClientTimeout("No answer came within 10 seconds"))
    conversation.answer(*((name, *rest) for name, rest in LIVE_COLUMNS.items())).answer(*LIVE_INDEXES.items())

    assert conversation.result == [index]


def test_a_change_that_never_takes_place_in_time_is_an_error(start):
    conversation = start(sync_table(Order, "ks"))
    conversation.answer(*((name, *rest) for name, rest in LIVE_COLUMNS.items())).answer()
    index = conversation.cql

    def too_late() -> None:
        assert conversation.cql == index
        conversation.fail(ClientTimeout("No answer came within 10 seconds"))
        conversation.answer(*((name, *rest) for name, rest in LIVE_COLUMNS.items())).answer()

    too_late()
    too_late()
    with pytest.raises(ClientTimeout):
        too_late()


def test_nodes_that_do_not_agree_on_the_new_schema_are_an_error():
    operation = sync_table(Order, "ks")
    next(operation)
    operation.send(Rows())
    operation.send(Rows())

    with pytest.raises(SchemaNotAgreed, match="nodes did not agree") as raised:
        operation.send(Rows(schema_agreed=False))

    assert raised.value.statement.startswith("CREATE TABLE")


def test_indexes_that_the_model_does_not_have_are_dropped_on_request(start):
    live = {**LIVE_INDEXES, "by_total": {"target": "total"}}

    assert changes(start, Order, LIVE_COLUMNS, live, drop_removed_indexes=True) == [
        'DROP INDEX IF EXISTS "ks"."by_total"'
    ]


def test_a_dry_run_says_what_would_run_and_changes_nothing(start):
    conversation = synced(start, Order, {}, dry_run=True)

    assert len(conversation.requests) == 2
    assert [text.split(" IF")[0] for text in conversation.result] == ["CREATE TABLE", "CREATE INDEX"]


@pytest.mark.parametrize(
    ("marker", "live_target", "created"),
    [
        (Indexed(), "values(tags)", '("tags")'),
        (Indexed(), '"tags"', '("tags")'),
        (Indexed(target="VALUES"), "values(tags)", '(VALUES("tags"))'),
        (Indexed(target="KEYS"), "keys(tags)", '(KEYS("tags"))'),
        (Indexed(target="ENTRIES"), "entries(tags)", '(ENTRIES("tags"))'),
    ],
)
def test_an_index_is_known_by_what_it_is_on(start, marker, live_target, created):
    class Note(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        tags: Annotated[dict[str, str], marker]

    live = {"id": ("int", "partition_key", 0, "none"), "tags": ("map<text, text>", "regular", -1, "none")}

    assert changes(start, Note, live, {"any": {"target": live_target}}) == []
    assert changes(start, Note, live) == [f'CREATE INDEX IF NOT EXISTS "note_tags_idx" ON "ks"."note" {created}']


def test_an_index_gets_the_name_class_and_options_that_its_marker_gives(start):
    class Note(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        text: Annotated[str, Indexed("by_text", index_class="SAI", options={"case_sensitive": "false"})]

    live = {"id": ("int", "partition_key", 0, "none"), "text": ("text", "regular", -1, "none")}

    assert changes(start, Note, live) == [
        'CREATE CUSTOM INDEX IF NOT EXISTS "by_text" ON "ks"."note" ("text") USING \'StorageAttachedIndex\' '
        "WITH OPTIONS = {'case_sensitive': 'false'}"
    ]


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        (
            {"total": ("double", "regular", -1, "none")},
            "column 'total' of orders: the model has type float, the table has type double.",
        ),
        (
            {"tags": ("list<text>", "regular", -1, "none")},
            "column 'tags' of orders: the model has type set<text>, the table has type list<text>.",
        ),
        (
            {"owner": ("text", "regular", -1, "none")},
            "column 'owner' of orders: the model has kind static, the table has kind regular.",
        ),
        (
            {"day": ("text", "clustering", 0, "asc")},
            "column 'day' of orders: the model has clustering order desc, the table has clustering order asc.",
        ),
        (
            {"day": ("text", "regular", -1, "none")},
            "column 'day' of orders: the model has kind clustering, the table has kind regular.",
        ),
        ({"day": None}, "column 'day' of orders: the model has part of the primary key, the table has no such column."),
        (
            {"hour": ("int", "clustering", 1, "asc")},
            "column 'hour' of orders: the model has no such field, the table has a clustering column.",
        ),
        (
            {"day": ("text", "clustering", 1, "desc")},
            "column 'day' of orders: the model has place in the key 0, the table has place in the key 1.",
        ),
    ],
)
def test_a_key_or_type_that_differs_is_refused_since_cql_cannot_change_it(start, changed, difference):
    assert mismatch(start, Order, live_columns_of(**changed)) == (
        f"Order.sync_table(): {difference} CQL cannot change keys and types: change the model back, "
        f"or copy the rows into a new table (another Settings.name) and drop this one."
    )


def test_a_mismatch_changes_nothing_not_even_what_could_be_changed(start):
    conversation = start(sync_table(Order, "ks"))
    conversation.answer(
        *((name, *rest) for name, rest in live_columns_of(owner=None, total=("double", "regular", -1, "none")).items())
    )

    with pytest.raises(SchemaMismatch):
        conversation.answer()

    assert len(conversation.requests) == 2


def test_types_are_compared_as_the_server_writes_them(start):
    class Customer(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        home: Annotated[Address, Frozen()]
        homes: list[Address]
        points: dict[str, list[Annotated[int, BigInt()]]]
        pair: tuple[int, str]

    live = {
        "id": ("int", "partition_key", 0, "none"),
        "home": ("frozen<address>", "regular", -1, "none"),
        "homes": ("list<frozen<address>>", "regular", -1, "none"),
        "points": ("map<text, frozen<list<bigint>>>", "regular", -1, "none"),
        "pair": ("frozen<tuple<int, text>>", "regular", -1, "none"),
    }

    address = ("address", ["street"], ["text"])

    assert changes(start, Customer, live, types=(address,)) == []


def test_options_and_default_ttl_are_given_at_creation(start):
    class Event(BaseDocument):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            __default_ttl__ = 3600
            __options__ = {"comment": "it's short", "compaction": {"class": "TimeWindowCompactionStrategy"}}

    assert changes(start, Event, {}) == [
        'CREATE TABLE IF NOT EXISTS "ks"."event" ("id" int, PRIMARY KEY (("id"))) WITH default_time_to_live = 3600 '
        "AND comment = 'it''s short' AND compaction = {'class': 'TimeWindowCompactionStrategy'}"
    ]


def test_each_subclass_has_a_table_of_its_own(start):
    """A parent's schema that was built before must not serve for the child."""

    class Animal(BaseDocument):
        id: Annotated[int, PrimaryKey()]

    changes(start, Animal, {})

    class Dog(Animal):
        breed: str

    assert changes(start, Dog, {}) == [
        'CREATE TABLE IF NOT EXISTS "ks"."dog" ("id" int, "breed" text, PRIMARY KEY (("id")))'
    ]


def test_counter_tables_are_synced_like_others(start):
    class Page(BaseDocument):
        __coodie_kind__ = TableKind.COUNTER
        url: Annotated[str, PrimaryKey()]
        views: Annotated[int, Counter()] = 0

    assert changes(start, Page, {}) == [
        'CREATE TABLE IF NOT EXISTS "ks"."page" ("url" text, "views" counter, PRIMARY KEY (("url")))'
    ]


def test_views_have_methods_of_their_own(start):
    class OrderByDay(BaseDocument):
        __coodie_kind__ = TableKind.VIEW
        day: Annotated[str, PrimaryKey()]

    for operation in (sync_table, drop_table):
        with pytest.raises(InvalidQueryError, match=r"this is a materialized view: use sync_view\(\) and drop_view"):
            start(operation(OrderByDay, "ks"))
    with pytest.raises(InvalidQueryError, match="a materialized view is read-only: truncate its base table"):
        start(truncate(OrderByDay, "ks"))


def test_dropping_and_truncating_are_one_statement_each(start):
    assert start(drop_table(Order, "ks")).request == Statement('DROP TABLE IF EXISTS "ks"."orders"', prepared=False)
    assert start(truncate(Order, "ks")).request == Statement('TRUNCATE "ks"."orders"', prepared=False)
