"""The life of a document: saved, read, changed, deleted."""

from __future__ import annotations

import reprlib
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from pydantic import Field

from coodie_aio import Document, execute_raw
from coodie_core.exceptions import DocumentNotFound, MultipleDocumentsFound, RowDoesNotFit, Unavailable
from coodie_core.fields import ClusteringKey, PrimaryKey


class User(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    name: str
    email: str
    nick: str | None = None
    tags: set[str] = Field(default_factory=set)
    scores: dict[str, int] = Field(default_factory=dict)
    words: list[str] = Field(default_factory=list)

    class Settings:
        name = "users"


class Visit(Document):
    country: Annotated[str, PrimaryKey()]
    day: Annotated[int, ClusteringKey()]
    note: str = ""


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    for model in (User, Visit):
        await model.sync_table()


async def alice(**fields: Any) -> User:
    """A user who is stored."""
    user = User(name="Alice", email="alice@example.com", **fields)
    await user.save()
    return user


async def test_a_saved_document_is_read_back_equal():
    user = await alice(nick="Al", tags={"a", "b"}, scores={"x": 1}, words=["one", "two"])

    assert await User.get(id=user.id) == user
    assert await User.find_one(id=user.id) == user


async def test_create_saves_and_returns_the_document():
    user = await User.create(name="Bob", email="bob@example.com")

    assert await User.get(id=user.id) == user


async def test_a_key_of_several_columns():
    await Visit(country="NL", day=1, note="a").save()
    await Visit(country="NL", day=2, note="b").save()

    assert (await Visit.get(country="NL", day=2)).note == "b"


async def test_a_save_over_another_row_with_the_same_key_changes_what_was_set():
    user = await alice(nick="Al")

    await User(id=user.id, name="Alicia", email="a@example.com").save()

    assert await User.get(id=user.id) == User(id=user.id, name="Alicia", email="a@example.com", nick="Al")


async def test_two_writers_do_not_undo_each_others_changes():
    user = await alice(nick="Al")
    one, other = await User.get(id=user.id), await User.get(id=user.id)

    one.name = "Bob"
    await one.save()
    other.email = "new@example.com"
    await other.save()

    assert await User.get(id=user.id) == User(id=user.id, name="Bob", email="new@example.com", nick="Al")


async def test_none_deletes_a_column():
    user = await alice(nick="Al")

    user.nick = None
    await user.save()

    assert (await User.get(id=user.id)).nick is None


async def test_an_emptied_collection_is_read_back_empty():
    user = await alice(tags={"a"}, scores={"x": 1}, words=["one"])

    user.tags.clear()
    user.scores = {}
    user.words.pop()
    await user.save()

    assert await User.get(id=user.id) == user


async def test_a_collection_changed_in_place_is_saved():
    stored = await alice(tags={"a"}, scores={"x": 1}, words=["one"])
    user = await User.get(id=stored.id)

    user.tags.add("b")
    user.scores["y"] = 2
    user.words.insert(0, "zero")
    await user.save()

    assert await User.get(id=stored.id) == user


async def test_update_changes_the_row_and_the_document():
    user = await alice()

    await user.update(name="Bob", nick="B")

    assert (user.name, user.nick) == ("Bob", "B")
    assert await User.get(id=user.id) == user


async def test_update_of_a_row_that_another_writer_changed_leaves_the_rest():
    user = await alice()
    await User.find(id=user.id).update(email="new@example.com")

    await user.update(name="Bob")

    stored = await User.get(id=user.id)
    assert (stored.name, stored.email) == ("Bob", "new@example.com")


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"tags__add": {"c"}}, {"tags": {"a", "b", "c"}}),
        ({"tags__remove": {"a"}}, {"tags": {"b"}}),
        ({"words__append": ["three"]}, {"words": ["one", "two", "three"]}),
        ({"words__prepend": ["zero"]}, {"words": ["zero", "one", "two"]}),
        ({"words__remove": ["one"]}, {"words": ["two"]}),
        ({"scores__update": {"y": 2, "x": 5}}, {"scores": {"x": 5, "y": 2}}),
        ({"scores__remove": ["x"]}, {"scores": {}}),
    ],
    ids=reprlib.repr,
)
async def test_collections_change_on_the_server_without_being_read(change: dict[str, Any], after: dict[str, Any]):
    user = await alice(tags={"a", "b"}, words=["one", "two"], scores={"x": 1})

    await user.update(**change)

    assert await User.get(id=user.id) == user.model_copy(update=after)


async def test_delete_removes_the_row():
    user = await alice()

    await user.delete()

    assert await User.find_one(id=user.id) is None


async def test_a_deleted_document_can_be_saved_again():
    user = await alice(nick="Al")
    await user.delete()

    await user.save()

    assert await User.get(id=user.id) == user


async def test_delete_columns_leaves_the_row():
    user = await alice(nick="Al", tags={"a"})

    await user.delete_columns("nick", "tags")

    assert (user.nick, user.tags) == (None, set())
    assert await User.get(id=user.id) == user


async def test_get_of_a_row_that_is_not_there():
    with pytest.raises(DocumentNotFound) as missing:
        await User.get(id=uuid4())

    assert str(missing.value).startswith("User.get(id=...): there is no such document.")


async def test_get_of_more_than_one_row():
    await Visit(country="BE", day=1).save()
    await Visit(country="BE", day=2).save()

    with pytest.raises(MultipleDocumentsFound):
        await Visit.get(country="BE")


async def test_a_time_to_live_is_given_to_every_column():
    user = User(name="Alice", email="a@example.com", nick="Al")

    await user.save(ttl=1000)

    [row] = await execute_raw("SELECT ttl(name), ttl(email), ttl(nick) FROM users WHERE id = ?", [user.id])
    assert all(990 < left <= 1000 for left in row.values())


async def test_a_timestamp_decides_which_write_is_the_later():
    user = await alice()
    await user.save(timestamp=2_000_000_000_000_000)

    late = User(id=user.id, name="Late", email="late@example.com")
    await late.save(timestamp=1)

    assert (await User.get(id=user.id)).name == "Alice"


async def test_a_consistency_level_that_one_node_cannot_meet_is_refused():
    with pytest.raises(Unavailable):
        await User(name="A", email="a@example.com").save(consistency="THREE")


async def test_a_field_that_a_later_version_added_is_its_default_on_older_rows():
    class OldUser(Document):
        id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
        name: str

        class Settings:
            name = "versions"

    class NewUser(Document):
        id: Annotated[UUID, PrimaryKey()]
        name: str
        level: int = 1
        email: str | None = None

        class Settings:
            name = "versions"

    await OldUser.sync_table()
    old = await OldUser.create(name="Alice")
    await NewUser.sync_table()

    assert await NewUser.get(id=old.id) == NewUser(id=old.id, name="Alice", level=1, email=None)


async def test_a_row_without_a_value_that_the_field_needs_is_an_error_that_names_the_field():
    user = await alice()
    await execute_raw("DELETE name FROM users WHERE id = ?", [user.id])

    with pytest.raises(RowDoesNotFit, match=r"A row of the table does not fit User: name: the column is empty"):
        await User.get(id=user.id)


@pytest.mark.filterwarnings("ignore:Field name .* shadows an attribute:UserWarning")
async def test_fields_may_be_called_like_the_methods_that_documents_use_themselves():
    class Route(Document):
        id: Annotated[int, PrimaryKey()]
        table_name: str = "routes"
        connection_name: str = "fast"

    await Route.sync_table()
    route = Route(id=1)
    await route.save()
    await route.update(connection_name="slow")

    assert await Route.get(id=1) == Route(id=1, connection_name="slow")
    await route.delete()
