"""From the arguments of `init_coodie` to those of the driver's ``Cluster``: checked, and as plain values."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coodie_core.exceptions import ConfigurationError
from coodie_core.retrying import NO_POLICIES, Policies
from coodie_core.statement import DEFAULT_EXECUTION, ExecutionOptions
from coodie_core.suggestions import nearest

DEFAULT_HOSTS = ("127.0.0.1",)
DEFAULT_PORT = 9042
KEYSPACE_NAME = re.compile(r"[A-Za-z0-9_]{1,48}")
"""Apache Cassandra, "Data Definition": the name has up to 48 letters, digits and underscores, quoted or not."""

PROFILE_ARGUMENTS = {
    "load_balancing_policy": "load_balancing_policy",
    "default_retry_policy": "retry_policy",
    "consistency": "consistency_level",
    "serial_consistency": "serial_consistency_level",
    "timeout": "request_timeout",
}
"""Arguments of ``Cluster`` that it calls deprecated, and of `init_coodie`, and what an execution profile calls them."""

OTHER_WAYS = {
    "contact_points": "The nodes to connect to are hosts=[...].",
    "ssl": "Give ssl_context=ssl.create_default_context(cafile=...).",
}

ACSYLLA = (
    "driver_type='acsylla': acsylla 1.2 tells neither the types of a statement's markers nor those of the columns that "
    "it reads. It stores 5 in a text column as '5' and 1.7 in an int column as 1, and a uuid comes back as text. So "
    "nothing can be refused before it is sent, and coodie does not use it. For requests that cost less, use "
    "driver_type='rust'."
)
"""What is missing is tried in `integration-tests/both/test_acsylla.py`."""

ContactPoint = str | tuple[str, int]


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """What a driver needs to know to connect.

    Attributes:
        name: The name in the registry.
        hosts: The nodes to ask first, as they were given.
        keyspace: The keyspace of documents that name none.
        session: The caller's own session, or None where the driver opens one.
        cluster: Keyword arguments for ``Cluster``.
        profile: Keyword arguments for its default ``ExecutionProfile``.
        policies: When statements are sent again, or to a second node.
        credentials: The user name and the password, if they were given.
        fast: Whether requests may take the short way.
    """

    name: str
    hosts: tuple[str, ...]
    keyspace: str | None
    session: Any | None
    cluster: Mapping[str, Any]
    profile: Mapping[str, Any]
    policies: Policies = NO_POLICIES
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    fast: bool = True


def connection_options(
    *,
    hosts: str | Sequence[Any] | None,
    session: Any | None,
    keyspace: str | None,
    name: str,
    ssl_context: Any | None,
    lazy: bool,
    arguments: Mapping[str, Any],
    known_arguments: Collection[str],
    username: str | None = None,
    password: str | None = None,
    policies: Policies = NO_POLICIES,
    execution: ExecutionOptions = DEFAULT_EXECUTION,
    fast: bool = True,
) -> ConnectionOptions:
    """Return what the arguments of `init_coodie` mean.

    Args:
        hosts: As in `init_coodie`.
        session: As in `init_coodie`.
        keyspace: As in `init_coodie`.
        name: As in `init_coodie`.
        ssl_context: As in `init_coodie`.
        lazy: As in `init_coodie`.
        arguments: The further keywords.
        known_arguments: The names of further keywords that the driver understands.
        username: As in `init_coodie`.
        password: As in `init_coodie`.
        policies: What ``retry=`` and ``speculative=`` of `init_coodie` say.
        execution: What ``consistency=``, ``serial_consistency=`` and ``timeout=`` of `init_coodie` say.
        fast: As in `init_coodie`.

    Raises:
        ConfigurationError: They contradict each other, or cannot mean anything.
    """
    check_name(name)
    check_keyspace(keyspace)
    credentials = credentials_from(username, password, arguments)
    usual = usual_of(execution)
    if session is not None:
        given = [*arguments, *usual, *([] if credentials is None else ["username", "password"])]
        check_session(session, hosts=hosts, ssl_context=ssl_context, lazy=lazy, arguments=given)
        return ConnectionOptions(name, hosts_of(session), keyspace, session, {}, {}, policies, fast=fast)
    check_arguments(arguments, known_arguments)
    contact_points = contact_points_from(DEFAULT_HOSTS if hosts is None else hosts)
    cluster = {key: value for key, value in arguments.items() if key not in PROFILE_ARGUMENTS}
    of_profile = {key: value for key, value in {**arguments, **usual}.items() if key in PROFILE_ARGUMENTS}
    profile = {PROFILE_ARGUMENTS[key]: value for key, value in of_profile.items()}
    if profile and "execution_profiles" in cluster:
        raise ConfigurationError(
            f"init_coodie({', '.join(sorted(of_profile))}=..., execution_profiles=...): "
            f"put these into the execution profiles, and leave the other arguments out."
        )
    ports = {point[1] for point in contact_points if isinstance(point, tuple)}
    if "port" not in cluster and len(ports) == 1 and all(isinstance(point, tuple) for point in contact_points):
        cluster["port"] = ports.pop()
    cluster["contact_points"] = list(contact_points)
    if ssl_context is not None:
        check_ssl_context(ssl_context)
        cluster["ssl_context"] = ssl_context
    return ConnectionOptions(
        name,
        tuple(address(point, cluster.get("port", DEFAULT_PORT)) for point in contact_points),
        keyspace,
        None,
        cluster,
        profile,
        policies,
        credentials,
        fast,
    )


def check_ssl_context(ssl_context: object) -> None:
    """Raise for an ``ssl_context`` that is none.

    Raises:
        ConfigurationError: It cannot encrypt a connection.
    """
    if not hasattr(ssl_context, "wrap_socket"):
        raise ConfigurationError(
            f"ssl_context={ssl_context!r}: give an ssl.SSLContext, such as ssl.create_default_context(cafile=...)."
        )


def usual_of(execution: ExecutionOptions) -> dict[str, Any]:
    """Return what *execution* says, by the names of the arguments of `init_coodie`."""
    given = {
        "consistency": execution.consistency,
        "serial_consistency": execution.serial_consistency,
        "timeout": execution.timeout,
    }
    return {name: value for name, value in given.items() if value is not None}


def credentials_from(username: str | None, password: str | None, arguments: Collection[str]) -> tuple[str, str] | None:
    """Return the user name and the password, or None if they were not given.

    Raises:
        ConfigurationError: One is missing or no text, or ``auth_provider`` says how to log in.
    """
    if username is None and password is None:
        return None
    if not isinstance(username, str) or not isinstance(password, str):
        raise ConfigurationError("init_coodie(username=..., password=...): give both, as texts.")
    if "auth_provider" in arguments:
        raise ConfigurationError("init_coodie(username=..., auth_provider=...): give one of them, not both.")
    return username, password


def check_name(name: str) -> None:
    """Raise `ConfigurationError` unless *name* can be the name of a connection."""
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"name={name!r}: the name of a connection is a string that is not empty.")


def check_keyspace(keyspace: str | None) -> None:
    """Raise `ConfigurationError` unless *keyspace* can be the name of a keyspace."""
    if keyspace is None:
        return
    if not isinstance(keyspace, str) or not KEYSPACE_NAME.fullmatch(keyspace):
        raise ConfigurationError(
            f"keyspace={keyspace!r}: the name of a keyspace has 1 to 48 letters, digits and underscores "
            f"(and keeps its capitals: a keyspace that was created without quotes has none)."
        )


def check_session(
    session: Any, *, hosts: object | None, ssl_context: object | None, lazy: bool, arguments: Collection[str]
) -> None:
    """Raise `ConfigurationError` if *session* is not a session, or other arguments say how to open one."""
    given = [*(["hosts"] if hosts is not None else []), *(["ssl_context"] if ssl_context is not None else [])]
    given += [*(["lazy"] if lazy else []), *arguments]
    if given:
        raise ConfigurationError(
            f"init_coodie(session=..., {', '.join(f'{argument}=...' for argument in given)}): a session is connected "
            f"already, so nothing else can say how to connect. Leave out either session= or the rest."
        )
    if not all(hasattr(session, method) for method in ("prepare", "execute_async", "add_request_init_listener")):
        raise ConfigurationError(
            f"session= is a {type(session).__name__}: give the cassandra.cluster.Session of Cluster.connect()."
        )
    if session.is_shutdown:
        raise ConfigurationError("session= was shut down. Give a session that is open, or hosts= to open one.")


def contact_points_from(hosts: str | Sequence[Any]) -> tuple[ContactPoint, ...]:
    """Return the contact points that *hosts* mean: addresses, or pairs of address and port for ``"host:port"``.

    Raises:
        ConfigurationError: There is none, or one that is no host.

    Example:
        >>> contact_points_from(["10.0.0.1", "10.0.0.2:19042", "[::1]:9042"])
        ('10.0.0.1', ('10.0.0.2', 19042), ('::1', 9042))
    """
    entries = hosts.split(",") if isinstance(hosts, str) else list(hosts)
    if not entries:
        raise ConfigurationError("hosts=[]: give at least one node, for example hosts=['127.0.0.1'].")
    return tuple(contact_point(entry) for entry in entries)


def contact_point(entry: Any) -> ContactPoint:
    """Return the contact point that one entry of ``hosts`` means. What is no text is the driver's own kind of entry."""
    if not isinstance(entry, str):
        if entry is None or isinstance(entry, int):
            raise ConfigurationError(f"hosts=[{entry!r}]: a host is a name or an address, such as '127.0.0.1'.")
        return entry  # type: ignore[no-any-return]  # an EndPoint of the driver, or a pair of address and port
    entry = entry.strip()
    bracketed = re.fullmatch(r"\[([^]]+)\](?::(.*))?", entry)
    if bracketed:
        host, port = bracketed.groups()
    elif entry.count(":") == 1:
        host, port = entry.split(":")
    else:
        host, port = entry, None
    if not host or "/" in entry:
        raise ConfigurationError(f"hosts=[{entry!r}]: a host is 'host' or 'host:port', without a scheme or a path.")
    return host if port is None else (host, port_number(port, entry))


def port_number(text: str, entry: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise ConfigurationError(f"hosts=[{entry!r}]: {text!r} is not a port, which is a number from 1 to 65535.")
    return int(text)


def address(point: ContactPoint, port: int) -> str:
    """Return *point* as ``"host:port"``, with *port* where it has none of its own."""
    host, port = point if isinstance(point, tuple) else (str(point), port)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def hosts_of(session: Any) -> tuple[str, ...]:
    """Return the nodes that the caller's own session knows, as ``"address:port"``."""
    return tuple(sorted(str(host.endpoint) for host in session.hosts))


def check_arguments(arguments: Collection[str], known: Collection[str]) -> None:
    """Raise `ConfigurationError` for the first of *arguments* that neither `init_coodie` nor ``Cluster`` knows.

    Args:
        arguments: The names of the further keywords that `init_coodie` was given.
        known: The names of those that the driver understands.
    """
    for argument in arguments:
        if argument in OTHER_WAYS:
            raise ConfigurationError(f"init_coodie({argument}=...): there is no such argument. {OTHER_WAYS[argument]}")
        if argument not in known:
            raise ConfigurationError(
                f"init_coodie({argument}=...): neither init_coodie nor the driver's Cluster has such an "
                f"argument{nearest(argument, [*known, *OWN_ARGUMENTS])}."
            )


OWN_ARGUMENTS = (
    "hosts",
    "session",
    "keyspace",
    "driver_type",
    "name",
    "ssl_context",
    "lazy",
    "paging_tokens",
    "fast",
    "username",
    "password",
    "consistency",
    "serial_consistency",
    "timeout",
    "retry",
    "speculative",
)


def unknown_driver_type(driver_type: object, known: Collection[str]) -> ConfigurationError:
    """Return the error for a ``driver_type`` that does not exist."""
    if driver_type == "acsylla":
        return ConfigurationError(ACSYLLA)
    return ConfigurationError(
        f"driver_type={driver_type!r}: there is no such driver{nearest(str(driver_type), known)}. "
        f"Use one of {', '.join(map(repr, known))}."
    )


def driver_not_installed(driver_type: str, package: str, distribution: str) -> ConfigurationError:
    """Return the error for a driver whose package is missing.

    Args:
        driver_type: How `init_coodie` calls the driver.
        package: The package of coodie, which has an extra for it.
        distribution: What the extra installs.
    """
    return ConfigurationError(
        f"driver_type={driver_type!r}: {distribution} is not installed. "
        f"Install it with: pip install '{package}[{driver_type}]'"
    )
