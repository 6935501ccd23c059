"""Filters that no key and no index serves: refused with the ways out, each of which works."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Annotated, Any

import pytest

from coodie_aio import Document, execute_raw
from coodie_core.exceptions import FilteringRefused, InvalidQueryError, ReadFailure, ServerRefusedQuery
from coodie_core.fields import ClusteringKey, Indexed, PrimaryKey

PATIENCE_SECONDS = 10
"""The server builds an index soon after it was made; a busy machine needs longer."""


class User(Document):
    id: Annotated[int, PrimaryKey()]
    name: str
    city: Annotated[str, Indexed()] = ""
    tags: Annotated[set[str], Indexed()] = set()
    scores: Annotated[dict[str, int], Indexed(target="KEYS")] = {}
    age: int = 0

    class Settings:
        name = "users"


class UserByName(Document):
    name: Annotated[str, PrimaryKey()]
    id: Annotated[int, ClusteringKey()]


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    for model in (User, UserByName):
        await model.sync_table()
    await User(id=1, name="Alice", city="Delft", tags={"a", "b"}, scores={"x": 1}, age=30).save()
    await User(id=2, name="Bob", city="Delft", tags={"b"}, scores={"y": 2}, age=40).save()
    await User(id=3, name="Carol", city="Gouda", age=50).save()


async def ids(query: Any) -> set[int]:
    return {user.id for user in await query.all()}


async def built(query: Any) -> None:
    """Return when the index that serves *query* is built, which begins after it was created."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(ReadFailure):
            await query.first()
            return


async def test_a_filter_on_a_plain_column_is_refused_with_the_ways_out():
    with pytest.raises(FilteringRefused) as refused:
        await User.find(name="Alice").all()

    message = str(refused.value)
    assert message.startswith("User.find(name=...): name is neither part of the primary key nor indexed")
    for way_out in ("Indexed()", "sync_table()", "keyed by it", ".allow_filtering()"):
        assert way_out in message
    assert refused.value.fields == ("name",)
    assert isinstance(refused.value, InvalidQueryError)


@pytest.mark.parametrize("terminal", ["all", "first", "count", "get", "paged_all"])
async def test_every_way_of_reading_explains_the_refusal(terminal: str):
    with pytest.raises(FilteringRefused, match=r"^User\.find\(name=\.\.\.\)"):
        await getattr(User.find(name="Alice"), terminal)()


async def test_iteration_explains_the_refusal():
    with pytest.raises(FilteringRefused):
        _ = [user async for user in User.find(name="Alice")]


async def test_the_first_way_out_is_an_index():
    assert await ids(User.find(city="Delft")) == {1, 2}
    assert await ids(User.find(tags__contains="b")) == {1, 2}
    assert await ids(User.find(scores__contains_key="y")) == {2}


async def test_the_second_way_out_is_a_table_keyed_by_the_column():
    await UserByName(name="Alice", id=1).save()

    assert [user.id for user in await UserByName.find(name="Alice").all()] == [1]


async def test_the_third_way_out_is_to_allow_filtering():
    assert await ids(User.find(name="Alice").allow_filtering()) == {1}
    assert await ids(User.find(age__gt=30, age__lte=50).allow_filtering()) == {2, 3}
    assert await User.find(age__gte=40).allow_filtering().count() == 2


async def test_an_index_that_exists_only_in_the_database_keeps_working():
    """Whoever runs the database may add one; the model need not know."""
    await execute_raw("CREATE INDEX IF NOT EXISTS made_by_hand ON users (age)")
    await built(User.find(age=40))

    assert await ids(User.find(age=40)) == {2}

    await execute_raw("DROP INDEX made_by_hand")
    with pytest.raises(FilteringRefused):
        await ids(User.find(age=40))


async def test_an_index_and_a_plain_column_together_need_filtering():
    with pytest.raises(FilteringRefused) as refused:
        await User.find(city="Delft", age=30).all()

    assert refused.value.fields == ("age",)
    assert await ids(User.find(city="Delft", age=30).allow_filtering()) == {1}


async def test_an_operator_that_the_index_does_not_know_is_explained():
    with pytest.raises(FilteringRefused, match="city"):
        await User.find(city__gt="D").all()


async def test_values_of_the_key_may_be_several():
    assert await ids(User.find(id__in=[1, 3, 99])) == {1, 3}
    assert await ids(User.find(id__in=[])) == set()


async def test_another_mistake_in_a_query_that_allows_filtering_keeps_its_own_error():
    await execute_raw("DROP TABLE IF EXISTS missing")

    class Missing(Document):
        id: Annotated[int, PrimaryKey()]

    with pytest.raises(ServerRefusedQuery) as refused:
        await Missing.find(id=1).allow_filtering().all()

    assert not isinstance(refused.value, FilteringRefused)
