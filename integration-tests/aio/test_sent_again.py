"""What is sent again after a failure, and what never is; seen by a proxy that fails as it is told."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import uuid4

import pytest
from cassandra.cluster import Cluster
from cassandra.policies import RetryPolicy as DriverRetryPolicy
from cassandra.policies import RoundRobinPolicy
from driver_features import PACKAGE, RETRY_OF_DRIVER

from coodie_aio import AsyncBatchQuery, CounterDocument, Document, execute_raw, init_coodie
from coodie_aio.drivers.base import Driver
from coodie_aio.retries import Retries
from coodie_core.consistency import ConsistencyLevel
from coodie_core.exceptions import ConfigurationError, OutcomeUnknown, ReadTimeout, Unavailable, WriteTimeout
from coodie_core.fields import Counter, PrimaryKey
from coodie_core.retrying import RetryPolicy, SpeculativePolicy
from coodie_core.statement import Statement
from coodie_testing import FaultProxy, Server, server_errors

AT_ONCE = RetryPolicy(attempts=3, first_pause=0)


class Note(Document):
    id: Annotated[int, PrimaryKey()]
    text: str = ""
    words: list[str] = []
    tags: set[str] = set()
    prices: dict[str, int] = {}


class Views(CounterDocument):
    url: Annotated[str, PrimaryKey()]
    views: Annotated[int, Counter()] = 0


@pytest.fixture
async def proxy(coodie_server: Server, coodie_keyspace: str) -> AsyncIterator[FaultProxy]:
    """A proxy before the server, which the default connection goes through; the notes 1 and 2 are missing."""
    with FaultProxy(coodie_server) as proxy:
        async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_keyspace):
            await Note.sync_table()
            await Views.sync_table()
            await Note(id=1).delete()
            await Note(id=2).delete()
            proxy.reset_counts()
            yield proxy


async def test_a_write_that_may_be_sent_twice_is(proxy: FaultProxy):
    fault = proxy.fail(server_errors.WriteTimeout(), text="INSERT", times=2)

    await Note(id=1, text="a").save(retry=AT_ONCE)

    assert fault.happened == 2
    assert proxy.count(text="INSERT") == 3
    assert (await Note.get(id=1)).text == "a"


async def test_it_is_sent_as_often_as_the_policy_says(proxy: FaultProxy):
    proxy.fail(server_errors.WriteTimeout(), text="INSERT", times=None)

    with pytest.raises(WriteTimeout) as raised:
        await Note(id=1, text="a").save(retry=RetryPolicy(attempts=4, first_pause=0))

    assert proxy.count(text="INSERT") == 4
    assert len(raised.value.hosts) == 1


async def test_every_attempt_carries_the_same_write_time(proxy: FaultProxy):
    """So that one that comes late does not undo what another writer wrote in between."""
    proxy.fail(server_errors.WriteTimeout(), text="INSERT", times=1, carried_out=True)
    await Note(id=1, text="a").save(retry=AT_ONCE)
    first = await Note.find(id=1).writetime("text")

    await execute_raw("UPDATE note USING TIMESTAMP ? SET text = 'b' WHERE id = 1", [first + 1])

    assert (await Note.get(id=1)).text == "b"


async def test_a_read_is_sent_again_by_the_policy_of_its_query(proxy: FaultProxy):
    proxy.fail(server_errors.ReadTimeout(), text="SELECT", times=2)

    assert await Note.find(id=1).retry(AT_ONCE).all() == []
    assert proxy.count(text="SELECT") == 3


async def test_a_read_without_a_policy_is_left_to_the_driver(proxy: FaultProxy):
    proxy.fail(server_errors.ReadTimeout(data_present=True), text="SELECT", times=None)

    with pytest.raises(ReadTimeout):
        await Note.find(id=1).all()

    assert proxy.count(text="SELECT") == 1


async def test_the_policy_of_the_connection_holds_where_nothing_else_is_said(proxy: FaultProxy, coodie_keyspace: str):
    async with await init_coodie(
        **proxy.server.connect_arguments, keyspace=coodie_keyspace, name="patient", retry=AT_ONCE
    ) as patient:
        await execute_raw("SELECT * FROM system.local", connection="patient")
        proxy.reset_counts()
        proxy.fail(server_errors.ReadTimeout(), text="local", times=2)

        assert await execute_raw("SELECT key FROM system.local", connection="patient") == [{"key": "local"}]
        assert patient.name == "patient"


async def counter_update() -> None:
    await Views(url="/").increment(views=1)


async def list_append() -> None:
    await Note.find(id=1).retry(AT_ONCE).update(words__append=["x"])


async def whole_list() -> None:
    await Note(id=1, words=["x"]).save(retry=AT_ONCE)


async def list_index() -> None:
    await Note.find(id=1).retry(AT_ONCE).update(words__setindex=(0, "x"))


async def condition() -> None:
    await Note(id=1).insert(retry=AT_ONCE)


async def counter_batch() -> None:
    async with AsyncBatchQuery(retry=AT_ONCE) as batch:
        await Views(url="/").increment(views=1, batch=batch)


async def batch_with_an_append() -> None:
    async with AsyncBatchQuery(retry=AT_ONCE) as batch:
        await Note(id=2).save(batch=batch)
        await Note(id=1, words=["x"]).save(batch=batch)


async def raw_write() -> None:
    await execute_raw("UPDATE note SET text = 'x' WHERE id = 1", retry=AT_ONCE)


async def server_function() -> None:
    await execute_raw("INSERT INTO note (id, text) VALUES (1, toJson(now()))", retry=AT_ONCE)


NEVER_TWICE = [
    counter_update,
    list_append,
    whole_list,
    list_index,
    condition,
    counter_batch,
    batch_with_an_append,
    raw_write,
    server_function,
]


@pytest.mark.parametrize("write", NEVER_TWICE, ids=lambda write: write.__name__)
async def test_what_must_not_be_sent_twice_never_is(proxy: FaultProxy, write: Any):
    proxy.fail(server_errors.WriteTimeout(), times=None)

    with pytest.raises(OutcomeUnknown):
        await write()

    assert proxy.count(opcodes={"EXECUTE", "BATCH", "QUERY"}) == 1


async def test_raw_cql_that_may_be_sent_twice_is_once_that_is_said(proxy: FaultProxy):
    proxy.fail(server_errors.WriteTimeout(), text="UPDATE", times=2)

    await execute_raw("UPDATE note SET text = ? WHERE id = ?", ["x", 1], retry=AT_ONCE, idempotent=True)

    assert (await Note.get(id=1)).text == "x"


async def test_a_batch_of_what_may_be_sent_twice_may(proxy: FaultProxy):
    proxy.fail(server_errors.WriteTimeout(write_type="BATCH"), opcodes={"BATCH"}, times=2)

    async with AsyncBatchQuery(retry=AT_ONCE) as batch:
        await Note(id=1, text="a").save(batch=batch)
        await Note(id=2, tags={"new"}).save(batch=batch)

    assert (await Note.get(id=1)).text == "a"
    assert (await Note.get(id=2)).tags == {"new"}


async def test_a_pause_that_would_outlast_the_timeout_is_not_begun(proxy: FaultProxy):
    proxy.fail(server_errors.WriteTimeout(), text="INSERT", times=None)

    with pytest.raises(WriteTimeout):
        await Note(id=1).save(retry=RetryPolicy(first_pause=60, longest_pause=60), timeout=10)

    assert proxy.count(text="INSERT") == 1


async def test_an_error_knows_that_nothing_was_carried_out_in_any_attempt(proxy: FaultProxy):
    """One node is asked once; where no other is left, the driver says only that none could do it."""
    proxy.fail(server_errors.Unavailable(), times=None)

    with pytest.raises(Unavailable) as raised:
        await Views(url="/").increment(views=1, retry=AT_ONCE)

    assert raised.value.applied is False
    assert not isinstance(raised.value, OutcomeUnknown)


async def test_a_policy_for_slow_answers_changes_no_answer(proxy: FaultProxy):
    await Note(id=1, text="a").save()
    impatient = SpeculativePolicy(after=0.001, attempts=2)

    assert (await Note.find(id=1).speculative(impatient).get()).text == "a"
    assert await execute_raw("SELECT id FROM note", speculative=impatient) == [{"id": 1}]


@pytest.mark.needs(PACKAGE)
async def test_each_kind_of_write_takes_a_policy_for_slow_answers(coodie_aio_driver: Driver):
    await Note.sync_table()
    impatient = SpeculativePolicy(after=1, attempts=2)
    plans: list[str] = []

    def look(response: Any) -> None:
        plans.append(type(response._spec_execution_plan).__name__)

    session: Any = coodie_aio_driver.session
    session.add_request_init_listener(look)
    try:
        note = Note(id=1, text="a")
        await note.save(speculative=impatient)
        await note.update(text="b", speculative=impatient)
        await note.delete_columns("text", speculative=impatient)
        await note.delete(speculative=impatient)
        await Note.insert_many([Note(id=2, text="c")], speculative=impatient)
        async with AsyncBatchQuery(speculative=impatient) as batch:
            await Note(id=1, text="d").save(batch=batch)
        expected = ["ConstantSpeculativeExecutionPlan"] * len(plans)
        assert plans == expected
        await Note(id=3).insert(speculative=impatient)
    finally:
        session.remove_request_init_listener(look)

    assert plans[-1] == "NoSpeculativeExecutionPlan"  # a condition must not be checked twice


@pytest.fixture
async def flags(coodie_aio_driver: Driver) -> AsyncIterator[dict[str, bool]]:
    """What the driver was told of each statement, by its first words: whether it may be sent twice."""
    await Note.sync_table()
    await Views.sync_table()
    await Note(id=7, text="a", words=["x"], prices={"EUR": 1}).save()
    told: dict[str, bool] = {}

    def look(response: Any) -> None:
        told[type(response.message).__name__] = response.query.is_idempotent

    session: Any = coodie_aio_driver.session
    session.add_request_init_listener(look)
    yield told
    session.remove_request_init_listener(look)


async def batch_of(*documents: Document) -> None:
    async with AsyncBatchQuery() as batch:
        for document in documents:
            await document.save(batch=batch)


WRITES: dict[str, tuple[Any, bool]] = {
    "save": (lambda: Note(id=7, text="b").save(), True),
    "save with a list": (lambda: Note(id=7, words=["b"]).save(), False),
    "save with an empty list": (lambda: Note(id=7, words=[]).save(), True),
    "save with a set and a map": (lambda: Note(id=7, tags={"b"}, prices={"EUR": 1}).save(), True),
    "save on a condition": (lambda: Note(id=7, text="b").save(if_conditions={"text": "a"}), False),
    "save_json": (lambda: Note(id=7, text="b").save_json(), True),
    "save_json with a list": (lambda: Note(id=7, words=["b"]).save_json(), False),
    "insert": (lambda: Note(id=7).insert(), False),
    "create": (lambda: Note.create(id=7, text="b"), True),
    "create if not exists": (lambda: Note.find().if_not_exists().create(id=uuid4().int % 2**31), False),
    "update": (lambda: Note(id=7).update(text="b"), True),
    "update of a list": (lambda: Note(id=7).update(words=["b"]), False),
    "append": (lambda: Note(id=7).update(words__append=["b"]), False),
    "prepend": (lambda: Note.find(id=7).update(words__prepend=["b"]), False),
    "remove from a list": (lambda: Note.find(id=7).update(words__remove=["b"]), True),
    "set an index": (lambda: Note.find(id=7).update(words__setindex=(0, "b")), False),
    "add to a set": (lambda: Note.find(id=7).update(tags__add={"b"}), True),
    "remove from a set": (lambda: Note.find(id=7).update(tags__remove={"b"}), True),
    "put into a map": (lambda: Note.find(id=7).update(prices__put=("EUR", 2)), True),
    "update if exists": (lambda: Note.find(id=7).if_exists().update(text="b"), False),
    "delete": (lambda: Note(id=8).delete(), True),
    "delete if exists": (lambda: Note(id=8).delete(if_exists=True), False),
    "delete by a query": (lambda: Note.find(id=8).delete(), True),
    "delete columns": (lambda: Note(id=7).delete_columns("prices"), True),
    "delete of a key": (lambda: Note(id=7).delete_columns(collection_elements={"prices": "EUR"}), True),
    "delete of an index": (lambda: Note(id=7).delete_columns(collection_elements={"words": 0}), False),
    "increment": (lambda: Views(url="/").increment(views=1), False),
    "decrement": (lambda: Views(url="/").decrement(views=1), False),
    "delete of counters": (lambda: Views(url="/gone").delete(), False),
    "batch": (lambda: batch_of(Note(id=7, text="b"), Note(id=8, tags={"b"})), True),
    "batch with a list": (lambda: batch_of(Note(id=7, text="b"), Note(id=8, words=["b"])), False),
    "raw write": (lambda: execute_raw("UPDATE note SET text = ? WHERE id = ?", ["b", 7]), False),
    "raw write, as said": (lambda: execute_raw("DELETE FROM note WHERE id = ?", [8], idempotent=True), True),
    "raw read": (lambda: execute_raw("SELECT * FROM note WHERE id = ?", [7]), True),
    "raw read, as said": (lambda: execute_raw("SELECT now() FROM note WHERE id = ?", [7], idempotent=False), False),
    "truncate": (lambda: Note.truncate(), False),
    "drop of a table": (lambda: execute_raw("DROP TABLE IF EXISTS nothing"), False),
    "read": (lambda: Note.find(id=7).all(), True),
    "count": (lambda: Note.find(id=7).count(), True),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.needs(PACKAGE)
async def test_the_driver_knows_what_may_be_sent_twice(flags: dict[str, bool], write: str):
    call, expected = WRITES[write]

    await call()

    assert list(flags.values()) == [expected]


async def test_attempts_that_carried_nothing_out_are_counted():
    increment = Statement("UPDATE views SET views = views + ? WHERE url = ?", (1, "/"), counter=True)
    retries = Retries(increment, AT_ONCE)

    first = retries.on_unavailable(None, ConsistencyLevel.QUORUM, 2, 1, 0)
    second = retries.on_unavailable(None, ConsistencyLevel.QUORUM, 2, 1, 1)
    third = retries.on_write_timeout(None, ConsistencyLevel.QUORUM, 0, 2, 1, 2)

    next_node = (DriverRetryPolicy.RETRY_NEXT_HOST, None)
    assert (first, second) == (next_node, next_node)
    assert third == (DriverRetryPolicy.RETHROW, None)
    assert retries.refusals == 2


class Stubborn(DriverRetryPolicy):  # type: ignore[misc]  # the driver has no types
    """A policy of the driver that sends every write again that timed out, whatever it is."""

    def on_write_timeout(self, *_: Any, retry_num: int, **__: Any) -> tuple[Any, ...]:
        return (self.RETRY, None) if retry_num < 3 else (self.RETHROW, None)


@pytest.mark.needs(RETRY_OF_DRIVER)
async def test_a_policy_of_the_drivers_own_holds_for_what_may_be_sent_twice_and_nothing_else(
    proxy: FaultProxy, coodie_keyspace: str
):
    connection = {**proxy.server.connect_arguments, "keyspace": coodie_keyspace}
    async with await init_coodie(**connection, default_retry_policy=Stubborn()):
        proxy.reset_counts()
        proxy.fail(server_errors.WriteTimeout(), times=None)

        with pytest.raises(WriteTimeout):
            await Note(id=1, text="a").save()
        assert proxy.count(text="INSERT") == 4

        for write in (counter_update, condition, raw_write):
            proxy.reset_counts()
            with pytest.raises(OutcomeUnknown):
                await write()
            assert proxy.count(opcodes={"EXECUTE", "BATCH", "QUERY"}) == 1


async def test_a_session_without_profiles_cannot_send_to_several_nodes(coodie_server: Server):
    with pytest.warns(DeprecationWarning, match="Legacy execution parameters"):
        cluster = Cluster(
            list(coodie_server.hosts),
            port=coodie_server.port,
            load_balancing_policy=RoundRobinPolicy(),
            **coodie_server.arguments,
        )
    session = cluster.connect()
    try:
        async with await init_coodie(session=session, name="own", speculative=SpeculativePolicy(after=1)):
            with pytest.raises(ConfigurationError, match="has no execution profiles"):
                await execute_raw("SELECT key FROM system.local", connection="own")
    finally:
        cluster.shutdown()


async def test_the_next_attempt_waits_for_its_pause(proxy: FaultProxy):
    proxy.fail(server_errors.WriteTimeout(), text="INSERT", times=2)
    before = time.monotonic()

    await Note(id=1, text="a").save(retry=RetryPolicy(attempts=3, first_pause=0.4))

    assert time.monotonic() - before >= 0.2 + 0.4  # each is shortened by up to a half
