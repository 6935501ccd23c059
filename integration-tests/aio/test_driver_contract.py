"""What every driver of `init_coodie(driver_type=...)` does, or refuses with an error that says what to do instead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from ssl import create_default_context
from time import monotonic
from typing import Annotated, Any
from uuid import uuid4

import pytest
from chosen_driver import way_to
from driver_features import (
    BATCH_TIMESTAMP,
    DISTRIBUTIONS,
    DRIVER_TYPES,
    DURATIONS,
    EMPTY,
    EXPONENTS,
    FAR_TIMES,
    FEATURES,
    IN_KEYS,
    NANOSECONDS,
    NULLS,
    RATE_LIMITS,
    RETRY_OF_DRIVER,
    SAME_NAMES,
    SESSION,
    SSL,
)
from every_type import CASES, exactly, is_far_time, leaves
from patience import PATIENCE_SECONDS, wait_until
from pydantic import BaseModel

from coodie_aio import Document, init_coodie
from coodie_aio.deadlines import deadline
from coodie_core.codecs import codec_for
from coodie_core.consistency import ConsistencyLevel
from coodie_core.driver_support.prepared import MAX_PREPARED
from coodie_core.exceptions import (
    AlreadyExists,
    ClientTimeout,
    ConfigurationError,
    ConnectionLost,
    DatabaseError,
    DeadlineExceeded,
    InvalidQueryError,
    KeyspaceNotFound,
    NoHostAvailable,
    Overloaded,
    RateLimited,
    ReadFailure,
    ReadTimeout,
    ServerFailed,
    ServerRefusedQuery,
    TruncateFailed,
    Unauthorized,
    Unavailable,
    WriteFailure,
    WriteTimeout,
)
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_core.retrying import RetryPolicy, SpeculativePolicy
from coodie_core.statement import BatchKind, BatchStatement, ExecutionOptions, Rows, Statement
from coodie_core.types import cql_type
from coodie_testing import FaultProxy, Server, server_errors

PAGE = 10
YEAR_2100 = 4_102_444_800_000_000
"""Microseconds since 1970."""

Has = Callable[[str], AbstractContextManager[object]]


@pytest.fixture(params=DRIVER_TYPES)
def driver_type(request: pytest.FixtureRequest) -> str:
    """Each of the drivers."""
    return str(request.param)


@pytest.fixture
async def driver(driver_type: str, coodie_server: Server, coodie_keyspace: str) -> AsyncIterator[Any]:
    """A connection by each of the drivers."""
    arguments = way_to(coodie_server, driver_type)
    async with await init_coodie(**arguments, keyspace=coodie_keyspace) as driver:
        yield driver


@pytest.fixture
def proxy(coodie_server: Server) -> Iterator[FaultProxy]:
    with FaultProxy(coodie_server) as proxy:
        yield proxy


@pytest.fixture
async def proxied(driver_type: str, proxy: FaultProxy, coodie_keyspace: str) -> AsyncIterator[Any]:
    """A connection by each of the drivers, through the proxy."""
    arguments = way_to(proxy.server, driver_type)
    async with await init_coodie(**arguments, keyspace=coodie_keyspace, name="proxied") as driver:
        yield driver


@pytest.fixture
def has(driver_type: str) -> Has:
    """Expects of a block that uses a feature that it works, or where the driver does not have it, the error."""

    def block(feature: str) -> AbstractContextManager[object]:
        missing = FEATURES[feature].get(driver_type)
        return nullcontext() if missing is None else pytest.raises(missing.error, match=missing.words)

    return block


def schema_change(cql: str) -> Statement:
    return Statement(cql, prepared=False)


@pytest.fixture
async def table(driver: Any) -> str:
    """A new table ``(part int, id int, name text)``."""
    return await created(driver)


async def created(driver: Any) -> str:
    name = f"t{uuid4().hex[:8]}"
    await driver.execute(schema_change(f"CREATE TABLE {name} (part int, id int, name text, PRIMARY KEY (part, id))"))
    return name


async def filled(driver: Any, table: str, rows: int, part: int = 1) -> None:
    insert = f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)"
    for number in range(rows):
        await driver.execute(Statement(insert, (part, number, f"name {number}")))


# -- connections ---------------------------------------------------------------------------------------------------


async def test_a_driver_tells_what_it_is(driver: Any, driver_type: str, coodie_keyspace: str) -> None:
    assert repr(driver).startswith("<coodie.aio driver 'default': ")
    assert f"keyspace {coodie_keyspace!r}, {DISTRIBUTIONS[driver_type]} " in repr(driver)
    assert driver.keyspace == coodie_keyspace
    assert driver.session is not None


async def test_a_lazy_driver_connects_at_its_first_use(driver_type: str, coodie_server: Server) -> None:
    arguments = way_to(coodie_server, driver_type)
    async with await init_coodie(**arguments, lazy=True, name="lazy") as driver:
        assert repr(driver).endswith("not connected yet>")

        answer = await driver.execute(Statement("SELECT key FROM system.local"))

        assert answer.rows == [("local",)]
        assert driver.session is not None


async def test_a_closed_driver_says_so_and_leaves_no_connection(driver_type: str, proxy: FaultProxy) -> None:
    arguments = way_to(proxy.server, driver_type)
    driver = await init_coodie(**arguments, name="closed")
    await driver.execute(Statement("SELECT key FROM system.local"))
    assert proxy.connections > 0

    await driver.close()
    await driver.close()

    with pytest.raises(ConfigurationError, match="was closed"):
        await driver.execute(Statement("SELECT key FROM system.local"))
    assert repr(driver).endswith(", closed>")
    wait_until(lambda: not proxy.connections)


async def test_closing_does_not_wait_for_answers_that_do_not_come(driver_type: str, proxy: FaultProxy) -> None:
    driver = await init_coodie(**way_to(proxy.server, driver_type), name="waiting")
    read = Statement("SELECT key FROM system.local", (), ExecutionOptions(retry=RetryPolicy(attempts=3)))
    await driver.execute(read)
    proxy.drop_reply(text="SELECT")
    wanted, unwanted = await driver.send(read), await driver.send(read)

    await driver.close()

    del unwanted
    wait_until(lambda: not proxy.connections)
    with pytest.raises((ConnectionLost, NoHostAvailable, ConfigurationError)):
        await wanted.answer()


async def test_a_keyspace_that_does_not_exist_is_named(driver_type: str, coodie_server: Server) -> None:
    with pytest.raises(KeyspaceNotFound, match="no keyspace 'nowhere'") as raised:
        await init_coodie(**way_to(coodie_server, driver_type), keyspace="nowhere", name="none")

    assert raised.value.keyspace == "nowhere"
    assert raised.value.__cause__ is not None


async def test_a_host_where_nobody_listens_is_named(driver_type: str, proxy: FaultProxy) -> None:
    arguments = way_to(proxy.server, driver_type)
    proxy.stop()

    with pytest.raises(NoHostAvailable, match=f"127.0.0.1:{proxy.port} refuses the connection"):
        await init_coodie(**arguments, name="nobody")


async def test_an_unknown_argument_is_refused(driver_type: str) -> None:
    with pytest.raises(ConfigurationError, match=r"init_coodie\(prot=\.\.\.\).*'?port'?"):
        await init_coodie(driver_type=driver_type, prot=1)  # type: ignore[call-arg]


async def test_what_a_driver_has_of_its_own_is_for_that_driver(
    has: Has, driver_type: str, coodie_server: Server
) -> None:
    arguments: dict[str, Any] = {"driver_type": driver_type, "name": "own", "lazy": True}

    with has(SSL):
        await (await init_coodie(**arguments, ssl_context=create_default_context())).close()
    with has(RETRY_OF_DRIVER):
        from cassandra.policies import FallthroughRetryPolicy

        await (await init_coodie(**arguments, default_retry_policy=FallthroughRetryPolicy())).close()
    async with await init_coodie(**way_to(coodie_server, "scylla"), name="other") as other:
        with has(SESSION):
            await (await init_coodie(driver_type=driver_type, name="own", session=other.session)).close()


# -- rows ----------------------------------------------------------------------------------------------------------


async def test_rows_are_tuples_in_the_order_of_the_columns(driver: Any, table: str) -> None:
    await driver.execute(Statement(f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)", (1, 2, "Ada")))

    answer = await driver.execute(Statement(f"SELECT name, id FROM {table} WHERE part = ?", (1,)))

    assert answer == Rows(columns=["name", "id"], rows=[("Ada", 2)])
    assert type(answer.rows[0]) is tuple


async def test_a_write_answers_with_no_rows(driver: Any, table: str) -> None:
    answer = await driver.execute(Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", (1, 2)))

    assert (list(answer.columns), list(answer.rows), answer.paging_state) == ([], [], None)


async def test_a_conditional_write_answers_with_the_row_that_is_there(driver: Any, table: str) -> None:
    cql = f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?) IF NOT EXISTS"
    options = ExecutionOptions(serial_consistency=ConsistencyLevel.LOCAL_SERIAL)
    insert = Statement(cql, (1, 2, "Ada"), options, conditional=True)
    assert (await driver.execute(insert)).rows == [(True,)]

    answer = await driver.execute(insert)

    found = dict(zip(answer.columns, answer.rows[0], strict=True))
    assert found == {"[applied]": False, "part": 1, "id": 2, "name": "Ada"}


async def test_a_collection_that_is_null(driver: Any, driver_type: str) -> None:
    name = f"t{uuid4().hex[:8]}"
    await driver.execute(schema_change(f"CREATE TABLE {name} (id int PRIMARY KEY, words frozen<list<text>>)"))
    await driver.execute(Statement(f"INSERT INTO {name} (id) VALUES (?)", (1,)))

    answer = await driver.execute(Statement(f"SELECT words FROM {name}"))

    assert answer.rows == [([] if driver_type in FEATURES[EMPTY] else None,)]


async def test_two_columns_of_one_name(driver: Any, has: Has) -> None:
    with has(SAME_NAMES):
        answer = await driver.execute(Statement("SELECT key, cluster_name AS key FROM system.local"))

        assert (list(answer.columns), len(answer.rows[0])) == (["key", "key"], 2)


async def test_a_schema_change_is_agreed_on_and_texts_get_their_new_types(driver: Any, table: str) -> None:
    insert, select = f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)", f"SELECT name FROM {table}"
    await driver.execute(Statement(insert, (1, 1, "text")))
    await driver.execute(Statement(select))
    answer = await driver.execute(schema_change(f"DROP TABLE {table}"))
    cql = f"CREATE TABLE {table} (part int, id int, name int, PRIMARY KEY (part, id))"
    await driver.execute(schema_change(cql))

    await driver.execute(Statement(insert, (1, 1, 42)))

    assert answer.schema_agreed is True
    assert (await driver.execute(Statement(select))).rows == [(42,)]


# -- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, PAGE, PAGE + 1, 2 * PAGE])
async def test_every_page_together_is_every_row(driver: Any, table: str, rows: int) -> None:
    await filled(driver, table, rows)
    statement = Statement(f"SELECT id FROM {table} WHERE part = ?", (1,), ExecutionOptions(fetch_size=PAGE))
    found: list[list[int]] = []

    while not found or statement.paging_state is not None:
        answer = await driver.execute(statement)
        found.append([row[0] for row in answer.rows])
        statement = statement._replace(paging_state=answer.paging_state)

    assert [number for page in found for number in page] == list(range(rows))
    assert max(map(len, found)) <= PAGE


async def test_a_request_is_sent_before_its_answer_is_asked_for(proxied: Any, proxy: FaultProxy) -> None:
    table = await created(proxied)
    select = Statement(f"SELECT id FROM {table} WHERE part = ?", (1,), idempotent=True)
    await proxied.execute(select)
    proxy.reset_counts()

    reply = await proxied.send(select)

    wait_until(lambda: proxy.count(text="SELECT") == 1)
    assert list((await reply.answer()).rows) == []
    assert proxy.count(text="SELECT") == 1


# -- what is sent --------------------------------------------------------------------------------------------------


async def test_texts_that_hold_values_do_not_fill_the_memory(driver: Any) -> None:
    for number in range(MAX_PREPARED + 5):
        await driver.execute(Statement(f"SELECT key FROM system.local WHERE key = '{number}'"))

    assert len(driver.link.prepared) == MAX_PREPARED


@pytest.mark.parametrize("kind", [BatchKind.LOGGED, BatchKind.UNLOGGED])
async def test_a_batch_writes_all_its_statements(driver: Any, table: str, kind: BatchKind) -> None:
    insert = f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)"
    await filled(driver, table, 1)
    delete = Statement(f"DELETE FROM {table} WHERE part = ? AND id = ?", (1, 0))

    await driver.execute(BatchStatement((Statement(insert, (1, 1, "b")), Statement(insert, (1, 2, "c")), delete), kind))

    assert (await driver.execute(Statement(f"SELECT id, name FROM {table}"))).rows == [(1, "b"), (2, "c")]


async def test_a_batch_of_counters_counts(driver: Any, table: str) -> None:
    await driver.execute(schema_change(f"CREATE TABLE {table}_c (id int PRIMARY KEY, hits counter)"))
    add = f"UPDATE {table}_c SET hits = hits + ? WHERE id = ?"

    await driver.execute(BatchStatement((Statement(add, (2, 1)), Statement(add, (3, 1))), BatchKind.COUNTER))

    assert (await driver.execute(Statement(f"SELECT hits FROM {table}_c"))).rows == [(5,)]


async def test_the_timestamp_of_a_batch_is_that_of_its_writes(driver: Any, has: Has, table: str) -> None:
    insert = Statement(f"INSERT INTO {table} (part, id, name) VALUES (?, ?, ?)", (1, 1, "late"))

    with has(BATCH_TIMESTAMP):
        await driver.execute(BatchStatement((insert,), timestamp=YEAR_2100))

        written = await driver.execute(Statement(f"SELECT writetime(name) FROM {table}"))
        assert written.rows == [(YEAR_2100,)]


async def test_a_conditional_batch_tells_whether_it_was_applied(driver: Any, table: str) -> None:
    insert = Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?) IF NOT EXISTS", (1, 1), conditional=True)
    assert (await driver.execute(BatchStatement((insert,)))).rows == [(True,)]

    answer = await driver.execute(BatchStatement((insert,)))

    assert answer.columns[0] == "[applied]"
    assert answer.rows[0][0] is False


# -- values --------------------------------------------------------------------------------------------------------

DURATION_TYPES = {"duration", "timedelta", "list_of_durations"}
UNHASHABLE_TYPES = {"map_by_tuple_of_any_length", "set_of_user_types", "map_by_user_type"}


def has_null_inside(value: Any) -> bool:
    if isinstance(value, BaseModel):
        return any(part is None or has_null_inside(part) for _, part in value)
    if isinstance(value, tuple):
        return any(part is None or has_null_inside(part) for part in value)
    if isinstance(value, list | set | frozenset):
        return any(map(has_null_inside, value))
    return isinstance(value, dict) and any(map(has_null_inside, [*value, *value.values()]))


def inexact(value: Any, driver_type: str) -> bool:
    """Whether a driver reads something else than what it wrote, which is a fault of its own."""
    return any(
        (isinstance(leaf, Decimal) and leaf.adjusted() >= 2**31 and driver_type in FEATURES[EXPONENTS])
        or (is_far_time(leaf) and driver_type in FEATURES[FAR_TIMES])
        for leaf in leaves(value)
    )


def needed(name: str, value: Any) -> str | None:
    """The feature that a value of `every_type` needs and some driver lacks, or None."""
    if name in DURATION_TYPES:
        return DURATIONS
    if name in UNHASHABLE_TYPES:
        return IN_KEYS
    if name == "nanoseconds" and value % 1000:
        return NANOSECONDS
    return NULLS if has_null_inside(value) else None


async def test_every_value_at_the_edge_of_its_type_is_read_back(driver: Any, driver_type: str, has: Has) -> None:
    types = {name: cql_type(case.annotation) for name, case in CASES.items()}
    for cql in ("point (x int, label text)", PLACE):
        await driver.execute(schema_change(f"CREATE TYPE IF NOT EXISTS {cql}"))
    columns = ", ".join(f"{name}_ {cql}" for name, cql in types.items())
    await driver.execute(schema_change(f"CREATE TABLE IF NOT EXISTS everything (id int PRIMARY KEY, {columns})"))
    for name, case in CASES.items():
        codec = codec_for(case.annotation, (), types[name])
        insert, select = f"INSERT INTO everything (id, {name}_) VALUES (1, ?)", f"SELECT {name}_ FROM everything"
        for edge in case.edges:
            if inexact(edge, driver_type):
                continue
            feature = needed(name, edge)
            with nullcontext() if feature is None else has(feature):
                await driver.execute(Statement(insert, (codec.encode(edge) if codec.encode else edge,)))
                read = (await driver.execute(Statement(select))).rows[0][0]
                kept = codec.normalise(edge) if codec.normalise else edge
                if read is None:
                    assert not kept, "only an empty collection is nothing"
                else:
                    assert exactly(codec.decode(read) if codec.decode else read) == exactly(kept)


PLACE = """place (
    name text, at frozen<point>, opened timestamp, tags frozen<set<text>>, history frozen<list<frozen<point>>>
)"""


@pytest.mark.parametrize(("value", "kind"), [("not a number", "str"), (2**31, "int"), (1.5, "float"), ([1], "list")])
async def test_a_value_that_does_not_fit_names_the_column_and_not_the_value(
    driver: Any, table: str, value: object, kind: str
) -> None:
    insert = f"INSERT INTO {table} (part, name, id) VALUES (?, ?, ?)"

    with pytest.raises(InvalidQueryError) as raised:
        await driver.execute(Statement(insert, (1, "Ada", value)))

    assert f"Column 'id' is int and cannot take this value of type {kind}" in str(raised.value)
    assert str(value) not in str(raised.value)
    assert "Ada" not in str(raised.value)


async def test_a_float_out_of_range_is_refused(driver: Any, table: str) -> None:
    await driver.execute(schema_change(f"ALTER TABLE {table} ADD weight float"))

    with pytest.raises(InvalidQueryError, match="Column 'weight' is float"):
        await driver.execute(Statement(f"INSERT INTO {table} (part, id, weight) VALUES (1, 1, ?)", (1e300,)))


@pytest.mark.parametrize("params", [(), (1,), (1, 2, 3)])
async def test_too_few_or_too_many_values_are_counted(driver: Any, table: str, params: tuple[int, ...]) -> None:
    with pytest.raises(InvalidQueryError, match=rf"2 markers \(\?\), but {len(params)} values? w"):
        await driver.execute(Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", params))


# -- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prepared", [True, False])
async def test_use_is_refused_because_it_would_redirect_everything(driver: Any, prepared: bool) -> None:
    with pytest.raises(InvalidQueryError, match="USE would redirect"):
        await driver.execute(Statement("USE system", prepared=prepared))


async def test_a_serial_level_that_is_none_is_refused(driver: Any, table: str) -> None:
    options = ExecutionOptions(serial_consistency=ConsistencyLevel.QUORUM)

    with pytest.raises(InvalidQueryError, match=r"serial_consistency='QUORUM'.*SERIAL or LOCAL_SERIAL"):
        await driver.execute(Statement(f"INSERT INTO {table} (part, id) VALUES (1, 1) IF NOT EXISTS", (), options))


async def test_what_a_server_refuses_is_told_with_its_words(driver: Any, table: str) -> None:
    cql = f"SELECT nmae FROM {table} WHERE part = ?"

    with pytest.raises(ServerRefusedQuery, match="nmae") as raised:
        await driver.execute(Statement(cql, (1,)))

    error = raised.value
    assert (error.statement, error.keyspace, error.applied) == (cql, driver.keyspace, False)
    assert error.hosts
    assert error.__cause__ is not None
    with pytest.raises(ServerRefusedQuery, match="line 1:"):
        await driver.execute(Statement("SELEC key FROM system.local"))
    with pytest.raises(KeyspaceNotFound, match="no keyspace 'gone'"):
        await driver.execute(Statement("SELECT id FROM gone.users"))
    with pytest.raises(AlreadyExists, match=rf"\.{table} exists already"):
        await driver.execute(schema_change(f"CREATE TABLE {table} (id int PRIMARY KEY)"))


#: What servers answer, what it is, what its message says, and whether it surely was not carried out.
ANSWERS: list[tuple[server_errors.InjectedError, type[DatabaseError], str, bool | None]] = [
    (server_errors.ServerError(), ServerFailed, "injected", None),
    (server_errors.Overloaded(), Overloaded, "injected", None),
    (server_errors.TruncateFailed(), TruncateFailed, "injected", None),
    (server_errors.Unavailable(), Unavailable, "QUORUM needs 2 live replicas, of which there are 1", False),
    (server_errors.WriteTimeout(), WriteTimeout, "1 of the 2 replicas that QUORUM needs", None),
    (server_errors.ReadTimeout(), ReadTimeout, "1 of the 2 replicas that QUORUM needs", None),
    (server_errors.ReadFailure(failures=3), ReadFailure, "3 replicas failed", None),
    (server_errors.WriteFailure(failures=3), WriteFailure, "3 replicas failed", None),
    (server_errors.RateLimited(), RateLimited, "rate limit", None),
    (server_errors.Unauthorized(), Unauthorized, "lacks a permission. .*injected", False),
    (server_errors.InvalidRequest(), ServerRefusedQuery, "injected", False),
]


async def test_every_error_of_a_server_has_its_exception(proxied: Any, driver_type: str, proxy: FaultProxy) -> None:
    table = await created(proxied)
    options = ExecutionOptions(retry=RetryPolicy(attempts=1))
    insert = Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", (1, 1), options)
    await proxied.execute(insert)
    for answer, error, words, applied in ANSWERS:
        if error is RateLimited and driver_type in FEATURES[RATE_LIMITS]:
            error, words = DatabaseError, "injected"
        fault = proxy.fail(answer, text="INSERT")

        with pytest.raises(error, match=words) as raised:
            await proxied.execute(insert)

        assert fault.happened == 1
        if not isinstance(answer, server_errors.RateLimited):  # whether a replica saw it, not every driver tells
            assert raised.value.applied is applied, answer


async def test_a_statement_that_the_server_forgot_is_prepared_again(proxied: Any, proxy: FaultProxy) -> None:
    table = await created(proxied)
    insert = Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", (1, 1))
    await proxied.execute(insert)
    proxy.fail(server_errors.Unprepared(), text="INSERT")

    assert not (await proxied.execute(insert)).rows


async def test_a_connection_that_breaks_under_a_write_leaves_its_outcome_unknown(
    proxied: Any, proxy: FaultProxy
) -> None:
    table = await created(proxied)
    insert = Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", (1, 1))
    await proxied.execute(insert)
    proxy.cut(text="INSERT")

    with pytest.raises(ConnectionLost, match="may or may not have taken place") as raised:
        await proxied.execute(insert)

    assert raised.value.applied is None
    ends = monotonic() + PATIENCE_SECONDS
    while not await answers(proxied):
        assert monotonic() < ends


async def answers(driver: Any) -> bool:
    """Whether the driver has found its way back."""
    try:
        return bool((await driver.execute(Statement("SELECT key FROM system.local"))).rows)
    except (NoHostAvailable, ConnectionLost):
        return False


# -- time ----------------------------------------------------------------------------------------------------------


async def test_a_timeout_ends_the_wait_for_an_answer(proxied: Any, proxy: FaultProxy) -> None:
    table = await created(proxied)
    cql = f"INSERT INTO {table} (part, id) VALUES (?, ?)"
    await proxied.execute(Statement(cql, (1, 1)))
    proxy.drop_reply(text="INSERT", times=2)

    with pytest.raises(ClientTimeout, match=r"within 0\.3 s.*may or may not have taken place") as raised:
        await proxied.execute(Statement(cql, (1, 1), ExecutionOptions(timeout=0.3)))
    assert raised.value.applied is None
    with pytest.raises(DeadlineExceeded, match=r"deadline of 0\.3 s"):
        async with deadline(0.3):
            await proxied.execute(Statement(cql, (1, 1)))


async def test_a_time_too_short_to_send_anything_is_told_so(driver: Any, table: str) -> None:
    with pytest.raises(ClientTimeout, match=r"within 1e-06 s\. Nothing was carried out"):
        await driver.execute(
            Statement(f"INSERT INTO {table} (part, id) VALUES (1, 1)", (), ExecutionOptions(timeout=1e-6))
        )


# -- sent again ----------------------------------------------------------------------------------------------------


async def test_a_policy_says_how_often_a_statement_is_sent(proxied: Any, proxy: FaultProxy) -> None:
    table = await created(proxied)
    options = ExecutionOptions(retry=RetryPolicy(attempts=3, first_pause=0))
    insert = Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", (1, 1), options, idempotent=True)
    await proxied.execute(insert)
    proxy.reset_counts()
    proxy.fail(server_errors.WriteTimeout(), text="INSERT", times=2)

    await proxied.execute(insert)

    assert proxy.count(text="INSERT") == 3


async def test_what_must_not_be_sent_twice_is_sent_once(proxied: Any, proxy: FaultProxy) -> None:
    table = await created(proxied)
    insert = Statement(f"INSERT INTO {table} (part, id) VALUES (?, ?)", (1, 1), idempotent=False)
    await proxied.execute(insert)
    for answer in (server_errors.WriteTimeout(write_type="BATCH_LOG"), server_errors.Overloaded()):
        proxy.reset_counts()
        proxy.fail(answer, text="INSERT")

        with pytest.raises(DatabaseError):
            await proxied.execute(insert)

        assert proxy.count(text="INSERT") == 1


async def test_a_statement_can_be_sent_to_further_nodes(driver: Any, table: str) -> None:
    options = ExecutionOptions(speculative=SpeculativePolicy(after=0.05))
    await filled(driver, table, 1)

    answer = await driver.execute(Statement(f"SELECT id FROM {table}", (), options, idempotent=True))

    assert answer.rows == [(0,)]


# -- documents -----------------------------------------------------------------------------------------------------


class Reading(Document):
    station: Annotated[str, PrimaryKey()]
    at: Annotated[datetime, ClusteringKey()]
    degrees: Decimal
    tags: set[str] = set()


def reading(number: int, station: str = "a") -> Reading:
    at = datetime(2026, 1, 1, second=number, tzinfo=UTC)
    return Reading(station=station, at=at, degrees=Decimal(number), tags={"x"})


async def test_documents_are_saved_found_changed_and_deleted(driver: Any) -> None:
    await Reading.sync_table()
    first, second = reading(1), reading(2)
    await first.save()
    assert (await second.insert()).applied
    assert not (await second.insert()).applied

    await Reading.find(station="a", at=second.at).update(tags__add={"y"})

    assert await Reading.find(station="a").all() == [first, second.model_copy(update={"tags": {"x", "y"}})]
    await first.delete()
    assert await Reading.find(station="a").count() == 1
    await Reading.find(station="a").delete()


async def test_many_documents_are_written_walked_and_scanned(driver: Any) -> None:
    await Reading.sync_table()
    many = [reading(number, "many") for number in range(2 * PAGE)]

    report = await Reading.insert_many(many)

    assert report.applied == len(many)
    assert [found async for found in Reading.find(station="many").fetch_size(PAGE)] == many
    assert sorted([found.at async for found in Reading.find().scan()]) == [one.at for one in many]
    await Reading.find(station="many").delete()
