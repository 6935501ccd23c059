"""A query plan says where the rows are looked for and what the server would have to filter."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

import pytest

from coodie_core.document import BaseDocument
from coodie_core.fields import ClusteringKey, Indexed, PrimaryKey, Time, Vector, VectorIndex
from coodie_core.plan import Access
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet


class Reading(BaseDocument):
    site: Annotated[str, PrimaryKey(partition_key_index=0)]
    sensor: Annotated[str, PrimaryKey(partition_key_index=1)]
    day: Annotated[int, ClusteringKey(clustering_key_index=0)]
    minute: Annotated[int, ClusteringKey(clustering_key_index=1)]
    unit: Annotated[str, Indexed()] = "C"
    value: float = 0.0

    class Settings:
        keyspace = "lab"


def readings(**filters: Any) -> BaseQuerySet[Reading]:
    return BaseQuerySet(Query(Reading)).filter(**filters)


PARTITION = {"site": "a", "sensor": "b"}


@pytest.mark.parametrize(
    ("filters", "access", "index", "filtered"),
    [
        ({}, Access.FULL_SCAN, None, ()),
        (PARTITION, Access.ONE_PARTITION, None, ()),
        ({**PARTITION, "day": 1, "minute__gt": 5}, Access.ONE_PARTITION, None, ()),
        ({**PARTITION, "day__gt": 1, "minute": 5}, Access.ONE_PARTITION, None, ("minute",)),
        ({**PARTITION, "minute": 5}, Access.ONE_PARTITION, None, ("minute",)),
        ({**PARTITION, "value": 1.0}, Access.ONE_PARTITION, None, ("value",)),
        ({**PARTITION, "unit": "C"}, Access.ONE_PARTITION, "unit", ()),
        ({"site": "a", "sensor__in": ["b", "c"]}, Access.SEVERAL_PARTITIONS, None, ()),
        ({"site": "a"}, Access.FULL_SCAN, None, ("site",)),
        ({"unit": "C"}, Access.INDEX, "unit", ()),
        ({"unit__gt": "C"}, Access.FULL_SCAN, None, ("unit",)),
        ({"unit": "C", "value": 1.0}, Access.INDEX, "unit", ("value",)),
        ({"value": 1.0}, Access.FULL_SCAN, None, ("value",)),
    ],
)
def test_access(filters: dict[str, Any], access: Access, index: str | None, filtered: tuple[str, ...]) -> None:
    plan = readings(**filters).explain()

    assert (plan.access, plan.index, tuple(plan.filtered)) == (access, index, filtered)
    assert plan.needs_filtering is bool(filtered)


class Visit(BaseDocument):
    day: Annotated[date, PrimaryKey(partition_key_index=0)]
    site: Annotated[str, PrimaryKey(partition_key_index=1)]
    hour: Annotated[time, ClusteringKey(clustering_key_index=0)]
    begun: Annotated[datetime, ClusteringKey(clustering_key_index=1)]
    precise: Annotated[int, Time()] = 0
    holidays: set[date] = set()

    class Settings:
        keyspace = "lab"


DAY, HOUR, BEGUN = date(2026, 1, 2), time(9, 30), datetime(2026, 1, 2, 9, 30, 0, 5000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("filters", "values"),
    [
        ({"day": DAY, "hour__gt": HOUR, "begun": BEGUN}, (DAY, HOUR, BEGUN, 7)),
        ({"day__in": [DAY], "holidays__contains": DAY}, ([DAY], DAY, 7)),
        ({"precise": 1}, (1, 7)),
        ({"day__token__gt": (DAY, "a")}, (DAY, "a", 7)),
        ({"day__token__gt": 5}, (5, 7)),
    ],
    ids=["columns", "lists and elements", "nanoseconds", "token of a key", "token"],
)
def test_a_plan_shows_dates_and_times_as_they_are_written(filters: dict[str, Any], values: tuple[Any, ...]) -> None:
    """The driver is given numbers, which nobody could read."""
    plan = BaseQuerySet(Query(Visit)).filter(**filters).limit(7).explain()

    assert plan.params == values
    assert f"values     {values!r}" in str(plan)


def test_a_plan_shows_the_statement_and_the_verdict() -> None:
    plan = readings(value=1.5).explain()

    assert str(plan) == (
        'cql        SELECT "site", "sensor", "day", "minute", "unit", "value" FROM "lab"."reading" WHERE "value" = ?\n'
        "values     (1.5,)\n"
        "access     full scan: every node reads its part of the table\n"
        "filtering  refused without allow_filtering(): value is neither part of the primary key nor indexed"
    )
    assert "filtering  allowed: value" in str(readings(value=1.5).allow_filtering().explain())


def test_a_plan_shows_itself_in_notebooks_with_the_values_escaped() -> None:
    html = readings(**PARTITION | {"unit": "<b>"}).explain()._repr_html_()  # pyright: ignore[reportPrivateUsage]

    assert html.startswith("<table")
    assert "&lt;b&gt;" in html
    assert "<b>" not in html


def test_a_range_of_tokens_needs_no_filtering():
    plan = readings(site__token__gt=-5).explain()

    assert (plan.access, plan.needs_filtering, plan.params) == (Access.TOKEN_RANGE, False, (-5,))
    assert "token range: the nodes that own the range" in str(plan)


def test_what_is_compared_besides_a_token_is_filtered():
    plan = readings(site__token__gt=-5, day=1).explain()

    assert (plan.access, set(plan.filtered)) == (Access.TOKEN_RANGE, {"day"})


def test_the_statement_is_the_one_that_would_be_sent():
    query_set = readings(**PARTITION).distinct().limit(2).allow_filtering().bypass_cache().using_timeout(1)

    assert query_set.explain().cql == (
        'SELECT DISTINCT "site", "sensor" FROM "lab"."reading" WHERE "site" = ? AND "sensor" = ? LIMIT ? '
        "ALLOW FILTERING BYPASS CACHE USING TIMEOUT ?"
    )


def test_the_nearest_vectors_come_from_their_index():
    class Article(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        color: str
        place: Annotated[list[float], Vector(dimensions=2), VectorIndex()]

    plan = BaseQuerySet(Query(Article)).filter(color="red").order_by_ann("place", [1, 2]).limit(3).explain()

    assert (plan.access, plan.index) == (Access.INDEX, "place")
    assert plan.filtered == {"color": "color needs an index of its own here, filtering or not"}


def test_beside_the_nearest_vectors_only_an_sai_index_serves():
    class Article(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        color: Annotated[str, Indexed()]
        size: Annotated[str, Indexed(index_class="SAI")]
        place: Annotated[list[float], Vector(dimensions=2), VectorIndex()]

    query_set = BaseQuerySet(Query(Article)).filter(color="red", size="L").order_by_ann("place", [1, 2]).limit(3)

    assert query_set.explain().filtered == {
        "color": "color is indexed, but here only Indexed(index_class='SAI') serves '=' by itself"
    }
