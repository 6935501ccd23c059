"""The block of `bulk`: which documents it takes, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Self

from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.operations.bulk import BulkWork
from coodie_core.options import WriteOptions, checked_timestamp, checked_ttl
from coodie_core.results import BulkReport


class Stage(Enum):
    """Where a block is in its life."""

    NEW = "has not begun: write inside of its block, whose end waits for the writes"
    OPEN = "is open"
    ENDED = "has ended already: open another one"


class BaseBulkWrites:
    """What the blocks of both APIs have in common; theirs add the writing.

    Args:
        work: The run.
        options: What all writes have in common.
    """

    api: ClassVar[str | None] = None
    """The API that sends its writes, such as ``"coodie.sync"``."""

    def __init__(self, work: BulkWork, options: WriteOptions) -> None:
        self._work: BulkWork = work
        self._options: WriteOptions = options
        self._stage: Stage = Stage.NEW

    @property
    def report(self) -> BulkReport:
        """What became of the rows so far; complete after the block."""
        return self._work.report()

    def _begin(self) -> Self:
        """Open the block.

        Raises:
            InvalidQueryError: It was opened before.
        """
        if self._stage is not Stage.NEW:
            raise InvalidQueryError(f"bulk(): this block {self._stage.value}. Call bulk() for each block.")
        self._stage = Stage.OPEN
        return self

    def _connection_of(self, document: BaseDocument) -> str | None:
        """Return the name of the connection that a document is written by; None for the default one.

        Raises:
            InvalidQueryError: It is no document of this API, or nobody would wait for the write.
        """
        if self._stage is not Stage.OPEN:
            raise InvalidQueryError(f"bulk(): this block {self._stage.value}.")
        given: Any = document
        if not isinstance(given, BaseDocument):
            raise InvalidQueryError(f"bulk(): give a document to write, not {type(given).__name__}.")
        if given.__coodie_api__ not in (None, self.api):
            raise InvalidQueryError(
                f"bulk(): {type(given).__name__} is a document of {given.__coodie_api__}, and this block is one of "
                f"{self.api}. Use the bulk() of {given.__coodie_api__}: each API has connections of its own."
            )
        return type(given).connection_name()

    def _options_of_row(self, ttl: int | None = None, timestamp: int | datetime | None = None) -> WriteOptions:
        """Return the options of one write.

        Raises:
            InvalidQueryError: A value is out of its range.
        """
        return replace(self._options, ttl=checked_ttl(ttl), timestamp=checked_timestamp(timestamp))
