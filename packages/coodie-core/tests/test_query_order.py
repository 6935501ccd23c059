"""What an order needs: partitions, and one page where there are several."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.query_statements import select_statement


class Order(BaseDocument):
    shop: Annotated[int, PrimaryKey(partition_key_index=0)]
    year: Annotated[int, PrimaryKey(partition_key_index=1)]
    number: Annotated[int, ClusteringKey()]


def ordered(**filters: Any) -> BaseQuerySet[Order]:
    return BaseQuerySet(Query(Order)).filter(**filters).order_by("-number")


@pytest.mark.parametrize("filters", [{}, {"shop": 1}, {"shop": 1, "number": 1}])
def test_it_is_within_partitions(filters):
    with pytest.raises(InvalidQueryError) as refused:
        select_statement(ordered(**filters).query, "ks")

    assert str(refused.value) == (
        "Order.find(...).order_by('number'): CQL sorts within partitions. Compare the whole partition key (shop, year) "
        "with = or __in in find(), or sort in Python."
    )


def test_of_one_partition_it_has_pages():
    statement = select_statement(ordered(shop=1, year=2).fetch_size(7).query, "ks")

    assert statement.options.fetch_size == 7


@pytest.mark.parametrize(("limit", "fetch_size"), [(5000, None), (7, 7), (1, 7)])
def test_of_several_it_is_read_at_once(limit, fetch_size):
    query_set = ordered(shop=1, year__in=[1, 2]).limit(limit)

    statement = select_statement((query_set.fetch_size(fetch_size) if fetch_size else query_set).query, "ks")

    assert statement.options.fetch_size == 0


@pytest.mark.parametrize(
    "query_set",
    [
        ordered(shop=1, year__in=[1, 2]),
        ordered(shop=1, year__in=[1, 2]).limit(5001),
        ordered(shop__in=[1], year=1).limit(8).fetch_size(7),
    ],
)
def test_of_several_it_is_one_page_at_most(query_set):
    with pytest.raises(InvalidQueryError, match=r"Add a limit\(\) of at most one page, which is (5000|7) rows unless"):
        select_statement(query_set.query, "ks")
