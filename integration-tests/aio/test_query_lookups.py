"""Look-ups that need more than a key: tokens, collections, texts that begin or end so, vectors, empty columns."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field

from coodie_aio import Document, execute_raw
from coodie_core.exceptions import DatabaseError, FilteringRefused, InvalidQueryError, ServerRefusedQuery
from coodie_core.fields import ClusteringKey, Indexed, PrimaryKey, Vector


class Article(Document):
    shop: Annotated[str, PrimaryKey(partition_key_index=0)]
    number: Annotated[int, PrimaryKey(partition_key_index=1)]
    edition: Annotated[int, ClusteringKey()] = 1
    name: Annotated[str, Indexed(index_class="SASI", options={"mode": "CONTAINS"})] = ""
    tags: Annotated[set[str], Indexed()] = Field(default_factory=set[str])
    ratings: Annotated[list[int], Indexed()] = Field(default_factory=list[int])
    stock: Annotated[dict[str, int], Indexed()] = Field(default_factory=dict[str, int])
    owner: str | None = None
    place: Annotated[list[float] | None, Vector(dimensions=2)] = None
    color: str = ""

    class Settings:
        name = "looked_up_articles"


ARTICLES = [
    Article(
        shop="north",
        number=number,
        name=f"{color} tea no {number}",
        tags={color, f"t{number}"},
        ratings=[number, 5],
        stock={f"s{number}": number},
        place=[1.0, float(number)],
        color=color,
    )
    for number, color in enumerate(["green", "black", "green", "white", "black"], start=1)
]


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Article.sync_table()
    await Article.truncate()
    for article in ARTICLES:
        await article.model_copy().save()
    for column in ("place", "color"):
        await execute_raw(
            f"CREATE CUSTOM INDEX IF NOT EXISTS looked_up_{column} ON {Article.table_name()} ({column}) "
            "USING 'StorageAttachedIndex'"
        )


def numbers(articles: list[Article]) -> list[int]:
    return sorted(article.number for article in articles)


async def test_a_table_is_walked_in_ranges_of_tokens():
    tokens = [row[0] for row in await Article.find().select_token().all()]
    middle = sorted(tokens)[2]

    first = await Article.find(shop__token__lte=middle).all()
    second = await Article.find(shop__token__gt=middle).all()

    assert (len(first), len(second)) == (3, 2)
    assert numbers(first + second) == [1, 2, 3, 4, 5]
    assert await Article.find(shop__token__gte=middle, number__token__lte=middle).count() == 1


async def test_a_walk_goes_on_after_the_key_of_the_last_row():
    walked: list[Article] = []
    query = Article.find().limit(2)

    while page := await query.all():
        walked += page
        query = Article.find(shop__token__gt=(page[-1].shop, page[-1].number)).limit(2)

    assert walked == await Article.find().all()


async def test_explain_knows_that_a_range_of_tokens_needs_no_filtering():
    query = Article.find(shop__token__gt=0)

    assert query.explain().access == "token range"
    assert not query.explain().needs_filtering
    assert Article.find(shop__token__gt=0, edition=1).explain().needs_filtering
    with pytest.raises(FilteringRefused):
        await Article.find(shop__token__gt=0, edition=1).all()


async def test_collections_are_looked_into():
    assert numbers(await Article.find(tags__contains="green").all()) == [1, 3]
    assert numbers(await Article.find(ratings__contains=4).all()) == [4]
    assert numbers(await Article.find(stock__contains=2).all()) == [2]
    assert numbers(await Article.find(stock__contains_key="s3").allow_filtering().all()) == [3]


async def test_texts_are_found_by_a_part_of_them():
    assert numbers(await Article.find(name__like="%tea no 4%").all()) == [4]
    assert numbers(await Article.find(name__like="green%").all()) == [1, 3]
    assert numbers(await Article.find(name__like="%5").all()) == [5]


async def test_the_nearest_vectors_come_first():
    query = Article.find().order_by_ann("place", [1.0, 3.0])

    nearest = await query.limit(2).all()
    tuples = await query.limit(1).values_list("number").all()

    assert nearest[0].number == 3
    assert len(nearest) == 2
    assert tuples == [(3,)]
    assert await query.first() == nearest[0]
    assert await query.limit(3).count() == 3
    assert query.limit(2).explain().index == "place"


async def test_the_nearest_of_those_that_another_index_finds():
    """The model does not know this index, and the server asks for one: it has a last word."""
    query = Article.find(color="black").order_by_ann("place", [1.0, 3.0]).limit(1)

    assert (await query.all())[0].color == "black"
    with pytest.raises(FilteringRefused, match="owner needs an index of its own here, filtering or not"):
        await Article.find(owner="x").order_by_ann("place", [1.0, 3.0]).limit(1).all()
    with pytest.raises(FilteringRefused, match=r"Indexed\(index_class='SAI'\)"):
        await Article.find(owner="x").order_by_ann("place", [1.0, 3.0]).limit(1).allow_filtering().all()


async def test_vectors_without_an_index_have_no_nearest():
    class Point(Document):
        id: Annotated[int, PrimaryKey()]
        place: Annotated[list[float], Vector(dimensions=2)]

        class Settings:
            name = "points_without_an_index"

    await Point.sync_table()

    with pytest.raises(ServerRefusedQuery, match=r"Mark the field with VectorIndex\(\) and run sync_table\(\)"):
        await Point.find().order_by_ann("place", [1.0, 3.0]).limit(1).all()


async def test_nearness_needs_a_limit():
    with pytest.raises(InvalidQueryError, match=r"add \.limit\(\), at most 1000"):
        await Article.find().order_by_ann("place", [1.0, 3.0]).all()


async def test_an_empty_column_is_a_condition_of_a_write():
    free = Article.find(shop="north", number=1, edition=1).is_null("owner")

    assert (await free.update(owner="Alice")).applied
    refused = await free.update(owner="Bob")

    assert (refused.applied, refused.existing) == (False, {"owner": "Alice"})
    assert (await Article.find(shop="north", number=1, edition=1, owner__isnull=False).delete()).applied


async def test_an_empty_column_cannot_be_looked_for():
    with pytest.raises(InvalidQueryError, match="CQL cannot look for rows whose owner is empty"):
        await Article.find(owner__isnull=True).allow_filtering().all()


async def test_what_only_scylladb_has_is_the_servers_refusal():
    own_tables = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?"
    if await execute_raw(own_tables, ["system_schema", "scylla_tables"]):
        assert await Article.find().bypass_cache().using_timeout(5).count() == 5
    else:
        for query in (Article.find().bypass_cache(), Article.find().using_timeout(5)):
            with pytest.raises(ServerRefusedQuery):
                await query.all()


async def test_a_page_of_another_query_is_not_checked_by_the_server():
    """It may go on from the same place in other rows, or fail: the documentation says that it is not defined."""
    page = await Article.find(shop="north", number__in=[1, 2, 3]).fetch_size(1).paged_all()

    try:
        other = await Article.find(shop="north", number=5).page(page.paging_state).all()
    except DatabaseError:
        other = []

    assert numbers(other) in ([], [5])


async def test_ten_thousand_values_are_one_prepared_statement(coodie_aio_driver: Any):
    async def statements() -> int:
        return len(coodie_aio_driver.link.prepared)

    async def ask(number: int) -> None:
        query = Article.find(shop="north", number__in=[number] * (number % 9 + 1), edition__gt=-number)
        await query.limit(number + 1).all()
        row = Article.find(shop="other", number=number, edition=1)
        await row.ttl(number + 100).timestamp(number + 1).update(color=str(number))
        await Article.find(shop__token__gt=number).limit(1).values_list("number").all()

    await ask(0)
    before = await statements()
    for number in range(1, 300):
        await ask(number)

    assert await statements() == before
