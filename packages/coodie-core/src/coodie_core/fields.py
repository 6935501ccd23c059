"""Markers that tell what a field is in its table, for use in ``Annotated``.

    class Reading(Document):
        sensor: Annotated[UUID, PrimaryKey()]
        taken_at: Annotated[datetime, ClusteringKey(order="DESC")]
        value: Annotated[float, Double()]

All markers are plain frozen values: the same for both APIs, and comparable in tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from coodie_core.exceptions import InvalidModel


@dataclass(frozen=True)
class Marker:
    """The base of every marker: a value that equals the others of its class with the same arguments."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PrimaryKey(Marker):
    """The field is a column of the partition key, which decides on which nodes a row lives.

    Args:
        partition_key_index: The place in a composite partition key, from 0. Fields with the same index
            keep the order in which the model declares them.

    Example:
        ```python
        class Visit(Document):
            country: Annotated[str, PrimaryKey(partition_key_index=0)]
            day: Annotated[date, PrimaryKey(partition_key_index=1)]
        ```
    """

    partition_key_index: int = 0


@dataclass(frozen=True, slots=True)
class ClusteringKey(Marker):
    """The field is a clustering key, by which the rows of a partition are sorted.

    Args:
        order: ``"ASC"`` or ``"DESC"``: the order in which rows are stored and, by default, read.
        clustering_key_index: The place among the clustering keys, from 0.

    Raises:
        InvalidModel: *order* is neither of the two.
    """

    order: Literal["ASC", "DESC"] = "ASC"
    clustering_key_index: int = 0

    def __post_init__(self) -> None:
        if self.order not in ("ASC", "DESC"):
            raise InvalidModel(f'ClusteringKey(order={self.order!r}): use "ASC" or "DESC".')


@dataclass(frozen=True, slots=True)
class Indexed(Marker):
    """The field has a secondary index, so that it can be filtered by without ALLOW FILTERING.

    Args:
        index_name: The name of the index; by default ``<table>_<column>_idx``, as the server would call it.
        index_class: A custom index: ``"SAI"``, ``"SASI"`` or a class name. None is the server's own secondary index.
        options: Options of a custom index.
        target: What of a collection is indexed: ``"KEYS"``, ``"VALUES"``, ``"ENTRIES"``; ``"FULL"`` of a frozen one.

    Raises:
        InvalidModel: *target* is none of these.
    """

    index_name: str | None = None
    index_class: str | None = None
    options: Mapping[str, str] | None = None
    target: Literal["KEYS", "VALUES", "ENTRIES", "FULL"] | None = None

    def __post_init__(self) -> None:
        if self.target not in (None, "KEYS", "VALUES", "ENTRIES", "FULL"):
            raise InvalidModel(f"Indexed(target={self.target!r}): use KEYS, VALUES, ENTRIES or FULL.")


class Counter(Marker):
    """The field is a counter, which is only ever incremented and decremented (see `CounterDocument`)."""

    __slots__ = ()


class Static(Marker):
    """The field is a static column: one value shared by all rows of a partition."""

    __slots__ = ()


class Version(Marker):
    """The field counts the writes of its document, so that nobody overwrites a change that he has not seen.

    A new document is only written where no row has its key, and then has version 1. Each later `save`, `update` and
    `delete` of the document needs the row to have the version that was read, or raises `VersionConflict`; saves and
    updates add one. The field is an ``int``, or an ``int | None`` in a table that has rows without a version.

    Example:
        ```python
        class Account(Document):
            user: Annotated[str, PrimaryKey()]
            balance: Decimal
            version: Annotated[int, Version()] = 0
        ```
    """

    __slots__ = ()


class Frozen(Marker):
    """The collection or user-defined type is stored as one value that can only be replaced as a whole.

    Inner collections are frozen without this marker, since CQL allows them no other way.
    """

    __slots__ = ()


class Discriminator(Marker):
    """The field tells which document class a row belongs to, where several share one table."""

    __slots__ = ()


class BigInt(Marker):
    """Store an ``int`` in 64 bits (``bigint``), instead of the 32 bits of ``int``."""

    __slots__ = ()


class SmallInt(Marker):
    """Store an ``int`` in 16 bits (``smallint``)."""

    __slots__ = ()


class TinyInt(Marker):
    """Store an ``int`` in 8 bits (``tinyint``)."""

    __slots__ = ()


class VarInt(Marker):
    """Store an ``int`` of any size (``varint``)."""

    __slots__ = ()


class Double(Marker):
    """Store a ``float`` in 64 bits (``double``), which keeps every value of Python's ``float``.

    Without it a ``float`` is CQL's 32-bit ``float``, and 19.99 comes back as 19.98999977.
    """

    __slots__ = ()


class Ascii(Marker):
    """Store a ``str`` as ``ascii``: characters below 128 only."""

    __slots__ = ()


class TimeUUID(Marker):
    """Store a ``UUID`` of version 1 as ``timeuuid``, which sorts by the time in it."""

    __slots__ = ()


class Time(Marker):
    """Store the field as ``time``: nanoseconds since midnight."""

    __slots__ = ()


class Duration(Marker):
    """Store the field as ``duration``: months, days and nanoseconds."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Vector(Marker):
    """Store a ``list[float]`` as ``vector<float, dimensions>``.

    Args:
        dimensions: How many numbers each value has. The server may cap it (``vector_dimensions_fail_threshold`` in
            cassandra.yaml, off by default).

    Raises:
        InvalidModel: *dimensions* is not a positive number.
    """

    dimensions: int

    def __post_init__(self) -> None:
        if self.dimensions < 1:
            raise InvalidModel(f"Vector(dimensions={self.dimensions}): a vector has at least one dimension.")


@dataclass(frozen=True, slots=True)
class VectorIndex(Marker):
    """The vector has an index for searches by nearness (``ORDER BY ... ANN OF``).

    Args:
        similarity_function: ``"COSINE"``, ``"DOT_PRODUCT"`` or ``"EUCLIDEAN"``.

    Raises:
        InvalidModel: *similarity_function* is none of these.
    """

    similarity_function: Literal["COSINE", "DOT_PRODUCT", "EUCLIDEAN"] = "COSINE"

    def __post_init__(self) -> None:
        if self.similarity_function not in ("COSINE", "DOT_PRODUCT", "EUCLIDEAN"):
            raise InvalidModel(
                f"VectorIndex(similarity_function={self.similarity_function!r}): use COSINE, DOT_PRODUCT or EUCLIDEAN."
            )
