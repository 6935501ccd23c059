"""CQL from plain values. What operations send is tested with them; here are the corners, and what is refused."""

from __future__ import annotations

from enum import IntEnum

import pytest

from coodie_core.cql_builder import (
    Assignment,
    Cql,
    Ordering,
    Restriction,
    build_add_columns,
    build_aggregate,
    build_alter_keyspace,
    build_batch,
    build_count,
    build_counter_update,
    build_create_index,
    build_create_keyspace,
    build_create_materialized_view,
    build_create_table,
    build_create_type,
    build_delete,
    build_drop_index,
    build_drop_keyspace,
    build_drop_materialized_view,
    build_drop_table,
    build_insert,
    build_select,
    build_truncate,
    build_update,
)
from coodie_core.cql_builder.tables import option_literal
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import Indexed
from coodie_core.schema import ColumnDefinition
from coodie_core.statement import BatchKind

KEY = [Restriction("id", "=", 7)]
ID = ColumnDefinition("id", "int", partition_key_index=0)


@pytest.mark.parametrize(
    ("cql", "text", "params"),
    [
        (build_select("t", columns=["a"]), 'SELECT "a" FROM "t"', ()),
        (
            build_select("t", "ks", columns=["a", "b"], where=KEY, order_by=[Ordering("a"), Ordering("b", True)]),
            'SELECT "a", "b" FROM "ks"."t" WHERE "id" = ? ORDER BY "a" ASC, "b" DESC',
            (7,),
        ),
        (
            build_count("t", where=KEY, allow_filtering=True),
            'SELECT COUNT(*) FROM "t" WHERE "id" = ? ALLOW FILTERING',
            (7,),
        ),
        (
            build_aggregate("t", functions={"total": ("sum", "price"), "top": ("max", "price")}, where=KEY),
            'SELECT sum("price") AS "total", max("price") AS "top" FROM "t" WHERE "id" = ?',
            (7,),
        ),
        (build_insert("t", values={"id": 7, "a": None}), 'INSERT INTO "t" ("id", "a") VALUES (?, ?)', (7, None)),
        (
            build_insert("t", values={"id": 7}, if_not_exists=True, ttl=0, timestamp=5),
            'INSERT INTO "t" ("id") VALUES (?) IF NOT EXISTS USING TTL ? AND TIMESTAMP ?',
            (7, 0, 5),
        ),
        (
            build_update("t", assignments=[Assignment("m", "put", "v", key="k")], where=KEY, ttl=60),
            'UPDATE "t" USING TTL ? SET "m"[?] = ? WHERE "id" = ?',
            (60, "k", "v", 7),
        ),
        (
            build_update(
                "t", assignments=[Assignment("a", "set", 1)], where=KEY, conditions=[Restriction("b", "IN", [1])]
            ),
            'UPDATE "t" SET "a" = ? WHERE "id" = ? IF "b" IN ?',
            (1, 7, [1]),
        ),
        (
            build_counter_update("t", deltas={"a": 1, "b": -2}, where=KEY),
            'UPDATE "t" SET "a" = "a" + ?, "b" = "b" + ? WHERE "id" = ?',
            (1, -2, 7),
        ),
        (
            build_delete("t", where=KEY, columns=["a", "b"], timestamp=5),
            'DELETE "a", "b" FROM "t" USING TIMESTAMP ? WHERE "id" = ?',
            (5, 7),
        ),
        (
            build_batch([Cql("A ?", (1,)), Cql("B ?", (2,))], BatchKind.UNLOGGED, timestamp=5),
            "BEGIN UNLOGGED BATCH USING TIMESTAMP ? A ?; B ?; APPLY BATCH",
            (5, 1, 2),
        ),
        (build_truncate("t", "ks"), 'TRUNCATE "ks"."t"', ()),
        (build_drop_table("t", if_exists=False), 'DROP TABLE "t"', ()),
        (build_drop_index("i", "ks"), 'DROP INDEX IF EXISTS "ks"."i"', ()),
        (build_drop_materialized_view("v", "ks"), 'DROP MATERIALIZED VIEW IF EXISTS "ks"."v"', ()),
        (build_drop_keyspace("ks", if_exists=False), 'DROP KEYSPACE "ks"', ()),
        (
            build_create_type("address", "ks", fields={"street": "text", "zip": "int"}),
            'CREATE TYPE IF NOT EXISTS "ks"."address" ("street" text, "zip" int)',
            (),
        ),
        (
            build_add_columns("t", columns=[ColumnDefinition("a", "int"), ColumnDefinition("b", "text", static=True)]),
            'ALTER TABLE "t" ADD ("a" int, "b" text STATIC)',
            (),
        ),
        (
            build_create_table("t", columns=[ID], if_not_exists=False, default_ttl=5, options={"cdc": True}),
            'CREATE TABLE "t" ("id" int, PRIMARY KEY (("id"))) WITH default_time_to_live = 5 AND cdc = true',
            (),
        ),
        (
            build_create_table(
                "t",
                columns=[
                    ColumnDefinition("c", "int", clustering_key_index=1),
                    ColumnDefinition("b", "int", clustering_key_index=0, clustering_order="DESC"),
                    ColumnDefinition("y", "int", partition_key_index=1),
                    ColumnDefinition("x", "int", partition_key_index=0),
                ],
            ),
            'CREATE TABLE IF NOT EXISTS "t" ("c" int, "b" int, "y" int, "x" int, PRIMARY KEY (("x", "y"), "b", "c")) '
            'WITH CLUSTERING ORDER BY ("b" DESC, "c" ASC)',
            (),
        ),
        (
            build_create_index("t", column="a", name="i", index=Indexed(index_class="org.example.Index")),
            'CREATE CUSTOM INDEX IF NOT EXISTS "i" ON "t" ("a") USING \'org.example.Index\'',
            (),
        ),
        (
            build_create_keyspace("ks", dc_replication_map={"dc1": 3, "it's": 2}, durable_writes=False, tablets=True),
            "CREATE KEYSPACE IF NOT EXISTS \"ks\" WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3, "
            "'it''s': 2} AND durable_writes = false AND tablets = {'enabled': true}",
            (),
        ),
        (
            build_create_keyspace("ks", strategy="NetworkTopologyStrategy", replication_factor=2, if_not_exists=False),
            "CREATE KEYSPACE \"ks\" WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': 2}",
            (),
        ),
        (
            build_alter_keyspace("ks", replication_factor=3),
            "ALTER KEYSPACE \"ks\" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
            (),
        ),
        (build_alter_keyspace("ks", durable_writes=True), 'ALTER KEYSPACE "ks" WITH durable_writes = true', ()),
    ],
)
def test_text_and_values(cql, text, params):
    assert (cql.cql, cql.params) == (text, params)


@pytest.mark.parametrize(
    "build",
    [
        lambda name: build_select(
            name, name, columns=[name], where=[Restriction(name, "=", 1)], order_by=[Ordering(name)]
        ),
        lambda name: build_insert(name, name, values={name: 1}),
        lambda name: build_update(
            name, name, assignments=[Assignment(name, "set", 1)], where=[Restriction(name, "=", 1)]
        ),
        lambda name: build_delete(name, name, columns=[name], where=[Restriction(name, "=", 1)]),
        lambda name: build_aggregate(name, name, functions={name: ("sum", name)}),
        lambda name: build_create_table(name, name, columns=[ColumnDefinition(name, "int", partition_key_index=0)]),
        lambda name: build_create_type(name, name, fields={name: "int"}),
        lambda name: build_create_materialized_view(
            name, name, base_table=name, columns=[ColumnDefinition(name, "int", partition_key_index=0)]
        ),
    ],
)
def test_no_name_ends_the_identifier_that_it_is(build):
    text = build('x"; DROP TABLE users; --').cql

    assert text.replace('"x""; DROP TABLE users; --"', "NAME").count("DROP") == 0


def test_views_show_rows_with_a_whole_key_unless_told_otherwise():
    columns = [
        ColumnDefinition("email", "text", partition_key_index=0),
        ColumnDefinition("id", "int", clustering_key_index=0),
        ColumnDefinition("name", "text"),
    ]

    assert build_create_materialized_view("v", "ks", base_table="t", columns=columns, if_not_exists=False).cql == (
        'CREATE MATERIALIZED VIEW "ks"."v" AS SELECT "email", "id", "name" FROM "ks"."t" '
        'WHERE "email" IS NOT NULL AND "id" IS NOT NULL PRIMARY KEY (("email"), "id")'
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: build_select("t", columns=[]), "build_select('t'): name at least one column."),
        (
            lambda: build_select("t", columns=["a"], where=[Restriction("a", "= 1; --", 1)]),
            "'= 1; --' is no operator. Use one of !=, <, <=, =, >, >=, CONTAINS, CONTAINS KEY, IN, LIKE.",
        ),
        (
            lambda: build_aggregate("t", functions={"x": ("now() --", "a")}),
            "'now() --' is no aggregate function. Use one of avg, count, max, min, sum.",
        ),
        (lambda: build_aggregate("t", functions={}), "build_aggregate('t'): name at least one function."),
        (lambda: build_insert("t", values={}), "build_insert('t'): there are no values."),
        (lambda: build_update("t", assignments=[], where=KEY), "build_update('t'): give assignments and a where."),
        (
            lambda: build_update("t", assignments=[Assignment("a", "set", 1)], where=[]),
            "build_update('t'): give assignments and a where.",
        ),
        (
            lambda: build_update("t", assignments=[Assignment("a", "x = 1; --", 1)], where=KEY),
            "'x = 1; --' is no kind of assignment. Use one of set, append, prepend, remove, put.",
        ),
        (
            lambda: build_delete("t", where=[]),
            "build_delete('t'): give a where. build_truncate() empties the whole table.",
        ),
        (
            lambda: build_delete("t", where=KEY, conditions=KEY, if_exists=True),
            "if_exists and if_conditions exclude each other: a condition holds only of a row that exists.",
        ),
        (lambda: build_batch([]), "build_batch(): there are no statements."),
        (
            lambda: build_create_table("t", columns=[ColumnDefinition("a", "int")]),
            "a table needs a partition key: give at least one column a partition_key_index.",
        ),
        (
            lambda: build_create_table("t", columns=[ID], options={"comment = 'x' AND y": 1}),
            "table option \"comment = 'x' AND y\": a name has letters, digits and underscores only",
        ),
        (
            lambda: build_create_table("t", columns=[ID], options={"comment": object()}),
            "an option cannot be object: give text, a number, True, False or a dict.",
        ),
        (
            lambda: build_create_index("t", column="a", name="i i", index=Indexed()),
            "index 'i i': a name has letters, digits and underscores only",
        ),
        (
            lambda: build_create_materialized_view("v", base_table="t", columns=[ID], clustering_order={"a": "UP"}),
            "clustering order of 'a': 'UP' is neither 'ASC' nor 'DESC'.",
        ),
        (
            lambda: build_create_keyspace("ks", strategy="EverywhereStrategy'}; --"),
            "keyspace 'ks': there is no replication strategy \"EverywhereStrategy'}; --\". "
            "Use SimpleStrategy or NetworkTopologyStrategy.",
        ),
        (
            lambda: build_create_keyspace("ks", replication_factor=0),
            "keyspace 'ks': replication_factor = 0: give a whole number from 1.",
        ),
        (
            lambda: build_create_keyspace("ks", replication_factor=True),
            "keyspace 'ks': replication_factor = True: give a whole number from 1.",
        ),
        (
            lambda: build_create_keyspace("ks", dc_replication_map={"dc1": "3"}),
            "keyspace 'ks': dc1 = '3': give a whole number from 1.",
        ),
        (
            lambda: build_create_keyspace("ks", dc_replication_map={}),
            "keyspace 'ks': dc_replication_map names no data centre.",
        ),
        (
            lambda: build_alter_keyspace("ks", replication_factor=0),
            "keyspace 'ks': replication_factor = 0: give a whole number from 1.",
        ),
        (
            lambda: build_alter_keyspace("ks"),
            "alter_keyspace('ks'): nothing to change. Give replication_factor, dc_replication_map or durable_writes.",
        ),
        (lambda: build_drop_keyspace("a.b"), "keyspace 'a.b': a name has letters, digits and underscores only"),
    ],
)
def test_what_cannot_be_is_refused(build, message):
    with pytest.raises(InvalidQueryError) as refused:
        build()

    assert str(refused.value).startswith(message)


def test_a_number_of_an_enumeration_is_a_number_in_an_option():
    class Level(IntEnum):
        HIGH = 3

    assert option_literal({"level": Level.HIGH}) == "{'level': 3}"


@pytest.mark.parametrize("option", ["durable_writes", "tablets"])
def test_what_is_neither_true_nor_false_is_refused(option):
    with pytest.raises(InvalidQueryError, match=f"{option}='false': give True or False"):
        build_create_keyspace("ks", **{option: "false"})
