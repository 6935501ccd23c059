"""From the arguments of `init_coodie` to those of the driver's ``Cluster``."""

from __future__ import annotations

import re
import ssl
from typing import Any

import pytest

from coodie_core.consistency import ConsistencyLevel
from coodie_core.driver_support.options import (
    ConnectionOptions,
    check_arguments,
    check_keyspace,
    connection_options,
    contact_points_from,
)
from coodie_core.exceptions import ConfigurationError
from coodie_core.options import execution_options

KNOWN = (
    "port",
    "connect_timeout",
    "auth_provider",
    "execution_profiles",
    "load_balancing_policy",
    "default_retry_policy",
)


def options(**given: Any) -> ConnectionOptions:
    arguments: dict[str, Any] = {"hosts": None, "session": None, "keyspace": None, "name": "default"}
    arguments |= {"ssl_context": None, "lazy": False, "arguments": {}, "known_arguments": KNOWN}
    return connection_options(**{**arguments, **given})


def test_without_hosts_it_is_this_machine() -> None:
    made = options()

    assert made.cluster == {"contact_points": ["127.0.0.1"]}
    assert made.hosts == ("127.0.0.1:9042",)


def test_further_keywords_go_to_the_cluster() -> None:
    context = ssl.create_default_context()

    made = options(hosts=["a", "b"], ssl_context=context, arguments={"port": 19042, "connect_timeout": 1})

    assert made.cluster == {"contact_points": ["a", "b"], "port": 19042, "connect_timeout": 1, "ssl_context": context}
    assert made.hosts == ("a:19042", "b:19042")


def test_policies_go_to_the_execution_profile_where_the_driver_wants_them() -> None:
    balancing, retry = object(), object()

    made = options(arguments={"load_balancing_policy": balancing, "default_retry_policy": retry, "port": 1})

    assert made.profile == {"load_balancing_policy": balancing, "retry_policy": retry}
    assert "load_balancing_policy" not in made.cluster


@pytest.mark.parametrize(
    ("hosts", "points"),
    [
        ("db", ("db",)),
        ("db:19042", (("db", 19042),)),
        ("db1, db2:1", ("db1", ("db2", 1))),
        (["10.0.0.1", "10.0.0.2:65535"], ("10.0.0.1", ("10.0.0.2", 65535))),
        (["::1"], ("::1",)),
        (["[::1]:9042", "[fe80::1%eth0]"], (("::1", 9042), "fe80::1%eth0")),
        ([("db", 9042)], (("db", 9042),)),
    ],
)
def test_hosts_are_names_and_addresses_with_or_without_a_port(hosts: Any, points: tuple[Any, ...]) -> None:
    assert contact_points_from(hosts) == points


def test_a_port_that_all_hosts_share_is_that_of_the_nodes_found_later() -> None:
    """The driver finds the other nodes by their addresses alone."""
    assert options(hosts=["a:19042", "b:19042"]).cluster["port"] == 19042
    assert "port" not in options(hosts=["a:19042", "b"]).cluster
    assert "port" not in options(hosts=["a:1", "b:2"]).cluster
    assert options(hosts=["a:19042"], arguments={"port": 9142}).cluster["port"] == 9142


def test_a_context_that_cannot_encrypt_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"ssl_context=True: give an ssl.SSLContext, such as"):
        options(ssl_context=True)


def test_addresses_of_version_6_are_shown_in_brackets() -> None:
    assert options(hosts=["::1", "[::2]:1"]).hosts == ("[::1]:9042", "[::2]:1")


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        ([], "at least one node"),
        ("", "without a scheme or a path"),
        ([":9042"], "without a scheme or a path"),
        (["cql://db"], "without a scheme or a path"),
        (["db:cql"], "'cql' is not a port"),
        (["db:0"], "'0' is not a port"),
        (["db:65536"], "'65536' is not a port"),
        (["db:"], "'' is not a port"),
        ([None], "a host is a name or an address"),
        ([127], "a host is a name or an address"),
    ],
)
def test_what_is_no_host_is_refused(hosts: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        options(hosts=hosts)


@pytest.mark.parametrize("keyspace", ["a", "My_Keyspace_1", "x" * 48, None])
def test_names_of_keyspaces(keyspace: str | None) -> None:
    check_keyspace(keyspace)

    assert options(keyspace=keyspace).keyspace == keyspace


@pytest.mark.parametrize(
    "keyspace", ["", "my-keyspace", "x" * 49, 'a"; DROP KEYSPACE b; --', "schlüssel", "a b", "a\n", 7]
)
def test_what_cannot_name_a_keyspace_is_refused(keyspace: Any) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"keyspace={keyspace!r}")):
        options(keyspace=keyspace)


@pytest.mark.parametrize("name", ["", None, 7])
def test_what_cannot_name_a_connection_is_refused(name: Any) -> None:
    with pytest.raises(ConfigurationError, match="name="):
        options(name=name)


def test_keywords_that_nobody_knows_are_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationError, match=r"conect_timeout=.*did you mean 'connect_timeout'"):
        check_arguments(["port", "conect_timeout"], KNOWN)


@pytest.mark.parametrize(
    ("keyword", "instead"),
    [
        ("contact_points", "hosts="),
        ("ssl", "ssl_context="),
    ],
)
def test_keywords_of_other_libraries_are_refused_with_coodies_own(keyword: str, instead: str) -> None:
    with pytest.raises(ConfigurationError, match=instead):
        check_arguments([keyword], KNOWN)


class TestLoggingIn:
    def test_a_user_name_and_a_password_are_kept_and_not_shown(self) -> None:
        made = options(username="joe", password="s3cr3t")

        assert made.credentials == ("joe", "s3cr3t")
        assert "s3cr3t" not in repr(made)

    @pytest.mark.parametrize("given", [{"username": "joe"}, {"password": "x"}, {"username": "joe", "password": 7}])
    def test_one_of_them_is_not_enough(self, given: Any) -> None:
        with pytest.raises(ConfigurationError, match="give both, as texts"):
            options(**given)

    def test_there_is_one_way_to_log_in(self) -> None:
        with pytest.raises(ConfigurationError, match="not both"):
            options(username="joe", password="x", arguments={"auth_provider": object()})


class TestUsualOptions:
    def test_they_go_to_the_execution_profile(self) -> None:
        made = options(execution=execution_options("QUORUM", 3, serial_consistency="LOCAL_SERIAL"))

        assert made.profile == {
            "consistency_level": ConsistencyLevel.QUORUM,
            "serial_consistency_level": ConsistencyLevel.LOCAL_SERIAL,
            "request_timeout": 3,
        }

    def test_profiles_have_their_own(self) -> None:
        with pytest.raises(ConfigurationError, match=r"init_coodie\(consistency=\.\.\., execution_profiles="):
            options(execution=execution_options("QUORUM"), arguments={"execution_profiles": {}})
