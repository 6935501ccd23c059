"""What reads ask beyond whole documents: tuples, groups, aggregates, JSON, one row a partition, the nearest vectors."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import Field

from coodie_core import selection
from coodie_core.cql_builder import Restriction
from coodie_core.document import BaseDocument
from coodie_core.duration import CqlDuration
from coodie_core.exceptions import DocumentNotFound, FieldNotLoaded, InvalidQueryError, RowDoesNotFit
from coodie_core.fields import ClusteringKey, Double, Frozen, PrimaryKey, Static, Vector, VectorIndex
from coodie_core.operations import paging, queries, reading
from coodie_core.operations.reading import documents
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.selection import values_of


class Reading(BaseDocument):
    site: Annotated[str, PrimaryKey(partition_key_index=0)]
    sensor: Annotated[int, PrimaryKey(partition_key_index=1)]
    day: Annotated[str, ClusteringKey(clustering_key_index=0)]
    minute: Annotated[int, ClusteringKey(clustering_key_index=1)]
    value: int = 0
    exact: Annotated[float, Double()] = 0.0
    rough: float = 0.0
    money: Decimal = Decimal(0)
    note: str | None = None
    tags: set[str] = Field(default_factory=set[str])
    marks: Annotated[list[int], Frozen()] = Field(default_factory=list[int])
    place: Annotated[list[float], Vector(dimensions=2), VectorIndex()] = Field(default_factory=lambda: [0.0, 0.0])

    class Settings:
        name = "readings"


class Shelf(BaseDocument):
    shop: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    owner: Annotated[str, Static()] = ""
    color: str = ""


FROM = ' FROM "ks"."readings"'


def find(**filters: Any) -> BaseQuerySet[Reading]:
    return BaseQuerySet(Query(Reading)).filter(**filters)


def values(*fields: str, **filters: Any) -> Query[Reading]:
    return selection.with_values(find(**filters).query, fields)


def refusal(start: Any, operation: Any) -> str:
    with pytest.raises(InvalidQueryError) as refused:
        start(operation)
    return str(refused.value)


class TestTuples:
    def test_only_the_named_columns_are_read_in_their_order(self, start):
        conversation = start(reading.all_results(values("value", "site"), "ks", values_of))

        assert conversation.cql == 'SELECT "value", "site"' + FROM
        assert conversation.answer((5, "a"), (6, "b")).result == [(5, "a"), (6, "b")]

    def test_without_names_they_are_the_fields_that_documents_would_have(self, start):
        query = selection.with_values(find().only("value").query, ())

        assert start(reading.page(query, "ks", values_of)).cql == (
            'SELECT "site", "sensor", "day", "minute", "value"' + FROM
        )

    def test_values_are_what_the_documents_fields_would_be(self, start):
        """An empty collection is null to the server, and so is what was never written."""
        query = values("tags", "note", "value", "sensor")

        conversation = start(reading.all_results(query, "ks", values_of))

        assert conversation.answer((None, None, None, None)).result == [(set(), None, 0, None)]

    def test_every_option_is_honoured(self, start):
        query = replace(
            find(site="a", sensor=1, day__gt="mon")
            .order_by("-day")
            .per_partition_limit(3)
            .limit(9)
            .allow_filtering()
            .bypass_cache()
            .using_timeout(0.25)
            .query
        )

        assert start(reading.page(selection.with_values(query, ["day"]), "ks", values_of)).request[:2] == (
            'SELECT "day"' + FROM + ' WHERE "site" = ? AND "sensor" = ? AND "day" > ? ORDER BY "day" DESC '
            "PER PARTITION LIMIT ? LIMIT ? ALLOW FILTERING BYPASS CACHE USING TIMEOUT ?",
            ("a", 1, "mon", 3, 9, CqlDuration(nanoseconds=250_000_000)),
        )

    def test_every_page_is_read(self, start):
        conversation = start(reading.all_results(values("value"), "ks", values_of))

        conversation.answer((1,), paging_state=b"x").answer((2,), paging_state=b"y").answer((3,))

        assert conversation.result == [(1,), (2,), (3,)]
        assert [request.paging_state for request in conversation.requests] == [None, b"x", b"y"]

    def test_a_limit_of_one_leaves_one_to_get(self, start):
        conversation = start(reading.get(find(site="a").limit(1).query, "ks", documents))

        assert conversation.params == ("a", 1)

    def test_first_and_get_are_tuples_too(self, start):
        assert start(reading.first(values("value"), "ks", values_of)).answer((1,)).result == (1,)
        assert start(reading.first(values("value"), "ks", values_of)).answer().result is None
        assert start(reading.get(values("value"), "ks", values_of)).answer((1,)).result == (1,)

    @pytest.mark.parametrize(
        ("field", "message"),
        [
            ("valeu", "Reading.values_list('valeu'): Reading has no field 'valeu' (did you mean 'value'?)."),
            ("summ(value)", "Reading.values_list('summ(value)'): there is no function 'summ' (did you mean 'sum'?)."),
            ("sum(valeu)", "Reading.values_list('sum(valeu)'): Reading has no field 'valeu' (did you mean 'value'?)."),
            ("sum(note)", "Reading.values_list('sum(note)'): note is text, which is no number."),
            ("sum(*)", "Reading.values_list('sum(*)'): Reading has no field '*'."),
            ("writetime(site)", "Reading.values_list('writetime(site)'): site is part of the primary key, which has"),
            ("ttl(tags)", "Reading.values_list('ttl(tags)'): tags is set<text>, in which each element has a ttl of"),
            ('value") FROM x; --', "Reading.values_list('value\") FROM x; --'): Reading has no field"),
            (3, "Reading.values_list(3): give the name of a field, or a function of one such as 'max(site)'."),
            ("token(site)", "Reading.values_list('token(site)'): there is no function 'token'"),
        ],
    )
    def test_what_does_not_exist_is_refused(self, field, message):
        with pytest.raises(InvalidQueryError) as refused:
            values(field)

        assert str(refused.value).startswith(message)

    def test_static_columns_of_a_partition_without_rows_are_no_tuple(self, start):
        """As for documents: the server shows them as a row without clustering keys, which is read to tell."""
        query = selection.with_values(Query(Shelf), ["owner"])

        conversation = start(reading.all_results(query, "ks", values_of))

        assert conversation.cql == 'SELECT "owner", "number" AS "[row]" FROM "ks"."shelf"'
        assert conversation.answer(("Al", 1), ("Bo", None)).result == [("Al",)]


class TestLimitsWithStaticColumns:
    """The server counts rows of no document against a limit, so that too few documents would come back."""

    SHELF = ("shop", "number", "owner", "color")

    def find(self, **filters: Any) -> BaseQuerySet[Shelf]:
        return BaseQuerySet(Query(Shelf)).filter(**filters)

    def test_pages_are_read_until_there_are_enough_documents(self, start):
        conversation = start(reading.all_results(self.find().limit(2).query, "ks", documents))

        assert "LIMIT" not in conversation.cql
        assert conversation.request.options.fetch_size == 2
        conversation.answer((1, None, "Al", None), (2, 1, "Bo", "red"), columns=self.SHELF, paging_state=b"x")
        conversation.answer((3, 1, "Cy", "red"), (4, 1, "Di", "red"), columns=self.SHELF, paging_state=b"y")
        assert [shelf.shop for shelf in conversation.result] == [2, 3]

    def test_the_first_document_may_be_on_a_later_page(self, start):
        conversation = start(reading.first(self.find().query, "ks", documents))

        conversation.answer((1, None, "Al", None), columns=self.SHELF, paging_state=b"x")
        assert conversation.answer((2, 1, "Bo", "red"), columns=self.SHELF).result.shop == 2

    @pytest.mark.parametrize("filters", [{"shop": 1, "number": 2}, {"shop": 1, "number__gt": 2}])
    def test_where_a_clustering_key_is_named_there_are_no_such_rows(self, start, filters):
        conversation = start(reading.get(self.find(**filters).query, "ks", documents))

        assert conversation.cql.endswith(" LIMIT ?")

    def test_in_one_partition_such_a_row_is_the_only_one_so_that_the_server_limits(self, start):
        assert start(reading.page(self.find(shop=1).limit(2).query, "ks", documents)).cql.endswith(" LIMIT ?")

    def test_a_limit_over_several_pages_is_refused(self, start):
        """Who asks for page after page would have to count the documents that he got."""
        assert refusal(start, paging.page(self.find().limit(2).query, "ks", documents, None)) == (
            "Shelf.find().limit(2).paged_all(): the server would count partitions that have static columns and no rows "
            "for the limit. Say with fetch_size() how long a page is, and stop when you have enough; or use all() or "
            "iterate, which count documents."
        )

    def test_in_one_order_one_page_has_room_for_them(self, start):
        """Servers do not go from page to page there; each partition has one such row at most."""
        query = self.find(shop__in=[1, 2, 3]).order_by("-number").limit(2).query

        conversation = start(reading.all_results(query, "ks", documents))

        assert (conversation.cql.endswith(" LIMIT ?"), conversation.params) == (True, ([1, 2, 3], 5))
        conversation.answer((1, None, "Al", None), *[(2, n, "Bo", "red") for n in (3, 2, 1)], columns=self.SHELF)
        assert [shelf.number for shelf in conversation.result] == [3, 2]

    def test_what_is_counted_by_reading_is_counted_up_to_the_limit(self, start):
        conversation = start(reading.count(self.find().per_partition_limit(1).limit(2).query, "ks"))

        assert (
            conversation.cql == 'SELECT "shop", "number", "number" AS "[row]" FROM "ks"."shelf" PER PARTITION LIMIT ?'
        )
        conversation.answer((1, None, None), (2, 1, 1), (3, 1, 1), (4, 1, 1))
        assert conversation.result == 2

    def test_a_partition_without_rows_makes_no_group(self, start):
        query = selection.grouped(selection.with_values(self.find().query, ["shop", "count(*)"]), ["shop"])

        conversation = start(reading.all_results(query, "ks", values_of))

        assert (
            conversation.cql == 'SELECT "shop", count("number"), "number" AS "[row]" FROM "ks"."shelf" GROUP BY "shop"'
        )
        assert conversation.answer((1, 0, None), (2, 3, 1)).result == [(2, 3)]

    def test_count_counts_documents_where_it_is_an_aggregate_too(self, start):
        conversation = start(reading.aggregate(self.find().query, "ks", {"rows": "count(*)"}))

        assert conversation.cql == 'SELECT count("number") FROM "ks"."shelf"'

    def test_distinct_partitions_are_counted_as_they_are(self, start):
        query = self.find().distinct().limit(2).query

        assert start(reading.all_results(query, "ks", documents)).cql.endswith(" LIMIT ?")


class TestTokensAndCasts:
    def test_the_token_comes_last(self, start):
        query = selection.with_token(values("value"))

        conversation = start(reading.all_results(query, "ks", values_of))

        assert conversation.cql == 'SELECT "value", token("site", "sensor")' + FROM
        assert conversation.answer((1, -5)).result == [(1, -5)]

    def test_a_token_can_be_asked_for_alone(self, start):
        query = selection.with_token(find().query)

        assert start(reading.page(query, "ks", values_of)).cql == 'SELECT token("site", "sensor")' + FROM

    def test_a_cast_keeps_the_place_of_its_field(self, start):
        query = selection.with_cast(values("value", "day"), "value", "text")

        assert start(reading.page(query, "ks", values_of)).cql == 'SELECT CAST("value" AS text), "day"' + FROM

    def test_a_cast_of_another_field_comes_last(self, start):
        query = selection.with_cast(values("day"), "value", "double")

        assert start(reading.page(query, "ks", values_of)).cql == 'SELECT "day", CAST("value" AS double)' + FROM

    @pytest.mark.parametrize(
        ("field", "cql_type", "message"),
        [
            ("valeu", "text", "Reading.cast('valeu', 'text'): Reading has no field 'valeu' (did you mean 'value'?)."),
            (
                "value",
                "txt",
                "Reading.cast('value', 'txt'): value is int, which CQL casts to bigint, decimal, double, ",
            ),
            ("value", "text) FROM x", "Reading.cast('value', 'text) FROM x'): value is int, which CQL casts to"),
            ("value", "uuid", "Reading.cast('value', 'uuid'): value is int, which CQL casts to"),
            ("tags", "text", "Reading.cast('tags', 'text'): tags is set<text>, which CQL casts to nothing else."),
        ],
    )
    def test_only_what_cql_casts_is_sent(self, field, cql_type, message):
        with pytest.raises(InvalidQueryError) as refused:
            selection.with_cast(find().query, field, cql_type)

        assert str(refused.value).startswith(message)


class TestOneRowAPartition:
    def test_documents_have_the_partition_key_and_the_static_columns(self, start):
        query = BaseQuerySet(Query(Shelf)).distinct().limit(5).query

        conversation = start(reading.all_results(query, "ks", documents))

        assert conversation.request[:2] == ('SELECT DISTINCT "shop", "owner" FROM "ks"."shelf" LIMIT ?', (5,))
        (shelf,) = conversation.answer((1, "Al"), columns=("shop", "owner")).result
        assert (shelf.shop, shelf.owner) == (1, "Al")
        with pytest.raises(FieldNotLoaded):
            _ = shelf.color

    def test_a_limit_in_each_partition_changes_nothing(self, start):
        """The server refuses it, though one row is never more than any limit."""
        query = BaseQuerySet(Query(Shelf)).distinct().per_partition_limit(2).query

        assert start(reading.page(query, "ks", documents)).cql == 'SELECT DISTINCT "shop", "owner" FROM "ks"."shelf"'

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            (values("site", "sensor", "value"), "value differs from row to row of a partition."),
            (values("site"), "sensor is missing. Name the whole partition key (site, sensor)"),
            (values("site", "sensor", day="mon"), "day differs from row to row of a partition."),
        ],
    )
    def test_what_is_not_one_a_partition_is_refused(self, start, query, message):
        error = refusal(start, reading.page(replace(query, distinct=True), "ks", values_of))

        assert error.startswith(f"Reading.find().distinct(): {message}")

    def test_they_are_counted_by_reading_them(self, start):
        """CQL has no COUNT(DISTINCT ...)."""
        conversation = start(reading.count(find().distinct().query, "ks"))

        assert conversation.cql == 'SELECT DISTINCT "site", "sensor"' + FROM
        assert conversation.answer(("a", 1), ("b", 1), paging_state=b"x").answer(("c", 1)).result == 3


class TestGroups:
    def test_a_group_is_named_by_its_fields(self, start):
        query = selection.grouped(find().query, ["site", "sensor"])

        assert start(reading.page(query, "ks", values_of)).cql == (
            'SELECT "site", "sensor"' + FROM + ' GROUP BY "site", "sensor"'
        )

    def test_it_can_have_aggregates(self, start):
        query = selection.grouped(values("day", "sum(value)", site="a", sensor=1), ["site", "sensor", "day"])

        conversation = start(reading.all_results(query, "ks", values_of))

        assert conversation.cql == (
            'SELECT "day", sum(CAST("value" AS varint))' + FROM + ' WHERE "site" = ? AND "sensor" = ? '
            'GROUP BY "site", "sensor", "day"'
        )
        assert conversation.answer(("mon", 7)).result == [("mon", 7)]

    def test_aggregates_have_names(self, start):
        query = selection.grouped(find().query, ["site", "sensor"])

        conversation = start(reading.grouped_aggregate(query, "ks", {"rows": "count(*)", "top": "max(value)"}))

        assert conversation.cql == (
            'SELECT "site", "sensor", COUNT(*), max("value")' + FROM + ' GROUP BY "site", "sensor"'
        )
        assert conversation.answer(("a", 1, 7, 9)).result == [{"site": "a", "sensor": 1, "rows": 7, "top": 9}]

    @pytest.mark.parametrize("fields", [["day"], ["sensor", "day"], ["day", "minute"]])
    def test_what_find_fixes_may_be_left_out(self, start, fields):
        query = selection.grouped(find(site="a", sensor=1).query, fields)

        assert start(reading.page(query, "ks", values_of)).cql.endswith(
            "GROUP BY " + ", ".join(f'"{f}"' for f in fields)
        )

    @pytest.mark.parametrize(
        "fields", [["site"], ["sensor"], ["day"], ["site", "sensor", "minute"], ["sensor", "site"]]
    )
    def test_anything_but_the_left_of_the_key_is_refused(self, start, fields):
        error = refusal(start, reading.page(selection.grouped(find().query, fields), "ks", values_of))

        assert "CQL groups by the primary key (site, sensor, day, minute) from its left" in error

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            (["value"], "Reading.group_by('value'): CQL groups by the primary key only (site, sensor, day, minute)."),
            (["siet"], "Reading.group_by('siet'): Reading has no field 'siet' (did you mean 'site'?)."),
            ([], "Reading.group_by(): name at least the partition key."),
        ],
    )
    def test_other_fields_make_no_groups(self, fields, message):
        with pytest.raises(InvalidQueryError) as refused:
            selection.grouped(find().query, fields)

        assert str(refused.value).startswith(message)

    def test_groups_are_counted_by_reading_them(self, start):
        query = selection.grouped(find().query, ["site", "sensor"])

        assert start(reading.count(query, "ks")).answer(("a", 1), ("b", 1)).result == 2


class TestAggregates:
    @pytest.mark.parametrize(
        ("function", "field", "text"),
        [
            ("sum", "value", 'sum(CAST("value" AS varint))'),
            ("avg", "value", 'avg(CAST("value" AS double))'),
            ("avg", "money", 'avg(CAST("money" AS double))'),
            ("sum", "money", 'sum("money")'),
            ("sum", "rough", 'sum(CAST("rough" AS double))'),
            ("sum", "exact", 'sum("exact")'),
            ("min", "day", 'min("day")'),
            ("max", "value", 'max("value")'),
        ],
    )
    def test_numbers_are_added_up_where_they_cannot_overflow(self, start, function, field, text):
        """The servers add ints as ints: 2147483647 + 1 is -2147483648, and the mean of 1 and 2 is 1."""
        conversation = start(reading.aggregate_of(find(site="a").allow_filtering().query, "ks", function, field))

        assert conversation.cql == f'SELECT {text}{FROM} WHERE "site" = ? ALLOW FILTERING'
        assert conversation.answer((7,)).result == 7

    def test_several_are_one_statement(self, start):
        functions = {"n": "count(*)", "low": "min(value)", "mean": "AVG(exact)", "noted": "count(note)"}

        conversation = start(reading.aggregate(find().query, "ks", functions))

        assert conversation.cql == 'SELECT COUNT(*), min("value"), avg("exact"), count("note")' + FROM
        assert conversation.answer((3, 1, 2.5, 0)).result == {"n": 3, "low": 1, "mean": 2.5, "noted": 0}

    @pytest.mark.parametrize(
        ("functions", "message"),
        [
            ({}, "Reading.aggregate(): name at least one function"),
            ({"x": "value"}, "Reading.aggregate(x='value'): give one of avg, count, max, min, sum with a field"),
            ({"x": "writetime(value)"}, "Reading.aggregate(x='writetime(value)'): give one of avg, count,"),
            ({"x": "median(value)"}, "Reading.aggregate(x='median(value)'): there is no function 'median'"),
            ({"x": "sum(valeu)"}, "Reading.aggregate(x='sum(valeu)'): Reading has no field 'valeu'"),
        ],
    )
    def test_anything_but_an_aggregate_is_refused(self, start, functions, message):
        assert refusal(start, reading.aggregate(find().query, "ks", functions)).startswith(message)

    @pytest.mark.parametrize(
        ("query_set", "option"),
        [
            (find().limit(2), "limit()"),
            (find().per_partition_limit(2), "per_partition_limit()"),
            (find().distinct(), "distinct()"),
            (find().page(b"x"), "page()"),
            (find().order_by_ann("place", [1, 2]), "order_by_ann()"),
        ],
    )
    def test_part_of_the_rows_is_refused(self, start, query_set, option):
        """CQL would take LIMIT for the one row of the result, and give the sum of all rows."""
        error = refusal(start, reading.aggregate_of(query_set.query, "ks", "sum", "value"))

        assert error.startswith(f"Reading.find().{option}.sum('value'): CQL computes over all rows")


class TestCounting:
    def test_a_limit_per_partition_is_honoured(self, start):
        conversation = start(reading.count(find().per_partition_limit(2).query, "ks"))

        assert conversation.request[:2] == (
            'SELECT "site", "sensor", "day", "minute"' + FROM + " PER PARTITION LIMIT ?",
            (2,),
        )
        assert conversation.answer(("a", 1, "x", 1), ("a", 1, "x", 2)).result == 2

    def test_so_is_the_place_where_a_page_ended(self, start):
        conversation = start(reading.count(find().page(b"here").query, "ks"))

        assert conversation.request.paging_state == b"here"
        assert conversation.answer(("a", 1, "x", 1)).result == 1

    def test_tuples_are_counted_by_the_server(self, start):
        assert start(reading.count(values("note"), "ks")).cql == "SELECT COUNT(*)" + FROM

    def test_options_of_scylladb_hold(self, start):
        conversation = start(reading.count(find().bypass_cache().using_timeout(1).query, "ks"))

        assert conversation.cql == "SELECT COUNT(*)" + FROM + " BYPASS CACHE USING TIMEOUT ?"


class TestJson:
    def test_the_server_makes_the_text(self, start):
        conversation = start(reading.json(find(site="a").only("value").query, "ks"))

        assert conversation.cql == (
            'SELECT JSON "site", "sensor", "day", "minute", "value"' + FROM + ' WHERE "site" = ?'
        )
        conversation.answer(('{"value": 1}',), paging_state=b"x").answer(('{"value": 2}',))
        assert conversation.result == ['{"value": 1}', '{"value": 2}']

    def test_rows_that_are_no_documents_are_left_out_by_their_clustering_key(self, start):
        """It is read first, wherever else it stands, and taken off the text again."""
        query = selection.with_values(Query(Shelf), ["owner", "number"])

        conversation = start(reading.json(query, "ks"))

        assert conversation.cql == 'SELECT JSON "number", "owner", "number" FROM "ks"."shelf"'
        conversation.answer(
            ('{"number": null, "owner": "Al", "number": null}',), ('{"number": 7, "owner": "Bo, ", "number": 7}',)
        )
        assert conversation.result == ['{"owner": "Bo, ", "number": 7}']

    def test_one_a_partition(self, start):
        query = selection.with_values(find().distinct().query, ["site", "sensor"])

        assert start(reading.json(query, "ks")).cql == 'SELECT JSON DISTINCT "site", "sensor"' + FROM


class TestCells:
    @pytest.mark.parametrize("function", ["writetime", "ttl"])
    def test_one_cell_of_one_row(self, start, function):
        conversation = start(reading.of_cell(find(site="a").query, "ks", function, "marks"))

        assert conversation.cql == f'SELECT {function}("marks"){FROM} WHERE "site" = ? LIMIT ?'
        assert conversation.answer((1700,)).result == 1700

    def test_there_must_be_such_a_document(self, start):
        with pytest.raises(DocumentNotFound):
            start(reading.of_cell(find(site="a").query, "ks", "ttl", "value")).answer()

    def test_an_error_names_the_method(self, start):
        message = refusal(start, reading.of_cell(find().query, "ks", "ttl", "site"))

        assert message.startswith("Reading.column_ttl('site'): site is part of the primary key")


class TestNearest:
    def test_the_nearest_come_first(self, start):
        query = selection.with_values(find().order_by_ann("place", (1, 2)).limit(3).query, ["site"])

        assert start(reading.page(query, "ks", values_of)).request[:2] == (
            'SELECT "site"' + FROM + ' ORDER BY "place" ANN OF ? LIMIT ?',
            ((1.0, 2.0), 3),
        )

    @pytest.mark.parametrize(
        ("query_set", "message"),
        [
            (find(), "say how many rows you want: add .limit(), at most 1000."),
            (find().limit(1001), "say how many rows you want: add .limit(), at most 1000."),
            (find().limit(5).order_by("day"), "CQL does not combine it with order_by()."),
            (find().limit(5).per_partition_limit(1), "CQL does not combine it with per_partition_limit()."),
            (find().limit(5).distinct(), "CQL does not combine it with distinct()."),
        ],
    )
    def test_what_the_server_cannot_is_refused(self, start, query_set, message):
        query = query_set.order_by_ann("place", [1, 2]).query

        error = refusal(start, reading.page(query, "ks", documents))

        assert error == f"Reading.find().order_by_ann('place', ...): {message}"

    @pytest.mark.parametrize(
        ("column", "vector", "message"),
        [
            ("value", [1, 2], "Reading.order_by_ann('value', ...): value is int, not a vector."),
            (
                "plaec",
                [1, 2],
                "Reading.order_by_ann('plaec', ...): Reading has no field 'plaec' (did you mean 'place'?).",
            ),
            ("place", [1, 2, 3], "Reading.place: the column has 2 dimensions, the value has 3."),
        ],
    )
    def test_the_vector_must_fit(self, column, vector, message):
        with pytest.raises(InvalidQueryError) as refused:
            find().order_by_ann(column, vector)

        assert str(refused.value).startswith(message)


class TestTokens:
    def test_a_number_is_a_token(self):
        (restriction,) = find(site__token__gt=-5).query.filters

        assert restriction == Restriction("token(site, sensor)", ">", -5, ("site", "sensor"))

    def test_a_tuple_is_a_key(self, start):
        query = find(sensor__token__gte=("a", 1), site__token__lt=2**63 - 1).query

        assert start(reading.page(query, "ks", documents)).request[1] == ("a", 1, 2**63 - 1)
        assert start(reading.page(query, "ks", documents)).cql.endswith(
            ' WHERE token("site", "sensor") >= token(?, ?) AND token("site", "sensor") < ?'
        )

    @pytest.mark.parametrize(
        ("filters", "message"),
        [
            (
                {"day__token__gt": 1},
                "Reading.find(day__token__gt=...): a token is that of the partition key (site, sen",
            ),
            (
                {"site__token__gt": "a"},
                "Reading.find(site__token__gt=...): give a token, which is a whole number, or a",
            ),
            ({"site__token__gt": ("a", "x")}, "Reading.find(site__token__gt=...): sensor is int: "),
            ({"site__token__gt": 2**63}, "Reading.find(site__token__gt=...): a token is a whole number of 64 bits"),
            ({"site__token__eq": 1}, "Reading.find(site__token__eq=...): there is no 'token__eq' here"),
        ],
    )
    def test_what_is_neither_is_refused(self, filters, message):
        with pytest.raises(InvalidQueryError) as refused:
            find(**filters)

        assert str(refused.value).startswith(message)

    def test_no_row_can_be_changed_by_its_token(self, start):
        with pytest.raises(InvalidQueryError, match="name the whole primary key"):
            start(queries.update(find(site__token__gt=1).query, "ks", {"value": 1}))


class TestNullChecks:
    KEY = {"site": "a", "sensor": 1, "day": "mon", "minute": 1}

    def test_they_are_conditions_of_an_update(self, start):
        query = find(**self.KEY).is_null("note").is_not_null("value").query

        conversation = start(queries.update(query, "ks", {"note": "x"}))

        assert conversation.cql.endswith(' IF "note" = ? AND "value" != ?')
        assert conversation.params[-2:] == (None, None)
        assert conversation.request.conditional

    def test_a_keyword_says_the_same(self, start):
        query = find(**self.KEY, note__isnull=False).query

        assert start(queries.delete(query, "ks")).cql.endswith(' IF "note" != ?')

    @pytest.mark.parametrize("read", [reading.json, reading.count])
    def test_rows_cannot_be_found_by_them(self, start, read):
        assert "CQL cannot look for rows whose note is empty or is not" in refusal(
            start, read(find(note__isnull=True).query, "ks")
        )

    @pytest.mark.parametrize(
        ("ask", "message"),
        [
            (lambda: find().is_null("day"), "Reading.is_null('day'): day is part of the primary key, which is never"),
            (lambda: find().is_not_null("noet"), "Reading.is_not_null('noet'): Reading has no field 'noet' (did you"),
            (lambda: find(note__isnull=1), "Reading.find(note__isnull=...): give True or False."),
        ],
    )
    def test_mistakes_are_refused(self, ask, message):
        with pytest.raises(InvalidQueryError) as refused:
            ask()

        assert str(refused.value).startswith(message)


class TestValidation:
    class Person(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        age: Annotated[int, Field(ge=0)]

        @classmethod
        def model_validate(cls, obj: Any, **options: Any) -> Any:
            return super().model_validate({**obj, "age": obj["age"] + 100}, **options)

    @pytest.mark.parametrize(("is_asked", "age"), [(False, 5), (True, 105)])
    def test_pydantic_makes_the_document_only_where_that_is_asked(self, start, is_asked, age):
        query = replace(Query(self.Person), validates=is_asked)

        conversation = start(reading.page(query, "ks", documents))

        assert conversation.answer((1, 5), columns=("id", "age")).result.data[0].age == age

    @pytest.mark.parametrize("is_asked", [False, True])
    def test_a_row_that_breaks_a_constraint_is_refused_either_way(self, start, is_asked):
        conversation = start(reading.page(replace(Query(self.Person), validates=is_asked), "ks", documents))

        with pytest.raises(RowDoesNotFit, match="age: Input should be greater than or equal to 0"):
            conversation.answer((1, -101), columns=("id", "age"))

    def test_only_whole_documents_can_be_validated(self, start):
        query = BaseQuerySet(Query(self.Person)).only("id").validate().query

        assert "Pydantic can only judge whole documents" in refusal(start, reading.page(query, "ks", documents))


class TestTexts:
    def test_ten_thousand_values_are_one_text(self, start):
        """Each text is a prepared statement: values in the text would fill every cache."""

        def cql(number: int) -> str:
            query = find(site__in=["a"] * (number % 7), sensor=number, day__gt=str(number)).limit(number + 1).query
            return str(start(reading.page(query, "ks", documents)).cql)

        assert len({cql(number) for number in range(10_000)}) == 1

    def test_so_are_tokens_vectors_and_timeouts(self, start):
        def cql(number: int) -> str:
            query = find(site__token__gt=number).order_by_ann("place", [number, 1]).using_timeout(number + 1).limit(5)
            return str(start(reading.page(query.query, "ks", documents)).cql)

        assert len({cql(number) for number in range(500)}) == 1

    @pytest.mark.parametrize(
        "write",
        [
            lambda query: queries.create(query, "ks", {"site": "a"}),
            lambda query: queries.update(query, "ks", {"value": 1}),
            lambda query: queries.delete(query, "ks"),
        ],
    )
    def test_a_timeout_of_the_server_is_for_reads(self, start, write):
        assert "using_timeout()" in refusal(start, write(find().using_timeout(1).query))

    @pytest.mark.parametrize("query", [find(site="a").page(b"state").query, find(site="a").page("token").query])
    @pytest.mark.parametrize(
        "write",
        [
            lambda query: queries.create(query, "ks", {"site": "a"}),
            lambda query: queries.update(query, "ks", {"value": 1}),
            lambda query: queries.delete(query, "ks"),
        ],
    )
    def test_no_more_than_a_page_cannot_be_written(self, start, query, write):
        """Else it would delete the whole partition."""
        assert "a page is for reads, and this would write to all that the query names" in refusal(start, write(query))

    @pytest.mark.parametrize("seconds", [0, -1, 0.0001, float("nan"), float("inf"), True, "1", 86_401])
    def test_a_timeout_of_the_server_is_whole_milliseconds(self, seconds):
        with pytest.raises(InvalidQueryError):
            find().using_timeout(seconds)
