"""delete() and delete_columns(): what they send, and what the document knows of its row afterwards."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_core.batch import BaseBatch
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError, WriteTimeout
from coodie_core.fields import ClusteringKey, Counter, Frozen, PrimaryKey
from coodie_core.hydration import documents_of
from coodie_core.operations.documents import delete, delete_columns, save
from coodie_core.options import WriteOptions, write_options
from coodie_core.results import LWTResult
from coodie_core.schema import TableKind
from coodie_core.statement import Rows, Statement

NOW = WriteOptions()
WHERE = ' WHERE "id" = ? AND "country" = ?'


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    country: Annotated[str, ClusteringKey()]
    name: str
    nick: str | None = None

    class Settings:
        name = "users"


def stored() -> User:
    """A document that was read."""
    return documents_of(User, Rows(tuple(User.model_fields), [(7, "NL", "Alice", "Al")]))[0]


def columns_saved(start: Any, user: User) -> int:
    """How many columns a save writes; 0 if it sends nothing."""
    return sum(len(request.params) for request in start(save(user, "shop", NOW)).requests)


def test_it_deletes_the_row_with_the_documents_key(start):
    conversation = start(delete(stored(), "shop", NOW))

    assert conversation.request == Statement('DELETE FROM "shop"."users"' + WHERE, (7, "NL"), idempotent=True)
    assert conversation.answer().result == LWTResult(applied=True)


def test_a_document_without_its_other_fields_can_be_deleted(start):
    [user] = documents_of(User, Rows(("id", "country"), [(7, "NL")]))

    assert start(delete(user, "shop", NOW)).params == (7, "NL")


def test_a_document_that_was_deleted_is_a_new_one(start):
    user = stored()
    start(delete(user, "shop", NOW)).answer()

    assert columns_saved(start, user) == 4


def test_a_document_that_was_deleted_in_a_batch_is_a_new_one(start):
    user, batch = stored(), BaseBatch()
    conversation = start(delete(user, "shop", NOW, batch))

    assert (conversation.requests, conversation.result) == ([], LWTResult(applied=None))
    assert columns_saved(start, user) == 4


def test_a_document_whose_deletion_timed_out_is_a_new_one(start):
    """The row may be gone, so the next save must not write only what changed."""
    user = stored()
    with pytest.raises(WriteTimeout):
        start(delete(user, "shop", NOW)).fail(WriteTimeout("too slow"))

    assert columns_saved(start, user) == 4


def test_a_document_that_was_not_deleted_is_stored_as_before(start):
    user = stored()
    conversation = start(delete(user, "shop", NOW, if_conditions={"name": "Bob"}))
    text = conversation.cql

    conversation.answer((False, "Alice"), columns=("[applied]", "name"))

    assert text == 'DELETE FROM "shop"."users"' + WHERE + ' IF "name" = ?'
    assert conversation.result == LWTResult(applied=False, existing={"name": "Alice"})
    assert columns_saved(start, user) == 0


def test_if_exists_tells_whether_the_row_was_there(start):
    conversation = start(delete(stored(), "shop", NOW, if_exists=True)).answer((False,), columns=("[applied]",))

    assert conversation.requests[0].cql.endswith(WHERE + " IF EXISTS")
    assert conversation.result == LWTResult(applied=False)


def test_the_timestamp_is_bound(start):
    conversation = start(delete(stored(), "shop", write_options(timestamp=1234)))

    assert conversation.request == Statement(
        'DELETE FROM "shop"."users" USING TIMESTAMP ?' + WHERE, (1234, 7, "NL"), idempotent=True
    )


def test_deleting_a_row_of_counters_is_a_counter_write(start):
    """It goes into counter batches only."""

    class Page(BaseDocument):
        __coodie_kind__ = TableKind.COUNTER
        url: Annotated[str, PrimaryKey()]
        views: Annotated[int, Counter()] = 0

    assert start(delete(Page(url="/"), "shop", NOW)).request == Statement(
        'DELETE FROM "shop"."page" WHERE "url" = ?', ("/",), counter=True
    )


def test_views_refuse(start):
    class UserByName(BaseDocument):
        __coodie_kind__ = TableKind.VIEW
        name: Annotated[str, PrimaryKey()]

    with pytest.raises(InvalidQueryError) as refused:
        start(delete(UserByName(name="Alice"), "shop", NOW))

    assert str(refused.value) == (
        "UserByName.delete(): a materialized view is read-only. Write to its base table; "
        "the server keeps the view up to date."
    )


def test_single_columns_are_deleted_and_the_document_holds_none_there(start):
    user = stored()

    conversation = start(delete_columns(user, "shop", ["nick"], NOW)).answer()

    assert conversation.request == Statement('DELETE "nick" FROM "shop"."users"' + WHERE, (7, "NL"), idempotent=True)
    assert user.nick is None
    assert columns_saved(start, user) == 0


def test_a_document_holds_afterwards_what_a_read_would_give(start):
    class Note(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        text: str
        level: int = 1
        tags: set[str]

    note = Note(id=7, text="a", level=5, tags={"a"})

    start(delete_columns(note, "shop", ["level", "tags"], NOW)).answer()

    assert note == Note(id=7, text="a", level=1, tags=set())


def test_a_column_without_which_the_row_cannot_be_read_is_not_deleted(start):
    class Note(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        text: str

    with pytest.raises(InvalidQueryError, match=r"text.*the field needs a value"):
        start(delete_columns(Note(id=7, text="a"), "shop", ["text"], NOW))


def test_deleting_columns_in_a_batch_leaves_the_document_as_it_was(start):
    user = stored()

    start(delete_columns(user, "shop", ["nick"], NOW, BaseBatch()))

    assert user.nick == "Al"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([], "User.delete_columns(): name at least one field. delete() deletes the row."),
        (["id"], "User.delete_columns('id'): a column of the primary key cannot be deleted."),
        (
            ["nik"],
            "User.delete_columns('nik'): User has no field 'nik' (did you mean 'nick'?). "
            "Its fields are id, country, name, nick.",
        ),
    ],
)
def test_columns_that_cannot_be_deleted_are_refused(start, columns, message):
    with pytest.raises(InvalidQueryError) as refused:
        start(delete_columns(stored(), "shop", columns, NOW))

    assert str(refused.value) == message


class Shop(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    prices: dict[str, int] = {}
    words: list[str] = []
    tags: set[str] = set()
    fixed: Annotated[list[str], Frozen()] = []
    note: str | None = None


def deleted(start: Any, *columns: str, elements: Any) -> Any:
    return start(delete_columns(Shop(id=7), "shop", columns, NOW, collection_elements=elements))


@pytest.mark.parametrize(
    ("elements", "what", "keys"),
    [
        ({"prices": "EUR"}, '"prices"[?]', ("EUR",)),
        ({"prices": ["EUR", "USD"]}, '"prices"[?], "prices"[?]', ("EUR", "USD")),
        ([("prices", "EUR"), ("words", 0)], '"prices"[?], "words"[?]', ("EUR", 0)),
        ({"words": 3}, '"words"[?]', (3,)),
        ({"tags": "new"}, '"tags"[?]', ("new",)),
    ],
)
def test_single_elements_are_deleted(start, elements, what, keys):
    conversation = deleted(start, elements=elements)

    statement = Statement(f'DELETE {what} FROM "shop"."shop" WHERE "id" = ?', (*keys, 7))
    assert conversation.request == statement._replace(idempotent="words" not in what)


def test_columns_and_elements_are_deleted_together_and_the_keys_are_bound_first(start):
    conversation = start(
        delete_columns(Shop(id=7), "shop", ["note"], write_options(timestamp=5), collection_elements={"words": [0]})
    )

    assert conversation.cql == 'DELETE "note", "words"[?] FROM "shop"."shop" USING TIMESTAMP ? WHERE "id" = ?'
    assert conversation.params == (0, 5, 7)


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"price": "EUR"}, "Shop has no field 'price' (did you mean 'prices'?)."),
        ({"prices": 5}, "elements of prices are text: Input should be a valid string"),
        ({"words": "new"}, "a list's index is a whole number from 0; CQL does not count from the end."),
        ({"words": -1}, "a list's index is a whole number from 0;"),
        ({"fixed": 0}, "fixed is frozen<list<text>>, whose elements cannot be changed one by one."),
        ({"note": "a"}, "note is text, whose elements cannot be changed one by one."),
    ],
)
def test_elements_that_cannot_be_named_are_refused(start, elements, message):
    with pytest.raises(InvalidQueryError) as refused:
        deleted(start, elements=elements)

    [field] = elements
    assert str(refused.value).startswith(f"Shop.delete_columns(collection_elements={{{field!r}: ...}}): {message}")
