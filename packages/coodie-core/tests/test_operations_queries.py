"""What reads and writes by a query ask, and how refusals are explained."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from coodie_core.document import BaseDocument
from coodie_core.exceptions import (
    ConditionNotMet,
    DocumentNotFound,
    FieldNotLoaded,
    FilteringRefused,
    InvalidQueryError,
    MultipleDocumentsFound,
    ServerRefusedQuery,
)
from coodie_core.fields import ClusteringKey, Counter, Indexed, PrimaryKey, Static, Vector
from coodie_core.operations import queries, reading
from coodie_core.operations.documents import save
from coodie_core.operations.reading import documents
from coodie_core.options import WriteOptions
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.results import LWTResult, PagedResult
from coodie_core.schema import TableKind
from coodie_core.statement import ExecutionOptions, Statement


class Order(BaseDocument):
    shop: Annotated[int, PrimaryKey()]
    day: Annotated[str, ClusteringKey(clustering_key_index=0)]
    number: Annotated[int, ClusteringKey(clustering_key_index=1)]
    customer: Annotated[str, Indexed()] = ""
    total: int = 0

    class Settings:
        name = "orders"


COLUMNS = ("shop", "day", "number", "customer", "total")
SELECT = 'SELECT "shop", "day", "number", "customer", "total" FROM "ks"."orders"'
KEY = ' WHERE "shop" = ? AND "day" = ? AND "number" = ?'


def find(**filters: Any) -> BaseQuerySet[Order]:
    return BaseQuerySet(Query(Order)).filter(**filters)


def row(number: int) -> tuple[Any, ...]:
    return (1, "mon", number, "Al", 5)


def order(number: int) -> Order:
    return Order(shop=1, day="mon", number=number, customer="Al", total=5)


class TestReading:
    def test_columns_are_named_one_by_one(self, start):
        """A table may have columns that no model knows, and SELECT * changes its meaning when one is added."""
        assert start(reading.all_results(find().query, "ks", documents)).request == Statement(SELECT, idempotent=True)

    def test_all_that_was_asked_is_in_the_statement(self, start):
        query = (
            find(shop=1, day__gte="mon", number__in=[1, 2])
            .order_by("-day", "-number")
            .per_partition_limit(5)
            .limit(7)
            .allow_filtering()
            .consistency("QUORUM")
            .timeout(2.5)
            .fetch_size(100)
            .page(b"next")
            .query
        )

        assert start(reading.page(query, "ks", documents)).request == Statement(
            SELECT + ' WHERE "shop" = ? AND "day" >= ? AND "number" IN ? ORDER BY "day" DESC, "number" DESC '
            "PER PARTITION LIMIT ? LIMIT ? ALLOW FILTERING",
            (1, "mon", [1, 2], 5, 7),
            ExecutionOptions(consistency=query.execution.consistency, timeout=2.5, fetch_size=100),
            b"next",
            idempotent=True,
        )

    def test_values_are_never_part_of_the_text(self, start):
        """Each text is one prepared statement on the server, so 200 values must not be 200 texts."""
        texts = {
            start(reading.page(find(shop=n, number__in=list(range(n))).limit(n).query, "ks", documents)).cql
            for n in range(1, 200)
        }

        assert len(texts) == 1

    def test_all_reads_every_page(self, start):
        conversation = start(reading.all_results(find().query, "ks", documents))

        conversation.answer(row(1), columns=COLUMNS, paging_state=b"2")
        conversation.answer(columns=COLUMNS, paging_state=b"3")  # servers may send an empty page before the last
        conversation.answer(row(2), row(3), columns=COLUMNS)

        assert [request.paging_state for request in conversation.requests] == [None, b"2", b"3"]
        assert conversation.result == [order(1), order(2), order(3)]

    def test_a_page_says_where_the_next_one_begins(self, start):
        conversation = start(reading.page(find().query, "ks", documents)).answer(
            row(1), columns=COLUMNS, paging_state=b"2"
        )

        assert conversation.result == PagedResult([order(1)], b"2")

    def test_the_first_document_is_asked_for_with_a_limit_of_one(self, start):
        conversation = start(reading.first(find(shop=1).limit(10).query, "ks", documents)).answer(
            row(1), columns=COLUMNS
        )

        assert conversation.request == Statement(SELECT + ' WHERE "shop" = ? LIMIT ?', (1, 1), idempotent=True)
        assert conversation.result == order(1)

    def test_without_a_first_document_it_is_none(self, start):
        assert start(reading.first(find().query, "ks", documents)).answer(columns=COLUMNS).result is None

    def test_the_first_document_may_come_after_an_empty_page(self, start):
        conversation = start(reading.first(find(total=5).allow_filtering().query, "ks", documents))

        conversation.answer(columns=COLUMNS, paging_state=b"2").answer(row(1), columns=COLUMNS)

        assert conversation.result == order(1)

    def test_get_returns_the_one_document(self, start):
        conversation = start(reading.get(find(shop=1).query, "ks", documents)).answer(row(1), columns=COLUMNS)

        assert conversation.params == (1, 2)
        assert conversation.result == order(1)

    def test_get_without_a_document_is_an_error_that_names_what_was_looked_for(self, start):
        with pytest.raises(DocumentNotFound) as missing:
            start(reading.get(find(shop=1, day="mon").query, "ks", documents)).answer(columns=COLUMNS)

        assert (missing.value.document, missing.value.fields) == ("Order", ("shop", "day"))
        assert str(missing.value) == (
            "Order.get(shop=..., day=...): there is no such document. "
            "Use find_one() where it may be missing: it returns None."
        )

    def test_get_with_several_documents_is_an_error(self, start):
        with pytest.raises(MultipleDocumentsFound) as several:
            start(reading.get(find(shop=1).query, "ks", documents)).answer(row(1), row(2), columns=COLUMNS)

        assert str(several.value) == (
            "Order.get(shop=...): more than one document fits. "
            "Give the whole primary key, or use find(...).all() or find(...).first()."
        )

    @pytest.mark.parametrize("chain", [find().only("total"), find().defer("customer")])
    def test_fields_that_were_left_out_are_not_asked_for_and_cannot_be_read(self, start, chain):
        conversation = start(reading.all_results(chain.query, "ks", documents))
        columns = ("shop", "day", "number", "total")

        [document] = conversation.answer((1, "mon", 1, 5), columns=columns).result

        assert conversation.cql == 'SELECT "shop", "day", "number", "total" FROM "ks"."orders"'
        with pytest.raises(FieldNotLoaded) as missing:
            _ = document.customer
        assert str(missing.value) == (
            "Order.customer was not loaded: the query's only() or defer() left it out. "
            "Name it in only(), or read the document with get()."
        )

    def test_the_keyspace_of_the_query_comes_before_the_models_and_the_connections(self, start):
        query = find().using(keyspace="other").query

        assert start(reading.page(query, "ks", documents)).cql.endswith('FROM "other"."orders"')


class TestCounting:
    def test_the_server_counts(self, start):
        conversation = start(reading.count(find(shop=1).allow_filtering().timeout(3).query, "ks"))

        conversation.answer((17,), columns=("count",))

        assert conversation.request == Statement(
            'SELECT COUNT(*) FROM "ks"."orders" WHERE "shop" = ? ALLOW FILTERING',
            (1,),
            ExecutionOptions(timeout=3),
            idempotent=True,
        )
        assert conversation.result == 17

    def test_where_partitions_have_static_columns_rows_are_counted_by_their_clustering_key(self, start):
        """The static columns of a partition without rows would count as one."""

        class Reading(BaseDocument):
            sensor: Annotated[int, PrimaryKey()]
            day: Annotated[int, ClusteringKey()]
            place: Annotated[str | None, Static()] = None

        assert start(reading.count(Query(Reading), "ks")).cql == 'SELECT count("day") FROM "ks"."reading"'

    @pytest.mark.parametrize(("limit", "counted"), [(10, 10), (17, 17), (20, 17)])
    def test_at_most_the_limit_is_counted(self, start, limit, counted):
        """CQL's LIMIT would limit the rows of the answer, which is one."""
        conversation = start(reading.count(find().limit(limit).query, "ks")).answer((17,), columns=("count",))

        assert conversation.result == counted


class TestFilteringRefused:
    REFUSAL = ServerRefusedQuery(
        "The server refuses the statement: Cannot execute this query as it might involve data filtering and thus may "
        "have unpredictable performance. If you want to execute this query despite the performance unpredictability, "
        "use ALLOW FILTERING. Statement: SELECT ...",
        statement="SELECT ...",
        hosts=("10.0.0.1:9042",),
    )

    def refused(self, start: Any, operation: Any) -> FilteringRefused:
        with pytest.raises(FilteringRefused) as refused:
            start(operation).fail(self.REFUSAL)
        return refused.value

    def test_the_error_names_the_field_and_the_ways_out(self, start):
        error = self.refused(start, reading.all_results(find(total=5).query, "ks", documents))

        assert str(error) == (
            "Order.find(total=...): total is neither part of the primary key nor indexed. The server would read "
            "rows only to throw them away. Ways out: mark the field with Indexed() and run sync_table(); keep a "
            "table or a materialized view keyed by it; or, where the rows are few, add .allow_filtering()."
        )
        assert (error.document, error.fields, error.__cause__) == ("Order", ("total",), self.REFUSAL)
        assert (error.statement, error.hosts) == ("SELECT ...", ("10.0.0.1:9042",))

    @pytest.mark.parametrize("read", [reading.page, reading.all_results, reading.first, reading.get])
    def test_every_way_of_reading_explains_it(self, start, read):
        assert self.refused(start, read(find(total=5).query, "ks", documents)).fields == ("total",)

    @pytest.mark.parametrize("read", [reading.count, reading.json])
    def test_so_do_those_that_read_no_documents(self, start, read):
        assert self.refused(start, read(find(total=5).query, "ks")).fields == ("total",)

    def test_fields_that_a_key_or_index_serves_are_not_blamed(self, start):
        error = self.refused(start, reading.page(find(shop=1, customer="Al", total=5).query, "ks", documents))

        assert error.fields == ("total",)

    def test_several_fields_are_all_named(self, start):
        class Bag(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            a: int = 0
            b: int = 0

        error = self.refused(start, reading.page(BaseQuerySet(Query(Bag)).filter(a=1, b=2).query, "ks", documents))

        assert error.fields == ("a", "b")
        assert "a is neither part of the primary key nor indexed; b is neither" in str(error)

    def test_a_clustering_key_without_the_partition_key_is_explained(self, start):
        error = self.refused(start, reading.page(find(day="mon").query, "ks", documents))

        assert error.fields == ("day",)
        assert str(error).startswith(
            "Order.find(day=...): day is a clustering key, of use only with the whole partition key (shop). "
        )

    def test_an_index_that_does_not_know_the_operator_is_explained(self, start):
        error = self.refused(start, reading.page(find(customer__gt="A").query, "ks", documents))

        assert error.fields == ("customer",)
        assert "customer is indexed, but not for '>'" in str(error)

    def test_beside_the_nearest_vectors_filtering_is_no_way_out(self, start):
        class Article(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            color: str = ""
            place: Annotated[list[float], Vector(dimensions=2)]

        query = BaseQuerySet(Query(Article)).filter(color="x").order_by_ann("place", [1, 2]).limit(1).allow_filtering()
        refusal = ServerRefusedQuery("ANN ordering by vector requires all restricted column(s) to be indexed")

        with pytest.raises(FilteringRefused) as refused:
            start(reading.page(query.query, "ks", documents)).fail(refusal)

        assert refused.value.fields == ("color",)
        assert str(refused.value) == (
            "Article.find(color=...).order_by_ann('place', ...): color needs an index of its own here, filtering or "
            "not. Among the nearest vectors the server finds rows by the whole partition key, or by an SAI index. Ways "
            "out: mark the field with Indexed(index_class='SAI') and run sync_table(); or take more of the nearest, by "
            "a larger limit(), and compare in Python."
        )

    def test_a_vector_without_an_index_is_explained(self, start):
        class Article(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            place: Annotated[list[float], Vector(dimensions=2)]

        query = BaseQuerySet(Query(Article)).order_by_ann("place", [1, 2]).limit(1).query
        refusal = ServerRefusedQuery("ANN ordering by vector requires the column to be indexed", statement="SELECT ...")

        with pytest.raises(ServerRefusedQuery) as refused:
            start(reading.page(query, "ks", documents)).fail(refusal)

        assert str(refused.value) == (
            "Article.find().order_by_ann('place', ...): the table has no vector index on place. Mark the field with "
            "VectorIndex() and run sync_table()."
        )
        assert (refused.value.statement, refused.value.__cause__) == ("SELECT ...", refusal)

    def test_other_refusals_stay_as_they_are(self, start):
        other = ServerRefusedQuery("The server refuses the statement: no such table")

        with pytest.raises(ServerRefusedQuery) as refused:
            start(reading.page(find(total=5).query, "ks", documents)).fail(other)

        assert refused.value is other

    def test_a_refusal_of_a_query_that_allows_filtering_is_about_something_else(self, start):
        """Its text quotes the statement, in which the words stand."""
        other = ServerRefusedQuery("The server refuses it: no such table. Statement: SELECT ... ALLOW FILTERING")

        with pytest.raises(ServerRefusedQuery) as refused:
            start(reading.page(find(total=5).allow_filtering().query, "ks", documents)).fail(other)

        assert refused.value is other


class TestCreating:
    def test_a_document_is_made_and_written_with_the_options_of_the_query(self, start):
        query = find().ttl(60).timestamp(1234).consistency("ONE").timeout(3).query

        conversation = start(queries.create(query, "ks", {"shop": 1, "day": "mon", "number": 1, "customer": "Al"}))

        assert conversation.request == Statement(
            'INSERT INTO "ks"."orders" ("shop", "day", "number", "customer", "total") VALUES (?, ?, ?, ?, ?) '
            "USING TTL ? AND TIMESTAMP ?",
            (1, "mon", 1, "Al", 0, 60, 1234),
            query.execution,
            idempotent=True,
        )
        assert conversation.answer().result == Order(shop=1, day="mon", number=1, customer="Al")

    def test_what_was_created_is_not_saved_again(self, start):
        document = start(queries.create(find().query, "ks", {"shop": 1, "day": "mon", "number": 1})).answer().result

        assert start(save(document, "ks", WriteOptions())).requests == []

    def test_if_not_exists_gives_the_document_or_an_error_with_the_row_that_was_found(self, start):
        query, fields = find().if_not_exists().query, {"shop": 1, "day": "mon", "number": 1}
        conversation = start(queries.create(query, "ks", fields))

        with pytest.raises(ConditionNotMet) as refused:
            conversation.answer((False, 1, "Bob"), columns=("[applied]", "shop", "customer"))

        assert conversation.cql.endswith("IF NOT EXISTS")
        assert refused.value.result == LWTResult(applied=False, existing={"shop": 1, "customer": "Bob"})
        assert str(refused.value) == (
            "Order.create(): a row with this primary key exists, so nothing was written. "
            "The exception's result.existing has it."
        )

    def test_an_unknown_field_is_refused_with_the_nearest_name(self, start):
        """Pydantic would ignore it."""
        with pytest.raises(InvalidQueryError) as refused:
            start(queries.create(find().query, "ks", {"shop": 1, "day": "mon", "number": 1, "custmer": "Al"}))

        assert str(refused.value) == (
            "Order.create(custmer=...): Order has no field 'custmer' (did you mean 'customer'?). "
            "Its fields are shop, day, number, customer, total."
        )

    def test_a_missing_or_wrong_field_is_pydantics_own_error(self, start):
        with pytest.raises(ValidationError):
            start(queries.create(find().query, "ks", {"shop": 1, "day": "mon", "number": "x"}))

    @pytest.mark.parametrize(
        "field", [Field(alias="Name"), Field(validation_alias="Name")], ids=["alias", "validation_alias"]
    )
    def test_fields_can_be_given_by_their_aliases(self, start, field):
        class Person(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            name: Annotated[str, field]

        conversation = start(queries.create(Query(Person), "ks", {"id": 1, "Name": "Al"}))

        assert conversation.request.params == (1, "Al")

    def test_filters_are_refused(self, start):
        with pytest.raises(InvalidQueryError, match=r"^Order\.create\(\): begin with find\(\) without filters"):
            start(queries.create(find(shop=1).query, "ks", {}))


class TestUpdating:
    def test_the_row_that_the_query_names_is_changed_with_the_options_of_the_query(self, start):
        query = find(shop=1, day="mon", number=1).ttl(60).timestamp(1234).timeout(3).query

        conversation = start(queries.update(query, "ks", {"total": 6}))

        assert conversation.request == Statement(
            'UPDATE "ks"."orders" USING TTL ? AND TIMESTAMP ? SET "total" = ?' + KEY,
            (60, 1234, 6, 1, "mon", 1),
            ExecutionOptions(timeout=3),
            idempotent=True,
        )
        assert conversation.answer().result == LWTResult(applied=True)

    def test_conditions_and_if_exists_are_sent(self, start):
        query = find(shop=1, day="mon", number=1).query

        by_condition = start(queries.update(query, "ks", {"total": 6}, {"total": 5}))
        by_existence = start(queries.update(find(shop=1, day="mon", number=1).if_exists().query, "ks", {"total": 6}))

        assert by_condition.cql == 'UPDATE "ks"."orders" SET "total" = ?' + KEY + ' IF "total" = ?'
        assert by_existence.cql == 'UPDATE "ks"."orders" SET "total" = ?' + KEY + " IF EXISTS"
        assert by_existence.answer((False,), columns=("[applied]",)).result == LWTResult(applied=False)

    @pytest.mark.parametrize(
        ("filters", "wrong"),
        [
            ({"shop": 1, "day": "mon"}, "number missing"),
            ({}, "shop, day, number missing"),
            ({"shop": 1, "day": "mon", "number": 1, "total": 5}, "total is not part of it"),
        ],
    )
    def test_a_query_that_does_not_name_one_row_is_refused(self, start, filters, wrong):
        with pytest.raises(InvalidQueryError) as refused:
            start(queries.update(find(**filters).query, "ks", {"total": 6}))

        assert str(refused.value) == (
            "Order.find(...).update(): name the whole primary key (shop, day, number) and nothing else in find(): "
            f"{wrong}. Changes of many rows are not one write in CQL; read their keys first."
        )

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({}, "Order.find(...).update(): name at least one field to change."),
            (
                {"totl": 1},
                "Order.update(totl=...): Order has no field 'totl' (did you mean 'total'?). "
                "Its fields are shop, day, number, customer, total.",
            ),
            (
                {"total": None},
                "Order.update(total=...): total is int: Input should be a valid integer.",
            ),
            (
                {"day": "tue"},
                "Order.update(day=...): day is part of the primary key, which never changes. "
                "Save a new document and delete this one.",
            ),
        ],
    )
    def test_changes_that_cannot_be_are_refused(self, start, changes, message):
        with pytest.raises(InvalidQueryError) as refused:
            start(queries.update(find(shop=1, day="mon", number=1).query, "ks", changes))

        assert str(refused.value) == message


class TestDeleting:
    @pytest.mark.parametrize(
        ("filters", "where"),
        [
            ({"shop": 1, "day": "mon", "number": 1}, '"shop" = ? AND "day" = ? AND "number" = ?'),
            ({"shop": 1, "day__lt": "tue"}, '"shop" = ? AND "day" < ?'),
            ({"shop": 1}, '"shop" = ?'),
        ],
        ids=["a row", "a range", "a partition"],
    )
    def test_what_the_key_names_is_deleted(self, start, filters, where):
        conversation = start(queries.delete(find(**filters).timestamp(1234).query, "ks"))

        assert conversation.cql == f'DELETE FROM "ks"."orders" USING TIMESTAMP ? WHERE {where}'
        assert conversation.params == (1234, *filters.values())
        assert conversation.answer().result == LWTResult(applied=True)

    @pytest.mark.parametrize(
        ("filters", "wrong"),
        [
            ({}, "shop is missing."),
            ({"day": "mon"}, "shop is missing."),
            ({"shop": 1, "total": 5}, "total is not part of it."),
        ],
    )
    def test_what_no_key_names_is_refused(self, start, filters, wrong):
        with pytest.raises(InvalidQueryError) as refused:
            start(queries.delete(find(**filters).query, "ks"))

        assert str(refused.value) == (
            "Order.find(...).delete(): CQL deletes by primary key, at least by the whole partition key (shop): "
            f"{wrong} Order.truncate() deletes every row."
        )

    @pytest.mark.parametrize("limited", [find(shop=1).limit(1), find(shop=1).per_partition_limit(1)])
    def test_a_limit_is_refused_since_more_would_be_deleted(self, start, limited):
        with pytest.raises(InvalidQueryError, match="CQL deletes without a limit"):
            start(queries.delete(limited.query, "ks"))

    def test_conditions_and_if_exists_are_sent(self, start):
        whole = find(shop=1, day="mon", number=1)

        by_condition = start(queries.delete(whole.query, "ks", {"total": 5}))
        by_existence = start(queries.delete(whole.if_exists().query, "ks"))

        assert by_condition.cql.endswith(KEY + ' IF "total" = ?')
        assert by_existence.cql.endswith(KEY + " IF EXISTS")
        assert by_condition.request.conditional
        assert by_existence.request.conditional

    def test_deleting_rows_of_counters_is_a_counter_write(self, start):
        assert start(queries.delete(BaseQuerySet(Query(Page)).filter(url="/").query, "ks")).request.counter
        assert not start(queries.delete(find(shop=1).query, "ks")).request.counter


class Page(BaseDocument):
    __coodie_kind__ = TableKind.COUNTER
    url: Annotated[str, PrimaryKey()]
    views: Annotated[int, Counter()] = 0


class OrderByDay(BaseDocument):
    __coodie_kind__ = TableKind.VIEW
    day: Annotated[str, PrimaryKey()]


@pytest.mark.parametrize(
    ("model", "operation", "message"),
    [
        (Page, lambda query: queries.create(query, "ks", {"url": "/"}), r"^Page\.create\(\): a counter table takes no"),
        (Page, lambda query: queries.update(query, "ks", {"views": 1}), r"^Page\.update\(\): a counter table takes no"),
        (OrderByDay, lambda query: queries.create(query, "ks", {}), r"^OrderByDay\.create\(\): a materialized view is"),
        (OrderByDay, lambda query: queries.update(query, "ks", {}), r"^OrderByDay\.update\(\): a materialized view is"),
        (OrderByDay, lambda query: queries.delete(query, "ks"), r"^OrderByDay\.delete\(\): a materialized view is"),
    ],
)
def test_counters_and_views_refuse_what_they_cannot(start, model, operation, message):
    with pytest.raises(InvalidQueryError, match=message):
        start(operation(Query(model)))
