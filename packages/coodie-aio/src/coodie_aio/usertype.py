"""User-defined types: models whose values are kept in one column."""

from __future__ import annotations

from coodie_aio.connection import driver_for
from coodie_aio.runner import run
from coodie_core.operations import types
from coodie_core.results import SchemaChanges
from coodie_core.usertype import BaseUserType


class UserType(BaseUserType):
    """A model whose values are kept in one column, as a user-defined type.

    Any other Pydantic model can be one as well; this class gives it a name of its own and the methods below. A
    document's ``sync_table()`` creates and alters the types of its fields, so that these methods are seldom needed.

    Example:
        ```python
        class Address(UserType):
            street: str
            city: str

            class Settings:
                __type_name__ = "postal_address"


        class User(Document):
            id: Annotated[UUID, PrimaryKey()]
            home: Annotated[Address, Frozen()]
        ```
    """

    @classmethod
    async def sync_type(
        cls, dry_run: bool = False, keyspace: str | None = None, connection: str | None = None
    ) -> SchemaChanges:
        """Create the type and those that it holds, or add the fields that they lack.

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
            await Address.sync_type()
            ```
        """
        driver = driver_for(connection)
        return await run(types.sync_type(cls, keyspace, driver.keyspace, dry_run=dry_run), driver)

    @classmethod
    async def drop_type(cls, keyspace: str | None = None, connection: str | None = None) -> None:
        """Drop the type, if it exists; not those that it holds.

        Args:
            keyspace: The keyspace, if not the connection's own.
            connection: The connection, if not the default one.

        Raises:
            DatabaseError: The cluster refused, for example since a table uses the type, or did not answer.
        """
        driver = driver_for(connection)
        await run(types.drop_type(cls, keyspace, driver.keyspace), driver)
