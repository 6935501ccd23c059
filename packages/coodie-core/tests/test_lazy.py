"""Lazy documents read their row at the first look, and are like the document from then on."""

from __future__ import annotations

import pickle
from copy import copy, deepcopy
from typing import Annotated

import pytest

from coodie_core.document import BaseDocument
from coodie_core.exceptions import RowDoesNotFit
from coodie_core.fields import PrimaryKey
from coodie_core.lazy import LazyDocument
from coodie_core.operations import reading
from coodie_core.query import Query


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    name: str
    tags: set[str] = set()

    def greeting(self) -> str:
        return f"Hello, {self.name}"


@pytest.fixture
def lazy(start):
    def read(*row):
        conversation = start(reading.all_documents(Query(User), "ks", lazy=True))
        (document,) = conversation.answer(row, columns=("id", "name", "tags")).result
        return document

    return read


def test_attributes_and_methods_are_those_of_the_document(lazy):
    user = lazy(1, "Alice", None)

    assert (user.id, user.name, user.tags, user.greeting()) == (1, "Alice", set(), "Hello, Alice")


def test_the_document_is_made_once(lazy):
    user = lazy(1, "Alice", None)

    assert isinstance(user, LazyDocument)
    assert user.document is user.document
    assert isinstance(user.document, User)


def test_changes_reach_the_document(lazy):
    user = lazy(1, "Alice", None)

    user.name = "Bob"

    assert user.document.name == "Bob"


def test_a_row_that_does_not_fit_is_noticed_at_the_first_look(lazy):
    user = lazy(1, None, None)

    assert repr(user) == "<LazyDocument of User, not read yet>"
    with pytest.raises(RowDoesNotFit, match="name: the column is empty"):
        _ = user.name


def test_it_equals_its_document(lazy):
    assert lazy(1, "Alice", None) == User(id=1, name="Alice")
    assert lazy(1, "Alice", None) == lazy(1, "Alice", None)
    assert lazy(1, "Alice", None) != lazy(2, "Alice", None)


def test_it_shows_itself_as_the_document_once_it_was_read(lazy):
    user = lazy(1, "Alice", None)

    assert repr(user.document) == repr(user)


def test_no_rows_are_no_documents(start):
    assert start(reading.all_documents(Query(User), "ks", lazy=True)).answer().result == []


def test_without_being_asked_for_documents_are_documents(start):
    conversation = start(reading.all_documents(Query(User), "ks", lazy=False))

    assert conversation.answer((1, "Alice", None), columns=("id", "name", "tags")).result == [User(id=1, name="Alice")]


@pytest.mark.parametrize("copied", [copy, deepcopy, lambda user: pickle.loads(pickle.dumps(user))])
@pytest.mark.parametrize("is_read", [False, True])
def test_copies_equal_it(lazy, copied, is_read):
    user = lazy(1, "Alice", None)
    if is_read:
        assert user.name == "Alice"

    other = copied(user)
    other.name = "Bob"

    assert isinstance(other, LazyDocument)
    assert (user.name, other.name) == ("Alice", "Bob")


def test_what_its_document_lacks_it_lacks_too(lazy):
    with pytest.raises(AttributeError, match="nmae"):
        _ = lazy(1, "Alice", None).nmae
