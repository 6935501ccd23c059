"""Encrypted connections, passwords and permissions: a good client comes in, each bad one is refused for its reason."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from cassandra import Unauthorized
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.policies import RoundRobinPolicy

from coodie_testing import (
    CertificateAuthority,
    FaultProxy,
    NodeConfig,
    Server,
    cassandra,
    create_role,
    drop_role,
    fresh_keyspace,
)
from coodie_testing.credentials import Credentials
from coodie_testing.errors import CertificateNotIssued, CqlFailed

NOT_ENCRYPTED = "reset by peer|closed by server"
"""What a client sees that speaks no TLS to a server that does: which of both, is a matter of time."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A node that wants certificates and passwords."""
    with cassandra(NodeConfig(tls="mutual", auth=True, heap="128m")) as server:
        yield server


@contextmanager
def session_of(server: Server) -> Iterator[Session]:
    arguments = server.connect_arguments
    cluster = Cluster(
        arguments.pop("hosts"),
        execution_profiles={EXEC_PROFILE_DEFAULT: ExecutionProfile(RoundRobinPolicy(), request_timeout=60)},
        connect_timeout=60,
        **arguments,
    )
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()


def refusal_of(server: Server) -> str:
    """Why the driver cannot connect to it."""
    with pytest.raises(NoHostAvailable) as refused, session_of(server):
        pass
    return str(refused.value)


def test_a_client_with_certificate_and_password_comes_in(server):
    with session_of(server) as session:
        assert session.execute("SELECT cluster_name FROM system.local").one()

    assert server.credentials == ("coodie", "coodie")
    assert (server.ssl_context.check_hostname, server.ssl_context.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_every_other_client_is_refused_for_its_reason(server):
    foreign = CertificateAuthority().client_context()
    assert "CERTIFICATE_VERIFY_FAILED" in refusal_of(replace(server, ssl_context=foreign))
    assert re.search(NOT_ENCRYPTED, refusal_of(replace(server, ssl_context=None)))
    assert "AuthenticationFailed" in refusal_of(replace(server, credentials=Credentials("coodie", "wrong")))


@pytest.mark.parametrize(
    ("certificate", "reason"), [(None, "HANDSHAKE_FAILURE|BAD_CERTIFICATE"), ("expired", "EXPIRED")]
)
def test_a_client_without_a_valid_certificate_is_refused(server, certificate, reason):
    """With TLS 1.3 the client has begun to send by then, and may see only that the connection is closed."""
    context = server.authority.client_context(certificate=certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    assert re.search(reason, refusal_of(replace(server, ssl_context=context)))


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [("expired", "certificate has expired"), ("other_host", "certificate is not valid for '127.0.0.1'")],
)
def test_a_node_with_a_bad_certificate_is_refused_by_its_clients(certificate, reason):
    with cassandra(NodeConfig(tls="server", certificate=certificate, heap="128m")) as server:
        assert reason in refusal_of(server)[:400]


def test_a_role_may_do_what_was_granted_and_no_more(server):
    with fresh_keyspace(server) as keyspace:
        reader = create_role(server, "reader", "it's", grants=[f"SELECT ON KEYSPACE {keyspace}"])
        with session_of(server) as admin:
            admin.execute(f"CREATE TABLE {keyspace}.t (id int PRIMARY KEY)")

        with session_of(reader) as session:
            assert list(session.execute(f"SELECT id FROM {keyspace}.t")) == []
            with pytest.raises(Unauthorized, match="has no MODIFY permission"):
                session.execute(f"INSERT INTO {keyspace}.t (id) VALUES (1)")

        drop_role(server, "reader")
        assert "AuthenticationFailed" in refusal_of(reader)


def test_a_role_that_may_not_make_roles_is_told_so(server):
    nobody = create_role(server, "nobody")

    with pytest.raises(CqlFailed, match="nobody"):
        create_role(nobody, "somebody")


def test_a_proxy_before_a_server_that_encrypts_encrypts_too(server):
    with FaultProxy(server) as proxy:
        with session_of(proxy.server) as session:
            assert session.execute("SELECT cluster_name FROM system.local").one()
            assert proxy.count(text="SELECT cluster_name FROM system.local") == 1
        assert re.search(NOT_ENCRYPTED, refusal_of(replace(proxy.server, ssl_context=None)))


def test_a_proxy_without_an_authority_cannot_encrypt(server):
    with pytest.raises(CertificateNotIssued, match="has no authority to issue"):
        FaultProxy(replace(server, authority=None))
