"""The table that a document describes, column by column."""

from coodie_core.schema import ColumnDefinition as ColumnDefinition
from coodie_core.schema import build_schema as build_schema
