"""User-defined types for documents of either API."""

from __future__ import annotations

from coodie_aio.connection import driver_for as _driver_for
from coodie_aio.runner import run as _run
from coodie_core.operations import types as _types
from coodie_core.results import SchemaChanges as _SchemaChanges
from coodie_sync.usertype import UserType as _SyncUserType


class UserType(_SyncUserType):
    """A model whose values are kept in one column, as a user-defined type, for documents of both APIs.

    `sync_type` and `drop_type` block, as in `coodie.sync`; `sync_type_async` is awaited. A document's ``sync_table()``
    creates and alters the types of its fields, so that these methods are seldom needed.

    Example:
        ```python
        class Address(UserType):
            street: str
            city: str
        ```
    """

    @classmethod
    async def sync_type_async(
        cls, dry_run: bool = False, keyspace: str | None = None, connection: str | None = None
    ) -> _SchemaChanges:
        """Create the type and those that it holds, or add the fields that they lack, by a connection of `coodie.aio`.

        Args:
            dry_run: Whether to change nothing and only return what would run.
            keyspace: The keyspace, if not the connection's own.
            connection: The connection, if not the default one.

        Returns:
            The CQL that ran; empty if the types were as the models describe them.

        Raises:
            SchemaMismatch: A field has another type, or was renamed, which CQL cannot change.
            SchemaNotAgreed: A change took place, but not all nodes know it yet.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await Address.sync_type_async()
            ```
        """
        driver = _driver_for(connection)
        return await _run(_types.sync_type(cls, keyspace, driver.keyspace, dry_run=dry_run), driver)
