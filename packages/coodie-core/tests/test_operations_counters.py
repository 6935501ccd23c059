"""Counters: changed by an amount, never set."""

from __future__ import annotations

from typing import Annotated

import pytest

from coodie_core.batch import BaseBatch, BatchState
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import Counter, PrimaryKey
from coodie_core.operations.counters import change
from coodie_core.options import WriteOptions, write_options
from coodie_core.schema import TableKind
from coodie_core.statement import BatchKind, Statement

NOW = WriteOptions()


class Page(BaseDocument):
    __coodie_kind__ = TableKind.COUNTER
    url: Annotated[str, PrimaryKey()]
    views: Annotated[int, Counter()] = 0
    timeout: Annotated[int, Counter()] = 0

    class Settings:
        name = "pages"


def test_an_increment_adds_to_the_counter(start):
    conversation = start(change(Page(url="/"), "shop", {"views": 2}, NOW))

    assert conversation.request == Statement(
        'UPDATE "shop"."pages" SET "views" = "views" + ? WHERE "url" = ?', (2, "/"), counter=True
    )


def test_a_decrement_adds_the_negative_amount(start):
    assert start(change(Page(url="/"), "shop", {"views": 2}, NOW, sign=-1)).params == (-2, "/")


def test_several_counters_change_in_one_statement(start):
    conversation = start(change(Page(url="/"), "shop", {"views": 1, "timeout": 2}, NOW))

    assert conversation.cql == (
        'UPDATE "shop"."pages" SET "views" = "views" + ?, "timeout" = "timeout" + ? WHERE "url" = ?'
    )


def test_the_document_in_memory_stays_as_it_is(start):
    page = Page(url="/", views=5)

    start(change(page, "shop", {"views": 1}, NOW)).answer()

    assert page.views == 5


def test_a_batch_of_counter_updates_is_a_counter_batch(start):
    batch = BaseBatch()

    start(change(Page(url="/"), "shop", {"views": 1}, NOW, batch))

    assert batch.closed_as(BatchState.SENT).kind is BatchKind.COUNTER


@pytest.mark.parametrize(
    ("deltas", "message"),
    [
        ({}, "Page.increment(): name at least one counter, as in increment(views=1)."),
        ({"url": 1}, "Page.increment(url=...): url is no counter."),
        ({"views": 1.5}, "Page.increment(views=...): give a whole number of 64 bits."),
        ({"views": True}, "Page.increment(views=...): give a whole number of 64 bits."),
        ({"views": 2**63}, "Page.increment(views=...): give a whole number of 64 bits."),
        (
            {"veiws": 1},
            "Page.increment(veiws=...): Page has no field 'veiws' (did you mean 'views'?). "
            "Its fields are url, views, timeout.",
        ),
    ],
)
def test_amounts_and_fields_that_cannot_be_are_refused(start, deltas, message):
    with pytest.raises(InvalidQueryError) as refused:
        start(change(Page(url="/"), "shop", deltas, NOW))

    assert str(refused.value) == message


def test_a_counter_with_the_name_of_an_option_is_refused_instead_of_being_taken_for_it(start):
    with pytest.raises(InvalidQueryError) as refused:
        start(change(Page(url="/"), "shop", {"views": 1}, write_options(timeout=3)))

    assert str(refused.value).startswith("Page.increment(timeout=...): 'timeout' is both a field of Page and an option")
