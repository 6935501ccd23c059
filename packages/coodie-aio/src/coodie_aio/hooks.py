"""What a document can do before and after its writes."""

from __future__ import annotations

from typing import Any

from coodie_aio.drivers.hooks import HookOutcome
from coodie_core.operations.hooks import does_nothing


class Hooks:
    """Methods that a document class may override, to be called around its writes.

    The hook before a write may change the document, and stops the write by raising. The hook after it is called once
    the write is confirmed: not if it failed or was refused by a condition. Of a write in a batch it is called after
    the batch was sent. Writes that have no document in memory (`QuerySet.update`, `QuerySet.delete`, raw CQL) call no
    hooks; neither do `delete_columns` and changes of counters.

    In documents of `coodie.aio` hooks may be async.

    Example:
        ```python
        class Article(Document):
            id: Annotated[UUID, PrimaryKey()]
            title: str
            slug: str = ""

            def before_save(self) -> None:
                self.slug = self.title.lower().replace(" ", "-")
        ```
    """

    __slots__ = ()

    @does_nothing
    def before_save(self) -> HookOutcome:
        """Is called before `save`, `insert`, `save_json` and `create` look at the document."""

    @does_nothing
    def after_save(self) -> HookOutcome:
        """Is called after `save`, `insert`, `save_json` and `create` wrote the document."""

    @does_nothing
    def before_update(self, changes: dict[str, Any]) -> HookOutcome:
        """Is called before `update` writes *changes*, and may change them.

        Args:
            changes: What `update` was given, by keyword.
        """

    @does_nothing
    def after_update(self, changes: dict[str, Any]) -> HookOutcome:
        """Is called after `update` wrote *changes*.

        Args:
            changes: What `update` was given, with what `before_update` made of it.
        """

    @does_nothing
    def before_delete(self) -> HookOutcome:
        """Is called before `delete`."""

    @does_nothing
    def after_delete(self) -> HookOutcome:
        """Is called after `delete` deleted the row."""
