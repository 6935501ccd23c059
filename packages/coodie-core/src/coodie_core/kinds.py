"""What a document class can stand for."""

from __future__ import annotations

from enum import StrEnum


class TableKind(StrEnum):
    """What a document class stands for in the database."""

    TABLE = "table"
    COUNTER = "counter table"
    VIEW = "materialized view"
