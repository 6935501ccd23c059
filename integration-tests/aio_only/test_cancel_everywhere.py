"""Every public coroutine, cancelled at each of its points of waiting in turn (trap 16).

The coroutines are found by looking at what the package exports, so that a new one fails here until it is tried too.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from functools import partial
from typing import Annotated, Any
from uuid import uuid4

import pytest
from blockbuster import blockbuster_ctx

import coodie_aio
from coodie_aio import (
    AsyncBatchQuery,
    CounterDocument,
    Document,
    MaterializedView,
    UserType,
    bulk,
    init_coodie,
)
from coodie_aio.connection import registry
from coodie_aio.drivers.base import Driver
from coodie_core.fields import ClusteringKey, Counter, PrimaryKey


class Item(Document):
    part: Annotated[int, PrimaryKey()]
    number: Annotated[int, ClusteringKey()]
    name: str | None = None
    tags: set[str] = set()

    class Settings:
        name = "cancelled_items"


class Visits(CounterDocument):
    page: Annotated[int, PrimaryKey()]
    count: Annotated[int, Counter()] = 0

    class Settings:
        name = "cancelled_visits"


class ItemByName(MaterializedView):
    name: Annotated[str, PrimaryKey()]
    part: Annotated[int, ClusteringKey()]
    number: Annotated[int, ClusteringKey()]

    class Settings:
        name = "cancelled_items_by_name"
        __base_table__ = "cancelled_items"


class Place(UserType):
    city: str = ""


class Passing(Document):
    """A table that comes and goes."""

    id: Annotated[int, PrimaryKey()]

    class Settings:
        name = "cancelled_passing"


def item(number: int = 0) -> Item:
    return Item(part=1, number=number, name="a", tags={"x"})


def items() -> Any:
    return Item.find(part=1)


async def walk(rows: Any) -> None:
    async for _ in rows:
        pass


async def write_many(method: str, **arguments: Any) -> None:
    async with bulk() as writes:
        for number in range(5):
            await getattr(writes, method)(item(number), **arguments)


async def batched() -> None:
    async with AsyncBatchQuery() as batch:
        await item(1).save(batch=batch)


async def execute_batch() -> None:
    batch = AsyncBatchQuery()
    await item(1).save(batch=batch)
    await batch.execute()


CASES: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
    "Document.sync_table": Passing.sync_table,
    "Document.drop_table": Passing.drop_table,
    "Document.truncate": Item.truncate,
    "Document.insert_many": lambda: Item.insert_many([item(number) for number in range(5)]),
    "Document.find_one": lambda: Item.find_one(part=1, number=0),
    "Document.get": lambda: Item.get(part=1, number=0),
    "Document.create": lambda: Item.create(part=1, number=0),
    "Document.save": lambda: item().save(),
    "Document.insert": lambda: item().insert(),
    "Document.save_json": lambda: item().save_json(),
    "Document.update": lambda: item().update(name="b"),
    "Document.delete": lambda: item(9).delete(),
    "Document.delete_columns": lambda: item().delete_columns("name"),
    "CounterDocument.increment": lambda: Visits(page=1).increment(count=1),
    "CounterDocument.decrement": lambda: Visits(page=1).decrement(count=1),
    "MaterializedView.sync_view": lambda: ItemByName.sync_view(),
    "MaterializedView.drop_view": lambda: ItemByName.drop_view(),
    "ReadingQuerySet.first": lambda: items().first(),
    "ReadingQuerySet.get": lambda: items().filter(number=0).get(),
    "ReadingQuerySet.count": lambda: items().count(),
    "ReadingQuerySet.paged_all": lambda: items().paged_all(),
    "ReadingQuerySet.json": lambda: items().json(),
    "ReadingQuerySet.all": lambda: items().values_list("name").all(),
    "ReadingQuerySet.__aiter__": lambda: walk(items().fetch_size(1)),
    "GroupedQuerySet.aggregate": lambda: items().group_by("part").aggregate(most="max(number)"),
    "QuerySet.all": lambda: items().fetch_size(1).all(),
    "QuerySet.sum": lambda: items().sum("number"),
    "QuerySet.avg": lambda: items().avg("number"),
    "QuerySet.min": lambda: items().min("number"),
    "QuerySet.max": lambda: items().max("number"),
    "QuerySet.aggregate": lambda: items().aggregate(most="max(number)"),
    "QuerySet.writetime": lambda: items().filter(number=0).writetime("name"),
    "QuerySet.column_ttl": lambda: items().filter(number=0).column_ttl("name"),
    "QuerySet.create": lambda: Item.find().create(part=1, number=0),
    "QuerySet.update": lambda: items().filter(number=0).update(name="c"),
    "QuerySet.delete": lambda: items().filter(number=9).delete(),
    "Scanner.__aiter__": lambda: walk(Item.find().scan(parallel=1)),
    "AsyncBatchQuery.execute": execute_batch,
    "AsyncBatchQuery.__aenter__": batched,
    "AsyncBatchQuery.__aexit__": batched,
    "BulkWrites.save": lambda: write_many("save"),
    "BulkWrites.insert": lambda: write_many("insert"),
    "BulkWrites.update": lambda: write_many("update", name="d"),
    "BulkWrites.delete": lambda: write_many("delete"),
    "BulkWrites.__aenter__": lambda: write_many("save"),
    "BulkWrites.__aexit__": lambda: write_many("save"),
    "UserType.sync_type": lambda: Place.sync_type(),
    "UserType.drop_type": lambda: Place.drop_type(),
    "execute_raw": lambda: coodie_aio.execute_raw("SELECT * FROM cancelled_items WHERE part = ?", [1]),
}
TRIED_ELSEWHERE = {
    "init_coodie": "test_cancellation.py",
    **{f"{verb}_keyspace": "below, with a keyspace of its own" for verb in ("create", "alter", "drop")},
    **{f"Hooks.{name}": "written by users" for name in dir(Document) if name.startswith(("before_", "after_"))},
}


def public_coroutines() -> set[str]:
    """Return the public coroutines of what the package exports, by the class that defines them."""
    found = set()
    for name, value in vars(coodie_aio).items():
        if name.startswith("_"):
            continue
        if inspect.iscoroutinefunction(value):
            found.add(name)
        if inspect.isclass(value):
            found |= {
                f"{base.__name__}.{member}"
                for base in value.__mro__
                if base.__module__.startswith("coodie_aio")
                for member, method in vars(base).items()
                if is_async(getattr(method, "__func__", method)) and (member[0] != "_" or member.startswith("__a"))
            }
    return found


def is_async(method: object) -> bool:
    return inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)


def test_every_public_coroutine_is_tried() -> None:
    assert public_coroutines() - set(TRIED_ELSEWHERE) == set(CASES)


class CancelledAt:
    """Awaits a coroutine, and cancels its own task where the coroutine waits for the n-th time."""

    def __init__(self, coroutine: Coroutine[Any, Any, object], number: int) -> None:
        self._coroutine = coroutine
        self._number = number

    def __await__(self) -> Generator[Any, Any, bool]:
        """Return whether the coroutine ended before it waited so often."""
        task = asyncio.current_task()
        assert task is not None
        waits = 0
        resume: Callable[[], Any] = partial(self._coroutine.send, None)
        while True:
            try:
                waited_for = resume()
            except StopIteration:
                return True
            waits += 1
            if waits == self._number:
                task.cancel()
            try:
                yield waited_for
            except BaseException as error:
                resume = partial(self._coroutine.throw, error)
            else:
                resume = partial(self._coroutine.send, None)


async def run_cancelled_at(number: int, coroutine: Coroutine[Any, Any, object]) -> bool:
    """Tell whether *coroutine* ended by itself before it waited for the n-th time."""

    async def driven() -> bool:
        return await CancelledAt(coroutine, number)

    task = asyncio.ensure_future(driven())
    try:
        return await task
    except asyncio.CancelledError:
        return False


@pytest.fixture
async def driver(coodie_aio_driver: Any) -> Any:
    await Item.sync_table()
    await Visits.sync_table()
    for number in range(3):
        await item(number).save()
    return coodie_aio_driver


@pytest.fixture
async def complaints() -> AsyncIterator[list[str]]:
    """What the event loop complains about: it must be nothing."""
    complained: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complained.append(str(context)))
    yield complained
    gc.collect()  # what nobody looked at complains here
    await asyncio.sleep(0)
    assert complained == []


async def nothing_is_left(driver: Any) -> None:
    """Return when no task and no thread is left of what was cancelled; the time limit of the test is the patience."""
    while is_something_left():  # noqa: ASYNC110  # threads tell nobody that they end
        await asyncio.sleep(0.005)
    assert driver.link._preparing == {}


def is_something_left() -> bool:
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("coodie-")]
    return bool(threads) or len(asyncio.all_tasks()) > 1


async def cancel_everywhere(driver: Any, case: Callable[[], Coroutine[Any, Any, object]]) -> int:
    """Cancel *case* at each point of waiting until it ends before, and return how many there are."""
    number = 0
    ended = False
    while not ended:
        number += 1
        driver.link.prepared.clear()  # so that it waits for that as well
        ended = await run_cancelled_at(number, case())
        await nothing_is_left(driver)
        await Item.find_one(part=1, number=0)  # the next call works
    return number - 1


@pytest.mark.usefixtures("complaints")
@pytest.mark.parametrize("name", CASES)
async def test_it_can_be_cancelled_wherever_it_waits(driver: Any, name: str) -> None:
    if name == "MaterializedView.drop_view":
        await ItemByName.sync_view()

    points = await cancel_everywhere(driver, CASES[name])

    assert points >= 1
    await item().save()
    assert await Item.get(part=1, number=0) is not None
    await ItemByName.drop_view()


async def test_none_of_them_blocks_the_event_loop(driver: Any) -> None:
    await ItemByName.sync_view()
    with blockbuster_ctx():
        for case in CASES.values():
            driver.link.prepared.clear()
            await item().save()
            await case()


@pytest.mark.usefixtures("complaints")
async def test_keyspaces_can_be_made_changed_and_dropped_with_cancellations(driver: Any) -> None:
    keyspace = f"cancelled_{uuid4().hex[:8]}"

    assert await cancel_everywhere(driver, lambda: coodie_aio.create_keyspace(keyspace)) >= 1
    assert await cancel_everywhere(driver, lambda: coodie_aio.alter_keyspace(keyspace, durable_writes=False)) >= 1
    assert await cancel_everywhere(driver, lambda: coodie_aio.drop_keyspace(keyspace)) >= 1


@pytest.mark.usefixtures("complaints")
async def test_the_driver_can_be_closed_with_cancellations(driver: Any, coodie_server: Any) -> None:
    other: Driver = await init_coodie(**coodie_server.connect_arguments, name="cancelled")

    assert not await run_cancelled_at(1, other.close())

    await other.close()
    assert "cancelled" not in registry
    await nothing_is_left(driver)
