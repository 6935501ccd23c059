"""What became of a conditional write whose answer did not come: told by the row, where the row tells."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_core.batch import BaseBatch
from coodie_core.consistency import ConsistencyLevel
from coodie_core.document import BaseDocument
from coodie_core.exceptions import (
    ClientTimeout,
    ConditionNotMet,
    InvalidQueryError,
    OutcomeUnknown,
    ReadTimeout,
    VersionConflict,
    WriteLost,
    WriteTimeout,
)
from coodie_core.fields import ClusteringKey, PrimaryKey, Static, Version
from coodie_core.hydration import documents_of
from coodie_core.operations import documents, queries
from coodie_core.operations.resolving import LOOKS
from coodie_core.options import write_options
from coodie_core.outcomes import of_unknown_outcome
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.results import LWTResult
from coodie_core.statement import ExecutionOptions, Rows

RESOLVE = write_options(on_unknown="resolve")
#: The server gave the write up, and said so.
GIVEN_UP = WriteTimeout("too few replicas")
#: The answer did not come, and the write may be on its way.
NO_ANSWER = of_unknown_outcome(ClientTimeout)("no answer")


class Name(BaseDocument):
    name: Annotated[str, PrimaryKey()]
    owner: str = "nobody"
    visits: int | None = None
    tags: set[str] = set()

    class Settings:
        name = "names"
        keyspace = "ks"


class Page(BaseDocument):
    url: Annotated[str, PrimaryKey()]
    text: str = ""
    version: Annotated[int, Version()] = 0

    class Settings:
        name = "pages"
        keyspace = "ks"


class Line(BaseDocument):
    sheet: Annotated[str, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    title: Annotated[str, Static()] = ""

    class Settings:
        name = "lines"
        keyspace = "ks"


NAME = ("name", "owner", "visits", "tags")
PAGE = ("url", "text", "version")


def find(**filters: Any) -> BaseQuerySet[Name]:
    return BaseQuerySet(Query(Name)).filter(**filters)


def claim(**options: Any) -> Any:
    return documents.insert(Name(name="al", owner="me"), "ks", write_options(**{"on_unknown": "resolve", **options}))


def read_page(text: str = "old", version: int = 3) -> Page:
    [page] = documents_of(Page, Rows(PAGE, [("/", text, version)]))
    return page


def change_of_page() -> Any:
    page = read_page()
    page.text = "new"
    return documents.save(page, "ks", RESOLVE)


class TestLooking:
    def test_the_row_is_read_at_the_serial_level(self, start: Any) -> None:
        conversation = start(claim(timeout=2.5)).fail(GIVEN_UP)

        assert conversation.cql == (
            'SELECT "name", "owner", "visits", "tags" FROM "ks"."names" WHERE "name" = ? LIMIT ?'
        )
        assert conversation.params == ("al", 1)
        assert conversation.request.serial
        assert conversation.request.options == ExecutionOptions(timeout=2.5)
        assert conversation.request.idempotent

    def test_where_one_data_centre_agrees_it_is_asked(self, start: Any) -> None:
        conversation = start(claim(consistency="QUORUM", serial_consistency="LOCAL_SERIAL")).fail(GIVEN_UP)

        assert conversation.request.options == ExecutionOptions(serial_consistency=ConsistencyLevel.LOCAL_SERIAL)

    def test_the_write_is_never_sent_again(self, start: Any) -> None:
        conversation = start(claim()).fail(GIVEN_UP).answer(("al", "me", None, None), columns=NAME)

        assert [request.cql.split()[0] for request in conversation.requests] == ["INSERT", "SELECT"]

    def test_it_looks_again_while_looking_fails(self, start: Any) -> None:
        conversation = start(claim()).fail(GIVEN_UP)
        for _ in range(LOOKS - 1):
            conversation.fail(ReadTimeout("slow"))

        assert conversation.answer(("al", "me", None, None), columns=NAME).result == LWTResult(applied=True)

    def test_where_looking_fails_each_time_the_first_error_is_raised(self, start: Any) -> None:
        conversation = start(claim()).fail(GIVEN_UP)
        for _ in range(LOOKS - 1):
            conversation.fail(ReadTimeout("slow"))

        with pytest.raises(WriteTimeout) as raised:
            conversation.fail(ReadTimeout("slow"))

        assert raised.value is GIVEN_UP
        assert raised.value.found is None

    def test_without_being_asked_it_does_not_look(self, start: Any) -> None:
        with pytest.raises(WriteTimeout):
            start(claim(on_unknown="raise")).fail(GIVEN_UP)

    def test_errors_that_leave_no_doubt_are_raised_at_once(self, start: Any) -> None:
        with pytest.raises(ReadTimeout):
            start(claim()).fail(ReadTimeout("before anything was written"))

    def test_static_columns_alone_are_looked_for_in_their_partition(self, start: Any) -> None:
        line = Line(sheet="a", number=1, title="new")
        write = documents.update(line, "ks", {"title": "new"}, RESOLVE, if_conditions={"title": "old"})
        conversation = start(write).fail(GIVEN_UP)

        assert conversation.params == ("a", 1)
        assert conversation.cql.endswith('WHERE "sheet" = ? LIMIT ?')
        assert conversation.answer(("a", None, "new"), columns=("sheet", "number", "title")).result.applied


class TestInserting:
    def test_a_row_that_holds_what_was_written_is_the_one_that_was_written(self, start: Any) -> None:
        conversation = start(claim()).fail(NO_ANSWER).answer(("al", "me", None, None), columns=NAME)

        assert conversation.result == LWTResult(applied=True)

    def test_a_row_that_holds_nothing_of_it_is_anothers(self, start: Any) -> None:
        conversation = start(claim()).fail(NO_ANSWER).answer(("al", "you", 7, None), columns=NAME)

        existing = {"name": "al", "owner": "you", "visits": 7, "tags": set()}
        assert conversation.result == LWTResult(applied=False, existing=existing)

    def test_a_row_that_holds_a_part_of_it_tells_nothing_and_is_shown(self, start: Any) -> None:
        operation = documents.insert(Name(name="al", owner="me", visits=1), "ks", RESOLVE)
        with pytest.raises(OutcomeUnknown) as raised:
            start(operation).fail(WriteTimeout("x")).answer(("al", "me", 2, None), columns=NAME)

        assert raised.value.found == {"name": "al", "owner": "me", "visits": 2, "tags": set()}
        assert raised.value.applied is None

    def test_no_row_means_that_it_was_lost_once_the_server_gave_it_up(self, start: Any) -> None:
        with pytest.raises(WriteLost) as raised:
            start(claim()).fail(GIVEN_UP).answer(columns=NAME)

        assert raised.value.applied is False
        assert raised.value.__cause__ is GIVEN_UP

    def test_no_row_tells_nothing_while_the_write_may_be_on_its_way(self, start: Any) -> None:
        with pytest.raises(ClientTimeout) as raised:
            start(claim()).fail(NO_ANSWER).answer(columns=NAME)

        assert raised.value.found == {}

    def test_create_raises_where_the_row_is_anothers(self, start: Any) -> None:
        query = find().if_not_exists().on_unknown("resolve").query
        conversation = start(queries.create(query, "ks", {"name": "al", "owner": "me"})).fail(GIVEN_UP)

        with pytest.raises(ConditionNotMet):
            conversation.answer(("al", "you", None, None), columns=NAME)

    def test_a_document_with_a_key_alone_is_there_or_not(self, start: Any) -> None:
        operation = documents.insert(Line(sheet="a", number=1), "ks", RESOLVE)
        conversation = start(operation).fail(NO_ANSWER)

        assert conversation.answer(("a", 1, ""), columns=("sheet", "number", "title")).result.applied


class TestVersions:
    def test_the_next_version_with_what_was_written_is_the_write(self, start: Any) -> None:
        page = read_page()
        page.text = "new"
        conversation = start(documents.save(page, "ks", RESOLVE)).fail(NO_ANSWER)

        assert conversation.answer(("/", "new", 4), columns=PAGE).result == LWTResult(applied=True)
        assert page.version == 4

    def test_the_next_version_with_something_else_is_anothers(self, start: Any) -> None:
        with pytest.raises(VersionConflict, match="has 4 now"):
            start(change_of_page()).fail(NO_ANSWER).answer(("/", "theirs", 4), columns=PAGE)

    def test_a_later_version_tells_nothing(self, start: Any) -> None:
        with pytest.raises(OutcomeUnknown) as raised:
            start(change_of_page()).fail(WriteTimeout("x")).answer(("/", "new", 5), columns=PAGE)

        assert raised.value.found == {"url": "/", "text": "new", "version": 5}

    def test_the_version_that_was_read_means_that_the_write_was_lost(self, start: Any) -> None:
        with pytest.raises(WriteLost):
            start(change_of_page()).fail(GIVEN_UP).answer(("/", "old", 3), columns=PAGE)

    def test_a_row_that_is_gone_tells_nothing(self, start: Any) -> None:
        with pytest.raises(OutcomeUnknown) as raised:
            start(change_of_page()).fail(WriteTimeout("x")).answer(columns=PAGE)

        assert raised.value.found == {}


def taken_over(**conditions: Any) -> Any:
    return queries.update(find(name="al").on_unknown("resolve").query, "ks", {"owner": "me"}, conditions)


class TestUpdating:
    def test_what_was_set_is_there(self, start: Any) -> None:
        conversation = start(taken_over(owner="you")).fail(NO_ANSWER).answer(("al", "me", 1, None), columns=NAME)

        assert conversation.result == LWTResult(applied=True)

    def test_a_condition_that_holds_and_would_not_means_that_it_was_lost(self, start: Any) -> None:
        with pytest.raises(WriteLost):
            start(taken_over(owner="you")).fail(GIVEN_UP).answer(("al", "you", 1, None), columns=NAME)

    def test_a_condition_that_would_hold_either_way_tells_nothing(self, start: Any) -> None:
        """Another writer with the same condition may have come after."""
        with pytest.raises(OutcomeUnknown):
            start(taken_over(visits=1)).fail(WriteTimeout("x")).answer(("al", "you", 1, None), columns=NAME)

    @pytest.mark.parametrize("conditions", [{"visits__gt": 0}, {"owner__in": ["you"]}])
    def test_of_conditions_other_than_equality_nothing_is_said(self, start: Any, conditions: Any) -> None:
        with pytest.raises(OutcomeUnknown):
            start(taken_over(**conditions)).fail(WriteTimeout("x")).answer(("al", "you", 1, None), columns=NAME)

    def test_a_row_that_fits_neither_tells_nothing(self, start: Any) -> None:
        with pytest.raises(OutcomeUnknown):
            start(taken_over(owner="you")).fail(WriteTimeout("x")).answer(("al", "she", 1, None), columns=NAME)

    def test_added_elements_are_no_proof(self, start: Any) -> None:
        query = find(name="al").if_exists().on_unknown("resolve").query
        operation = queries.update(query, "ks", {"owner": "me", "tags__add": {"x"}})

        with pytest.raises(OutcomeUnknown):
            start(operation).fail(WriteTimeout("x")).answer(("al", "me", 1, ["x"]), columns=NAME)

    def test_a_document_takes_the_change_over_once_it_is_found(self, start: Any) -> None:
        name = Name(name="al", owner="you")
        operation = documents.update(name, "ks", {"owner": "me"}, RESOLVE, if_conditions={"owner": "you"})
        start(operation).fail(NO_ANSWER).answer(("al", "me", None, None), columns=NAME)

        assert name.owner == "me"


def gone(**conditions: Any) -> Any:
    query = find(name="al").on_unknown("resolve").query
    return queries.delete(query.but(if_exists=not conditions), "ks", conditions)


class TestDeleting:
    def test_a_row_that_is_gone_was_deleted(self, start: Any) -> None:
        assert start(gone()).fail(NO_ANSWER).answer(columns=NAME).result == LWTResult(applied=True)

    @pytest.mark.parametrize("conditions", [{}, {"owner": "you"}])
    def test_a_row_that_is_there_as_before_was_not(self, start: Any, conditions: Any) -> None:
        with pytest.raises(WriteLost):
            start(gone(**conditions)).fail(GIVEN_UP).answer(("al", "you", 1, None), columns=NAME)

    def test_another_row_tells_nothing(self, start: Any) -> None:
        with pytest.raises(OutcomeUnknown):
            start(gone(owner="you")).fail(WriteTimeout("x")).answer(("al", "me", 1, None), columns=NAME)

    def test_a_document_is_looked_for_by_its_key(self, start: Any) -> None:
        operation = documents.delete(Name(name="al"), "ks", RESOLVE, if_exists=True)

        assert start(operation).fail(NO_ANSWER).answer(columns=NAME).result == LWTResult(applied=True)


class TestRefusing:
    def test_a_write_without_a_condition(self, start: Any) -> None:
        with pytest.raises(InvalidQueryError, match="is for conditional writes"):
            start(documents.save(Name(name="al"), "ks", RESOLVE))

    def test_a_write_in_a_batch(self, start: Any) -> None:
        with pytest.raises(InvalidQueryError, match="sent by themselves"):
            start(documents.insert(Name(name="al"), "ks", RESOLVE, BaseBatch()))

    @pytest.mark.parametrize("choice", ["retry", None, True])
    def test_another_choice(self, choice: Any) -> None:
        with pytest.raises(InvalidQueryError, match="'raise' or 'resolve'"):
            find().on_unknown(choice)
