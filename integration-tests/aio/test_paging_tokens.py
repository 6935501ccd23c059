"""Pages for clients that nobody trusts: whole tables by tokens, and what the server never gets to see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from hostile_text import NASTY

from coodie_aio import AsyncBatchQuery, Document, get_driver, init_coodie
from coodie_core.exceptions import ConfigurationError, InvalidPagingToken
from coodie_core.fields import ClusteringKey, Frozen, Indexed, PrimaryKey, Static
from coodie_core.paging_tokens import PagingTokens
from coodie_core.results import PagedResult

PARTITIONS, ROWS = 7, 13


class Reading(Document):
    sensor: Annotated[str, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    kind: Annotated[str, Indexed()] = "warm"
    room: Annotated[str | None, Static()] = None

    class Settings:
        name = "readings"


class Tagged(Document):
    tags: Annotated[set[str], PrimaryKey(), Frozen()]
    at: Annotated[datetime, ClusteringKey()]

    class Settings:
        name = "tagged"


READINGS = [
    Reading(sensor=f"sensor {part}", number=number, kind="cold" if number % 2 else "warm", room=f"room {part}")
    for part in range(PARTITIONS)
    for number in range(ROWS)
]
TAGS = {f"tag {number}" for number in range(10)}


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any, clock: Clock) -> None:
    coodie_aio_driver.paging_tokens = PagingTokens(PagingTokens.new_key(), max_age=60, clock=clock)
    await Reading.sync_table()
    for part in range(PARTITIONS):
        async with AsyncBatchQuery(logged=False) as batch:
            for reading in READINGS[part * ROWS : (part + 1) * ROWS]:
                await reading.save(batch=batch)


@pytest.fixture
def sent(coodie_aio_driver: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every request from now on, each of which is sent as usual."""
    requests: list[Any] = []
    execute = coodie_aio_driver.execute

    async def recording(request: Any) -> Any:
        requests.append(request)
        return await execute(request)

    monkeypatch.setattr(coodie_aio_driver, "execute", recording)
    return requests


async def pages_of(query: Callable[[], Any], principal: str | None = None) -> list[PagedResult[Any]]:
    """All pages, each by the token of the one before, as a client that keeps nothing else reads them."""
    pages = [await query().page(None, principal=principal).paged_all()]
    while (token := pages[-1].next_token) is not None:
        pages.append(await query().page(token, principal=principal).paged_all())
    return pages


QUERIES: dict[str, Callable[[], Any]] = {
    "the whole table": lambda: Reading.find(),
    "one partition": lambda: Reading.find(sensor="sensor 3"),
    "one partition backwards": lambda: Reading.find(sensor="sensor 3").order_by("-number"),
    "a part of a partition": lambda: Reading.find(sensor="sensor 3", number__gte=2),
    "several partitions": lambda: Reading.find(sensor__in=["sensor 1", "sensor 2"]),
    "by an index": lambda: Reading.find(kind="cold"),
    "filtered": lambda: Reading.find(number__gte=10).allow_filtering(),
    "with a limit": lambda: Reading.find(sensor="sensor 3").limit(8),
    "with a limit of each partition": lambda: Reading.find().per_partition_limit(3),
    "some columns": lambda: Reading.find().only("kind"),
    "partitions": lambda: Reading.find().distinct(),
    "tuples": lambda: Reading.find().values_list("sensor", "number"),
    "groups": lambda: Reading.find().values_list("sensor", "count(*)").group_by("sensor"),
    "nothing": lambda: Reading.find(sensor="no such sensor"),
}


@pytest.mark.parametrize("fetch_size", [1, 5, 1000])
@pytest.mark.parametrize("name", QUERIES)
async def test_all_pages_by_their_tokens_are_everything_once(name: str, fetch_size: int):
    query = QUERIES[name]

    pages = await pages_of(lambda: query().fetch_size(fetch_size), principal="alice")

    assert [result for page in pages for result in page.data] == await query().all()


async def test_the_page_size_may_change_from_page_to_page():
    first = await Reading.find(sensor="sensor 1").fetch_size(3).paged_all()
    second = await Reading.find(sensor="sensor 1").fetch_size(7).page(first.next_token).paged_all()
    third = await Reading.find(sensor="sensor 1").consistency("ONE").timeout(20).page(second.next_token).paged_all()

    assert [len(first.data), len(second.data), len(third.data)] == [3, 7, 3]
    assert [reading.number for page in (first, second, third) for reading in page.data] == list(range(ROWS))
    assert third.next_token is None


async def test_a_token_shows_no_key_of_a_row():
    page = await Reading.find().fetch_size(5).paged_all()

    assert page.paging_state is not None
    assert b"sensor" in page.paging_state
    assert "sensor" not in str(page.next_token)
    assert len(str(page.next_token)) < 300


async def test_sets_and_times_in_filters_are_the_same_query_again():
    """A set has another order in each process, and a time may come in another zone."""
    await Tagged.sync_table()
    hours = [datetime(2026, 5, 1, hour, tzinfo=UTC) for hour in range(6)]
    for at in hours:
        await Tagged.create(tags=TAGS, at=at)

    pages = await pages_of(lambda: Tagged.find(tags=set(TAGS), at__gte=hours[2].astimezone()).fetch_size(2))

    assert [row.at for page in pages for row in page.data] == hours[2:]


FOREIGN: dict[str, tuple[Callable[[], Any], str]] = {
    "another value": (lambda: Reading.find(sensor="sensor 2"), "other query"),
    "another filter": (lambda: Reading.find(sensor="sensor 1", number__gt=1), "other query"),
    "no filter": (lambda: Reading.find(), "other query"),
    "another order": (lambda: Reading.find(sensor="sensor 1").order_by("-number"), "other query"),
    "other columns": (lambda: Reading.find(sensor="sensor 1").only("kind"), "other query"),
    "tuples": (lambda: Reading.find(sensor="sensor 1").values_list("kind"), "other query"),
    "a limit": (lambda: Reading.find(sensor="sensor 1").limit(50), "other query"),
    "another keyspace": (lambda: Reading.find(sensor="sensor 1").using(keyspace="system"), "other query"),
    "another table": (lambda: Tagged.find(), "other query"),
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_a_token_of_another_query_is_refused_before_anything_is_sent(name: str, sent: list[Any]):
    query, reason = FOREIGN[name]
    page = await Reading.find(sensor="sensor 1").fetch_size(5).paged_all()
    sent.clear()

    with pytest.raises(InvalidPagingToken) as refused:
        await query().page(page.next_token).paged_all()

    assert (refused.value.reason, sent) == (reason, [])


@pytest.mark.parametrize(("owner", "other"), [("alice", "bob"), ("alice", None), (None, "alice"), ("7", 7)])
async def test_a_token_of_another_principal_is_refused_before_anything_is_sent(owner: Any, other: Any, sent: list[Any]):
    query = Reading.find().fetch_size(5)
    page = await query.page(None, principal=owner).paged_all()
    sent.clear()

    with pytest.raises(InvalidPagingToken) as refused:
        await query.page(page.next_token, principal=other).paged_all()

    assert (refused.value.reason, sent) == ("other principal", [])


async def test_a_token_that_is_too_old_is_refused_before_anything_is_sent(clock: Clock, sent: list[Any]):
    query = Reading.find().fetch_size(5)
    page = await query.paged_all()
    clock.now += 61
    sent.clear()

    with pytest.raises(InvalidPagingToken) as refused:
        await query.page(page.next_token).paged_all()

    assert (refused.value.reason, sent) == ("expired", [])


async def test_a_walk_may_take_longer_than_a_token_lasts(clock: Clock):
    read: list[Any] = []
    token = None
    for _ in range(len(READINGS)):
        page = await Reading.find().fetch_size(20).page(token).paged_all()
        read += page.data
        token = page.next_token
        if token is None:
            break
        clock.now += 59

    assert read == await Reading.find().all()
    assert clock.now > Clock.now + 120


@pytest.mark.parametrize("token", [*NASTY, "", "A" * 200])
async def test_text_that_is_no_token_never_gets_to_the_server(token: str, sent: list[Any]):
    with pytest.raises(InvalidPagingToken) as refused:
        await Reading.find().page(token).paged_all()

    assert (refused.value.reason, sent) == ("forged", [])


async def test_keys_are_changed_without_losing_a_walk(clock: Clock):
    old, new = PagingTokens.new_key(), PagingTokens.new_key()
    driver, query = get_driver(), Reading.find().fetch_size(30)
    driver.paging_tokens = PagingTokens(old, clock=clock)
    first = await query.paged_all()

    driver.paging_tokens = PagingTokens([new, old], clock=clock)
    second = await query.page(first.next_token).paged_all()
    driver.paging_tokens = PagingTokens(new, clock=clock)
    third = await query.page(second.next_token).paged_all()

    assert [*first.data, *second.data, *third.data] == (await query.all())[:90]
    with pytest.raises(InvalidPagingToken) as refused:
        await query.page(first.next_token).paged_all()
    assert refused.value.reason == "forged"


async def test_without_a_key_there_are_no_tokens_and_paging_states_work_as_ever(sent: list[Any]):
    token = (await Reading.find().fetch_size(60).paged_all()).next_token
    get_driver().paging_tokens = None
    first = await Reading.find().fetch_size(60).paged_all()
    second = await Reading.find().fetch_size(60).page(first.paging_state).paged_all()
    sent.clear()

    assert [*first.data, *second.data] == await Reading.find().all()
    sent.clear()
    for page in (first, second):
        with pytest.raises(ConfigurationError, match="has no key for paging tokens"):
            _ = page.next_token
    with pytest.raises(ConfigurationError, match="has no key for paging tokens"):
        await Reading.find().fetch_size(60).page(token).paged_all()
    assert sent == []


async def test_the_key_is_given_where_the_connection_is_opened(coodie_server: Any, coodie_aio_driver: Any):
    tokens = PagingTokens(PagingTokens.new_key())
    arguments = {**coodie_server.connect_arguments, "keyspace": coodie_aio_driver.keyspace}

    async with await init_coodie(**arguments, name="web", paging_tokens=tokens):
        pages = await pages_of(lambda: Reading.find(sensor="sensor 1").using("web").fetch_size(5))

    assert [len(page.data) for page in pages] == [5, 5, 3]


@pytest.mark.parametrize("given", [PagingTokens.new_key(), b"key", 7], ids=["a key", "bytes", "a number"])
async def test_a_key_alone_is_refused_before_the_connection_is_opened(given: Any):
    with pytest.raises(ConfigurationError, match=r"give PagingTokens\(key\), from coodie.paging_tokens"):
        await init_coodie(hosts=["192.0.2.1"], paging_tokens=given)
