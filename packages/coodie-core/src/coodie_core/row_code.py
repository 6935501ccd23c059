"""Python code that makes results of rows, compiled once for each list of columns.

A loop that names each column in turn takes a third of the time of one that looks up what to do with it. Nothing of a
model becomes part of the code's text: it knows columns by their places (``v0``, ``v1``, ...), and is given their names
and converters as values.

Where coodie's part in C is installed, that makes the same of the same (`speedups`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from coodie_core import speedups
from coodie_core.codecs.scalars import Convert
from coodie_core.document import BaseDocument

_EMPTY_SLOTS = tuple(vars(BaseModel)[name] for name in ("__pydantic_extra__", "__pydantic_private__"))
_READER_SLOT, _ROW_SLOT = (vars(BaseDocument)[name] for name in ("__coodie_reader__", "__coodie_row__"))


class RowValue(NamedTuple):
    """How a value in a row becomes one of the result.

    Attributes:
        decode: Makes it of what the driver gives; None for "unchanged". It is never given None.
        when_null: Makes it where the column holds nothing; None for None.
        by_itself: Whether a row in which the column holds nothing is too special for this code.
    """

    decode: Convert | None = None
    when_null: Callable[[], Any] | None = None
    by_itself: bool = False


class _Kind(NamedTuple):
    """What the code's text needs to know of a `RowValue`."""

    is_decoded: bool
    has_value_when_null: bool
    by_itself: bool


def tuples_maker(values: Sequence[RowValue]) -> Callable[[Iterable[Sequence[Any]]], list[tuple[Any, ...]]]:
    """Return what makes a tuple of each row.

    Raises:
        ValueError: When it is called: a row has another number of values.
    """
    converters = _converters(values)
    make: Callable[[Iterable[Sequence[Any]]], list[tuple[Any, ...]]] = (
        _compiled(_tuples_text, _kinds(values))(*converters)
        if speedups.rows is None
        else speedups.rows.TuplesMaker(*converters)
    )
    return make


def documents_maker(
    model: type[Any],
    unfinished: type[Any],
    reader: Any,
    columns: Sequence[str],
    values: Sequence[RowValue],
    special: Callable[[Any], Any],
) -> Callable[[Iterable[Sequence[Any]]], list[Any]]:
    """Return what makes a document of each row, without validation.

    Each begins as an instance of *unfinished*, whose attributes can be set without the detour by a model's own
    ``__setattr__``, and becomes one of *model* when it has them all: that halves the time. It has no set of fields yet:
    that is made of its row when somebody looks at it.

    Args:
        model: The document class.
        unfinished: A class with the same layout, whose ``__setattr__`` is that of `object`.
        reader: What the document remembers as the reader of its row.
        columns: The fields, in the order of the rows.
        values: How each becomes a field's value.
        special: Makes a document of a row that is too special.

    Raises:
        ValueError: When it is called: a row has another number of values, or a value does not fit.
    """
    converters = _converters(values)
    make: Callable[[Iterable[Sequence[Any]]], list[Any]]
    if speedups.rows is None:
        bind = _compiled(_documents_text, _kinds(values))
        make = bind(*converters, model, unfinished, reader, tuple(columns), special)
    else:
        alone = [value.by_itself for value in values]
        slots = [*((slot, None) for slot in _EMPTY_SLOTS), (_READER_SLOT, reader)]
        make = speedups.rows.ObjectsMaker(model, columns, *converters, alone, special, slots, _ROW_SLOT)
    return make


def _kinds(values: Sequence[RowValue]) -> tuple[_Kind, ...]:
    return tuple(_Kind(value.decode is not None, value.when_null is not None, value.by_itself) for value in values)


def _converters(values: Sequence[RowValue]) -> tuple[tuple[Convert | None, ...], tuple[Callable[[], Any] | None, ...]]:
    """Return what makes an item of each value, and what makes it where there is none."""
    return tuple(value.decode for value in values), tuple(value.when_null for value in values)


@lru_cache(maxsize=1024)
def _compiled(text_of: Callable[[tuple[_Kind, ...]], str], kinds: tuple[_Kind, ...]) -> Callable[..., Any]:
    """Return the function ``bind`` of a text, which is given what the code works with."""
    scope: dict[str, Any] = {}
    exec(compile(text_of(kinds), f"<{__name__}>", "exec"), scope)
    bind: Callable[..., Any] = scope["bind"]
    return bind


def _tuples_text(kinds: tuple[_Kind, ...]) -> str:
    return f"""
def bind(decoders, makers):
    {_each("d", kinds)} = decoders
    {_each("n", kinds)} = makers
    def tuples(rows):
        return [({_joined(map(_value, range(len(kinds)), kinds))}) for {_each("v", kinds)} in rows]
    return tuples
"""


def _documents_text(kinds: tuple[_Kind, ...]) -> str:
    special = " or ".join(f"v{place} is None" for place, kind in enumerate(kinds) if kind.by_itself) or "False"
    return f"""
def bind(decoders, makers, model, unfinished, reader, names, special):
    {_each("d", kinds)} = decoders
    {_each("n", kinds)} = makers
    {_each("k", kinds)} = names
    new = object.__new__
    def documents(rows):
        made = []
        add = made.append
        for row in rows:
            {_each("v", kinds)} = row
            if {special}:
                add(special(row))
                continue
            document = new(unfinished)
            document.__dict__ = {{{_joined(f"k{place}: {_value(place, kind)}" for place, kind in enumerate(kinds))}}}
            document.__pydantic_extra__ = None
            document.__pydantic_private__ = None
            document.__coodie_reader__ = reader
            document.__coodie_row__ = row
            document.__class__ = model
            add(document)
        return made
    return documents
"""


def _value(place: int, kind: _Kind) -> str:
    """Return the expression of a value of the result."""
    decoded = f"d{place}(v{place})" if kind.is_decoded else f"v{place}"
    if kind.has_value_when_null:
        return f"n{place}() if v{place} is None else {decoded}"
    return f"None if v{place} is None else {decoded}" if kind.is_decoded else decoded


def _each(letter: str, kinds: Sequence[_Kind]) -> str:
    return f"({_joined(f'{letter}{place}' for place in range(len(kinds)))})"


def _joined(items: Iterable[str]) -> str:
    """Return items as they stand in a tuple, also if there is one."""
    return "".join(f"{item}, " for item in items)
