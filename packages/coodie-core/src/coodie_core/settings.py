"""A document's ``class Settings``, read once into a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from coodie_core.exceptions import InvalidModel, InvalidQueryError
from coodie_core.identifiers import checked_name, snake_case
from coodie_core.options import MAX_TTL_SECONDS
from coodie_core.suggestions import nearest

NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DocumentSettings:
    """What ``class Settings`` says of a document's table.

    Attributes:
        name: The table, or the view of a `MaterializedView`.
        keyspace: The keyspace, where it is not the connection's own.
        connection: The connection, where it is not the default one.
        default_ttl: Seconds after which rows expire that were written without a TTL of their own.
        options: Table options, as in ``CREATE TABLE ... WITH``.
        abstract: Whether the class is only a base for documents, without a table.
        discriminator_value: What marks the rows of this class in a shared table.
        base_table: For a view: the document, or the name of the table, that it shows.
        view_columns: For a view: the columns that it shows; all of the class's fields if empty.
        where_clause: For a view: which rows it shows, as CQL; by default those whose key columns are all set.
        clustering_order: For a view: ``"ASC"`` or ``"DESC"`` by column.
    """

    name: str
    keyspace: str | None = None
    connection: str | None = None
    default_ttl: int | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: NO_OPTIONS)
    abstract: bool = False
    discriminator_value: str | None = None
    base_table: Any = None
    view_columns: tuple[str, ...] = ()
    where_clause: str | None = None
    clustering_order: Mapping[str, str] = field(default_factory=lambda: NO_OPTIONS)


#: From the name in ``class Settings`` to the attribute of `DocumentSettings`.
_ATTRIBUTES = {
    "name": "name",
    "keyspace": "keyspace",
    "connection": "connection",
    "__default_ttl__": "default_ttl",
    "__options__": "options",
    "__abstract__": "abstract",
    "__discriminator_value__": "discriminator_value",
    "__base_table__": "base_table",
    "__view_columns__": "view_columns",
    "__where_clause__": "where_clause",
    "__clustering_order__": "clustering_order",
}
#: What a setting must be, where nothing else would find a mistake.
_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "connection": ((str,), "the name of a connection"),
    "__options__": ((Mapping,), "a dict"),
    "__view_columns__": ((list, tuple), "a list of names"),
    "__where_clause__": ((str,), "CQL text"),
    "__clustering_order__": ((Mapping,), "a dict"),
}
#: What a subclass takes over from its parent document. The name is not among it: each class has a table of its own.
_INHERITED = ("keyspace", "connection", "default_ttl", "options")


def document_settings(document: str, settings: type | None, parent: DocumentSettings) -> DocumentSettings:
    """Return the settings of a document class.

    Args:
        document: The name of the class, from which the table's name is made if none is given.
        settings: Its ``class Settings``, if it has one.
        parent: The settings of the class that it derives from.

    Raises:
        InvalidModel: A setting is unknown or has a value that cannot be.
    """
    given = {key: value for key, value in _declared(document, settings).items() if value is not None}
    inherited = {key: getattr(parent, key) for key in _INHERITED}
    values: dict[str, Any] = {"name": snake_case(document), **inherited, **given}
    values["view_columns"] = tuple(values.get("view_columns", ()))
    result = DocumentSettings(**values)
    _check(document, result)
    return result


def _declared(document: str, settings: type | None) -> dict[str, Any]:
    if settings is None:
        return {}
    if not isinstance(settings, type):
        raise InvalidModel(
            f"{document}.Settings is no class, but a {type(settings).__name__}. "
            f"Write it inside of {document}, as in `class Settings: name = ...`."
        )
    own_names = [name for base in settings.__mro__[:-1] for name in vars(base)]
    unknown = [name for name in own_names if name not in _ATTRIBUTES and name not in PYTHONS_OWN]
    if unknown:
        raise InvalidModel(
            f"{document}.Settings.{unknown[0]}: there is no such setting{nearest(unknown[0], _ATTRIBUTES)}. "
            f"Settings are {', '.join(_ATTRIBUTES)}."
        )
    declared = {name: getattr(settings, name) for name in _ATTRIBUTES if name in own_names}
    for name, (kinds, wanted) in _KINDS.items():
        if declared.get(name) is not None and not isinstance(declared[name], kinds):
            raise InvalidModel(f"{document}.Settings.{name} = {declared[name]!r}: give {wanted}.")
    return {_ATTRIBUTES[name]: value for name, value in declared.items()}


class _Empty:
    """Has the names that Python itself gives to every class."""

    annotated: int


#: What a class's namespace has besides what is written in it.
PYTHONS_OWN = {*vars(_Empty), "__annotate__", "__annotate_func__", "__annotations_cache__", "__classdictcell__"}


def _check(document: str, settings: DocumentSettings) -> None:
    try:
        checked_name("table", settings.name)
        if settings.keyspace is not None:
            checked_name("keyspace", settings.keyspace)
    except InvalidQueryError as error:
        raise InvalidModel(f"{document}.Settings: {error}") from error
    ttl = settings.default_ttl
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, int) or not 0 <= ttl <= MAX_TTL_SECONDS):
        raise InvalidModel(f"{document}.Settings.__default_ttl__ = {ttl!r}: give 0 to {MAX_TTL_SECONDS} seconds.")
