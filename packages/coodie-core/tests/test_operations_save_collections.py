"""Of a collection that was read, save() writes the elements that changed; where that cannot be told, the whole."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import Field, RootModel

from coodie_core.document import BaseDocument
from coodie_core.exceptions import WriteTimeout
from coodie_core.fields import ClusteringKey, Frozen, PrimaryKey, Static
from coodie_core.hydration import documents_of
from coodie_core.operations.documents import delete_columns, save, update
from coodie_core.options import WriteOptions, write_options
from coodie_core.results import LWTResult
from coodie_core.statement import Rows

NOW = WriteOptions()


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Article(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    title: str = ""
    tags: set[str] = Field(default_factory=set)
    colours: set[Colour] = Field(default_factory=set)
    numbers: set[float] = Field(default_factory=set)
    words: list[str] = Field(default_factory=list)
    prices: dict[str, int] = Field(default_factory=dict)
    fixed: Annotated[set[str], Frozen()] = Field(default_factory=set)
    maybe: set[str] | None = None


WHERE = ' WHERE "id" = ?'


def read(**columns: Any) -> Article:
    """An article that was read with these columns, and a title."""
    row = {"id": 7, "title": "A", **columns}
    return documents_of(Article, Rows(tuple(row), [tuple(row.values())]))[0]


def plain(params: Any) -> list[Any]:
    return [sorted(value) if isinstance(value, tuple) else value for value in params]


def sent(start: Any, article: Article, options: WriteOptions = NOW) -> tuple[str, list[Any]]:
    """The assignments of the UPDATE that saves the article, and its values; or the whole INSERT."""
    conversation = start(save(article, "shop", options)).answer()
    cql = conversation.requests[0].cql.removeprefix('UPDATE "shop"."article" SET ').removesuffix(WHERE)
    return cql, plain(conversation.requests[0].params)


@pytest.mark.parametrize(
    ("before", "after", "cql", "params"),
    [
        ({"tags": ["a"]}, {"tags": {"a", "b"}}, '"tags" = "tags" + ?', [["b"], 7]),
        ({"tags": None}, {"tags": {"a"}}, '"tags" = "tags" + ?', [["a"], 7]),
        ({"maybe": None}, {"maybe": {"a"}}, '"maybe" = "maybe" + ?', [["a"], 7]),
        ({"tags": ["a", "b"]}, {"tags": {"a"}}, '"tags" = "tags" - ?', [["b"], 7]),
        (
            {"tags": ["a", "b"]},
            {"tags": {"a", "c"}},
            '"tags" = "tags" + ?, "tags" = "tags" - ?',
            [["c"], ["b"], 7],
        ),
        ({"colours": ["red"]}, {"colours": {Colour.RED, Colour.BLUE}}, '"colours" = "colours" + ?', [["blue"], 7]),
        ({"words": ["a"]}, {"words": ["a", "b"]}, '"words" = "words" + ?', [["b"], 7]),
        ({"words": ["a"]}, {"words": ["b", "a"]}, '"words" = ? + "words"', [["b"], 7]),
        ({"words": None}, {"words": ["a", "b"]}, '"words" = "words" + ?', [["a", "b"], 7]),
        ({"prices": {"a": 1}}, {"prices": {"a": 1, "b": 2}}, '"prices" = "prices" + ?', [{"b": 2}, 7]),
        ({"prices": {"a": 1}}, {"prices": {"a": 2}}, '"prices" = "prices" + ?', [{"a": 2}, 7]),
        ({"prices": {"a": 1, "b": 2}}, {"prices": {"a": 1}}, '"prices" = "prices" - ?', [["b"], 7]),
        ({"numbers": [1.5]}, {"numbers": {1.5, 2.5}}, '"numbers" = "numbers" + ?', [[2.5], 7]),
    ],
)
def test_changes_of_elements_are_written_as_such(start, before, after, cql, params):
    article = read(**before)

    for field, value in after.items():
        setattr(article, field, value)

    assert sent(start, article) == (cql, params)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ({"tags": ["a"]}, {"tags": {"b"}}, "nothing stays"),
        ({"tags": ["a"]}, {"tags": set()}, "it becomes empty"),
        ({"words": ["a", "b"]}, {"words": ["b", "a"]}, "elements moved"),
        ({"words": ["a", "b"]}, {"words": ["a"]}, "an element was removed, of which there may be several"),
        ({"prices": {"a": 1}}, {"prices": {"b": 1}}, "nothing stays"),
        ({"fixed": ["a"]}, {"fixed": {"a", "b"}}, "it is frozen"),
        ({"numbers": [1.5, 2.5]}, {"numbers": {1.5}}, "the server compares these otherwise than Python"),
        ({"numbers": [float("nan"), 1.5]}, {"numbers": {float("nan"), 1.5}}, "NaN is not itself"),
    ],
)
def test_what_is_written_as_a_whole(start, before, after, why):
    article = read(**before)

    for field, value in after.items():
        setattr(article, field, value)

    assert sent(start, article)[0].startswith('INSERT INTO "shop"."article" ("id", '), why


def test_other_fields_that_changed_are_in_the_same_update(start):
    article = read(tags=["a"])
    article.title, article.tags = "B", {"a", "b"}

    assert sent(start, article) == ('"title" = ?, "tags" = "tags" + ?', ["B", ["b"], 7])


def test_a_new_document_is_inserted_with_its_collections(start):
    assert sent(start, Article(id=7, tags={"a"}))[0].startswith("INSERT")


def test_a_document_that_would_be_a_row_without_any_value_is_inserted(start):
    """An UPDATE makes no row; without a row marker and a value there would be none."""
    article = read(title=None, tags=["a"], words=["x"])
    article.tags, article.title = set(), ""
    article.words = []

    assert sent(start, article)[0].startswith("INSERT")


def test_static_columns_make_no_row(start):
    class Reading(BaseDocument):
        sensor: Annotated[int, PrimaryKey()]
        at: Annotated[int, ClusteringKey()]
        places: Annotated[set[str], Static()] = Field(default_factory=set)

    [reading] = documents_of(Reading, Rows(("sensor", "at", "places"), [(1, 2, ["a"])]))
    reading.places.add("b")

    assert start(save(reading, "shop", NOW)).cql.startswith("INSERT")


def test_with_a_ttl_all_is_written_since_each_element_expires_by_itself(start):
    article = read(tags=["a"])
    article.tags.add("b")

    cql, params = sent(start, article, write_options(ttl=60))

    assert cql == 'INSERT INTO "shop"."article" ("id", "title", "tags") VALUES (?, ?, ?) USING TTL ?'
    assert params == [7, "A", ["a", "b"], 60]


def test_the_timestamp_travels_with_it(start):
    article = read(tags=["a"])
    article.tags.add("b")

    request = start(save(article, "shop", write_options(timestamp=5))).request

    assert (request.cql, plain(request.params)) == (
        'UPDATE "shop"."article" USING TIMESTAMP ? SET "tags" = "tags" + ? WHERE "id" = ?',
        [5, ["b"], 7],
    )


def test_after_a_failure_the_whole_is_written_so_that_nothing_is_appended_twice(start):
    article = read(words=["a"])
    article.words.append("b")
    with pytest.raises(WriteTimeout):
        start(save(article, "shop", NOW)).fail(WriteTimeout("nobody knows"))

    assert sent(start, article) == (
        'INSERT INTO "shop"."article" ("id", "words") VALUES (?, ?)',
        [7, ["a", "b"]],
    )


def test_what_was_written_is_known(start):
    article = read(tags=["a"])
    article.tags.add("b")
    sent(start, article)

    article.tags.add("c")

    assert sent(start, article) == ('"tags" = "tags" + ?', [["c"], 7])


def test_conditions_make_it_an_update(start):
    article = read(tags=["a"])
    article.title = "B"

    conversation = start(save(article, "shop", NOW, if_conditions={"title": "A"}))

    assert conversation.cql == 'UPDATE "shop"."article" SET "title" = ? WHERE "id" = ? IF "title" = ?'
    refused = conversation.answer((False, "C"), columns=("[applied]", "title"))
    assert refused.result == LWTResult(applied=False, existing={"title": "C"})
    assert sent(start, article) == ('INSERT INTO "shop"."article" ("id", "title") VALUES (?, ?)', [7, "B"])


def test_a_condition_on_a_document_that_did_not_change_writes_all_of_it(start):
    assert start(save(read(), "shop", NOW, if_exists=True)).cql == (
        'UPDATE "shop"."article" SET "title" = ? WHERE "id" = ? IF EXISTS'
    )


class Measured(BaseDocument):
    sensor: Annotated[int, PrimaryKey()]
    at: Annotated[int, ClusteringKey()]
    value: int = 0
    unit: Annotated[str, Static()] = "C"
    places: Annotated[set[str], Static()] = Field(default_factory=set)


@pytest.mark.parametrize(
    ("operation", "where"),
    [
        (lambda document: update(document, "shop", {"unit": "F"}, NOW), ' WHERE "sensor" = ?'),
        (lambda document: update(document, "shop", {"unit": "F", "value": 1}, NOW), ' WHERE "sensor" = ? AND "at" = ?'),
        (lambda document: delete_columns(document, "shop", ["places"], NOW), ' WHERE "sensor" = ?'),
        (
            lambda document: delete_columns(document, "shop", ["places", "value"], NOW),
            ' WHERE "sensor" = ? AND "at" = ?',
        ),
        (
            lambda document: update(document, "shop", {"unit": "F"}, NOW, if_conditions={"unit": "C"}),
            ' WHERE "sensor" = ? IF "unit" = ?',
        ),
        (
            lambda document: update(document, "shop", {"unit": "F"}, NOW, if_conditions={"value": 0}),
            ' WHERE "sensor" = ? AND "at" = ? IF "value" = ?',
        ),
    ],
)
def test_static_columns_alone_are_written_by_the_partition_key(start, operation, where):
    """Servers refuse a clustering key there, since the columns belong to no row."""
    assert start(operation(Measured(sensor=1, at=2))).cql.endswith(where)


def test_a_save_of_elements_of_a_static_collection_is_written_by_the_partition_key(start):
    row = {"sensor": 1, "at": 2, "value": 3, "places": ["a"]}
    [document] = documents_of(Measured, Rows(tuple(row), [tuple(row.values())]))
    document.places.add("b")

    assert start(save(document, "shop", NOW)).cql.endswith('SET "places" = "places" + ? WHERE "sensor" = ?')


class Words(RootModel[list[str]]):
    pass


class Text(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    words: Words


def test_a_model_around_a_collection_is_written_as_a_whole(start):
    (text,) = documents_of(Text, Rows(("id", "words"), [(1, ["a"])]))
    text.words = Words(["a", "b"])

    conversation = start(save(text, "ks", NOW))

    assert conversation.cql == 'INSERT INTO "ks"."text" ("id", "words") VALUES (?, ?)'
    assert conversation.params == (1, ("a", "b"))
