"""What a document class must be to describe a table; each mistake shows where the class is defined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from coodie_core.exceptions import InvalidModel
from coodie_core.fields import ClusteringKey, Discriminator, Indexed, Marker, PrimaryKey, Static, VectorIndex
from coodie_core.kinds import TableKind
from coodie_core.shapes import Shape, shape_of
from coodie_core.types import CqlType
from coodie_core.usertype import user_types

if TYPE_CHECKING:
    from coodie_core.schema import ColumnDefinition, Table


def check_table(table: Table) -> None:
    """Raise for a document class whose columns and markers do not make a table.

    A marker or setting that would have no effect is refused, since whoever wrote it expects one.

    Raises:
        InvalidModel: They do not.
    """
    for check in _CHECKS:
        check(table)


def _check_user_types(table: Table) -> None:
    _ = user_types(table.types.values(), table.document)


def _check_defaults(table: Table) -> None:
    for name, field in table.model.model_fields.items():
        default = field.default if isinstance(field.default, type) else type(field.default)
        if issubclass(default, Marker):
            raise InvalidModel(
                f"{table.document}.{name}: {default.__name__}() is the field's default here. Markers stand in the "
                f"annotation, as in `{name}: Annotated[str, {default.__name__}()]`."
            )


def _check_keys(table: Table) -> None:
    if not table.partition_key:
        raise InvalidModel(
            f"{table.document} has no primary key. Mark at least one field, as in "
            f"`id: Annotated[UUID, PrimaryKey()]`, or set Settings.__abstract__ = True if it is only a base."
        )
    for column in table.columns:
        if not column.is_primary_key:
            continue
        if column.partition_key_index is not None and column.clustering_key_index is not None:
            raise InvalidModel(
                f"{table.document}.{column.name}: it is either PrimaryKey() or ClusteringKey(), not both."
            )
        if column.name in table.nullable:
            raise InvalidModel(f"{table.document}.{column.name}: a column of the primary key cannot be None.")
        if table.types[column.name].is_multicell:
            raise InvalidModel(
                f"{table.document}.{column.name}: a collection in the primary key must be frozen: add Frozen()."
            )
        if table.types[column.name].name in ("duration", "counter"):
            raise InvalidModel(f"{table.document}.{column.name}: a {column.cql_type} cannot be part of a primary key.")


def _check_static(table: Table) -> None:
    for column in (column for column in table.columns if column.static):
        if column.is_primary_key:
            raise InvalidModel(f"{table.document}.{column.name}: a column of the primary key cannot be Static().")
        if not table.clustering_key:
            raise InvalidModel(
                f"{table.document}.{column.name}: Static() needs a table with a clustering key, "
                f"since without one each partition has one row."
            )


def _check_counters(table: Table) -> None:
    values = [column for column in table.columns if not column.is_primary_key]
    counters = [column.name for column in values if column.counter]
    if table.kind is TableKind.TABLE and counters:
        raise InvalidModel(f"{table.document}.{counters[0]}: counters need a CounterDocument.")
    if table.kind is TableKind.COUNTER:
        others = [column.name for column in values if not column.counter]
        if others or not counters:
            named = others[0] if others else "its fields"
            raise InvalidModel(
                f"{table.document}.{named}: besides the primary key a counter table has counters only. "
                f"Write `{others[0] if others else 'views'}: Annotated[int, Counter()] = 0`."
            )


def _check_settings(table: Table) -> None:
    settings = table.settings
    is_view = table.kind is TableKind.VIEW
    given = {
        "__base_table__": settings.base_table is not None,
        "__view_columns__": bool(settings.view_columns),
        "__where_clause__": settings.where_clause is not None,
        "__clustering_order__": bool(settings.clustering_order),
    }
    for name, is_given in given.items():
        if is_given and not is_view:
            raise InvalidModel(
                f"{table.document}.Settings.{name}: that is for a MaterializedView. "
                f"{'Give the clustering keys ClusteringKey(order=...).' if name == '__clustering_order__' else ''}"
            )


def _check_nested_markers(table: Table) -> None:
    for name, field in table.model.model_fields.items():
        for shape in _inside(shape_of(field.annotation, field.metadata)):
            for marker in shape.markers:
                if isinstance(marker, _OF_COLUMNS):
                    raise InvalidModel(
                        f"{table.document}.{name}: {type(marker).__name__}() is for a field of a document, and "
                        f"stands inside of {name}, where it has no effect. Put it on a field of {table.document}, "
                        f"or remove it."
                    )


#: Markers about columns; what is inside of a column's type has a type only.
_OF_COLUMNS = (PrimaryKey, ClusteringKey, Indexed, Static, Discriminator, VectorIndex)


def _inside(shape: Shape) -> Iterator[Shape]:
    for part in shape.parts:
        yield part
        yield from _inside(part)


def _check_indexes(table: Table) -> None:
    for column in table.columns:
        if column.indexed is None and column.vector_index is None:
            continue
        why = _why_not_indexed(table, column)
        if why is not None:
            raise InvalidModel(f"{table.document}.{column.name}: {why}")


def _why_not_indexed(table: Table, column: ColumnDefinition) -> str | None:
    cql = table.types[column.name]
    if table.kind is TableKind.VIEW:
        return "a materialized view has no indexes. Remove the marker, or make a view with this field in its key."
    if column.counter:
        return "a counter cannot be indexed."
    if table.partition_key == (column.name,):
        return "the partition key itself needs no index. Remove the marker."
    if column.vector_index is not None:
        if column.indexed is not None:
            return "Indexed() and VectorIndex() contradict each other. Keep one of them."
        return None if cql.name == "vector" else f"VectorIndex() is for a Vector(), and the field is {cql}."
    assert column.indexed is not None
    return _why_not_target(column.indexed, cql)


def _why_not_target(index: Indexed, cql: CqlType) -> str | None:
    if cql.name == "vector" and index.index_class is None:
        return "a vector is indexed by VectorIndex(), for searches by nearness."
    if index.target is None:
        if cql.is_collection and cql.frozen and index.index_class is None:
            return 'a frozen collection is indexed as a whole: Indexed(target="FULL").'
        return None
    if index.target == "FULL":
        return None if cql.frozen else f"target='FULL' is for a frozen collection, and the field is {cql}."
    fits = cql.is_multicell and cql.is_collection and (index.target == "VALUES" or cql.name == "map")
    what = "a collection" if index.target == "VALUES" else "a map"
    return None if fits else f"target={index.target!r} is for {what} that is not frozen, and the field is {cql}."


def _check_discriminator(table: Table) -> None:
    marked = [column.name for column in table.columns if column.discriminator]
    if len(marked) > 1:
        raise InvalidModel(f"{table.document}: {' and '.join(marked)} are both marked with Discriminator(). Keep one.")


#: The CQL types that can count.
_WHOLE_NUMBERS = ("int", "bigint", "smallint", "tinyint", "varint")


def _check_version(table: Table) -> None:
    marked = [column for column in table.columns if column.version]
    if len(marked) > 1:
        names = " and ".join(column.name for column in marked)
        raise InvalidModel(f"{table.document}: {names} are marked with Version(). A row has one version.")
    for column in marked:
        if table.types[column.name].name not in _WHOLE_NUMBERS or column.is_primary_key or column.static:
            raise InvalidModel(
                f"{table.document}.{column.name}: a Version() is an `int` that is neither part of the primary key nor "
                f"static."
            )


_CHECKS = (
    _check_defaults,
    _check_keys,
    _check_static,
    _check_counters,
    _check_settings,
    _check_nested_markers,
    _check_indexes,
    _check_discriminator,
    _check_version,
    _check_user_types,
)
