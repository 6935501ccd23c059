"""Roles of a server that asks for passwords: made for tests, and ready when this returns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from coodie_testing.credentials import Credentials
from coodie_testing.errors import CqlFailed, RoleNotReady
from coodie_testing.keyspaces import connection_to
from coodie_testing.server import Server

READY_TIMEOUT_SECONDS = 30
POLL_SECONDS = 0.1


def create_role(
    server: Server, name: str, password: str = "secret", *, grants: Sequence[str] = (), superuser: bool = False
) -> Server:
    """Make a role that can log in and has these permissions, and return when it can, on every host.

    Args:
        server: Where to make it, with a superuser's credentials: that of a node with `NodeConfig(auth=True)` has them.
        name: Its name.
        password: Its password.
        grants: What it may do, as CQL says it between GRANT and TO: ``"SELECT ON KEYSPACE shop"``.
        superuser: Whether it may do everything.

    Returns:
        The server as this role sees it: its `connect_arguments` log in as the role.

    Raises:
        CqlFailed: The server refused a statement.
        RoleNotReady: The role could not log in within 30 seconds.

    Example:
        >>> reader = create_role(server, "reader", grants=["SELECT ON KEYSPACE shop"])  # doctest: +SKIP
        >>> init_coodie(**reader.connect_arguments, keyspace="shop")  # doctest: +SKIP
    """
    with connection_to(server) as connection:
        options = f"PASSWORD = {_quoted(password)} AND LOGIN = true AND SUPERUSER = {str(superuser).lower()}"
        connection.execute(f'CREATE ROLE "{name}" WITH {options}')
        for grant in grants:
            connection.execute(f'GRANT {grant} TO "{name}"')
    as_role = replace(server, credentials=Credentials(name, password))
    end = time.monotonic() + READY_TIMEOUT_SECONDS
    for host in server.hosts:
        _wait_until_it_can_log_in(replace(as_role, hosts=(host,)), name, end)
    return as_role


def drop_role(server: Server, name: str) -> None:
    """Drop a role, if it is there.

    Args:
        server: Where, with the credentials of a superuser.
        name: Its name.
    """
    with connection_to(server) as connection:
        connection.execute(f'DROP ROLE IF EXISTS "{name}"')


def _wait_until_it_can_log_in(server: Server, name: str, end: float) -> None:
    while True:
        try:
            with connection_to(server):
                return
        except CqlFailed as error:
            if time.monotonic() > end:
                raise RoleNotReady(name, server.hosts[0], READY_TIMEOUT_SECONDS) from error
            time.sleep(POLL_SECONDS)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
