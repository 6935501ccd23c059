"""The pieces that statements are made of: values that name a column, an operator and what is bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from coodie_core.exceptions import InvalidQueryError
from coodie_core.identifiers import quoted

#: How many texts of one kind are kept, one for each shape of statement; an application has some hundred shapes.
MAX_TEXTS = 4096


class Cql(NamedTuple):
    """A statement's text and the values for its ``?`` markers, in their order."""

    cql: str
    params: tuple[Any, ...] = ()


#: Every operator of WHERE and IF (Apache Cassandra, "SELECT" and "UPDATE"); nothing else reaches the text.
OPERATORS = frozenset({"=", "!=", ">", ">=", "<", "<=", "IN", "CONTAINS", "CONTAINS KEY", "LIKE"})


class Restriction(NamedTuple):
    """``"column" operator ?`` in WHERE, or a condition in IF.

    Attributes:
        column: The name of the column.
        operator: One of `OPERATORS`. ``IN`` binds the whole list as one value, so its length does not change the text.
        value: What is bound. For a token: its number, or a tuple with the partition key that has it.
        token_of: The columns of the partition key, where it is their token that is compared.
    """

    column: str
    operator: str
    value: Any
    token_of: tuple[str, ...] = ()

    @property
    def is_token_of_key(self) -> bool:
        """Whether it compares tokens, and the value is a key instead of a number."""
        return bool(self.token_of) and isinstance(self.value, tuple)


#: What the text of a restriction depends on: its column, its operator, and the columns of a token that it compares,
#: with whether that is compared with the token of a key.
RestrictionShape = tuple[str, str, tuple[str, ...], bool]


def restriction_shapes(given: Sequence[Restriction]) -> tuple[RestrictionShape, ...]:
    """Return what the text of restrictions depends on: all but their values."""
    return tuple(
        [
            (column, operator, token_of, token_of != () and isinstance(value, tuple))
            for column, operator, value, token_of in given
        ]
    )


class Assignment(NamedTuple):
    """A change of one column in ``UPDATE ... SET``.

    Attributes:
        column: The name of the column.
        operation: One of `ASSIGNMENTS`.
        value: What is bound.
        key: For ``"put"``, the map's key or the list's index that is set.
    """

    column: str
    operation: str
    value: Any
    key: Any = None


#: What each kind of assignment looks like (Apache Cassandra, "UPDATE", and "Working with collections").
ASSIGNMENTS = {
    "set": "{column} = ?",
    "append": "{column} = {column} + ?",
    "prepend": "{column} = ? + {column}",
    "remove": "{column} = {column} - ?",
    "put": "{column}[?] = ?",
}


class Element(NamedTuple):
    """One element of a collection, for DELETE.

    Attributes:
        column: The name of the map, set or list.
        key: The map's key, the set's element, or the list's index.
    """

    column: str
    key: Any


class Ordering(NamedTuple):
    """A column of ORDER BY."""

    column: str
    descending: bool = False


class Nearness(NamedTuple):
    """``ORDER BY "column" ANN OF ?``: the rows whose vector is nearest come first.

    Attributes:
        column: The name of a vector column.
        vector: What is bound.
    """

    column: str
    vector: Any


def restriction_text(shape: RestrictionShape) -> str:
    """Return a restriction as CQL, with a marker for its value.

    Raises:
        InvalidQueryError: CQL has no such operator.
    """
    column, operator, token_of, is_token_of_key = shape
    if operator not in OPERATORS:
        raise InvalidQueryError(f"{operator!r} is no operator. Use one of {', '.join(sorted(OPERATORS))}.")
    if not token_of:
        return f"{quoted(column)} {operator} ?"
    markers = ", ".join("?" for _ in token_of)
    value = f"token({markers})" if is_token_of_key else "?"
    return f"token({names(token_of)}) {operator} {value}"


def bound_values(given: Sequence[Restriction]) -> tuple[Any, ...]:
    """Return what restrictions bind, in their order."""
    values = [value for _, _, value, token_of in given if not token_of]
    if len(values) < len(given):
        return tuple(value for item in given for value in (item.value if item.is_token_of_key else (item.value,)))
    return tuple(values)


def restrictions_text(keyword: str, shapes: Sequence[RestrictionShape]) -> str:
    """Return ``" WHERE ..."`` or ``" IF ..."``, or nothing where nothing is given."""
    return f" {keyword} " + " AND ".join(map(restriction_text, shapes)) if shapes else ""


def assignment_text(column: str, operation: str) -> str:
    """Return an assignment as CQL.

    Raises:
        InvalidQueryError: There is no such kind of assignment.
    """
    try:
        return ASSIGNMENTS[operation].format(column=quoted(column))
    except KeyError:
        raise InvalidQueryError(
            f"{operation!r} is no kind of assignment. Use one of {', '.join(ASSIGNMENTS)}."
        ) from None


def assignment_values(assignments: Iterable[Assignment]) -> list[Any]:
    """Return what the assignments bind, in their order."""
    values: list[Any] = []
    for item in assignments:
        if item.operation == "put":
            values.append(item.key)
        values.append(item.value)
    return values


_NOTHING = Cql("")


def using(ttl: int | None, timestamp: int | None) -> Cql:
    """Return ``" USING TTL ? AND TIMESTAMP ?"`` with the values that are given, or nothing."""
    if ttl is None and timestamp is None:
        return _NOTHING
    given = [(name, value) for name, value in (("TTL", ttl), ("TIMESTAMP", timestamp)) if value is not None]
    return Cql(" USING " + " AND ".join(f"{name} ?" for name, _ in given), tuple(value for _, value in given))


def names(columns: Iterable[str]) -> str:
    """Return quoted column names, separated by commas."""
    return ", ".join(map(quoted, columns))
