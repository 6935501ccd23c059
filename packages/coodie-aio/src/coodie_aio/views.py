"""Materialized views: the rows of a table under another primary key."""

from __future__ import annotations

from typing import ClassVar

from coodie_aio.connection import driver_for
from coodie_aio.document import Document
from coodie_aio.runner import run
from coodie_core.operations import views
from coodie_core.results import SchemaChanges
from coodie_core.schema import TableKind


class MaterializedView(Document):
    """A read-only document that shows the rows of a base table under another primary key.

    The server keeps the view up to date with every write to the base table. Every method that writes refuses.

    Example:
        ```python
        class UserByEmail(MaterializedView):
            email: Annotated[str, PrimaryKey()]
            id: Annotated[UUID, ClusteringKey()]
            name: str

            class Settings:
                name = "users_by_email"
                __base_table__ = User


        await UserByEmail.sync_view()
        user = await UserByEmail.get(email="alice@example.com")
        ```
    """

    __coodie_kind__: ClassVar[TableKind] = TableKind.VIEW

    @classmethod
    async def sync_view(cls, dry_run: bool = False) -> SchemaChanges:
        """Create the view, if it does not exist. The server fills it with the rows that there are already.

        Args:
            dry_run: Whether to change nothing and only return what would run.

        Returns:
            The CQL that ran; empty if the view was there.

        Raises:
            InvalidModel: `Settings` names no base table, or columns that are no fields.
            SchemaMismatch: The view exists with other columns, which CQL cannot alter.
            SchemaNotAgreed: The view was created, but not all nodes know it yet.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            await UserByEmail.sync_view()
            ```
        """
        driver = driver_for(cls.connection_name())
        return await run(views.sync_view(cls, driver.keyspace, dry_run=dry_run), driver)

    @classmethod
    async def drop_view(cls) -> None:
        """Drop the view, if it exists; the base table keeps its rows.

        Raises:
            DatabaseError: The cluster refused or did not answer.
        """
        driver = driver_for(cls.connection_name())
        await run(views.drop_view(cls, driver.keyspace), driver)
