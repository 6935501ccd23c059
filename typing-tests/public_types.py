"""What a type checker tells users of the public API. Nothing here runs: `hatch run check` reads it.

A line with an ignore comment states a mistake that must be found: if it were not, the comment would be the error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, assert_type
from uuid import UUID, uuid4

from pydantic import Field

from coodie import aio, sync
from coodie.expressions import Column, col
from coodie.fields import PrimaryKey
from coodie.results import BulkReport, LWTResult, SchemaChanges


class User(aio.Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    name: str
    tags: list[str] = []


class BlockingUser(sync.Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    name: str


async def reading(key: UUID) -> None:
    assert_type(await User.get(id=key), User)
    assert_type(await User.find_one(id=key), User | None)
    assert_type(await User.create(name="Alice"), User)
    assert_type(User.find(), aio.QuerySet[User])
    assert_type(User.find().filter(name="Alice").limit(3).order_by("-name"), aio.QuerySet[User])
    assert_type(await User.find().all(), list[User])
    assert_type(await User.find().first(), User | None)
    assert_type(await User.find().count(), int)
    async for user in User.find():
        assert_type(user, User)


async def reading_something_else(key: UUID) -> None:
    names = User.find().values_list("name")
    assert_type(names, aio.ValuesQuerySet[User])
    assert_type(await names.limit(3).all(), list[tuple[Any, ...]])
    assert_type(await names.first(), tuple[Any, ...] | None)
    assert_type((await names.paged_all()).data, Sequence[tuple[Any, ...]])
    assert_type(await names.select_token().cast("name", "text").count(), int)
    assert_type(await User.find().group_by("id").aggregate(n="count(*)"), list[dict[str, Any]])
    assert_type(await User.find().aggregate(n="count(*)"), dict[str, Any])
    assert_type(await User.find(id=key).writetime("name"), int | None)
    assert_type(User.find().scan(parallel=4), aio.Scanner[User])
    assert_type(names.scan(), aio.Scanner[tuple[Any, ...]])
    async for scanned in User.find().scan():
        assert_type(scanned, User)
    assert_type((await User.find().all(lazy=True))[0].document, User)
    async for row in names:
        assert_type(row, tuple[Any, ...])


def blocking_reading(key: UUID) -> None:
    assert_type(BlockingUser.get(id=key), BlockingUser)
    assert_type(BlockingUser.find_one(id=key), BlockingUser | None)
    assert_type(BlockingUser.create(name="Alice"), BlockingUser)
    assert_type(BlockingUser.find(), sync.QuerySet[BlockingUser])
    assert_type(BlockingUser.find().filter(name="Alice").limit(3).order_by("-name"), sync.QuerySet[BlockingUser])
    assert_type(BlockingUser.find().all(), list[BlockingUser])
    assert_type(BlockingUser.find().first(), BlockingUser | None)
    assert_type(BlockingUser.find().count(), int)
    assert_type(list(BlockingUser.find().scan()), list[BlockingUser])
    for user in BlockingUser.find():
        assert_type(user, BlockingUser)


def comparing() -> None:
    assert_type(col(User.name), Column[str])
    assert_type(User.find(col(User.name) == "Alice", col(User.tags).contains("new")), aio.QuerySet[User])
    User.find(col(User.name) == 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    User.find(col(User.tags).contains(5))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    User.find(User.name == "Alice")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def writing(user: User) -> None:
    assert_type(await user.save(), LWTResult)
    assert_type(await user.insert(), LWTResult)
    assert_type(await User.insert_many([user, {"name": "Bob"}]), BulkReport)
    _ = await User.insert_many(["Bob"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    async with aio.bulk() as writes:
        assert_type(writes, aio.BulkWrites)
    async with aio.AsyncBatchQuery() as batch:
        assert_type(batch, aio.AsyncBatchQuery)
        await user.save(batch=batch)


def blocking_writing(user: BlockingUser) -> None:
    assert_type(user.save(), LWTResult)
    assert_type(user.insert(), LWTResult)
    assert_type(BlockingUser.insert_many(user for _ in range(3)), BulkReport)
    with sync.BatchQuery() as batch:
        assert_type(batch, sync.BatchQuery)
        user.save(batch=batch)


async def without_documents(key: UUID) -> None:
    await aio.create_keyspace("shop", replication_factor=3)
    assert_type(await User.sync_table(), SchemaChanges)
    for row in await aio.execute_raw("SELECT name FROM users WHERE id = ?", [key]):
        assert_type(sorted(row), list[str])


async def a_missing_await_is_found(user: User, key: UUID) -> None:
    user.save()  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    User.find().all()  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    print(User.get(id=key).name)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]


async def an_await_too_many_is_found(user: BlockingUser) -> None:
    await user.save()  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]


def a_batch_of_the_other_api_is_found(user: BlockingUser, batch: aio.AsyncBatchQuery) -> None:
    user.save(batch=batch)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
