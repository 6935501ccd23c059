"""Hooks run around the writes of a document, and see them as they are."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_core.batch import BaseBatch
from coodie_core.document import BaseDocument
from coodie_core.exceptions import WriteTimeout
from coodie_core.fields import PrimaryKey
from coodie_core.operation import HookCall
from coodie_core.operations.batches import discard, send
from coodie_core.operations.documents import delete, insert, save, update
from coodie_core.operations.hooks import does_nothing
from coodie_core.operations.queries import create
from coodie_core.options import WriteOptions
from coodie_core.query import Query
from coodie_core.statement import Statement

NOW = WriteOptions()


class Article(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    title: str = ""
    slug: str = ""

    def before_save(self) -> None:
        self.slug = self.title.lower()

    def after_save(self) -> None: ...

    def before_update(self, changes: dict[str, Any]) -> None:
        changes["slug"] = changes["title"].lower()

    def after_update(self, changes: dict[str, Any]) -> None: ...

    def before_delete(self) -> None: ...

    def after_delete(self) -> None: ...


class Silent(BaseDocument):
    id: Annotated[int, PrimaryKey()]

    @does_nothing
    def before_save(self) -> None: ...


def carried_out(conversation: Any) -> Any:
    """Call each hook that is asked for, up to the next statement."""
    while not conversation.has_ended and isinstance(conversation.request, HookCall):
        conversation.request.method()
        conversation.answer()
    return conversation


def steps(conversation: Any) -> list[str]:
    return [
        request.name.removeprefix("Article.") if isinstance(request, HookCall) else request.cql.split()[0]
        for request in conversation.requests
    ]


def test_save_runs_between_its_hooks_and_writes_what_the_first_made(start):
    conversation = carried_out(start(save(Article(id=7, title="Tea"), "shop", NOW)))
    assert conversation.params == (7, "Tea", "tea")

    carried_out(conversation.answer())

    assert steps(conversation) == ["before_save()", "INSERT", "after_save()"]
    assert conversation.result.applied


@pytest.mark.parametrize(
    "operation",
    [lambda: insert(Article(id=7), "shop", NOW), lambda: create(Query(Article), "shop", {"id": 7})],
    ids=["insert", "create"],
)
def test_insert_and_create_are_saves(start, operation):
    conversation = carried_out(start(operation()))
    carried_out(conversation.answer((True,), columns=("[applied]",)))

    assert steps(conversation) == ["before_save()", "INSERT", "after_save()"]


def test_update_gives_its_hooks_the_changes_which_they_may_change(start):
    given = {"title": "Tea"}
    article = Article(id=7)

    conversation = carried_out(start(update(article, "shop", given, NOW)))
    carried_out(conversation.answer())

    assert steps(conversation) == ["before_update()", "UPDATE", "after_update()"]
    assert (article.title, article.slug, given) == ("Tea", "tea", {"title": "Tea"})


def test_delete_runs_between_its_hooks(start):
    conversation = carried_out(start(delete(Article(id=7), "shop", NOW)))
    carried_out(conversation.answer())

    assert steps(conversation) == ["before_delete()", "DELETE", "after_delete()"]


def test_a_hook_that_raises_stops_the_write(start):
    conversation = start(save(Article(id=7), "shop", NOW))

    with pytest.raises(ValueError, match="no"):
        conversation.fail(ValueError("no"))

    assert steps(conversation) == ["before_save()"]


def test_after_a_refused_write_no_hook_runs(start):
    conversation = carried_out(start(insert(Article(id=7), "shop", NOW)))

    conversation.answer((False, 7), columns=("[applied]", "id"))

    assert conversation.has_ended
    assert steps(conversation) == ["before_save()", "INSERT"]


def test_after_a_failed_write_no_hook_runs(start):
    conversation = carried_out(start(save(Article(id=7), "shop", NOW)))

    with pytest.raises(WriteTimeout):
        conversation.fail(WriteTimeout("nobody knows"))

    assert steps(conversation) == ["before_save()", "INSERT"]


def test_of_a_batch_the_second_hook_runs_after_it_was_sent(start):
    batch = BaseBatch()
    added = carried_out(start(save(Article(id=7), "shop", NOW, batch)))

    sent = start(send(batch))
    carried_out(sent.answer())

    assert steps(added) == ["before_save()"]
    assert [type(request).__name__ for request in sent.requests] == ["BatchStatement", "HookCall"]


def test_of_a_batch_that_is_never_sent_it_does_not_run(start):
    batch = BaseBatch()
    carried_out(start(save(Article(id=7), "shop", NOW, batch)))

    discard(batch)

    assert not batch.is_open


def test_a_class_without_hooks_is_not_asked(start):
    assert isinstance(start(save(Silent(id=7), "shop", NOW)).request, Statement)
