"""Tuples in place of documents, aggregates, groups and JSON: what the server answers is what the documents say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import Field

from coodie_aio import Document, QuerySet
from coodie_core.exceptions import DocumentNotFound, InvalidQueryError, MultipleDocumentsFound
from coodie_core.fields import BigInt, ClusteringKey, Double, PrimaryKey, Static, TinyInt

LARGEST_INT = 2**31 - 1


class Sale(Document):
    shop: Annotated[str, PrimaryKey(partition_key_index=0)]
    year: Annotated[int, PrimaryKey(partition_key_index=1)]
    day: Annotated[int, ClusteringKey(clustering_key_index=0)]
    number: Annotated[int, ClusteringKey(clustering_key_index=1)]
    owner: Annotated[str | None, Static()] = None
    pieces: int = 0
    small: Annotated[int, TinyInt()] = 0
    large: Annotated[int, BigInt()] = 0
    weight: float = 0.0
    exact: Annotated[float, Double()] = 0.0
    price: Decimal = Decimal(0)
    at: datetime | None = None
    tags: set[str] = Field(default_factory=set[str])
    note: str | None = None

    class Settings:
        name = "queried_sales"


ROWS = [
    Sale(
        shop=shop,
        year=2026,
        day=day,
        number=number,
        owner=f"owner of {shop}",
        pieces=LARGEST_INT - number,
        small=100 + number,
        large=2**62,
        weight=0.1,
        exact=number / 2,
        price=Decimal(number),
        at=datetime(2026, 1, day, 12, tzinfo=UTC),
        tags={"a"} if number == 1 else set(),
        note="first" if number == 1 else None,
    )
    for shop in ("north", "south")
    for day in (1, 2)
    for number in (1, 2, 3)
]
NORTH = {"shop": "north", "year": 2026}


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Sale.sync_table()
    await Sale.truncate()
    for row in ROWS:
        await row.model_copy().save()


def north(**filters: Any) -> QuerySet[Sale]:
    return Sale.find(**NORTH, **filters)


async def test_tuples_hold_what_the_documents_hold():
    documents = await Sale.find().all()

    for name in Sale.model_fields:
        assert await Sale.find().values_list(name).all() == [(getattr(sale, name),) for sale in documents]


async def test_tuples_without_names_have_every_field():
    everything = await north().values_list().all()

    assert everything == [tuple(dict(sale).values()) for sale in await north().all()]


async def test_tuples_of_several_pages_are_all_there():
    numbers = await Sale.find().fetch_size(2).values_list("shop", "day", "number").all()
    walked = [row async for row in Sale.find().fetch_size(5).values_list("shop", "day", "number")]

    assert sorted(numbers) == sorted(walked) == sorted((sale.shop, sale.day, sale.number) for sale in ROWS)


async def test_pages_of_tuples_go_on_where_the_last_one_ended():
    query = north().values_list("day", "number").fetch_size(4)

    page = await query.paged_all()
    rest = await query.page(page.paging_state).all()

    assert [*page.data, *rest] == [(day, number) for day in (1, 2) for number in (1, 2, 3)]
    assert await query.page(page.paging_state).count() == 2


async def test_every_option_holds_for_tuples():
    query = north(day__gte=1).order_by("-day").limit(4).values_list("day", "number")

    assert await query.all() == [(2, 3), (2, 2), (2, 1), (1, 3)]
    assert await query.first() == (2, 3)
    assert await query.count() == 4
    assert await Sale.find().per_partition_limit(2).values_list("number").count() == 4


async def test_each_row_can_tell_when_it_was_written_and_when_it_expires():
    await Sale.find(**NORTH, day=1, number=1).ttl(1000).timestamp(datetime.now(UTC)).update(note="soon gone")

    rows = await north(day=1).values_list("number", "ttl(note)", "writetime(pieces)").all()

    assert [(number, ttl is not None) for number, ttl, _ in rows] == [(1, True), (2, False), (3, False)]
    assert all(abs(datetime.now(UTC).timestamp() - written / 1e6) < 60 for _, _, written in rows)


async def test_one_row_tells_when_it_was_written():
    row = Sale.find(**NORTH, day=1, number=1)
    await row.ttl(1000).timestamp(2 * 10**15).update(note="later")

    assert await row.writetime("note") == 2 * 10**15
    assert 0 < (await row.column_ttl("note") or 0) <= 1000
    assert await row.column_ttl("pieces") is None
    assert await Sale.find(**NORTH, day=1, number=2).writetime("note") is None
    with pytest.raises(DocumentNotFound):
        await Sale.find(**NORTH, day=9).writetime("note")
    with pytest.raises(MultipleDocumentsFound):
        await north().writetime("note")


async def test_the_server_casts():
    rows = await north(day=2, number=3).values_list("pieces", "number").cast("pieces", "text").cast("at", "date").all()

    assert rows == [(str(LARGEST_INT - 3), 3, date(2026, 1, 2))]


@pytest.mark.parametrize(
    ("field", "cql_type", "value"),
    [
        ("pieces", "bigint", LARGEST_INT - 1),
        ("pieces", "varint", LARGEST_INT - 1),
        ("pieces", "decimal", Decimal(LARGEST_INT - 1)),
        ("pieces", "double", float(LARGEST_INT - 1)),
        ("small", "text", "101"),
        ("exact", "int", 0),
        ("at", "text", "2026-01-01T12:00:00.000Z"),
    ],
)
async def test_casts_come_as_plain_python(field: str, cql_type: str, value: Any):
    assert await north(day=1, number=1).cast(field, cql_type).all() == [(value,)]


async def test_sums_do_not_overflow():
    """Both servers would add int to int, and give a negative number here."""
    totals = await Sale.find().aggregate(pieces="sum(pieces)", small="sum(small)", large="sum(large)")

    assert totals == {
        "pieces": sum(sale.pieces for sale in ROWS),
        "small": sum(sale.small for sale in ROWS),
        "large": sum(sale.large for sale in ROWS),
    }


async def test_means_are_not_rounded_to_whole_numbers():
    assert await north(day=1).avg("pieces") == LARGEST_INT - 2
    assert await north(day=1, number__lt=3).avg("number") == 1.5
    assert await north(day=1, number__lt=3).avg("exact") == 0.75
    assert await north().avg("weight") == pytest.approx(0.1)
    assert await north(day=1, number__lt=3).avg("price") == 1.5


async def test_each_aggregate_is_a_method():
    assert await north().sum("exact") == 6.0
    assert await north().sum("price") == Decimal(12)
    assert await north().min("number") == 1
    assert await north().max("at") == datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert await north().max("note") == "first"


async def test_aggregates_of_nothing():
    nothing = await Sale.find(shop="none", year=1).aggregate(
        sum="sum(pieces)", avg="avg(pieces)", low="min(pieces)", n="count(*)"
    )

    assert nothing == {"sum": 0, "avg": 0, "low": None, "n": 0}


async def test_an_aggregate_of_some_rows_is_refused_since_the_server_would_take_all():
    with pytest.raises(InvalidQueryError, match="CQL computes over all rows"):
        await north().limit(1).sum("pieces")


async def test_groups_have_aggregates_of_their_own():
    by_shop = await Sale.find().group_by("shop", "year").aggregate(n="count(*)", high="max(number)")
    by_day = await north().values_list("day", "sum(exact)").group_by("day").all()

    assert sorted(by_shop, key=lambda group: str(group["shop"])) == [
        {"shop": "north", "year": 2026, "n": 6, "high": 3},
        {"shop": "south", "year": 2026, "n": 6, "high": 3},
    ]
    assert by_day == [(1, 3.0), (2, 3.0)]


async def test_every_option_holds_for_groups():
    days = Sale.find().group_by("shop", "year", "day")

    assert await days.count() == 4
    assert await days.limit(3).count() == 3
    assert await days.fetch_size(1).count() == 4
    assert len(await days.per_partition_limit(1).all()) == 2
    assert await north().order_by("-day").group_by("day").first() == (2,)


async def test_distinct_partitions_with_what_their_rows_share():
    shops = await Sale.find().distinct().all()
    keys = Sale.find().distinct().values_list("shop", "year")

    assert {(sale.shop, sale.owner) for sale in shops} == {("north", "owner of north"), ("south", "owner of south")}
    assert sorted(await keys.all()) == [("north", 2026), ("south", 2026)]
    assert await Sale.find().distinct().count() == await keys.count() == 2
    assert await Sale.find().distinct().limit(1).count() == 1
    assert await north().distinct().count() == 1


async def test_a_limit_per_partition_is_counted():
    assert await Sale.find().per_partition_limit(2).count() == 4
    assert await Sale.find().per_partition_limit(2).limit(3).count() == 3
    assert await Sale.find().per_partition_limit(2).fetch_size(1).count() == 4


async def test_json_is_made_by_the_server():
    (text,) = await north(day=1, number=1).only("note", "tags").json()
    keys = await Sale.find().distinct().values_list("shop", "year").json()

    assert text == '{"shop": "north", "year": 2026, "day": 1, "number": 1, "tags": ["a"], "note": "first"}'
    assert sorted(keys) == ['{"shop": "north", "year": 2026}', '{"shop": "south", "year": 2026}']
    assert len(await Sale.find().fetch_size(2).json()) == len(ROWS)
    assert len(await north().limit(2).json()) == 2


async def test_lazy_documents_are_the_documents():
    lazy = await north().fetch_size(4).all(lazy=True)

    assert [sale.document for sale in lazy] == await north().all()
    assert lazy[0].note == "first"


async def test_validated_documents_are_the_documents():
    assert await north().validate().all() == await north().all()


async def test_partitions_without_rows_do_not_use_up_a_limit():
    for year in range(20):
        await Sale.find(shop="closed", year=year, day=1, number=1).update(owner="nobody", note="x")
        await Sale.find(shop="closed", year=year, day=1, number=1).delete()

    assert len(await Sale.find().limit(12).all()) == 12
    assert len([sale async for sale in Sale.find().limit(12).fetch_size(5)]) == 12
    assert len(await Sale.find().limit(5).fetch_size(2).values_list("number").all()) == 5
    first = await Sale.find().first()
    assert first is not None
    assert first.shop != "closed"


async def test_static_columns_of_a_partition_without_rows_are_in_no_answer():
    await Sale.find(shop="closed", year=2026, day=1, number=1).update(owner="nobody", note="x")
    await Sale.find(shop="closed", year=2026, day=1, number=1).delete()

    assert await Sale.find(shop="closed", year=2026).values_list("owner").all() == []
    assert await Sale.find(shop="closed", year=2026).all() == []
    assert await Sale.find(shop="closed", year=2026).count() == 0
    (closed,) = await Sale.find(shop="closed", year=2026).distinct().all()
    assert closed.owner == "nobody"
