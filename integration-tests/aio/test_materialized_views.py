"""Materialized views: the rows of a table under another key, kept up to date by the server."""

from __future__ import annotations

import time
from typing import Annotated, Any

import pytest

from coodie_aio import Document, MaterializedView
from coodie_core.exceptions import DocumentNotFound, InvalidQueryError, SchemaMismatch
from coodie_core.fields import ClusteringKey, PrimaryKey

PATIENCE_SECONDS = 10
"""The server fills a view soon after the write; a busy machine needs longer."""


class User(Document):
    id: Annotated[int, PrimaryKey()]
    email: str
    name: str
    age: int = 0

    class Settings:
        name = "users"


class UserByEmail(MaterializedView):
    email: Annotated[str, PrimaryKey()]
    id: Annotated[int, ClusteringKey()]
    name: str

    class Settings:
        name = "users_by_email"
        __base_table__ = User


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await User.sync_table()
    await UserByEmail.sync_view()


async def seen(email: str, name: str | None) -> UserByEmail | None:
    """The row of the view, once the view shows *name* for it (None: no row at all)."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        row = await UserByEmail.find_one(email=email)
        if (row.name if row else None) == name or time.monotonic() > deadline:
            return row


async def test_a_view_shows_the_rows_of_its_table_by_another_key():
    await User(id=1, email="alice@example.com", name="Alice").save()

    assert await seen("alice@example.com", "Alice") == UserByEmail(email="alice@example.com", id=1, name="Alice")


async def test_a_view_that_is_there_is_left_alone_and_one_with_other_columns_refused():
    class Wider(MaterializedView):
        email: Annotated[str, PrimaryKey()]
        id: Annotated[int, ClusteringKey()]
        name: str
        age: int

        class Settings:
            name = "users_by_email"
            __base_table__ = User

    assert await UserByEmail.sync_view() == []
    with pytest.raises(SchemaMismatch, match="the view users_by_email does not show age"):
        await Wider.sync_view()

    await Wider.drop_view()
    try:
        assert await Wider.sync_view() != []
        assert await Wider.sync_view() == []
    finally:
        await Wider.drop_view()


async def test_a_view_follows_changes_and_deletions():
    user = await User.create(id=2, email="bob@example.com", name="Bob")
    first = await seen("bob@example.com", "Bob")

    await user.update(name="Robert")
    changed = await seen("bob@example.com", "Robert")
    await user.delete()
    gone = await seen("bob@example.com", None)

    assert first is not None
    assert changed is not None
    assert (first.name, changed.name, gone) == ("Bob", "Robert", None)


async def test_a_view_is_read_like_a_table():
    await User(id=3, email="carol@example.com", name="Carol").save()
    await seen("carol@example.com", "Carol")
    query = UserByEmail.find(email="carol@example.com")

    assert await query.count() == 1
    assert [row.id async for row in query] == [3]
    assert (await UserByEmail.get(email="carol@example.com", id=3)).name == "Carol"
    with pytest.raises(DocumentNotFound):
        await UserByEmail.get(email="nobody@example.com")


async def test_syncing_a_view_that_exists_changes_nothing():
    assert await UserByEmail.sync_view() == []


async def test_a_view_of_rows_that_are_there_already_is_filled():
    class UserByName(MaterializedView):
        name: Annotated[str, PrimaryKey()]
        id: Annotated[int, ClusteringKey()]

        class Settings:
            name = "users_by_name"
            __base_table__ = "users"

    await User(id=4, email="dora@example.com", name="Dora").save()

    planned = await UserByName.sync_view(dry_run=True)
    made = await UserByName.sync_view()

    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (rows := await UserByName.find(name="Dora").all()) and time.monotonic() < deadline:
        pass
    await UserByName.drop_view()
    assert planned == made
    assert rows == [UserByName(name="Dora", id=4)]


@pytest.mark.parametrize(
    "call",
    [
        lambda row: row.save(),
        lambda row: row.insert(),
        lambda row: row.update(name="B"),
        lambda row: row.delete(),
        lambda row: row.delete_columns("name"),
        lambda row: UserByEmail.create(email="e", id=1, name="n"),
        lambda row: UserByEmail.find(email="e", id=1).update(name="B"),
        lambda row: UserByEmail.find(email="e").delete(),
        lambda row: UserByEmail.truncate(),
        lambda row: UserByEmail.sync_table(),
        lambda row: UserByEmail.drop_table(),
    ],
)
async def test_every_write_refuses_and_says_what_to_do(call: Any):
    with pytest.raises(InvalidQueryError, match=r"^UserByEmail\.\w+\(\): (a|this is a) materialized view"):
        await call(UserByEmail(email="e", id=1, name="n"))


async def test_a_view_is_sorted_as_its_class_says_whatever_the_order_of_its_table():
    """Servers take what a view does not say from its table, so that it would not be what the class describes."""

    class Visit(Document):
        page: Annotated[str, PrimaryKey()]
        number: Annotated[int, ClusteringKey(order="DESC")]
        user: str = ""

        class Settings:
            name = "visits"

    class VisitOfUser(MaterializedView):
        user: Annotated[str, PrimaryKey()]
        page: Annotated[str, ClusteringKey(clustering_key_index=0)]
        number: Annotated[int, ClusteringKey(clustering_key_index=1)]

        class Settings:
            name = "visits_of_users"
            __base_table__ = Visit

    await Visit.sync_table()
    assert len(await VisitOfUser.sync_view()) == 1
    assert await VisitOfUser.sync_view() == []
    await VisitOfUser.drop_view()
