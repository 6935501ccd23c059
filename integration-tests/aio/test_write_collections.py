"""Collections: changed by their elements, on the server, beside other writers."""

from __future__ import annotations

import reprlib
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from pydantic import Field

from coodie_aio import Document, QuerySet, execute_raw
from coodie_core.exceptions import InvalidQueryError, ServerRefusedQuery
from coodie_core.fields import Frozen, PrimaryKey


class Basket(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    owner: str | None = None
    tags: set[str] = Field(default_factory=set)
    words: list[str] = Field(default_factory=list)
    prices: dict[str, int] = Field(default_factory=dict)
    numbers: Annotated[list[int], Frozen()] = Field(default_factory=list)

    class Settings:
        name = "write_baskets"


@pytest.fixture(autouse=True)
async def table(coodie_aio_driver: Any) -> None:
    await Basket.sync_table()


async def stored(**fields: Any) -> Basket:
    basket = Basket(**fields)
    await basket.save()
    return basket


async def again(basket: Basket) -> Basket:
    return await Basket.get(id=basket.id)


OPERATIONS = [
    ({"tags__add": {"c"}}, {"tags": {"a", "b", "c"}}),
    ({"tags__remove": {"a", "x"}}, {"tags": {"b"}}),
    ({"tags__add": {"c"}, "tags__remove": {"a"}}, {"tags": {"b", "c"}}),
    ({"words__append": ["c"]}, {"words": ["a", "b", "c"]}),
    ({"words__prepend": ["x", "y"]}, {"words": ["x", "y", "a", "b"]}),
    ({"words__remove": ["a"]}, {"words": ["b"]}),
    ({"words__setindex": (1, "x")}, {"words": ["a", "x"]}),
    ({"words__setindex": {0: "x", 1: "y"}}, {"words": ["x", "y"]}),
    ({"prices__update": {"b": 5, "c": 6}}, {"prices": {"a": 1, "b": 5, "c": 6}}),
    ({"prices__put": ("b", 5)}, {"prices": {"a": 1, "b": 5}}),
    ({"prices__put": {"b": 5, "c": 6}}, {"prices": {"a": 1, "b": 5, "c": 6}}),
    ({"prices__remove": {"a"}}, {"prices": {"b": 2}}),
    ({"owner": "Bob", "tags__add": {"c"}}, {"owner": "Bob", "tags": {"a", "b", "c"}}),
]


@pytest.mark.parametrize(("changes", "outcome"), OPERATIONS, ids=reprlib.repr)
async def test_operations_of_a_document_and_of_a_query(changes: dict[str, Any], outcome: dict[str, Any]):
    fields: dict[str, Any] = {"tags": {"a", "b"}, "words": ["a", "b"], "prices": {"a": 1, "b": 2}}
    one, other = await stored(**fields), await stored(**fields)

    await one.update(**changes)
    await Basket.find(id=other.id).update(**changes)

    for basket in (one, other):
        assert await again(basket) == Basket(id=basket.id, **{**fields, **outcome})


async def test_an_index_that_a_list_does_not_have_is_the_servers_to_refuse():
    basket = await stored(words=["a"])

    with pytest.raises(ServerRefusedQuery):
        await basket.update(words__setindex=(5, "x"))


@pytest.mark.parametrize(
    ("elements", "outcome"),
    [
        ({"prices": "a"}, {"prices": {"b": 2}}),
        ({"prices": ["a", "b"]}, {"prices": {}}),
        ({"words": 0}, {"words": ["b"]}),
        ({"tags": "a"}, {"tags": {"b"}}),
        ([("prices", "a"), ("words", 1)], {"prices": {"b": 2}, "words": ["a"]}),
    ],
    ids=str,
)
async def test_single_elements_are_deleted(elements: Any, outcome: dict[str, Any]):
    fields: dict[str, Any] = {"tags": {"a", "b"}, "words": ["a", "b"], "prices": {"a": 1, "b": 2}, "owner": "Al"}
    basket = await stored(**fields)

    await basket.delete_columns("owner", collection_elements=elements)

    assert await again(basket) == Basket(id=basket.id, **{**fields, "owner": None, **outcome})


async def test_savers_of_one_collection_keep_each_others_elements():
    first = await stored(tags={"a", "b"}, words=["a"], prices={"a": 1})
    mine, yours = await again(first), await again(first)

    mine.tags.add("mine")
    mine.words.append("mine")
    mine.prices["mine"] = 1
    await mine.save()
    yours.tags.add("yours")
    yours.words.append("yours")
    yours.prices["yours"] = 2
    yours.tags.discard("a")
    await yours.save()

    both = await again(first)
    assert both.tags == {"b", "mine", "yours"}
    assert both.words == ["a", "mine", "yours"]
    assert both.prices == {"a": 1, "mine": 1, "yours": 2}


async def test_a_document_equals_its_row_after_every_change_of_a_collection():
    basket = await stored(owner="Al")
    for tags, words, prices in (
        ({"a"}, ["a"], {"a": 1}),
        ({"a", "b"}, ["a", "b", "c"], {"a": 2, "b": 3}),
        ({"b", "c"}, ["z", "a", "b", "c"], {"b": 3}),
        ({"c"}, ["a", "b"], {"x": 1}),
        (set[str](), list[str](), dict[str, int]()),
        ({"d"}, ["d", "d"], {"d": 4}),
    ):
        basket.tags, basket.words, basket.prices = tags, words, prices
        basket.numbers = [len(words)]
        await basket.save()

        assert await again(basket) == basket


async def test_a_row_whose_last_values_are_elements_is_still_there_when_they_are_gone():
    basket = Basket(tags={"a"})
    await execute_raw("UPDATE write_baskets SET tags = {'a'} WHERE id = ?", [basket.id])  # a row without a row marker
    basket = await again(basket)

    basket.tags.clear()
    await basket.save()

    assert await again(basket) == Basket(id=basket.id)


async def test_lists_of_all_lengths_fit_in_a_condition():
    basket = await stored(owner="o7")

    for length in range(1, 50):
        result = await basket.update(owner="o7", if_conditions={"owner__in": [f"o{n}" for n in range(length)]})
        assert result.applied is (length > 7)


@pytest.mark.parametrize(
    "changes",
    [{"tags__add": {5}}, {"prices__put": ("a", "x")}, {"numbers__append": [1]}, {"tags": {"a"}, "tags__add": {"b"}}],
    ids=str,
)
async def test_what_does_not_fit_is_never_sent(changes: dict[str, Any]):
    basket = await stored(tags={"a"})
    query: QuerySet[Basket] = Basket.find(id=basket.id)

    with pytest.raises(InvalidQueryError):
        await basket.update(**changes)
    with pytest.raises(InvalidQueryError):
        await query.update(**changes)

    assert await again(basket) == basket
