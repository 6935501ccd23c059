"""Pages for clients: what a token is bound to, and what is refused before anything is sent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from copy import copy
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, create_model

from coodie_core import selection
from coodie_core.document import BaseDocument
from coodie_core.exceptions import ConfigurationError, InvalidPagingToken, InvalidQueryError
from coodie_core.fields import ClusteringKey, Frozen, PrimaryKey, Vector
from coodie_core.operations import paging, reading
from coodie_core.operations.reading import documents
from coodie_core.paging_tokens import PagingTokens
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.results import PagedResult


class Label(BaseModel):
    words: set[str]
    rank: int = 0


class Order(BaseDocument):
    shop: Annotated[int, PrimaryKey()]
    at: Annotated[datetime, ClusteringKey()]
    total: Decimal = Decimal(0)
    tags: Annotated[set[str], Frozen()] = set()
    counts: Annotated[dict[str, int], Frozen()] = {}
    notes: Annotated[list[str], Frozen()] = []
    bag: dict[str, int] = {}
    label: Label | None = None
    groups: dict[str, set[str]] = {}
    ranks: dict[frozenset[str], int] = {}
    place: Annotated[list[float], Vector(2)] = [0.0, 0.0]
    goal: Annotated[list[float], Vector(2)] = [0.0, 0.0]

    class Settings:
        name = "orders"


class Elsewhere(Order):
    """The same columns in another table."""

    class Settings:
        name = "orders_elsewhere"


class SameTable(BaseDocument):
    """Another class of the same table."""

    shop: Annotated[int, PrimaryKey()]
    at: Annotated[datetime, ClusteringKey()]

    class Settings:
        name = "orders"


def of_the_same_name() -> Any:
    """A class that is called as another one, of another table."""
    same: Any = create_model("Order", __base__=Elsewhere)
    return same


NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)  # noqa: UP017
TOKENS = PagingTokens(PagingTokens.new_key())
WORDS = {f"word {number}" for number in range(20)}


def find(model: Any = Order, **filters: Any) -> BaseQuerySet[Any]:
    return BaseQuerySet(Query(model)).filter(**filters)


def binding(query_set: BaseQuerySet[Any], keyspace: str = "ks") -> Any:
    return paging.binding_of(query_set.query, keyspace)


# ---------------------------------------------------------------------------------------------------------------------
# What a token is bound to

VARIANTS: dict[str, Callable[[], BaseQuerySet[Any]]] = {
    "all": lambda: find(),
    "another table": lambda: find(Elsewhere),
    "a class of the same name": lambda: find(of_the_same_name()),
    "another class": lambda: find(SameTable),
    "another keyspace": lambda: find().using(keyspace="other"),
    "another connection": lambda: find().using("archive"),
    "a filter": lambda: find(shop=1),
    "another value": lambda: find(shop=2),
    "another operator": lambda: find(shop__in=[1]),
    "more values": lambda: find(shop__in=[1, 2]),
    "values in another order": lambda: find(shop__in=[2, 1]),
    "two filters": lambda: find(shop=1, at__gte=NOON),
    "another look-up of the same value": lambda: find(shop=1, at__gt=NOON),
    "another of two values": lambda: find(shop=1, at__gte=NOON + timedelta(milliseconds=1)),
    "a token": lambda: find(shop__token__gt=7),
    "the token of a key": lambda: find(shop__token__gt=(7,)),
    "an element": lambda: find(notes__contains="a"),
    "a value of a map": lambda: find(bag__contains=1),
    "a key of a map": lambda: find(bag__contains_key="1"),
    "a set": lambda: find(tags={"a", "b"}),
    "another set": lambda: find(tags={"ab"}),
    "a list": lambda: find(notes=["a", "b"]),
    "a list in another order": lambda: find(notes=["b", "a"]),
    "a list of one": lambda: find(notes=["ab"]),
    "a map": lambda: find(counts={"a": 1, "b": 2}),
    "a map the other way": lambda: find(counts={"a": 2, "b": 1}),
    "a nested value": lambda: find(label=Label(words={"a"})),
    "another nested value": lambda: find(label=Label(words={"a"}, rank=1)),
    "a decimal": lambda: find(total=Decimal("1.0")),
    "another decimal": lambda: find(total=Decimal("1.1")),
    "an order": lambda: find().order_by("at"),
    "another order": lambda: find().order_by("-at"),
    "nearness": lambda: find().order_by_ann("place", [0.0, 1.0]),
    "nearness of another column": lambda: find().order_by_ann("goal", [0.0, 1.0]),
    "another vector": lambda: find().order_by_ann("place", [0.0, -1.0]),
    "columns": lambda: find().only("total"),
    "other columns": lambda: find().only("tags"),
    "tuples": lambda: BaseQuerySet(selection.with_values(find().query, ["total"])),
    "other tuples": lambda: BaseQuerySet(selection.with_values(find().query, ["tags"])),
    "functions": lambda: BaseQuerySet(selection.with_values(find().query, ["writetime(total)"])),
    "a token of rows": lambda: BaseQuerySet(selection.with_token(find().query)),
    "a cast": lambda: BaseQuerySet(selection.with_cast(find().query, "total", "text")),
    "groups": lambda: BaseQuerySet(selection.grouped(find().query, ["shop"])),
    "partitions": lambda: find().distinct(),
    "a limit": lambda: find().limit(5),
    "another limit": lambda: find().limit(6),
    "a limit of partitions": lambda: find().per_partition_limit(5),
    "filtering": lambda: find().allow_filtering(),
}

SAME: dict[str, tuple[Callable[[], BaseQuerySet[Any]], Callable[[], BaseQuerySet[Any]]]] = {
    "page size": (lambda: find().fetch_size(5), lambda: find().fetch_size(50)),
    "consistency": (lambda: find(), lambda: find().consistency("QUORUM")),
    "timeout": (lambda: find(), lambda: find().timeout(2)),
    "server timeout": (lambda: find(), lambda: find().using_timeout(2)),
    "cache": (lambda: find(), lambda: find().bypass_cache()),
    "validation": (lambda: find(), lambda: find().validate()),
    "place": (lambda: find(), lambda: find().page(b"state")),
    "token": (lambda: find(), lambda: find().page("token")),
    "order of filters": (lambda: find(shop=1, at__gt=NOON), lambda: find(at__gt=NOON).filter(shop=1)),
    "time zone": (
        lambda: find(at__gt=NOON),
        lambda: find(at__gt=NOON.astimezone(timezone(timedelta(hours=5)))),
    ),
    "order of a set": (lambda: find(tags=WORDS), lambda: find(tags=set(sorted(WORDS, reverse=True)))),
    "order of sets in a list": (
        lambda: find(tags__in=[WORDS]),
        lambda: find(tags__in=[set(sorted(WORDS, reverse=True))]),
    ),
    "order of a set in a map": (
        lambda: find(groups__contains=WORDS),
        lambda: find(groups__contains=set(sorted(WORDS, reverse=True))),
    ),
    "order of a set as a key": (
        lambda: find(ranks__contains_key=frozenset(WORDS)),
        lambda: find(ranks__contains_key=frozenset(sorted(WORDS, reverse=True))),
    ),
    "order of a map": (lambda: find(counts={"a": 1, "b": 2}), lambda: find(counts={"b": 2, "a": 1})),
    "order of named columns": (lambda: find().only("total", "tags"), lambda: find().only("tags", "total")),
    "the default connection's name": (lambda: find(), lambda: find().using("default")),
    "the default keyspace": (lambda: find(), lambda: find().using(keyspace="ks")),
}


def test_different_queries_have_different_bindings():
    bound = {name: binding(make()) for name, make in VARIANTS.items()}

    assert len({one.query for one in bound.values()}) == len(VARIANTS)
    assert len({one.principal for one in bound.values()}) == 1


def test_another_keyspace_of_the_driver_is_another_query():
    assert binding(find(), "ks").query != binding(find(), "other").query


@pytest.mark.parametrize("name", SAME)
def test_the_next_page_may_be_read_otherwise(name: str):
    one, other = SAME[name]

    assert binding(one()) == binding(other())


def test_every_attribute_of_a_query_is_bound_or_said_not_to_be():
    """One that is added is bound, unless someone decides otherwise."""
    names = {field.name for field in fields(Query)}

    assert names >= paging.UNBOUND
    assert names - paging.UNBOUND == {
        *("model", "filters", "null_checks", "ordering", "nearest", "columns", "selected", "distinct", "group_by"),
        *("row_limit", "per_partition_limit", "allow_filtering", "principal", "connection", "keyspace"),
    }


PRINCIPALS = [None, 7, "7", "", "None", UUID(int=7), "seven"]


def test_each_principal_is_another():
    bound = [binding(find().page(None, principal=principal)) for principal in PRINCIPALS]

    assert len({one.principal for one in bound}) == len(PRINCIPALS)
    assert len({one.query for one in bound}) == 1


@pytest.mark.parametrize("principal", [True, 1.5, b"alice", ["alice"], object()])
def test_what_is_no_principal_is_refused(principal: Any):
    with pytest.raises(InvalidQueryError, match=r"page\(principal=\w+\): give what the application knows its user by"):
        find().page(None, principal=principal)


shops = st.integers(-(2**31), 2**31 - 1)
instants = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(NOON.tzinfo)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "shop": shops,
        "at__gt": instants,
        "at__lte": instants,
        "total": st.decimals(allow_nan=False, allow_infinity=False, places=3),
        "tags": st.sets(st.text("ab12:;", max_size=4)),
        "notes": st.lists(st.text("ab12:;", max_size=4)),
        "counts": st.dictionaries(st.text("ab12:;", max_size=4), shops, max_size=3),
        "bag__contains_key": st.text("ab12:;", max_size=4),
    },
)


@given(filters, st.randoms(use_true_random=False))
def test_equal_queries_have_equal_bindings(given: dict[str, Any], chance: Any):
    shuffled = chance.sample(list(given.items()), len(given))

    assert binding(find(**given)) == binding(find(**dict(shuffled)))


@given(filters, filters)
def test_queries_that_differ_have_bindings_that_differ(one: dict[str, Any], other: dict[str, Any]):
    assume(one != other)

    assert binding(find(**one)).query != binding(find(**other)).query


BINDINGS_ELSEWHERE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("bindings", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["bindings"] = module
spec.loader.exec_module(module)
one_of_each = [*module.VARIANTS.values(), *(make for pair in module.SAME.values() for make in pair)]
print(*(module.binding(make()).query.hex() for make in one_of_each))
"""


def test_bindings_are_the_same_in_every_process():
    """Sets and dicts of texts have another order in each."""

    def bindings(hash_seed: str) -> str:
        command = [sys.executable, "-c", BINDINGS_ELSEWHERE, __file__]
        return subprocess.run(
            command, env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
        ).stdout

    here = [binding(make()).query.hex() for make in VARIANTS.values()]

    assert len({bindings(seed) for seed in ("0", "1", "2026")}) == 1
    assert bindings("0").split()[: len(VARIANTS)] == here


# ---------------------------------------------------------------------------------------------------------------------
# Reading by tokens


def read(start: Any, query_set: BaseQuerySet[Any], tokens: PagingTokens | None = TOKENS) -> Any:
    return start(paging.page(query_set.query, "ks", documents, tokens))


def test_the_token_of_a_page_reads_on_where_its_paging_state_does(start):
    first = read(start, find(shop=1)).answer(paging_state=b"there").result

    second = read(start, find(shop=1).page(first.next_token))

    assert second.request.paging_state == b"there"
    assert second.answer().result.next_token is None


def test_a_page_with_a_token_equals_what_it_holds(start):
    page = read(start, find()).answer(paging_state=b"there").result

    assert page == PagedResult([], b"there")
    assert repr(page) == "PagedResult(data=[], paging_state=b'there')"
    assert [field.name for field in fields(page)] == ["data", "paging_state"]


@pytest.mark.parametrize(
    ("query_set", "reason"),
    [
        (find(shop=2), "other query"),
        (find(shop=1).order_by("-at"), "other query"),
        (find(Elsewhere, shop=1), "other query"),
        (find(shop=1).page(None, principal="bob"), "other principal"),
        (find(shop=1).page(None), "other principal"),
    ],
)
def test_what_a_token_is_not_for_is_refused_before_anything_is_sent(start, query_set: Any, reason: str):
    page = read(start, find(shop=1).page(None, principal="alice")).answer(paging_state=b"there").result
    principal = query_set.query.principal

    with pytest.raises(InvalidPagingToken) as refused:
        read(start, query_set.page(page.next_token, principal=principal))

    assert refused.value.reason == reason


def test_a_principal_reads_its_own_pages(start):
    page = read(start, find().page(None, principal="alice")).answer(paging_state=b"there").result

    assert read(start, find().page(page.next_token, principal="alice")).request.paging_state == b"there"


def test_trusted_code_may_go_on_by_paging_state_and_give_out_tokens(start):
    page = read(start, find().page(b"here", principal="alice"))

    assert page.request.paging_state == b"here"
    token = page.answer(paging_state=b"there").result.next_token
    assert read(start, find().page(token, principal="alice")).request.paging_state == b"there"


def test_without_a_key_a_token_is_refused_and_none_is_given(start):
    with pytest.raises(ConfigurationError, match=r"Order.find\(\).page\(token\): the connection has no key"):
        read(start, find().page("token"), None)

    for paging_state in (b"there", None):
        page = read(start, find(), None).answer(paging_state=paging_state).result
        assert page.paging_state == paging_state
        with pytest.raises(ConfigurationError, match=r"init_coodie\(..., paging_tokens=PagingTokens\(key\)\)"):
            _ = page.next_token


def test_a_page_that_was_made_by_hand_has_no_token(start):
    page = read(start, find()).answer(paging_state=b"there").result

    for other in (PagedResult([], b"there"), copy(page)):
        with pytest.raises(ConfigurationError, match=r"PagedResult\.next_token: the connection has no key"):
            _ = other.next_token


@pytest.mark.parametrize(
    "operation",
    [
        lambda query: reading.all_results(query, "ks", documents),
        lambda query: reading.first(query, "ks", documents),
        lambda query: reading.get(query, "ks", documents),
        lambda query: reading.page(query, "ks", documents),
        lambda query: reading.count(query, "ks"),
        lambda query: reading.json(query, "ks"),
        lambda query: reading.aggregate(query, "ks", {"n": "count(*)"}),
    ],
)
def test_other_reads_refuse_a_token(start, operation: Any):
    with pytest.raises(InvalidQueryError, match=r"Order\.find\(\)\.page\(token\): a token is for paged_all\(\)"):
        start(operation(find().page("token").query))


@pytest.mark.parametrize("place", [7, bytearray(b"x"), ["x"], object()])
def test_what_is_neither_text_nor_bytes_is_refused(place: Any):
    with pytest.raises(
        InvalidQueryError, match="give the paging_state of an earlier page, which is bytes, or its next"
    ):
        find().page(place)
