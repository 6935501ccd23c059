"""Keywords such as ``age__gt=18``, read into values that name a column, an operator and what is bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from coodie_core.cql_builder import Restriction
from coodie_core.exceptions import InvalidQueryError, UnstorableValue
from coodie_core.expressions import Condition
from coodie_core.schema import Table
from coodie_core.suggestions import nearest
from coodie_core.validation import bound_element, compared, comparer, encoded

#: What may follow a field's name in find(), after two underscores, and the operator that it means.
LOOKUPS = {
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "ne": "!=",
    "in": "IN",
    "contains": "CONTAINS",
    "contains_key": "CONTAINS KEY",
    "like": "LIKE",
}
#: What may follow a column of the partition key, to compare the token of the whole partition key.
TOKEN_LOOKUPS = {f"token__{name}": LOOKUPS[name] for name in ("gt", "gte", "lt", "lte")}
#: Everything that may follow a field's name in find().
FIND_LOOKUPS = {**LOOKUPS, "isnull": "", **TOKEN_LOOKUPS}
#: What may follow a field's name in if_conditions.
CONDITIONS = {name: LOOKUPS[name] for name in ("gt", "gte", "lt", "lte", "ne", "in")}


def restrictions_of(table: Table, method: str, given: Mapping[str, Any]) -> tuple[Restriction, ...]:
    """Return what ``find(name=..., age__gt=...)`` asks, with checked values in the driver's types.

    Raises:
        InvalidQueryError: A field or look-up does not exist, or a value is not of the field's type.
    """
    return tuple([_restriction(table, method, keyword, value) for keyword, value in given.items()])


def conditions_as_restrictions(table: Table, method: str, given: Iterable[Condition]) -> tuple[Restriction, ...]:
    """Return what ``find(col(User.age) >= 18)`` asks, with checked values in the driver's types.

    Raises:
        InvalidQueryError: It is no condition, it is about another document, or a value is not of the field's type.
    """
    return tuple(
        [
            _restriction(table, method, _checked_condition(table, method, condition).keyword, condition.value)
            for condition in given
        ]
    )


def _checked_condition(table: Table, method: str, condition: Condition) -> Condition:
    if not isinstance(condition, Condition):
        raise InvalidQueryError(
            f"{table.document}.{method}({type(condition).__name__}): give conditions, as in "
            f"{method}(col({table.document}.{table.column_names[0]}) == ...), or keywords."
        )
    if not issubclass(table.model, condition.model):
        raise InvalidQueryError(
            f"{table.document}.{method}(col({condition.model.__name__}.{condition.keyword}) ...): "
            f"this condition is about {condition.model.__name__}, not {table.document}."
        )
    return condition


def _restriction(table: Table, method: str, keyword: str, value: Any) -> Restriction:
    compare = table.comparers.get(keyword)
    if compare is not None and value is not None:
        try:
            return Restriction(keyword, "=", compare(value))
        except (ValidationError, UnstorableValue):
            pass  # which is told below
    asked = f"{method}({keyword}=...)"
    if keyword in table.by_name and value is not None:
        _ = comparer(table, keyword)  # for the next time
        return Restriction(keyword, "=", compared(table, keyword, value, asked))
    field, lookup = split_keyword(table, keyword, asked, FIND_LOOKUPS)
    if lookup == "isnull":
        if not isinstance(value, bool):
            raise InvalidQueryError(f"{table.document}.{asked}: give True or False.")
        return null_check(table, field, asked, is_null=value)
    if value is None:
        raise InvalidQueryError(
            f"{table.document}.{asked}: CQL cannot look for an empty column (null). "
            f"Read the rows and compare in Python, or store a value that means 'none'."
        )
    if lookup in TOKEN_LOOKUPS:
        return _token_restriction(table, field, lookup, value, asked)
    return Restriction(field, LOOKUPS[lookup], _restriction_value(table, field, lookup, value, asked))


def _restriction_value(table: Table, field: str, lookup: str, value: Any, asked: str) -> Any:
    if lookup == "in":
        return _each(table, field, value, asked)
    if lookup == "contains":
        return bound_element(table, field, 1 if table.types[field].name == "map" else 0, value, asked)
    if lookup == "contains_key":
        if table.types[field].name != "map":
            raise InvalidQueryError(f"{table.document}.{asked}: {field} is {table.types[field]}, which has no keys.")
        return bound_element(table, field, 0, value, asked)
    if lookup == "like":
        if not isinstance(value, str):
            raise InvalidQueryError(f"{table.document}.{asked}: give a text, where % stands for anything.")
        if table.types[field].name not in ("text", "ascii"):
            raise InvalidQueryError(f"{table.document}.{asked}: {field} is {table.types[field]}, and LIKE is for text.")
        return encoded(table, field, value)
    return compared(table, field, value, asked)


def null_check(table: Table, field: str, asked: str, *, is_null: bool) -> Restriction:
    """Return the condition that a column is empty, or is not.

    Raises:
        InvalidQueryError: The field does not exist, or is part of the primary key.
    """
    if table.column(field, asked).is_primary_key:
        raise InvalidQueryError(f"{table.document}.{asked}: {field} is part of the primary key, which is never empty.")
    return Restriction(field, "=" if is_null else "!=", None)


#: Tokens are signed 64-bit numbers (Apache Cassandra and ScyllaDB, ``Murmur3Partitioner``).
_TOKENS = range(-(2**63), 2**63)


def _token_restriction(table: Table, field: str, lookup: str, value: Any, asked: str) -> Restriction:
    """Return a comparison of the partition key's token, with a number or with the token of another key."""
    columns = table.partition_key
    if field not in columns:
        raise InvalidQueryError(
            f"{table.document}.{asked}: a token is that of the partition key ({', '.join(columns)}), and {field} is "
            f"no part of it."
        )
    column = f"token({', '.join(columns)})"
    if isinstance(value, int) and not isinstance(value, bool):
        if value not in _TOKENS:
            raise InvalidQueryError(f"{table.document}.{asked}: a token is a whole number of 64 bits, with a sign.")
        return Restriction(column, TOKEN_LOOKUPS[lookup], value, columns)
    key: tuple[Any, ...] = (*value,) if isinstance(value, tuple) else (value,)  # pyright: ignore[reportUnknownVariableType]
    if len(key) != len(columns):
        raise InvalidQueryError(
            f"{table.document}.{asked}: give a token, which is a whole number, or a tuple with the partition key "
            f"({', '.join(columns)})."
        )
    parts = tuple(compared(table, name, part, asked) for name, part in zip(columns, key, strict=True))
    return Restriction(column, TOKEN_LOOKUPS[lookup], parts, columns)


def _each(table: Table, field: str, values: Any, asked: str) -> list[Any]:
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
        raise InvalidQueryError(f"{table.document}.{asked}: give a list of values, not one {type(values).__name__}.")  # pyright: ignore[reportUnknownArgumentType]
    return [compared(table, field, value, asked) for value in values]


def conditions_of(table: Table, method: str, given: Mapping[str, Any] | None) -> tuple[Restriction, ...]:
    """Return the conditions of a lightweight transaction, as in ``if_conditions={"status": "open", "version__lt": 3}``.

    Raises:
        InvalidQueryError: It is no dict, a field or look-up does not exist, or a value is not of the field's type.
    """
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        raise InvalidQueryError(
            f'{table.document}.{method}(if_conditions=...): give a dict, as in {{"status": "open", "version__lt": 3}}, '
            f"not {type(given).__name__}."
        )
    return tuple([_condition(table, method, keyword, value) for keyword, value in given.items()])


def _condition(table: Table, method: str, keyword: str, value: Any) -> Restriction:
    asked = f"{method}(if_conditions={{{keyword!r}: ...}})"
    field, lookup = split_keyword(table, keyword, asked, CONDITIONS)
    if table.by_name[field].is_primary_key:
        raise InvalidQueryError(f"{table.document}.{asked}: conditions are about other columns than the primary key.")
    if lookup == "in":
        return Restriction(field, "IN", _each(table, field, value, asked))
    checked = None if value is None else compared(table, field, value, asked)
    return Restriction(field, CONDITIONS[lookup] if lookup else "=", checked)


def split_keyword(table: Table, keyword: str, asked: str, known: Mapping[str, str]) -> tuple[str, str]:
    """Return the field and the look-up of a keyword: ``"age__gt"`` is ``("age", "gt")``, ``"age"`` is ``("age", "")``.

    Raises:
        InvalidQueryError: There is no such field or look-up.
    """
    if keyword in table.by_name:
        return keyword, ""
    field, separator, lookup = keyword.partition("__")
    while separator and field not in table.by_name and "__" in lookup:
        more, separator, lookup = lookup.partition("__")
        field = f"{field}__{more}"
    if separator and field not in table.by_name:  # it may end in an underscore itself
        named = [name for name in table.by_name if keyword.startswith(f"{name}__")]
        field = max(named, key=len, default=field)
        lookup = keyword.removeprefix(f"{field}__")
    if not separator or field not in table.by_name:
        table.column(field if separator else keyword, asked)
    if lookup not in known:
        raise InvalidQueryError(
            f"{table.document}.{asked}: there is no {lookup!r} here{nearest(lookup, known)}. "
            f"After a field and two underscores may stand {', '.join(known)}."
        )
    return field, lookup
