"""What save() writes: everything of a new document, what changed of one that was read, and never a null nobody set."""

from __future__ import annotations

from datetime import datetime
from random import random
from typing import Annotated, Any

import pytest
from pydantic import Field

from coodie_core.batch import BaseBatch
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError, WriteTimeout
from coodie_core.fields import ClusteringKey, Counter, Frozen, PrimaryKey, Vector
from coodie_core.hydration import documents_of
from coodie_core.operations.documents import save
from coodie_core.options import WriteOptions, write_options
from coodie_core.results import LWTResult
from coodie_core.schema import TableKind
from coodie_core.statement import ExecutionOptions, Rows, Statement

NOW = WriteOptions()


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    name: str
    nick: str | None = None
    level: int = 1
    tags: list[str] = Field(default_factory=list)

    class Settings:
        name = "users"


COLUMNS = ("id", "name", "nick", "level", "tags")


def read_from(row: tuple[Any, ...], columns: tuple[str, ...] = COLUMNS) -> User:
    """The document that a read gave."""
    return documents_of(User, Rows(columns, [row]))[0]


def saved(start: Any, document: BaseDocument, options: WriteOptions = NOW) -> Any:
    """Save, let the server confirm it, and return the conversation."""
    return start(save(document, "shop", options)).answer()


def written(start: Any, document: BaseDocument, options: WriteOptions = NOW) -> dict[str, Any]:
    """The columns and values of the INSERT that saves the document."""
    request = saved(start, document, options).request
    names = request.cql.partition("(")[2].partition(")")[0].replace('"', "").split(", ")
    values = (list(value) if isinstance(value, tuple) else value for value in request.params)
    return dict(zip(names, values, strict=False))


def test_a_new_document_is_one_insert(start):
    conversation = start(save(User(id=7, name="Alice", nick="Al", tags=["new"]), "shop", NOW))

    assert conversation.request == Statement(
        'INSERT INTO "shop"."users" ("id", "name", "nick", "level", "tags") VALUES (?, ?, ?, ?, ?)',
        (7, "Alice", "Al", 1, ("new",)),
    )
    assert conversation.answer().result == LWTResult(applied=True)


def test_fields_that_nobody_set_are_written_if_their_default_holds_something(start):
    assert written(start, User(id=7, name="Alice")) == {"id": 7, "name": "Alice", "level": 1}


def test_fields_that_nobody_set_and_that_are_empty_are_not_written(start):
    """A null would delete another writer's value, and leave a tombstone."""
    assert not {"nick", "tags"} & written(start, User(id=7, name="Alice")).keys()


def test_none_that_was_given_is_written(start):
    assert written(start, User(id=7, name="Alice", nick=None))["nick"] is None


def test_an_empty_collection_that_was_given_is_written(start):
    assert written(start, User(id=7, name="Alice", tags=[]))["tags"] == []


def test_a_document_that_was_read_and_not_changed_is_not_sent(start):
    """Its key alone would make a row without values of one that another writer has deleted."""
    conversation = start(save(read_from((7, "Alice", None, 3, ["new"])), "shop", NOW))

    assert conversation.requests == []
    assert conversation.result == LWTResult(applied=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "Bob"), ("nick", "Al"), ("level", 4), ("tags", ["old"]), ("tags", []), ("nick", None)],
)
def test_of_a_document_that_was_read_only_what_changed_is_written(start, field, value):
    user = read_from((7, "Alice", "A.", 3, ["new"]))

    setattr(user, field, value)

    assert written(start, user) == {"id": 7, field: value}


def test_a_default_that_was_made_for_an_empty_column_is_not_a_change(start):
    class Note(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        token: float = Field(default_factory=random)

    [note] = documents_of(Note, Rows(("id", "token"), [(7, None)]))

    assert start(save(note, "shop", NOW)).requests == []


def test_a_collection_that_was_changed_in_place_is_written(start):
    user = read_from((7, "Alice", None, 3, ["new"]))

    user.tags[0] = "old"

    assert written(start, user) == {"id": 7, "tags": ["old"]}


def test_a_value_that_is_set_to_what_it_was_is_not_written(start):
    user = read_from((7, "Alice", None, 3, None))

    user.name, user.nick, user.tags = "Alice", None, []

    assert start(save(user, "shop", NOW)).requests == []


def test_a_second_save_writes_what_changed_since_the_first(start):
    user = User(id=7, name="Alice")
    saved(start, user)

    user.name = "Bob"

    assert written(start, user) == {"id": 7, "name": "Bob"}


def test_a_collection_that_was_changed_in_place_since_the_last_save_is_written(start):
    user = User(id=7, name="Alice", tags=["new"])
    saved(start, user)

    user.tags[0] = "old"

    assert written(start, user) == {"id": 7, "tags": ["old"]}


def test_fields_that_the_query_left_out_are_not_written(start):
    user = read_from((7, "Alice"), ("id", "name"))

    user.name = "Bob"

    assert written(start, user) == {"id": 7, "name": "Bob"}


def test_a_field_that_the_query_left_out_is_written_once_it_was_assigned(start):
    user = read_from((7, "Alice"), ("id", "name"))

    user.nick = None

    assert written(start, user) == {"id": 7, "nick": None}


def test_under_another_key_everything_is_written(start):
    """Another key is another row, of which nothing is known."""
    user = read_from((7, "Alice", "Al", 3, ["new"]))

    user.id = 8

    assert written(start, user) == {"id": 8, "name": "Alice", "nick": "Al", "level": 3, "tags": ["new"]}


def test_under_another_key_columns_that_were_empty_are_not_written(start):
    """They were read as empty, and nobody set them."""
    copy = read_from((7, "Alice", None, 3, None)).model_copy(update={"id": 8})

    assert written(start, copy) == {"id": 8, "name": "Alice", "level": 3}


def test_a_ttl_is_for_the_whole_document_so_all_of_it_is_written(start):
    user = read_from((7, "Alice", None, 3, None))

    conversation = saved(start, user, write_options(ttl=60))

    assert conversation.request == Statement(
        'INSERT INTO "shop"."users" ("id", "name", "level") VALUES (?, ?, ?) USING TTL ?',
        (7, "Alice", 3, 60),
        idempotent=True,
    )


def test_timestamp_consistency_and_timeout_travel_with_the_statement(start):
    options = write_options(ttl=60, timestamp=1234, consistency="QUORUM", timeout=2.5)

    conversation = saved(start, User(id=7, name="Alice"), options)

    assert conversation.request == Statement(
        'INSERT INTO "shop"."users" ("id", "name", "level") VALUES (?, ?, ?) USING TTL ? AND TIMESTAMP ?',
        (7, "Alice", 1, 60, 1234),
        ExecutionOptions(consistency=options.execution.consistency, timeout=2.5),
        idempotent=True,
    )


def test_in_a_batch_nothing_is_sent_by_save(start):
    batch = BaseBatch()

    conversation = start(save(User(id=7, name="Alice"), "shop", NOW, batch))

    assert conversation.requests == []
    assert len(batch) == 1


def test_after_a_save_in_a_batch_the_next_save_writes_those_fields_again(start):
    """Whether the batch was sent is not known here, so what it holds is not taken for stored."""
    user = read_from((7, "Alice", None, 3, None))
    user.name = "Bob"
    start(save(user, "shop", NOW, BaseBatch()))

    user.name = "Alice"

    assert written(start, user) == {"id": 7, "name": "Alice"}


def test_after_a_save_that_timed_out_the_next_save_writes_those_fields_again(start):
    """The write may have taken place."""
    user = read_from((7, "Alice", None, 3, None))
    user.name = "Bob"
    with pytest.raises(WriteTimeout):
        start(save(user, "shop", NOW)).fail(WriteTimeout("too slow"))

    user.name = "Alice"

    assert written(start, user) == {"id": 7, "name": "Alice"}


def test_consistency_and_timeout_of_one_write_in_a_batch_are_refused(start):
    """The batch is one request, so it has them for all of its writes."""
    with pytest.raises(InvalidQueryError, match="a batch has one consistency level and one timeout"):
        start(save(User(id=7, name="Alice"), "shop", write_options(consistency="ALL"), BaseBatch()))


def test_values_are_changed_in_memory_to_what_the_column_holds(start):
    """So that the document equals what is read back."""

    class Note(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        tags: list[str] | None = None
        words: Annotated[list[str] | None, Frozen()] = None

    note = Note(id=7, tags=[], words=[])
    saved(start, note)

    assert note == Note(id=7, tags=None, words=[])


def test_a_value_that_does_not_fit_its_column_is_refused_before_anything_is_sent(start):
    user = User(id=7, name="Alice")
    user.level = 2**31

    with pytest.raises(InvalidQueryError, match=r"^User\.level: the number does not fit int"):
        start(save(user, "shop", NOW))


def test_a_key_that_was_not_loaded_is_refused(start):
    class Reading(BaseDocument):
        sensor: Annotated[int, PrimaryKey()]
        day: Annotated[int, ClusteringKey()]
        value: float = 0.0

    [reading] = documents_of(Reading, Rows(("sensor", "value"), [(1, 2.5)]))

    with pytest.raises(InvalidQueryError) as refused:
        start(save(reading, "shop", NOW))

    assert str(refused.value) == "Reading.save(): day has no value, and is part of the primary key."


def test_without_any_keyspace_the_error_says_where_to_give_one(start):
    with pytest.raises(InvalidQueryError) as refused:
        start(save(User(id=7, name="Alice"), None, NOW))

    assert str(refused.value) == (
        "User: in which keyspace is its table 'users'? Give init_coodie() a keyspace=, or set Settings.keyspace."
    )


def test_the_documents_own_keyspace_comes_before_the_connections(start):
    class Order(BaseDocument):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            name = "orders"
            keyspace = "sales"

    assert saved(start, Order(id=7)).cql == 'INSERT INTO "sales"."orders" ("id") VALUES (?)'


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        (TableKind.VIEW, "a materialized view is read-only. Write to its base table"),
        (TableKind.COUNTER, "a counter table takes no values, only changes: use increment() or decrement()"),
    ],
)
def test_views_and_counters_refuse(start, kind, advice):
    class Page(BaseDocument):
        __coodie_kind__ = kind
        url: Annotated[str, PrimaryKey()]
        views: Annotated[int, Counter()] = 0

    with pytest.raises(InvalidQueryError) as refused:
        start(save(Page(url="/"), "shop", NOW))

    assert str(refused.value).startswith(f"Page.save(): {advice}")


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_lists_inside_of_others_that_were_changed_in_place_are_written(start, position):
    class Grid(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        rows: list[list[int]]
        by_name: dict[str, list[int]]
        pair: tuple[int, list[int]]
        place: Annotated[list[float], Vector(dimensions=1)]

    [grid] = documents_of(Grid, Rows(tuple(Grid.model_fields), [(7, [[1]], {"a": [1]}, (1, [1]), [1.0])]))

    [grid.rows[0], grid.by_name["a"], grid.pair[1], grid.place][position][0] = 2

    assert len(saved(start, grid).params) == 2


def test_a_time_without_a_zone_is_refused_and_not_taken_as_local_time(start):
    class Event(BaseDocument):
        at: Annotated[datetime, PrimaryKey()]

    with pytest.raises(InvalidQueryError, match="naive"):
        saved(start, Event(at=datetime(2026, 1, 1)))
