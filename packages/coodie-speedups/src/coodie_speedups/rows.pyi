from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

INTERFACE: int
"""Goes up whenever something here changes that coodie-core relies on."""

KINDS: Mapping[str, int]
"""The CQL types that are read here, by their names; of others, cells are left to somebody else."""

MOST_COLUMNS: int
"""Columns of a row, at most: it has a [short] of them in the CQL binary protocol (v4, section 4.2.5.2)."""

class RowsReader:
    """Reads the rows of an answer with columns of these types.

    Args:
        types: A CQL type's name for each column; one that is not in `KINDS` is left to *others*.
        others: Makes rows of the columns that are left to it, of what an answer with those alone would end with: the
            number of rows and their cells. Needed where there are any.

    Raises:
        ValueError: There are no columns, too many, or some of a type that is left to *others*, and no *others*.
    """

    def __init__(
        self, types: Sequence[str], others: Callable[[bytes], Sequence[tuple[Any, ...]]] | None = None
    ) -> None: ...
    def __call__(self, body: bytes, start: int) -> list[tuple[Any, ...]]:
        """Return the rows that *body* has from *start* on: their number, and then their cells.

        Raises:
            ValueError: That is not what it has there.
            OverflowError: A timestamp is outside of the years 1 to 9999.
        """

class ObjectsMaker:
    """Makes objects of rows, without calling their class: what is in their dict, and in their slots, is put there.

    Args:
        cls: Their class, of which `object.__new__` makes instances.
        names: The names of the attributes, in the order of the rows.
        decoders: What makes an attribute of a value; None for "unchanged". It is never given None.
        when_null: What makes it where the row has None; None for None.
        by_itself: Whether a row with None in that column is left to *special*.
        special: Makes the object of a row that is left to it.
        constants: Descriptors of slots, and what each object has there.
        row_slot: The descriptor of the slot for the row.

    Raises:
        TypeError: *cls* has a ``__new__`` of its own, or something is no descriptor of a slot.
        ValueError: There are more or fewer names than there is of something else.
    """

    def __init__(
        self,
        cls: type[Any],
        names: Sequence[str],
        decoders: Sequence[Callable[[Any], Any] | None],
        when_null: Sequence[Callable[[], Any] | None],
        by_itself: Sequence[bool],
        special: Callable[[Any], Any],
        constants: Sequence[tuple[Any, Any]],
        row_slot: Any,
    ) -> None: ...
    def __call__(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """Return an object for each row.

        Raises:
            ValueError: A row has another number of values.
        """

class TuplesMaker:
    """Makes tuples of rows.

    Args:
        decoders: What makes an item of a value; None for "unchanged". It is never given None.
        when_null: What makes it where the row has None; None for None.

    Raises:
        ValueError: There are more of one than of the other.
    """

    def __init__(
        self, decoders: Sequence[Callable[[Any], Any] | None], when_null: Sequence[Callable[[], Any] | None]
    ) -> None: ...
    def __call__(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Return a tuple for each row.

        Raises:
            ValueError: A row has another number of values.
        """
