"""Columns as typed values: ``col(User.age) >= 18``, which type checkers know to compare a number with a number.

Class attributes such as ``User.age`` are typed as the field's own type, so ``col()`` is what makes a comparison of them
a `Condition` instead of a bool, for type checkers and at run time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Never, TypeVar, overload

from coodie_core.exceptions import InvalidQueryError

T = TypeVar("T")
K = TypeVar("K")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a column; `QuerySet.filter` and `Document.find` take any number of them.

    Attributes:
        model: The document class.
        keyword: The field with its look-up, as a keyword of `find` would be: ``"age__gte"``.
        value: What the column is compared with.
    """

    model: type
    keyword: str
    value: Any

    def __bool__(self) -> Never:
        """Refuse: ``and``, ``or`` and ``not`` cannot be sent to the server, and would drop a condition silently."""
        raise TypeError(
            f"{self.model.__name__}.{self.keyword}: a condition is neither true nor false. Give several conditions, "
            f"separated by commas, for AND; CQL has no OR and NOT."
        )

    def __or__(self, other: object) -> Never:
        """Refuse, as for ``or``."""
        self.__bool__()

    def __and__(self, other: object) -> Never:
        """Refuse, as for ``and``."""
        self.__bool__()

    def __invert__(self) -> Never:
        """Refuse, as for ``not``."""
        self.__bool__()


class Column(Generic[T]):
    """A column of a document, for comparisons; made by `col`."""

    __slots__ = ("model", "name")

    def __init__(self, model: type, name: str) -> None:
        self.model: type = model
        self.name: str = name

    def __eq__(self, other: T) -> Condition:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._condition("", other)

    def __ne__(self, other: T) -> Condition:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._condition("__ne", other)

    def __lt__(self, other: T) -> Condition:
        return self._condition("__lt", other)

    def __le__(self, other: T) -> Condition:
        return self._condition("__lte", other)

    def __gt__(self, other: T) -> Condition:
        return self._condition("__gt", other)

    def __ge__(self, other: T) -> Condition:
        return self._condition("__gte", other)

    def in_(self, values: Iterable[T]) -> Condition:
        """Return the condition that the column holds one of *values*.

        Example:
            ```python
            User.find(col(User.country).in_(["NL", "BE"]))
            ```
        """
        return self._condition("__in", list(values))

    @overload
    def contains(self: Column[list[E]], element: E) -> Condition: ...
    @overload
    def contains(self: Column[list[E] | None], element: E) -> Condition: ...
    @overload
    def contains(self: Column[set[E]], element: E) -> Condition: ...
    @overload
    def contains(self: Column[set[E] | None], element: E) -> Condition: ...
    @overload
    def contains(self: Column[dict[Any, E]], element: E) -> Condition: ...
    @overload
    def contains(self: Column[dict[Any, E] | None], element: E) -> Condition: ...
    def contains(self, element: Any) -> Condition:
        """Return the condition that a list or set, or a map's values, contain *element*.

        Example:
            ```python
            User.find(col(User.tags).contains("new"))
            ```
        """
        return self._condition("__contains", element)

    @overload
    def contains_key(self: Column[dict[K, Any]], key: K) -> Condition: ...
    @overload
    def contains_key(self: Column[dict[K, Any] | None], key: K) -> Condition: ...
    def contains_key(self, key: Any) -> Condition:
        """Return the condition that a map has *key*."""
        return self._condition("__contains_key", key)

    def like(self: Column[str] | Column[str | None], pattern: str) -> Condition:
        """Return the condition that a text fits *pattern*, where ``%`` stands for anything; it needs a SASI index."""
        return self._condition("__like", pattern)

    def __hash__(self) -> int:
        return hash((self.model, self.name))

    def __repr__(self) -> str:
        return f"col({self.model.__name__}.{self.name})"

    def _condition(self, lookup: str, value: Any) -> Condition:
        return Condition(self.model, self.name + lookup, value)


def col(field: T) -> Column[T]:
    """Return a document's column, to compare it in a way that type checkers follow.

    Args:
        field: A field of a document class, such as ``User.age``.

    Raises:
        InvalidQueryError: It is no field of a document class.

    Example:
        ```python
        adults = await User.find(col(User.country) == "NL", col(User.age) >= 18).all()
        ```
    """
    if not isinstance(field, Column):
        raise InvalidQueryError(f"col({type(field).__name__}): give a field of a document class, as in col(User.age).")
    return field  # pyright: ignore[reportUnknownVariableType]
