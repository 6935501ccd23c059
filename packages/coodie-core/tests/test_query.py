"""Query sets: immutable descriptions, checked where they are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import pytest

from coodie_core.consistency import ConsistencyLevel
from coodie_core.cql_builder import Ordering, Restriction
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.expressions import col
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_core.options import WriteOptions
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.statement import ExecutionOptions


class Order(BaseDocument):
    shop: Annotated[int, PrimaryKey()]
    day: Annotated[str, ClusteringKey()]
    customer: str = ""
    total: int = 0

    class Settings:
        name = "orders"
        connection = "sales"


def find(*conditions: Any, **filters: Any) -> BaseQuerySet[Order]:
    return BaseQuerySet(Query(Order)).filter(*conditions, **filters)


def test_each_step_is_a_new_query_set():
    begin = find(shop=1)

    longer = begin.filter(day="mon").limit(5)

    assert begin == find(shop=1)
    assert longer.query == Query(
        Order, filters=(Restriction("shop", "=", 1), Restriction("day", "=", "mon")), row_limit=5
    )


@pytest.mark.parametrize(
    ("step", "change"),
    [
        (lambda q: q.limit(5), {"row_limit": 5}),
        (lambda q: q.per_partition_limit(5), {"per_partition_limit": 5}),
        (lambda q: q.order_by("day"), {"ordering": (Ordering("day"),)}),
        (lambda q: q.order_by("-day"), {"ordering": (Ordering("day", descending=True),)}),
        (lambda q: q.order_by("day").order_by(), {"ordering": ()}),
        (lambda q: q.only("total"), {"columns": ("shop", "day", "total")}),
        (lambda q: q.only(), {"columns": ("shop", "day")}),
        (lambda q: q.only("total", "customer"), {"columns": ("shop", "day", "customer", "total")}),
        (lambda q: q.defer("total"), {"columns": ("shop", "day", "customer")}),
        (lambda q: q.defer("shop"), {"columns": ("shop", "day", "customer", "total")}),
        (lambda q: q.allow_filtering(), {"allow_filtering": True}),
        (lambda q: q.if_not_exists(), {"if_not_exists": True}),
        (lambda q: q.if_exists(), {"if_exists": True}),
        (lambda q: q.ttl(60), {"write": WriteOptions(ttl=60)}),
        (lambda q: q.ttl(0), {"write": WriteOptions(ttl=0)}),
        (lambda q: q.timestamp(1234), {"write": WriteOptions(timestamp=1234)}),
        (lambda q: q.timestamp(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)), {"write": WriteOptions(timestamp=10**6)}),
        (
            lambda q: q.consistency("quorum").timeout(2).fetch_size(10),
            {"write": WriteOptions(execution=ExecutionOptions(ConsistencyLevel.QUORUM, None, 2, 10))},
        ),
        (lambda q: q.page(b"x"), {"paging_state": b"x"}),
        (lambda q: q.page(None), {"paging_state": None}),
        (lambda q: q.using("other"), {"connection": "other"}),
        (lambda q: q.using(keyspace="ks2"), {"keyspace": "ks2"}),
        (lambda q: q.using("other").using(keyspace="ks2"), {"connection": "other", "keyspace": "ks2"}),
    ],
)
def test_what_each_step_asks(step, change):
    assert step(find()).query == Query(Order, **change)


def test_the_connection_is_the_documents_own_unless_another_is_named():
    assert (find().connection, find().using("other").connection) == ("sales", "other")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda q: q.limit(0), "limit(0): give a whole number from 1 to 2147483647."),
        (lambda q: q.limit(-1), "limit(-1): give a whole number"),
        (lambda q: q.limit(True), "limit(True): give a whole number"),
        (lambda q: q.limit("5"), "limit('5'): give a whole number"),
        (lambda q: q.per_partition_limit(0), "per_partition_limit(0): give a whole number"),
        (lambda q: q.fetch_size(0), "fetch_size(0): give a whole number"),
        (lambda q: q.ttl(-1), "ttl=-1: give whole seconds from 0 (never expires) to 630720000 (20 years)."),
        (lambda q: q.timestamp("now"), "timestamp='now': give microseconds since 1970, or an aware datetime."),
        (lambda q: q.timestamp(datetime(2026, 1, 1)), "timestamp: this datetime has no time zone."),
        (lambda q: q.timeout(0), "timeout=0: give a number of seconds above 0."),
        (
            lambda q: q.consistency("QUORAM"),
            "consistency='QUORAM': there is no such consistency level (did you mean 'QUORUM'?). Use one of ANY, ONE,",
        ),
        (
            lambda q: q.order_by("dya"),
            "Order.order_by('dya'): Order has no field 'dya' (did you mean 'day'?). "
            "Its fields are shop, day, customer, total.",
        ),
        (
            lambda q: q.order_by("-total"),
            "Order.order_by('-total'): CQL sorts by clustering keys only, and total is none. "
            "The clustering keys of Order: day.",
        ),
        (lambda q: q.only("totl"), "Order.only('totl'): Order has no field 'totl' (did you mean 'total'?)."),
        (lambda q: q.defer("totl"), "Order.defer('totl'): Order has no field 'totl' (did you mean 'total'?)."),
        (lambda q: q.using(keyspace="a b"), "keyspace 'a b': a name has letters, digits and underscores only"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_written(step, message):
    with pytest.raises(InvalidQueryError) as refused:
        step(find())

    assert str(refused.value).startswith(message)


def test_typed_conditions_say_the_same_as_keywords():
    typed = find(col(Order.shop) == 1, col(Order.day) >= "mon", col(Order.total).in_([1, 2]))

    assert typed == find(shop=1, day__gte="mon", total__in=[1, 2])


def test_a_comparison_without_col_is_refused():
    with pytest.raises(InvalidQueryError) as refused:
        find(Order(shop=1, day="mon").total == 1)

    assert str(refused.value) == ("Order.find(bool): give conditions, as in find(col(Order.shop) == ...), or keywords.")


def test_a_condition_about_another_document_is_refused():
    class Other(BaseDocument):
        id: Annotated[int, PrimaryKey()]

    with pytest.raises(InvalidQueryError) as refused:
        find(col(Other.id) == 1)

    assert str(refused.value) == "Order.find(col(Other.id) ...): this condition is about Other, not Order."


def test_it_has_no_length_since_counting_costs_a_request():
    """list() asks for the length first, and would count all rows before it reads them."""
    with pytest.raises(TypeError, match=r"a query set has no length: use count\(\)"):
        len(find())


def test_it_shows_what_was_asked_without_the_values():
    shown = repr(find(shop=1, day__gt="secret").order_by("-day").limit(5).only("total"))

    assert shown == (
        "<BaseQuerySet of Order: shop = ?, day > ?, order_by=[Ordering(column='day', descending=True)], limit=5, "
        "only=('shop', 'day', 'total')>"
    )


def test_equal_query_sets_are_one_key_of_a_dict():
    assert {find(shop=1): "a"}[find(shop=1)] == "a"
    assert find(shop=1) != find(shop=2)


def test_a_query_has_no_attribute_that_was_misspelt():
    with pytest.raises(TypeError, match="a query has no row_limti"):
        find().query.but(row_limti=1)
