"""What is kept with a table is made once, is bounded, and disappears with the table."""

from __future__ import annotations

import gc
import weakref
from typing import Annotated, Any

from coodie_core.document import BaseDocument
from coodie_core.fields import PrimaryKey
from coodie_core.hydration import documents_of
from coodie_core.memory import Memory
from coodie_core.operations import documents, reading
from coodie_core.options import WriteOptions
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.selection import values_of, with_values
from coodie_core.statement import NO_ROWS, Rows


def test_what_was_made_is_kept():
    memory, made = Memory(size=2), iter(range(5))

    assert [memory.of("a", lambda: next(made)), memory.of("b", lambda: next(made))] == [0, 1]
    assert memory.of("a", lambda: next(made)) == 0


def test_no_more_is_kept_than_it_takes():
    memory = Memory(size=3)

    values = [memory.of(number, lambda number=number: number * 2) for number in range(100)]

    assert values == [number * 2 for number in range(100)]
    assert len(memory) <= 3


def use_a_class_of_its_own() -> weakref.ref[Any]:
    """Define a document, read and write with it, and return a weak reference to it."""

    class Local(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        names: set[str] = set()

    rows = Rows(("id", "names"), [(1, None), (2, ["a"])])
    (read, _) = documents_of(Local, rows)
    found = BaseQuerySet(Query(Local)).filter(id__in=[1], names__contains="a").allow_filtering().query
    _ = next(reading.all_documents(found, "ks", lazy=True))
    _ = values_of(with_values(found, ()), rows)
    read.names.add("b")
    saving = documents.save(read, "ks", WriteOptions())
    _ = next(saving)
    try:
        saving.send(NO_ROWS)
    except StopIteration:
        pass
    return weakref.ref(Local)


def test_a_document_class_that_nobody_uses_any_more_disappears():
    found = use_a_class_of_its_own()

    gc.collect()

    assert found() is None
