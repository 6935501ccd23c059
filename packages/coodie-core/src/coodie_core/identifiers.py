"""Names in CQL text: checked where they come from a call, and quoted everywhere."""

from __future__ import annotations

import re

from coodie_core.exceptions import InvalidQueryError

#: The longest names that a server takes (Apache Cassandra 5.0.9, ``SchemaConstants``). Others take less, and say so:
#: 48 for tables was the limit of Cassandra before. Indexes and types have none.
MAX_NAME_LENGTHS = {"keyspace": 48, "table": 222}

_NAME = re.compile(r"[A-Za-z0-9_]+", re.ASCII)


def quoted(name: str) -> str:
    """Return *name* as a quoted CQL identifier, which keeps its case and can hold any character.

    Example:
        >>> quoted("userName")
        '"userName"'
    """
    return '"' + name.replace('"', '""') + '"'


def qualified(name: str, keyspace: str | None) -> str:
    """Return the quoted name of a table, view, index or type, after its keyspace if there is one."""
    return f"{quoted(keyspace)}.{quoted(name)}" if keyspace else quoted(name)


def literal_text(text: str) -> str:
    """Return *text* as a CQL string literal, for the few places where CQL takes no bound value."""
    return "'" + text.replace("'", "''") + "'"


def checked_name(kind: str, name: str) -> str:
    """Return *name* if a keyspace, table, view, index or type can be called so.

    Args:
        kind: What is named, for the error: ``"keyspace"``, ``"table"``.
        name: The name.

    Raises:
        InvalidQueryError: It is empty, too long, or holds other characters than letters, digits and underscores.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidQueryError(f"{kind} {name!r}: a name has letters, digits and underscores only, and at least one.")
    longest = MAX_NAME_LENGTHS.get(kind)
    if longest is not None and len(name) > longest:
        raise InvalidQueryError(f"{kind} {name!r}: a name has at most {longest} characters, this one {len(name)}.")
    return name


def snake_case(class_name: str) -> str:
    """Return a class's name as that of a table or type.

    Example:
        >>> snake_case("HTTPRequestLog")
        'http_request_log'
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name)
    return re.sub(r"\W+", "_", words).strip("_").lower()
