"""Keyspaces: created, altered and dropped."""

from __future__ import annotations

from collections.abc import Mapping

from coodie_aio.connection import driver_for
from coodie_aio.runner import run
from coodie_core.operations import keyspaces


async def create_keyspace(
    keyspace: str,
    replication_factor: int = 1,
    strategy: str = "SimpleStrategy",
    dc_replication_map: Mapping[str, int] | None = None,
    connection: str | None = None,
    durable_writes: bool | None = None,
    tablets: bool | None = None,
) -> None:
    """Create a keyspace, if it does not exist.

    Args:
        keyspace: Its name: letters, digits and underscores, at most 48.
        replication_factor: On how many nodes each row is kept.
        strategy: ``"SimpleStrategy"`` or ``"NetworkTopologyStrategy"``.
        dc_replication_map: The replication factor of each data centre, as in ``{"dc1": 3}``;
            implies ``NetworkTopologyStrategy``.
        connection: The connection to use, if not the default one.
        durable_writes: False skips the commit log: faster, and lost when a node stops. None is the server's default.
        tablets: ScyllaDB only: whether its tables are split into tablets. None leaves the server's default.

    Raises:
        InvalidQueryError: A name, a factor or the strategy cannot be.
        DatabaseError: The cluster refused or did not answer.

    Example:
        ```python
        await create_keyspace("my_ks", replication_factor=3)
        ```
    """
    driver = driver_for(connection)
    await run(
        keyspaces.create(
            keyspace,
            replication_factor=replication_factor,
            strategy=strategy,
            dc_replication_map=dc_replication_map,
            durable_writes=durable_writes,
            tablets=tablets,
        ),
        driver,
    )


async def alter_keyspace(
    keyspace: str,
    replication_factor: int | None = None,
    strategy: str = "SimpleStrategy",
    dc_replication_map: Mapping[str, int] | None = None,
    connection: str | None = None,
    durable_writes: bool | None = None,
) -> None:
    """Change the replication of a keyspace, or whether its writes are durable. Run a repair after the former.

    Tablets cannot be turned on or off afterwards: ScyllaDB refuses to alter that, so create another keyspace.

    Args:
        keyspace: Its name.
        replication_factor: On how many nodes each row is kept; None leaves it.
        strategy: The strategy that goes with *replication_factor*.
        dc_replication_map: The replication factor of each data centre; implies ``NetworkTopologyStrategy``.
        connection: The connection to use, if not the default one.
        durable_writes: Whether writes go to the commit log; None leaves it.

    Raises:
        InvalidQueryError: Nothing changes, or a name, a factor or the strategy cannot be.
        DatabaseError: The cluster refused, for example since there is no such keyspace, or did not answer.

    Example:
        ```python
        await alter_keyspace("my_ks", dc_replication_map={"dc1": 3})
        ```
    """
    driver = driver_for(connection)
    await run(
        keyspaces.alter(
            keyspace,
            replication_factor=replication_factor,
            strategy=strategy,
            dc_replication_map=dc_replication_map,
            durable_writes=durable_writes,
        ),
        driver,
    )


async def drop_keyspace(keyspace: str, connection: str | None = None) -> None:
    """Drop a keyspace with all of its tables, if it exists.

    Args:
        keyspace: Its name.
        connection: The connection to use, if not the default one.

    Raises:
        InvalidQueryError: No keyspace can have this name.
        DatabaseError: The cluster refused or did not answer.

    Example:
        ```python
        await drop_keyspace("my_ks")
        ```
    """
    driver = driver_for(connection)
    await run(keyspaces.drop(keyspace), driver)
