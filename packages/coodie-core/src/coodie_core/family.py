"""Documents of several classes in one table, told apart by a discriminator column.

The family's root is the document that has the field marked with `Discriminator`; each subclass that says
``Settings.__discriminator_value__`` is a member. They share the root's table, which has the columns of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from coodie_core.cql_builder.parts import Restriction
from coodie_core.exceptions import InvalidModel

if TYPE_CHECKING:
    from coodie_core.document import BaseDocument
    from coodie_core.query import Query
    from coodie_core.schema import ColumnDefinition, Table
    from coodie_core.settings import DocumentSettings


@dataclass(eq=False, slots=True)
class Family:
    """The documents that share a table; members join when their classes are defined.

    Attributes:
        root: The table of the document from which all others derive.
        discriminator: The column that tells them apart.
        members: The table of each class by the value of its rows; the root only if it has a value of its own.
    """

    discriminator: str
    root: Table | None = None
    members: dict[str, Table] = field(default_factory=dict["str", "Table"])

    def add(self, table: Table) -> None:
        """Let a document join.

        Raises:
            InvalidModel: Another one has its value, or columns of the same name that differ.
        """
        self.root = self.root or table
        value = table.settings.discriminator_value
        for other in [self.root, *self.members.values()]:
            _refuse_unlike(table, other)
        if value is None:
            return
        before = self.members.get(value, table)
        if before.document != table.document:
            raise InvalidModel(
                f"{table.document}.Settings.__discriminator_value__ = {value!r}: {before.document} has this value "
                f"already. Each document of a table needs one of its own."
            )
        self.members[value] = table

    def values_of(self, table: Table) -> list[str]:
        """Return the values of the rows of a class and its subclasses."""
        return [value for value, member in self.members.items() if issubclass(member.model, table.model)]

    def tables_of(self, table: Table) -> Iterator[Table]:
        """Yield the tables of a class and its subclasses."""
        yield table
        for member in self.members.values():
            if member is not table and issubclass(member.model, table.model):
                yield member

    def class_of(self, value: Any, asked: Table) -> Table | None:
        """Return the table of the class of a row, or None if it is none of the class that was asked for.

        A value that no class has, of a newer version perhaps, is a row of the root.
        """
        found = self.members.get(value, self.root)
        return found if found is not None and issubclass(found.model, asked.model) else None


def _refuse_unlike(table: Table, other: Table) -> None:
    if table.primary_key != other.primary_key:
        raise InvalidModel(
            f"{table.document}: it shares the table {other.name!r} with {other.document}, so it must have the same "
            f"primary key ({', '.join(other.primary_key)}), not ({', '.join(table.primary_key)})."
        )
    for column in table.columns:
        existing = other.by_name.get(column.name, column)
        if replace(existing, indexed=None, vector_index=None) != replace(column, indexed=None, vector_index=None):
            raise InvalidModel(
                f"{table.document}.{column.name}: it shares the table {other.name!r} with {other.document}, where "
                f"the column {column.name!r} is {existing.cql_type}{' static' if existing.static else ''}, not "
                f"{column.cql_type}{' static' if column.static else ''}. Give the field another name."
            )


def family_in(model: type[BaseDocument]) -> Family | None:
    """Return the family that a class is born into, by one of the classes from which it derives."""
    tables: list[Table] = [vars(base)["__coodie_table__"] for base in model.__mro__[1:] if _has_table(base)]
    return next((table.family for table in tables if table.family is not None), None)


def _has_table(base: type) -> bool:
    return "__coodie_table__" in vars(base)


def settings_in_family(model: type[BaseDocument], settings: DocumentSettings, *, names: bool) -> DocumentSettings:
    """Return the settings of a class, which has the table of its family if there is one.

    Args:
        model: The class, which is just being defined.
        settings: What its own ``class Settings`` says.
        names: Whether that has a name.

    Raises:
        InvalidModel: It says another table, or not which rows are the class's own.
    """
    family = family_in(model)
    if family is None or family.root is None or settings.abstract:
        return settings
    root = family.root
    if (names and settings.name != root.name) or settings.keyspace != root.settings.keyspace:
        raise InvalidModel(
            f"{model.__name__}.Settings: it shares the table of {root.document}, {root.name!r}, since that has a "
            f"Discriminator() field. Take name and keyspace out, or do not derive it from {root.document}."
        )
    if settings.discriminator_value is None:
        raise InvalidModel(
            f"{model.__name__}: it shares the table of {root.document}. Say which rows are its own by "
            f"Settings.__discriminator_value__ = '...', or set Settings.__abstract__ = True if it is only a base."
        )
    return replace(settings, name=root.name)


def whole_table(table: Table) -> Table:
    """Return the table with the columns of every document that shares it, as it is in the database."""
    if table.family is None or table.family.root is None:
        return table
    columns: dict[str, ColumnDefinition] = {}
    types: dict[str, Any] = {}
    for member in table.family.tables_of(table.family.root):
        for column in member.columns:
            known = columns.setdefault(column.name, column)
            columns[column.name] = replace(
                known, indexed=known.indexed or column.indexed, vector_index=known.vector_index or column.vector_index
            )
        types.update(member.types)
    return replace(table.family.root, columns=tuple(columns.values()), types=types)


def columns_to_read(table: Table, named: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the columns that documents are made of: those named, or all of a class and of its subclasses."""
    if table.family is None:
        return named or table.column_names
    if named is not None:
        return tuple(dict.fromkeys((*named, table.family.discriminator)))
    return tuple(dict.fromkeys(name for member in table.family.tables_of(table) for name in member.column_names))


def has_static_columns(table: Table) -> bool:
    """Whether partitions of the table may have values without having rows."""
    if table.has_static_columns or table.family is None:
        return table.has_static_columns
    return any(member.has_static_columns for member in (table.family.root or table, *table.family.members.values()))


def of_its_class(table: Table, query: Query[Any], *, reads_documents: bool) -> Query[Any]:
    """Return the query narrowed to the rows of its class, where they share a table.

    One row named by its whole key is read as it is, since its class shows when it is there. In one partition the
    server may filter by the discriminator, since it reads no more rows than without that.
    """
    family = table.family
    if family is None or table is family.root or family.discriminator in query.filtered_fields:
        return query
    fixed = {item.column for item in query.filters if item.operator == "=" and not item.token_of}
    if reads_documents and fixed.issuperset(table.primary_key):
        return query
    values = family.values_of(table)
    column = table.by_name[family.discriminator]
    own = Restriction(column.name, "=", values[0]) if len(values) == 1 else Restriction(column.name, "IN", list(values))
    serves_itself = column.is_primary_key or column.indexed is not None
    in_partition = fixed.issuperset(table.partition_key) and set(query.filtered_fields) <= set(table.primary_key)
    return replace(
        query,
        filters=(*query.filters, own),
        allow_filtering=query.allow_filtering or (in_partition and not serves_itself),
    )
