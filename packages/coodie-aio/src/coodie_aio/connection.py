"""Connections: opening drivers, and finding them by their names."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any

from coodie_aio.drivers import driver_class
from coodie_aio.drivers.base import Driver as Driver
from coodie_aio.drivers.base import registry as registry
from coodie_core.consistency import Consistency, SerialConsistency
from coodie_core.driver_support.options import connection_options
from coodie_core.options import execution_options
from coodie_core.paging_tokens import PagingTokens, checked_paging_tokens
from coodie_core.registry import DEFAULT_NAME
from coodie_core.retrying import RetryPolicy, SpeculativePolicy, policies


async def init_coodie(
    hosts: str | Sequence[str] | None = None,
    session: Any | None = None,
    keyspace: str | None = None,
    driver_type: str = "scylla",
    name: str = DEFAULT_NAME,
    ssl_context: ssl.SSLContext | None = None,
    lazy: bool = False,
    paging_tokens: PagingTokens | None = None,
    username: str | None = None,
    password: str | None = None,
    consistency: Consistency | None = None,
    serial_consistency: SerialConsistency | None = None,
    timeout: float | None = None,
    retry: RetryPolicy | None = None,
    speculative: SpeculativePolicy | None = None,
    fast: bool = True,
    **kwargs: Any,
) -> Driver:
    """Connect to a cluster, and let documents use the connection by its name.

    The connection called ``"default"`` serves all documents that name none in ``Settings.connection``. A connection
    with another name never takes its place. Where the name is in use already, the new connection takes it over once it
    is open, and the old one is closed.

    Args:
        hosts: Some nodes of the cluster, the others are found by themselves: ``"host"`` or ``"host:port"``.
            ``["127.0.0.1"]`` if not given.
        session: A ``cassandra.cluster.Session`` of your own instead. coodie never closes it or changes its keyspace: if
            *keyspace* differs from the session's, documents use *keyspace*, and raw CQL that names none the session's.
        keyspace: The keyspace of documents that name none, and of raw CQL. It must exist: see `create_keyspace`.
        driver_type: ``"scylla"`` or ``"cassandra"``: the ``cassandra`` package that is installed. ``"rust"``:
            scylladb-rs-driver, from the extra of that name.
        name: The name of the connection.
        ssl_context: For encrypted connections, such as ``ssl.create_default_context(cafile="ca.pem")``.
        lazy: Connect at the first use, not now.
        paging_tokens: What makes `PagedResult.next_token`, with a key of yours.
        username: Who logs in, where the server asks for that.
        password: The password of *username*.
        consistency: A consistency level, its name or its number, where neither a call nor a query says it. The driver's
            own is LOCAL_ONE.
        serial_consistency: ``"SERIAL"`` or ``"LOCAL_SERIAL"``, likewise.
        timeout: Seconds to wait for each answer, likewise; 10 if not given.
        retry: When statements are sent again, where neither a call nor a query says so (see `RetryPolicy`).
        speculative: When idempotent statements are sent to a second node as well, likewise.
        fast: Whether requests take a shorter way through the driver, where the installed version allows it: they are
            sent from the thread that asks, and what each answer repeats is parsed once.
        **kwargs: For ``cassandra.cluster.Cluster``, such as ``port``, ``auth_provider``, ``execution_profiles``,
            ``load_balancing_policy``, ``connect_timeout`` (seconds for a node, 5 if not given; each is tried twice; and
            for what the driver asks it meanwhile, if ``control_connection_timeout`` is not given).
            With ``driver_type="rust"``, what a ``SessionBuilder`` can be told.

    Returns:
        The driver. It closes itself as a context manager, or by ``close()``.

    Raises:
        ConfigurationError: The arguments contradict each other, or one of them is unknown.
        KeyspaceNotFound: The keyspace does not exist.
        NoHostAvailable: None of the hosts can be reached.
        AuthenticationFailed: The server wants another user name and password.
        TlsError: The encrypted connection cannot be made.

    Example:
        ```python
        async with await init_coodie(hosts=["10.0.0.1", "10.0.0.2"], keyspace="shop"):
            await Product.sync_table()
        ```
    """
    kind = await driver_class(driver_type)
    options = connection_options(
        hosts=hosts,
        session=session,
        keyspace=keyspace,
        name=name,
        ssl_context=ssl_context,
        lazy=lazy,
        arguments=kwargs,
        known_arguments=kind.known_arguments,
        username=username,
        password=password,
        policies=policies(retry, speculative),
        execution=execution_options(consistency, timeout, serial_consistency=serial_consistency),
        fast=fast,
    )
    driver = kind(options)
    driver.paging_tokens = checked_paging_tokens(paging_tokens)
    if not lazy:
        await driver.connect()
    before = registry.add(name, driver)
    if before is not None:
        await before.close()
    return driver


def register_driver(name: str, driver: Driver, default: bool = False) -> None:
    """Let documents use *driver* by *name*, for example by a second name. A driver that had the name is left open.

    Args:
        name: The name of the connection.
        driver: A driver of this API.
        default: Whether documents that name no connection use it from now on.

    Raises:
        ConfigurationError: The driver belongs to the other API.
    """
    registry.add(name, driver, default=default)


def get_driver(name: str | None = None) -> Driver:
    """Return the driver called *name*, or the default one.

    Raises:
        ConfigurationError: There is none; the message says what to call.
    """
    return registry.get(name)


def driver_for(name: str | None) -> Driver:
    """Return the driver of documents whose ``Settings.connection`` is *name*; None for those that name none."""
    return registry.get(name)
