"""insert(): a write that only takes place where no row has the key."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import pytest
from pydantic import Field

from coodie_core.batch import BaseBatch
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import PrimaryKey
from coodie_core.operations.documents import insert, save
from coodie_core.options import WriteOptions, write_options
from coodie_core.results import LWTResult
from coodie_core.statement import Statement

NOW = WriteOptions()


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    name: str
    tags: set[str] = Field(default_factory=set)

    class Settings:
        name = "users"


def test_it_is_an_insert_if_not_exists(start):
    conversation = start(insert(User(id=7, name="Alice"), "shop", NOW))

    assert conversation.request == Statement(
        'INSERT INTO "shop"."users" ("id", "name") VALUES (?, ?) IF NOT EXISTS', (7, "Alice"), conditional=True
    )


def test_the_ttl_comes_after_the_condition(start):
    conversation = start(insert(User(id=7, name="Alice"), "shop", write_options(ttl=60)))

    assert conversation.cql.endswith(" IF NOT EXISTS USING TTL ?")


def test_it_tells_that_the_row_was_written(start):
    conversation = start(insert(User(id=7, name="Alice"), "shop", NOW)).answer((True,), columns=("[applied]",))

    assert conversation.result == LWTResult(applied=True)


def test_it_tells_which_row_was_in_the_way_in_the_types_of_the_fields(start):
    conversation = start(insert(User(id=7, name="Alice"), "shop", NOW))

    conversation.answer((False, 7, "Bob", ["a"]), columns=("[applied]", "id", "name", "tags"))

    assert conversation.result == LWTResult(applied=False, existing={"id": 7, "name": "Bob", "tags": {"a"}})


def test_columns_that_the_model_does_not_know_are_plain_python_too(start):
    class Date:  # as the driver calls it
        def date(self) -> date:
            return date(2026, 11, 23)

    conversation = start(insert(User(id=7, name="Alice"), "shop", NOW))

    conversation.answer((False, Date()), columns=("[applied]", "born"))

    assert conversation.result.existing == {"born": date(2026, 11, 23)}


def test_what_was_inserted_is_not_saved_again(start):
    user = User(id=7, name="Alice")
    start(insert(user, "shop", NOW)).answer((True,), columns=("[applied]",))

    assert start(save(user, "shop", NOW)).requests == []


def test_a_document_that_was_not_inserted_is_still_a_new_one(start):
    user = User(id=7, name="Alice")
    start(insert(user, "shop", NOW)).answer((False, 7, "Bob"), columns=("[applied]", "id", "name"))

    assert start(save(user, "shop", NOW)).params == (7, "Alice")


def test_in_a_batch_the_outcome_is_not_known_yet(start):
    batch = BaseBatch()

    conversation = start(insert(User(id=7, name="Alice"), "shop", NOW, batch))

    assert (conversation.requests, conversation.result, len(batch)) == ([], LWTResult(applied=None), 1)


def test_a_key_without_a_value_is_refused_in_the_words_of_the_call(start):
    user = User.model_construct(name="Alice")

    with pytest.raises(InvalidQueryError) as refused:
        start(insert(user, "shop", NOW))

    assert str(refused.value) == "User.insert(): id has no value, and is part of the primary key."
