"""A proxy before a real server: every fault as the real driver sees it, and what the server has done nevertheless."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cassandra import (
    InvalidRequest,
    OperationTimedOut,
    RateLimitReached,
    ReadFailure,
    ReadTimeout,
    Unauthorized,
    Unavailable,
    WriteFailure,
    WriteTimeout,
    WriteType,
)
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable
from cassandra.connection import ConnectionShutdown
from cassandra.policies import FallthroughRetryPolicy, RoundRobinPolicy
from cassandra.protocol import ErrorMessage
from cassandra.query import BatchStatement, SimpleStatement

from coodie_testing import FaultProxy, Server, server_errors
from coodie_testing.cql import CqlConnection, why_no_answer
from coodie_testing.errors import FaultDidNotHappen, FaultProxyNotRunning, PortInUse


@pytest.fixture
def proxy(coodie_server):
    with FaultProxy(coodie_server) as proxy:
        yield proxy


@pytest.fixture
def session(proxy, coodie_keyspace):
    """A session of the real driver that goes through the proxy, tries nothing again, and has an empty table ``t``."""
    profile = ExecutionProfile(RoundRobinPolicy(), FallthroughRetryPolicy(), request_timeout=60)
    cluster = Cluster(
        list(proxy.server.hosts),
        port=proxy.port,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        connect_timeout=60,
        **proxy.server.arguments,
    )
    session = cluster.connect(coodie_keyspace)
    session.execute("CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, v text)")
    session.execute("TRUNCATE t")
    proxy.reset_counts()
    yield session
    cluster.shutdown()


@pytest.fixture
def insert(session):
    return session.prepare("INSERT INTO t (id, v) VALUES (?, ?)")


def stored(session) -> set[int]:
    return {row.id for row in session.execute("SELECT id FROM t")}


ERRORS = [
    (
        server_errors.WriteTimeout(write_type="CAS"),
        WriteTimeout,
        {"write_type": WriteType.CAS, "required_responses": 2},
    ),
    (server_errors.WriteTimeout(write_type="BATCH_LOG"), WriteTimeout, {"write_type": WriteType.BATCH_LOG}),
    (server_errors.WriteFailure(failures=2), WriteFailure, {"write_type": WriteType.SIMPLE, "failures": 2}),
    (server_errors.ReadTimeout(data_present=True, received=0), ReadTimeout, {"data_retrieved": True}),
    (server_errors.ReadFailure(consistency="ALL"), ReadFailure, {"consistency": 5, "failures": 1}),
    (server_errors.Unavailable(required=3, alive=2), Unavailable, {"required_replicas": 3, "alive_replicas": 2}),
    (server_errors.RateLimited(operation="read"), RateLimitReached, {"rejected_by_coordinator": True}),
    (server_errors.Unauthorized(message="no"), Unauthorized, {}),
    (server_errors.Overloaded(), ErrorMessage, {"code": 0x1001}),
    (server_errors.IsBootstrapping(), ErrorMessage, {"code": 0x1002}),
    (server_errors.TruncateFailed(), ErrorMessage, {"code": 0x1003}),
    (server_errors.ServerError(message="a bug"), ErrorMessage, {"code": 0, "message": "a bug"}),
    (server_errors.InvalidRequest(message="no such"), InvalidRequest, {}),
]


@pytest.mark.parametrize(("error", "raised", "facts"), ERRORS, ids=lambda value: type(value).__name__)
def test_an_injected_error_is_that_error_to_the_driver(proxy, session, insert, error, raised, facts):
    fault = proxy.fail(error, text="insert into T")

    with pytest.raises(raised) as seen:
        session.execute(insert, (1, "a"))

    assert {name: getattr(seen.value, name) for name in facts} == facts
    assert error.message in str(seen.value) or raised is RateLimitReached
    assert (fault.happened, proxy.count(text="INSERT")) == (1, 1)
    assert stored(session) == set()
    session.execute(insert, (2, "b"))
    assert stored(session) == {2}


def test_a_fault_happens_as_often_as_it_was_told_to_and_to_matching_requests_only(proxy, session, insert):
    fault = proxy.fail(server_errors.WriteTimeout(), text=re.compile(r"^INSERT INTO"), times=2)

    for number in range(2):
        with pytest.raises(WriteTimeout):
            session.execute(insert, (number, "a"))
        session.execute("UPDATE t SET v = 'b' WHERE id = 7")
    session.execute(insert, (2, "a"))

    assert (fault.happened, fault.remaining) == (2, 0)
    assert stored(session) == {2, 7}


def test_a_write_that_timed_out_may_have_been_carried_out(proxy, session, insert):
    proxy.fail(server_errors.WriteTimeout(), carried_out=True)

    with pytest.raises(WriteTimeout):
        session.execute(insert, (1, "a"))

    assert stored(session) == {1}


def test_a_dropped_reply_leaves_the_client_waiting_for_what_was_done(proxy, session, insert):
    fault = proxy.drop_reply(text="INSERT")

    waiting = session.execute_async(insert, (1, "a"), timeout=0.5)
    fault.wait()

    assert stored(session) == {1}
    with pytest.raises(OperationTimedOut):
        waiting.result()


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_cut_connection_is_cut_before_or_after_the_server_did_it(proxy, session, insert, carried_out):
    fault = proxy.cut(text="INSERT", carried_out=carried_out)

    with pytest.raises(ConnectionShutdown, match="reset by peer"):
        session.execute(insert, (1, "a"))

    assert fault.happened == 1
    with CqlConnection(proxy.address, proxy.port, timeout=10) as connection:
        connection.start()
        rows = connection.execute(f"SELECT v FROM {session.keyspace}.t WHERE id = 1")
    assert rows == ([("a",)] if carried_out else [])


def test_a_delayed_answer_lets_others_pass(proxy, session, insert):
    session.execute(insert, (1, "a"))
    fault = proxy.delay(0.6, text="WHERE id = 1")
    began = time.monotonic()

    slow = session.execute_async("SELECT v FROM t WHERE id = 1")
    assert stored(session) == {1}
    passed_by = time.monotonic() - began
    assert slow.result().one().v == "a"

    assert passed_by < 0.6 <= time.monotonic() - began
    assert fault.happened == 1


def test_lost_prepared_statements_are_prepared_again_by_the_driver(proxy, session, insert):
    proxy.reset_counts()
    fault = proxy.fail(server_errors.Unprepared())

    session.execute(insert, (1, "a"))

    assert fault.happened == 1
    assert (proxy.requests["EXECUTE"], proxy.requests["PREPARE"]) == (2, 1)
    assert stored(session) == {1}


def test_the_statements_of_a_batch_are_looked_at_prepared_or_not(proxy, session, insert):
    batch = BatchStatement()
    batch.add(insert, (1, "a"))
    batch.add(SimpleStatement("UPDATE t SET v = %s WHERE id = 2"), ("b",))
    proxy.reset_counts()
    proxy.fail(server_errors.Overloaded(), text="WHERE id = 2")

    with pytest.raises(ErrorMessage):
        session.execute(batch)
    session.execute(batch)

    text = "INSERT INTO t (id, v) VALUES (?, ?); UPDATE t SET v = 'b' WHERE id = 2"
    assert proxy.count(text=text, opcodes={"BATCH"}) == 2
    assert stored(session) == {1, 2}


def test_without_a_text_what_the_driver_sends_for_itself_is_left_alone(proxy, session):
    proxy.fail(server_errors.ServerError())

    session.execute("SELECT key FROM system.local")
    with pytest.raises(ErrorMessage):
        session.execute("SELECT id FROM t")


def test_requests_with_a_payload_and_traces_are_understood(proxy, session, insert):
    proxy.fail(server_errors.WriteTimeout(), text="INSERT")

    with pytest.raises(WriteTimeout):
        session.execute(insert, (1, "a"), custom_payload={"key": b"value"})
    again = session.prepare("SELECT v FROM t WHERE id = ?", custom_payload={"key": b"value"})
    session.execute(again, (1,), trace=True)

    assert proxy.count(text="SELECT v FROM t WHERE id = ?", opcodes={"EXECUTE"}) == 1


def test_latency_holds_back_every_answer_but_not_one_after_the_other(proxy, session, insert):
    proxy.latency = 0.2
    began = time.monotonic()

    for future in [session.execute_async(insert, (number, "a")) for number in range(50)]:
        future.result()

    assert 0.2 <= time.monotonic() - began < 5
    proxy.clear()
    assert proxy.latency == 0
    assert len(stored(session)) == 50


def test_a_stalled_line_moves_on_where_it_stood(proxy, session, insert):
    proxy.stall()
    waiting = session.execute_async(insert, (1, "a"), timeout=0.3)
    connection = socket.create_connection((proxy.address, proxy.port), timeout=5)
    with pytest.raises(OperationTimedOut):
        waiting.result()

    proxy.resume()

    until = time.monotonic() + 20
    while stored(session) != {1}:  # it has waited in the line, and was sent on
        assert time.monotonic() < until
    connection.close()


def test_a_proxy_that_refuses_looks_like_nobody_and_comes_back_on_its_port(proxy, session, insert):
    proxy.refuse()
    proxy.refuse()

    assert "refused" in why_no_answer(proxy.address, proxy.port, timeout=5)
    session.execute(insert, (1, "a"))  # open connections stay open

    proxy.accept()

    assert why_no_answer(proxy.address, proxy.port, timeout=5) is None


def test_reset_ends_all_connections_and_the_driver_comes_back(proxy, session, insert):
    open_connections = proxy.connections

    assert proxy.reset() == open_connections > 1

    until = time.monotonic() + 20
    while True:
        try:
            session.execute(insert, (1, "a"))
            break
        except (ConnectionShutdown, NoHostAvailable, OperationTimedOut):
            assert time.monotonic() < until
    assert stored(session) == {1}


def test_a_server_that_is_gone_is_a_reset_connection(coodie_server):
    gone = Server(hosts=("127.0.0.1",), port=1, origin="nobody")

    with FaultProxy(gone) as proxy:
        assert why_no_answer(proxy.address, proxy.port, timeout=5) is not None
        assert proxy.accepted == 1


def test_faults_can_be_waited_for_and_say_when_they_do_not_happen(proxy):
    fault = proxy.drop_reply(text="nothing like this")

    with pytest.raises(FaultDidNotHappen, match=r"was to happen 1 times, but happened 0 times in 0\.05 seconds"):
        fault.wait(timeout=0.05)


async def test_it_can_be_used_from_a_coroutine(proxy, session, insert):
    fault = proxy.drop_reply(text="INSERT")
    session.execute_async(insert, (1, "a"), timeout=0.5)

    await asyncio.to_thread(fault.wait)

    assert fault.happened == 1


def test_it_stops_without_noise_in_the_middle_of_everything(coodie_server, caplog):
    caplog.set_level(logging.DEBUG, logger="asyncio")
    with FaultProxy(coodie_server) as proxy:
        clients = [CqlConnection(proxy.address, proxy.port, timeout=5) for _ in range(10)]
        for client in clients[:5]:
            client.start()
        proxy.stall()
        with ThreadPoolExecutor(1) as elsewhere:
            waiting = elsewhere.submit(clients[0].execute, "SELECT * FROM nowhere")
            proxy.stop()
    gc.collect()

    assert isinstance(waiting.exception(), OSError)
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fault proxy")]
    for client in clients:
        client.__exit__(None, None, None)


def test_it_can_be_started_again_and_refuses_orders_when_it_is_stopped(coodie_server):
    proxy = FaultProxy(coodie_server)
    with pytest.raises(FaultProxyNotRunning, match="does not run"):
        proxy.reset()

    for _ in range(2):
        with proxy:
            proxy.start()
            assert why_no_answer(proxy.address, proxy.port, timeout=5) is None
    proxy.stop()

    with pytest.raises(FaultProxyNotRunning):
        proxy.stall()


def test_a_port_in_use_is_told(proxy, coodie_server):
    with pytest.raises(PortInUse):
        FaultProxy(coodie_server, port=proxy.port).start()


def test_a_client_of_protocol_5_comes_down_to_4(proxy):
    cluster = Cluster(
        [proxy.address],
        port=proxy.port,
        compression=False,
        connect_timeout=60,
        execution_profiles={EXEC_PROFILE_DEFAULT: ExecutionProfile(RoundRobinPolicy())},
    )

    cluster.connect()

    assert cluster.protocol_version == 4
    cluster.shutdown()
