"""From a document class to the table that it describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic.fields import FieldInfo

from coodie_core.codecs import Codec, codec_for
from coodie_core.codecs.scalars import Convert
from coodie_core.exceptions import InvalidModel, InvalidQueryError, UnmappableType, UnstorableValue
from coodie_core.family import Family, family_in
from coodie_core.fields import (
    ClusteringKey,
    Counter,
    Discriminator,
    Indexed,
    Marker,
    PrimaryKey,
    Static,
    VectorIndex,
    Version,
)
from coodie_core.kinds import TableKind as TableKind
from coodie_core.memory import Memory
from coodie_core.settings import DocumentSettings
from coodie_core.shapes import shape_of
from coodie_core.suggestions import nearest
from coodie_core.table_checks import check_table
from coodie_core.types import CqlType, allows_none, cql_type

if TYPE_CHECKING:
    from pydantic import BaseModel

    from coodie_core.document import BaseDocument

M = TypeVar("M", bound=Marker)

#: Shapes of queries and writes of one table that are kept compiled; an application has some dozens.
_MOST_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column of a table.

    Attributes:
        name: The column, which is also the field's name.
        cql_type: Its type as CQL, such as ``"frozen<list<text>>"``.
        partition_key_index: Its place in the partition key, from 0; None if it is not part of it.
        clustering_key_index: Its place among the clustering keys, from 0; None if it is none.
        clustering_order: ``"ASC"`` or ``"DESC"``, for a clustering key.
        static: Whether all rows of a partition share it.
        counter: Whether it is a counter.
        discriminator: Whether it tells the document class of a row.
        indexed: Its secondary index, if it has one.
        vector_index: Its index for searches by nearness, if it has one.
        version: Whether it counts the writes of its row, for optimistic locking.
    """

    name: str
    cql_type: str
    partition_key_index: int | None = None
    clustering_key_index: int | None = None
    clustering_order: Literal["ASC", "DESC"] = "ASC"
    static: bool = False
    counter: bool = False
    discriminator: bool = False
    indexed: Indexed | None = None
    vector_index: VectorIndex | None = None
    version: bool = False

    @property
    def is_primary_key(self) -> bool:
        """Whether the column is part of the primary key."""
        return self.partition_key_index is not None or self.clustering_key_index is not None


@dataclass(frozen=True, eq=False)
class Table:
    """A document class as a table: what its statements and its rows need to know, worked out once.

    Attributes:
        model: The document class.
        kind: A table, a counter table or a materialized view.
        settings: What the class says in ``Settings``.
        columns: In the order in which the model declares them.
        types: The CQL type of each column.
        codecs: For each column, how its values become the driver's and the reverse.
        nullable: The columns whose field may be None.
        family: The documents that share the table, where it has a discriminator.
    """

    model: type[BaseDocument]
    kind: TableKind
    settings: DocumentSettings
    columns: tuple[ColumnDefinition, ...]
    types: Mapping[str, CqlType]
    codecs: Mapping[str, Codec]
    nullable: frozenset[str]
    family: Family | None = None

    @property
    def document(self) -> str:
        """The name of the document class, for errors."""
        return self.model.__name__

    @property
    def name(self) -> str:
        """The name of the table in its keyspace."""
        return self.settings.name

    @cached_property
    def by_name(self) -> Mapping[str, ColumnDefinition]:
        """The columns by their names."""
        return {column.name: column for column in self.columns}

    @cached_property
    def partition_key(self) -> tuple[str, ...]:
        """The columns of the partition key, in its order."""
        parts = [column for column in self.columns if column.partition_key_index is not None]
        return tuple(column.name for column in sorted(parts, key=lambda column: column.partition_key_index or 0))

    @cached_property
    def clustering_key(self) -> tuple[str, ...]:
        """The clustering keys, in their order."""
        parts = [column for column in self.columns if column.clustering_key_index is not None]
        return tuple(column.name for column in sorted(parts, key=lambda column: column.clustering_key_index or 0))

    @cached_property
    def primary_key(self) -> tuple[str, ...]:
        """The partition key, then the clustering keys."""
        return self.partition_key + self.clustering_key

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def memory(self) -> Memory:
        """What others worked out for the table, by what they call it: readers of its rows, and the like."""
        return Memory(_MOST_REMEMBERED)

    @cached_property
    def comparers(self) -> dict[str, Callable[[Any], Any]]:
        """What checks values that the columns are compared with, once `validation.comparer` made it."""
        return {}

    @cached_property
    def binders(self) -> dict[str, Callable[[Any], Any]]:
        """What checks values that the columns are set to, once `validation.binder` made it."""
        return {}

    @cached_property
    def encoders(self) -> Mapping[str, Convert | None]:
        """What gives each column's value as the driver takes it; None for "unchanged"."""
        return {name: codec.encode for name, codec in self.codecs.items()}

    @cached_property
    def conversions(self) -> Mapping[str, Convert]:
        """The encoders of those columns whose values the driver takes otherwise than the field has them."""
        return {name: encode for name, encode in self.encoders.items() if encode is not None}

    @cached_property
    def collections_of_cells(self) -> frozenset[str]:
        """The lists, sets and maps whose elements the server keeps one by one."""
        return frozenset(name for name, cql in self.types.items() if cql.is_collection and cql.is_multicell)

    @cached_property
    def allows_extra_values(self) -> bool:
        """Whether documents may hold values that are no fields."""
        return self.model.model_config.get("extra") == "allow"

    @cached_property
    def lists_of_cells(self) -> frozenset[str]:
        """The lists whose elements the server keeps one by one."""
        return frozenset(name for name, cql in self.types.items() if cql.name == "list" and cql.is_multicell)

    @cached_property
    def has_static_columns(self) -> bool:
        """Whether a column of its own is static; of a family, see `family.has_static_columns`."""
        return any(column.static for column in self.columns)

    @cached_property
    def version_field(self) -> str | None:
        """The column that counts the writes of its row, if there is one."""
        return next((column.name for column in self.columns if column.version), None)

    def column(self, name: str, asked: str) -> ColumnDefinition:
        """Return the column called *name*.

        Args:
            name: The name of a field.
            asked: What was asked, such as ``"find(nmae=...)"``, for the error.

        Raises:
            InvalidQueryError: The document has no such field.
        """
        try:
            return self.by_name[name]
        except KeyError:
            raise InvalidQueryError(
                f"{self.document}.{asked}: {self.document} has no field {name!r}{nearest(name, self.by_name)}. "
                f"Its fields are {', '.join(self.by_name)}."
            ) from None

    def keyspace_in(self, connection_keyspace: str | None) -> str:
        """Return the table's keyspace: its own, or else the connection's.

        Raises:
            InvalidQueryError: There is neither.
        """
        keyspace = self.settings.keyspace or connection_keyspace
        if keyspace is None:
            raise InvalidQueryError(
                f"{self.document}: in which keyspace is its table {self.name!r}? Give init_coodie() a keyspace=, "
                f"or set Settings.keyspace."
            )
        return keyspace


def build_schema(model: type[BaseModel]) -> tuple[ColumnDefinition, ...]:
    """Return the columns that a document class describes, in the order of its fields.

    Args:
        model: A document class of either API.

    Raises:
        InvalidModel: The class cannot be mapped to a table, or is no document class.

    Example:
        ```python
        for column in build_schema(User):
            print(column.name, column.cql_type)
        ```
    """
    return table_of(model).columns


def table_of(model: type[BaseModel]) -> Table:
    """Return the table of a document class, built when the class was defined or, at the latest, now.

    Raises:
        InvalidModel: The class is abstract, refers to a type that is not defined yet, or cannot be mapped.
    """
    table: Table | None = getattr(model, "__coodie_table__", None)  # in less time than from the class's own __dict__
    return table if table is not None and table.model is model else _build_late(model)


def _build_late(model: type[Any]) -> Table:
    if not hasattr(model, "__coodie_settings__"):
        raise InvalidModel(f"{model.__name__} is no document: derive it from Document.")
    if model.__coodie_settings__.abstract or not model.model_fields:
        raise InvalidModel(
            f"{model.__name__} is an abstract base without a table: use a document that derives from it."
        )
    if not model.__pydantic_complete__ and not model.model_rebuild(raise_errors=False):
        raise InvalidModel(
            f"{model.__name__} refers to a type that is not defined yet. Define it, "
            f"or call {model.__name__}.model_rebuild() once it is."
        )
    table: Table | None = model.__dict__.get("__coodie_table__")  # model_rebuild() builds it
    if table is None:
        raise InvalidModel(f"{model.__name__} still has type parameters: use it as {model.__name__}[...].")
    return table


def build_table(model: type[BaseDocument], kind: TableKind, settings: DocumentSettings) -> Table:
    """Return the table that a complete document class describes.

    Raises:
        InvalidModel: A field has no CQL type, or the columns do not make a table.
    """
    types = {name: _cql_type(model, name, field) for name, field in model.model_fields.items()}
    partition = _key_places(model, PrimaryKey)
    clustering = _key_places(model, ClusteringKey)
    table = Table(
        model=model,
        kind=kind,
        settings=settings,
        columns=tuple(
            _column(name, field, types[name], partition.get(name), clustering.get(name))
            for name, field in model.model_fields.items()
        ),
        types=types,
        codecs={
            name: codec_for(field.annotation, field.metadata, types[name], model.model_config)
            for name, field in model.model_fields.items()
        },
        nullable=frozenset(name for name, field in model.model_fields.items() if allows_none(field.annotation)),
    )
    check_table(table)
    return _in_family(table)


def discriminator_of(model: type[BaseDocument]) -> str | None:
    """Return the field that is marked with `Discriminator`, if there is one."""
    return next((name for name, item in model.model_fields.items() if _marker(item, Discriminator)), None)


def _in_family(table: Table) -> Table:
    """Return the table as one that documents of several classes share, if it has a discriminator."""
    discriminator = discriminator_of(table.model)
    if discriminator is None:
        if table.settings.discriminator_value is not None:
            raise InvalidModel(
                f"{table.document}.Settings.__discriminator_value__: no field is marked with Discriminator(). "
                f"Mark one, as in `kind: Annotated[str, Discriminator()]`, in the document from which all derive."
            )
        return table
    if table.types[discriminator].name not in ("text", "ascii"):
        raise InvalidModel(f"{table.document}.{discriminator}: a Discriminator() is text, so that it can name a class.")
    family, value = family_in(table.model) or Family(discriminator), table.settings.discriminator_value
    codecs = dict(table.codecs)
    if family.root is not None and value is not None:
        codecs[discriminator] = _of_one_class(codecs[discriminator], table.document, value)
    shared = replace(table, family=family, codecs=codecs)
    family.add(shared)
    return shared


def _of_one_class(codec: Codec, document: str, value: str) -> Codec:
    """Return the codec of a discriminator that only has the value of one class."""

    def encode(given: Any) -> Any:
        encoded = codec.encode(given) if codec.encode is not None else given
        if encoded != value:
            raise UnstorableValue(
                f"the rows of {document} have {value!r} here (Settings.__discriminator_value__), and no other value. "
                f"Leave the field out, or use the document that has the other value."
            )
        return encoded

    return codec._replace(encode=encode)


def _cql_type(model: type[BaseDocument], name: str, field: FieldInfo) -> CqlType:
    try:
        return cql_type(field.annotation, field.metadata)
    except UnmappableType as error:
        raise error.named(model.__name__, name) from None


def _marker(field: FieldInfo, kind: type[M]) -> M | None:
    markers = shape_of(field.annotation, field.metadata).markers  # also those inside of an alias, or of `X | None`
    return next((marker for marker in markers if isinstance(marker, kind)), None)


def _key_places(model: type[BaseDocument], kind: type[PrimaryKey] | type[ClusteringKey]) -> dict[str, int]:
    """Return the place of each key field: by the index that it was given, then by the order of declaration."""
    markers = {name: _marker(field, kind) for name, field in model.model_fields.items()}
    given = {name: _given_index(marker) for name, marker in markers.items() if marker is not None}
    return {name: place for place, name in enumerate(sorted(given, key=lambda name: given[name]))}


def _given_index(marker: PrimaryKey | ClusteringKey) -> int:
    return marker.partition_key_index if isinstance(marker, PrimaryKey) else marker.clustering_key_index


def _column(
    name: str, field: FieldInfo, cql: CqlType, partition_index: int | None, clustering_index: int | None
) -> ColumnDefinition:
    clustering = _marker(field, ClusteringKey)
    return ColumnDefinition(
        name=name,
        cql_type=str(cql),
        partition_key_index=partition_index,
        clustering_key_index=clustering_index,
        clustering_order=clustering.order if clustering else "ASC",
        static=_marker(field, Static) is not None,
        counter=_marker(field, Counter) is not None,
        discriminator=_marker(field, Discriminator) is not None,
        indexed=_marker(field, Indexed),
        vector_index=_marker(field, VectorIndex),
        version=_marker(field, Version) is not None,
    )
