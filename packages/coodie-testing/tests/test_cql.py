"""The few words of CQL's protocol that coodie-testing speaks itself."""

from __future__ import annotations

import http.server
import socket
import threading

import pytest

from coodie_testing import create_keyspace, drop_keyspace, fresh_keyspace, truncate_tables
from coodie_testing.cql import CqlConnection, why_no_answer
from coodie_testing.errors import CqlFailed
from coodie_testing.keyspaces import unique_name


@pytest.fixture
def connection(coodie_server):
    with CqlConnection(coodie_server.hosts[0], coodie_server.port, timeout=30) as connection:
        connection.start()
        yield connection


def keyspaces(connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT keyspace_name FROM system_schema.keyspaces")}


def test_a_server_answers(coodie_server):
    assert why_no_answer(coodie_server.hosts[0], coodie_server.port, timeout=5) is None


def test_a_closed_port_does_not_answer():
    assert "refused" in why_no_answer("127.0.0.1", 1, timeout=5)


def test_an_open_port_where_nobody_speaks_is_no_server():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "timed out" in why_no_answer("127.0.0.1", silent.getsockname()[1], timeout=0.2)


def test_a_server_of_another_kind_is_no_server():
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as web:
        thread = threading.Thread(target=web.handle_request)
        thread.start()

        reason = why_no_answer("127.0.0.1", web.server_port, timeout=0.2)
        thread.join()

    assert reason is not None


def test_the_options_of_a_server_are_read(connection):
    assert any(version.startswith("3.4") for version in connection.options()["CQL_VERSION"])


def test_rows_of_text_are_read_with_their_nulls(connection, coodie_fresh_keyspace):
    table = f"{coodie_fresh_keyspace}.t"
    connection.execute(f"CREATE TABLE {table} (id text, number text, name text, PRIMARY KEY (id, number))")
    connection.execute(f"INSERT INTO {table} (id, number, name) VALUES ('a', '1', 'grün')")
    connection.execute(f"INSERT INTO {table} (id, number) VALUES ('a', '2')")

    assert connection.execute(f"SELECT number, name FROM {table}") == [("1", "grün"), ("2", None)]


def test_a_column_that_is_not_text_is_an_error_and_not_garbage(connection):
    with pytest.raises(ValueError, match="column host_id is not text"):
        connection.execute("SELECT host_id FROM system.local")


def test_a_refused_statement_tells_the_servers_reason(connection):
    with pytest.raises(CqlFailed, match=r"'SELEC 1': .*SELEC.* \(error 0x2000\)"):
        connection.execute("SELEC 1")


def test_a_fresh_keyspace_is_there_in_the_block_and_gone_after(coodie_server, connection):
    with fresh_keyspace(coodie_server, "Orders & more") as name:
        assert name.startswith("orders_more_")
        assert name in keyspaces(connection)

    assert name not in keyspaces(connection)


def test_a_fresh_keyspace_is_dropped_after_a_failure_too(coodie_server, connection):
    with pytest.raises(ZeroDivisionError), fresh_keyspace(coodie_server) as name:
        raise ZeroDivisionError

    assert name not in keyspaces(connection)


def test_dropping_a_keyspace_that_is_gone_is_no_error(coodie_server):
    name = unique_name("gone")
    create_keyspace(coodie_server, name)

    drop_keyspace(coodie_server, name)
    drop_keyspace(coodie_server, name)


@pytest.mark.parametrize("name", ["test_orders", "tests/x.py::test[ä-1]", "", "_" * 60, "a" * 200, "0"])
def test_a_unique_name_is_one_that_a_keyspace_can_have(name):
    names = {unique_name(name) for _ in range(100)}

    assert len(names) == 100
    assert all(1 <= len(unique) <= 48 for unique in names)
    assert all(unique.replace("_", "").isalnum() and unique.isascii() for unique in names)


def test_truncating_empties_every_table_of_a_keyspace_and_no_other(coodie_server, coodie_keyspace, connection):
    with fresh_keyspace(coodie_server) as other:
        for keyspace in (coodie_keyspace, other):
            connection.execute(f"CREATE TABLE {keyspace}.a (id text PRIMARY KEY)")
            connection.execute(f'CREATE TABLE {keyspace}."B" (id text PRIMARY KEY)')
            connection.execute(f"INSERT INTO {keyspace}.a (id) VALUES ('1')")
            connection.execute(f"INSERT INTO {keyspace}.\"B\" (id) VALUES ('1')")

        truncate_tables(coodie_server, coodie_keyspace)

        assert connection.execute(f"SELECT id FROM {coodie_keyspace}.a") == []
        assert connection.execute(f'SELECT id FROM {coodie_keyspace}."B"') == []
        assert connection.execute(f"SELECT id FROM {other}.a") == [("1",)]
