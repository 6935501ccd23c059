"""One request and its answer: values, pages, batches, schema changes, and what cannot be sent."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from driver_features import BATCH_TIMESTAMP

from coodie_core.consistency import ConsistencyLevel
from coodie_core.driver_support.prepared import MAX_PREPARED
from coodie_core.exceptions import (
    AlreadyExists,
    ClientTimeout,
    DatabaseError,
    InvalidQueryError,
    KeyspaceNotFound,
    ServerRefusedQuery,
    Unavailable,
)
from coodie_core.statement import BatchKind, BatchStatement, ExecutionOptions, Rows, Statement

PAGE = 10
YEAR_2100 = 4_102_444_800_000_000
"""Microseconds since 1970."""


def schema_change(cql: str) -> Statement:
    return Statement(cql, prepared=False)


@pytest.fixture
async def table(coodie_aio_driver: Any) -> str:
    """A new table ``(part int, id int, name text)`` of the driver's keyspace."""
    name = f"t{uuid4().hex[:8]}"
    cql = f"CREATE TABLE {name} (part int, id int, name text, PRIMARY KEY (part, id))"
    await coodie_aio_driver.execute(schema_change(cql))
    return name


async def filled(driver: Any, table: str, rows: int, part: int = 1) -> None:
    insert = f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)"
    for number in range(rows):
        await driver.execute(Statement(insert, (part, number, f"name {number}")))


async def pages(driver: Any, statement: Statement) -> list[list[int]]:
    """The first column of each page, with the paging state handed on from answer to statement."""
    found = []
    while True:
        answer = await driver.execute(statement)
        found.append([row[0] for row in answer.rows])
        if answer.paging_state is None:
            return found
        statement = statement._replace(paging_state=answer.paging_state)


# -- rows ----------------------------------------------------------------------------------------------------------


async def test_rows_are_tuples_in_the_order_of_the_columns(coodie_aio_driver: Any, table: str) -> None:
    await coodie_aio_driver.execute(Statement(f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)", (1, 2, "Ada")))

    answer = await coodie_aio_driver.execute(Statement(f"SELECT name, id FROM {table} WHERE part = ?", (1,)))

    assert answer == Rows(columns=["name", "id"], rows=[("Ada", 2)])
    assert type(answer.rows[0]) is tuple


async def test_a_write_answers_with_no_rows(coodie_aio_driver: Any, table: str) -> None:
    answer = await coodie_aio_driver.execute(Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", (1, 2)))

    assert (list(answer.columns), list(answer.rows), answer.paging_state) == ([], [], None)


async def test_a_conditional_write_answers_with_the_row_that_is_there(coodie_aio_driver: Any, table: str) -> None:
    insert = Statement(f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?) IF NOT EXISTS", (1, 2, "Ada"))
    assert (await coodie_aio_driver.execute(insert)).rows == [(True,)]

    answer = await coodie_aio_driver.execute(insert)

    assert dict(zip(answer.columns, answer.rows[0], strict=True)) == {
        "[applied]": False,
        "part": 1,
        "id": 2,
        "name": "Ada",
    }


async def test_a_schema_change_answers_that_the_nodes_agree(coodie_aio_driver: Any, table: str) -> None:
    answer = await coodie_aio_driver.execute(schema_change(f"ALTER TABLE {table} ADD extra int"))

    assert answer.schema_agreed is True


async def test_a_table_made_anew_with_other_types_takes_the_new_ones(coodie_aio_driver: Any, table: str) -> None:
    """The server gives the same text the same identity, so the driver alone would go on with the old types."""
    insert, select = f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)", f"SELECT name FROM {table}"
    await coodie_aio_driver.execute(Statement(insert, (1, 1, "text")))
    await coodie_aio_driver.execute(Statement(select))
    await coodie_aio_driver.execute(schema_change(f"DROP TABLE {table}"))
    cql = f"CREATE TABLE {table} (part int, id int, name int, PRIMARY KEY (part, id))"
    await coodie_aio_driver.execute(schema_change(cql))

    await coodie_aio_driver.execute(Statement(insert, (1, 1, 42)))

    assert (await coodie_aio_driver.execute(Statement(select))).rows == [(42,)]


# -- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
async def test_every_page_together_is_every_row(coodie_aio_driver: Any, table: str, rows: int) -> None:
    await filled(coodie_aio_driver, table, rows)

    select = Statement(f"SELECT id FROM {table} WHERE part = ?", (1,), ExecutionOptions(fetch_size=PAGE))
    found = await pages(coodie_aio_driver, select)

    assert [number for page in found for number in page] == list(range(rows))
    assert max(len(page) for page in found) <= PAGE


async def test_walks_at_the_same_time_keep_their_own_place(coodie_aio_driver: Any, table: str) -> None:
    for part in (1, 2, 3):
        await filled(coodie_aio_driver, table, 2 * PAGE + part, part)
    options = ExecutionOptions(fetch_size=PAGE)
    walks = {part: Statement(f"SELECT id FROM {table} WHERE part = ?", (part,), options) for part in (1, 2, 3)}
    found: dict[int, list[int]] = {part: [] for part in walks}

    while walks:  # one page of each in turn
        for part, statement in list(walks.items()):
            answer = await coodie_aio_driver.execute(statement)
            found[part] += [row[0] for row in answer.rows]
            walks[part] = statement._replace(paging_state=answer.paging_state)
            if answer.paging_state is None:
                del walks[part]

    assert found == {part: list(range(2 * PAGE + part)) for part in (1, 2, 3)}


async def test_a_paging_state_that_is_none_is_refused_and_the_connection_recovers(coodie_server: Any) -> None:
    from coodie_aio.connection import init_coodie

    async with await init_coodie(**coodie_server.connect_arguments, name="broken paging") as driver:
        statement = Statement("SELECT key FROM system.local")

        with pytest.raises(ServerRefusedQuery, match="paging state"):
            await driver.execute(statement._replace(paging_state=b"forged"))


# -- what is sent --------------------------------------------------------------------------------------------------


async def test_ten_thousand_values_are_one_prepared_statement(coodie_aio_driver: Any) -> None:
    select = "SELECT key FROM system.local WHERE key = ?"
    await coodie_aio_driver.execute(Statement(select, ("local",)))
    before = len(coodie_aio_driver.link.prepared)

    for number in range(10_000):
        await coodie_aio_driver.execute(Statement(select, (f"key {number}",)))

    assert len(coodie_aio_driver.link.prepared) == before


async def test_texts_that_hold_values_do_not_fill_the_memory(coodie_aio_driver: Any) -> None:
    for number in range(MAX_PREPARED + 50):
        await coodie_aio_driver.execute(Statement(f"SELECT key FROM system.local WHERE key = '{number}'"))

    assert len(coodie_aio_driver.link.prepared) == MAX_PREPARED
    forgotten = Statement("SELECT key FROM system.local WHERE key = '0'")
    assert (await coodie_aio_driver.execute(forgotten)).rows == []


@pytest.mark.parametrize("kind", [BatchKind.LOGGED, BatchKind.UNLOGGED])
async def test_a_batch_writes_all_its_statements(coodie_aio_driver: Any, table: str, kind: BatchKind) -> None:
    insert = f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)"
    delete = f"DELETE FROM {table} WHERE part = ? AND id = ?"
    await filled(coodie_aio_driver, table, 1)

    statements = (Statement(insert, (1, 1, "b")), Statement(insert, (1, 2, "c")), Statement(delete, (1, 0)))
    await coodie_aio_driver.execute(BatchStatement(statements, kind))

    rows = (await coodie_aio_driver.execute(Statement(f"SELECT id, name FROM {table}"))).rows
    assert rows == [(1, "b"), (2, "c")]


async def test_a_batch_of_counters_counts(coodie_aio_driver: Any, table: str) -> None:
    await coodie_aio_driver.execute(schema_change(f"CREATE TABLE {table}_c (id int PRIMARY KEY, hits counter)"))
    add = f"UPDATE {table}_c SET hits = hits + ? WHERE id = ?"

    batch = BatchStatement((Statement(add, (2, 1)), Statement(add, (3, 1))), BatchKind.COUNTER)
    await coodie_aio_driver.execute(batch)

    assert (await coodie_aio_driver.execute(Statement(f"SELECT hits FROM {table}_c"))).rows == [(5,)]


@pytest.mark.needs(BATCH_TIMESTAMP)
async def test_the_timestamp_of_a_batch_is_that_of_its_writes(coodie_aio_driver: Any, table: str) -> None:
    insert = Statement(f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)", (1, 1, "late"))

    await coodie_aio_driver.execute(BatchStatement((insert,), timestamp=YEAR_2100))

    written = await coodie_aio_driver.execute(Statement(f"SELECT writetime(name) FROM {table}"))
    assert written.rows == [(YEAR_2100,)]


async def test_a_conditional_batch_tells_whether_it_was_applied(coodie_aio_driver: Any, table: str) -> None:
    insert = Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?) IF NOT EXISTS", (1, 1), conditional=True)
    assert (await coodie_aio_driver.execute(BatchStatement((insert,)))).rows == [(True,)]

    answer = await coodie_aio_driver.execute(BatchStatement((insert,)))

    assert answer.columns[0] == "[applied]"
    assert answer.rows[0][0] is False


async def test_a_batch_larger_than_the_protocol_can_count_is_refused(coodie_aio_driver: Any, table: str) -> None:
    insert = Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", (1, 1))

    with pytest.raises(InvalidQueryError, match=r"batch of 65536 statements.*65535"):
        await coodie_aio_driver.execute(BatchStatement((insert,) * 65_536))


async def test_a_serial_read_is_sent_with_its_level(coodie_aio_driver: Any, table: str) -> None:
    options = ExecutionOptions(consistency=ConsistencyLevel.SERIAL)

    assert (
        await coodie_aio_driver.execute(Statement(f"SELECT id FROM {table} WHERE part = 1", (), options))
    ).rows == []


# -- what cannot be sent, and what the server refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind"),
    [("not a number", "str"), (2**31, "int"), (1.5, "float"), (object(), "object"), ([1], "list")],
)
async def test_a_value_that_does_not_fit_names_the_column_and_not_the_value(
    coodie_aio_driver: Any, table: str, value: object, kind: str
) -> None:
    with pytest.raises(InvalidQueryError) as raised:
        await coodie_aio_driver.execute(
            Statement(f"INSERT INTO {table} (part, name, id) VALUES (?, ?, ?)", (1, "Ada", value))
        )

    assert f"Column 'id' is int and cannot take this value of type {kind}" in str(raised.value)
    assert str(value) not in str(raised.value)
    assert "Ada" not in str(raised.value)


@pytest.mark.parametrize(
    ("params", "given"), [((), "0 values were"), ((1,), "1 value was"), ((1, 2, 3), "3 values were")]
)
async def test_too_few_or_too_many_values_are_counted(
    coodie_aio_driver: Any, table: str, params: tuple[int, ...], given: str
) -> None:
    """The driver alone would leave the missing ones unset, and say nothing."""
    with pytest.raises(InvalidQueryError, match=rf"2 markers \(\?\), but {given} given"):
        await coodie_aio_driver.execute(Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", params))


@pytest.mark.parametrize("prepared", [True, False])
@pytest.mark.parametrize("cql", ["USE system", "use system;", "  -- aside\n USE system", "/* aside */ Use system"])
async def test_use_is_refused_because_it_would_redirect_everything(
    coodie_aio_driver: Any, table: str, cql: str, prepared: bool
) -> None:
    with pytest.raises(InvalidQueryError, match=r"USE would redirect.*init_coodie\(keyspace="):
        await coodie_aio_driver.execute(Statement(cql, prepared=prepared))

    assert (await coodie_aio_driver.execute(Statement(f"SELECT id FROM {table}"))).rows == []


async def test_a_serial_level_that_is_none_is_refused(coodie_aio_driver: Any, table: str) -> None:
    options = ExecutionOptions(serial_consistency=ConsistencyLevel.QUORUM)

    with pytest.raises(InvalidQueryError, match=r"serial_consistency='QUORUM'.*SERIAL or LOCAL_SERIAL"):
        await coodie_aio_driver.execute(
            Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?) IF NOT EXISTS", (1, 1), options)
        )


async def test_a_refused_statement_carries_its_text_and_the_servers_words(coodie_aio_driver: Any, table: str) -> None:
    cql = f"SELECT nmae FROM {table} WHERE part = ?"

    with pytest.raises(ServerRefusedQuery, match="nmae") as raised:
        await coodie_aio_driver.execute(Statement(cql, (1,)))

    error = raised.value
    assert isinstance(error, InvalidQueryError)
    assert isinstance(error, DatabaseError)
    assert (error.statement, error.keyspace, error.applied) == (cql, coodie_aio_driver.keyspace, False)
    assert error.hosts
    assert error.__cause__ is not None


async def test_a_syntax_error_is_a_refused_statement(coodie_aio_driver: Any) -> None:
    with pytest.raises(ServerRefusedQuery, match="line 1:"):
        await coodie_aio_driver.execute(Statement("SELEC key FROM system.local"))


async def test_a_keyspace_that_is_gone_is_named(coodie_aio_driver: Any) -> None:
    with pytest.raises(KeyspaceNotFound, match="no keyspace 'gone'") as raised:
        await coodie_aio_driver.execute(Statement("SELECT id FROM gone.users"))

    assert raised.value.keyspace == "gone"
    assert raised.value.statement == "SELECT id FROM gone.users"


async def test_creating_a_table_twice_names_it(coodie_aio_driver: Any, table: str) -> None:
    with pytest.raises(AlreadyExists, match=rf"\.{table} exists already.*IF NOT EXISTS"):
        await coodie_aio_driver.execute(schema_change(f"CREATE TABLE {table} (id int PRIMARY KEY)"))


async def test_more_replicas_than_there_are_nodes_are_unavailable_and_nothing_is_written(
    coodie_aio_driver: Any, coodie_server: Any
) -> None:
    from coodie_testing import fresh_keyspace

    with fresh_keyspace(coodie_server, "three replicas") as keyspace:
        replication = "{'class': 'SimpleStrategy', 'replication_factor': 3}"
        await coodie_aio_driver.execute(schema_change(f"ALTER KEYSPACE {keyspace} WITH replication = {replication}"))
        await coodie_aio_driver.execute(schema_change(f"CREATE TABLE {keyspace}.t (id int PRIMARY KEY)"))
        options = ExecutionOptions(consistency=ConsistencyLevel.ALL)
        insert = Statement(f"INSERT INTO {keyspace}.t (id) VALUES (?)", (1,), options)

        with pytest.raises(Unavailable, match=r"ALL needs 3 live replicas, of which there are 1 now") as raised:
            await coodie_aio_driver.execute(insert)

        assert (raised.value.applied, raised.value.consistency) == (False, "ALL")
        with pytest.raises(Unavailable) as raised:
            await coodie_aio_driver.execute(BatchStatement((insert,), BatchKind.UNLOGGED, options))
        assert raised.value.applied is None, "a part of an unlogged batch may have been written"


async def test_a_time_too_short_to_send_anything_is_told_so(coodie_aio_driver: Any, table: str) -> None:
    insert = Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", (1, 1), ExecutionOptions(timeout=1e-6))

    with pytest.raises(ClientTimeout, match=r"No answer came within 1e-06 s\. Nothing was carried out") as raised:
        await coodie_aio_driver.execute(insert)

    assert raised.value.applied is False
    assert raised.value.hosts
    assert (await coodie_aio_driver.execute(Statement("SELECT key FROM system.local"))).rows == [("local",)]
