"""Writes by key that would pass by a version, or go to a row of another class, are refused."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import ClusteringKey, Discriminator, PrimaryKey, Static, Version
from coodie_core.operations import documents, queries
from coodie_core.options import WriteOptions
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet


class Page(BaseDocument):
    book: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    text: str = ""
    shelf: Annotated[str, Static()] = ""
    version: Annotated[int, Version()] = 0


class Media(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    kind: Annotated[str, Discriminator()]
    title: str = ""


class Film(Media):
    minutes: int = 0

    class Settings:
        __discriminator_value__ = "film"


class Part(BaseDocument):
    kind: Annotated[str, PrimaryKey(partition_key_index=0), Discriminator()]
    id: Annotated[int, PrimaryKey(partition_key_index=1)]
    length: int = 0


class Screw(Part):
    class Settings:
        __discriminator_value__ = "screw"


def find(model: type[BaseDocument], **filters: Any) -> Query[Any]:
    return BaseQuerySet(Query(model)).filter(**filters).query


def refusal(start: Any, operation: Any) -> str:
    with pytest.raises(InvalidQueryError) as refused:
        start(operation)
    return str(refused.value)


PAGE = find(Page, book=1, number=2)


class TestVersions:
    @pytest.mark.parametrize(
        ("changes", "conditions"),
        [
            ({"text": "new"}, None),
            ({"text": "new", "version": 4}, None),
            ({"text": "new"}, {"version": 3}),
            ({"text": "new", "version": 4}, {"text": "old"}),
        ],
    )
    def test_an_update_must_compare_and_count(self, start, changes, conditions):
        error = refusal(start, queries.update(PAGE, "ks", changes, conditions))

        assert error == (
            "Page.find(...).update(): nobody would compare and count 'version', the Version() by which others see that "
            "the row changed. Read the document and save() or update() it; or do both here, as in "
            "update(..., version=4, if_conditions={'version': 3})."
        )

    def test_an_update_that_does_is_sent(self, start):
        conversation = start(queries.update(PAGE, "ks", {"text": "new", "version": 4}, {"version": 3}))

        assert conversation.cql.endswith('WHERE "book" = ? AND "number" = ? IF "version" = ?')

    def test_no_version_counts_static_columns(self, start):
        """They are of the partition, whose rows each have a version."""
        conversation = start(queries.update(find(Page, book=1), "ks", {"shelf": "B"}))

        assert conversation.cql == 'UPDATE "ks"."page" SET "shelf" = ? WHERE "book" = ?'

    @pytest.mark.parametrize("query", [PAGE, find(Page, book=1)])
    def test_a_delete_must_compare(self, start, query):
        error = refusal(start, queries.delete(query, "ks"))

        assert error.startswith(
            "Page.find(...).delete(): it would delete whatever 'version' is, the Version() by which"
        )

    def test_a_delete_that_does_is_sent(self, start):
        assert start(queries.delete(PAGE, "ks", {"version__lt": 3})).cql.endswith('IF "version" < ?')


class TestClasses:
    @pytest.mark.parametrize(
        ("asked", "operation"),
        [
            ("find(...).update()", lambda: queries.update(find(Film, id=1), "ks", {"title": "new"})),
            ("find(...).update()", lambda: queries.update(find(Film, id=1), "ks", {"title": "new"}, {"minutes": 9})),
            ("find(...).delete()", lambda: queries.delete(find(Film, id=1), "ks")),
            ("update()", lambda: documents.update(Film(id=1), "ks", {"title": "new"}, WriteOptions())),
            ("delete()", lambda: documents.delete(Film(id=1), "ks", WriteOptions(), if_exists=True)),
        ],
    )
    def test_a_row_of_any_class_is_not_written_through_one_of_them(self, start, asked, operation):
        assert refusal(start, operation()) == (
            f"Film.{asked}: Media and others share the table, and nothing shows that the row is a Film. Read the "
            f"document and change or delete that; or give if_conditions={{'kind': 'film'}}; or write to a row of any "
            f"class through Media."
        )

    def test_what_takes_no_conditions_is_not_told_to(self, start):
        error = refusal(start, documents.delete_columns(Film(id=1), "ks", ["title"], WriteOptions()))

        assert error.endswith(
            "Read the document and change or delete that; or write to a row of any class through Media."
        )

    def test_a_condition_shows_the_class(self, start):
        condition = {"kind": "film"}

        assert start(queries.update(find(Film, id=1), "ks", {"title": "new"}, condition)).cql.endswith('IF "kind" = ?')
        assert start(queries.delete(find(Film, id=1), "ks", condition)).cql.endswith('IF "kind" = ?')
        update = documents.update(Film(id=1), "ks", {"title": "new"}, WriteOptions(), if_conditions=condition)
        assert start(update).cql.endswith('IF "kind" = ?')

    def test_the_base_writes_to_a_row_of_any_class(self, start):
        assert start(queries.update(find(Media, id=1), "ks", {"title": "new"})).cql.endswith('WHERE "id" = ?')
        assert start(queries.delete(find(Media, id=1), "ks")).cql.endswith('WHERE "id" = ?')

    def test_a_document_that_was_saved_is_of_its_class(self, start):
        film = Film(id=1, minutes=9)
        assert start(documents.save(film, "ks", WriteOptions())).answer().result.applied

        assert start(documents.update(film, "ks", {"title": "new"}, WriteOptions())).answer().result.applied
        assert start(documents.delete(film, "ks", WriteOptions())).answer().result.applied

    def test_a_key_that_has_the_class_shows_it(self, start):
        query = find(Screw, kind="screw", id=1)

        assert start(queries.update(query, "ks", {"length": 5})).cql.endswith('WHERE "kind" = ? AND "id" = ?')
        assert start(documents.delete(Screw(id=1), "ks", WriteOptions())).cql.endswith('WHERE "kind" = ? AND "id" = ?')
