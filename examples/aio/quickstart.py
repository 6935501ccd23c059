"""The first hour with coodie on one page: connect, define a document, write, read, change, delete.

    python examples/aio/quickstart.py [HOST:PORT]

It needs a server: `python -m coodie_testing` starts one on 127.0.0.1:9042. What it makes, it drops again.
"""

import asyncio
import sys
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import Field

from coodie.aio import AsyncBatchQuery, Document, create_keyspace, drop_keyspace, execute_raw, init_coodie
from coodie.fields import Indexed, PrimaryKey


class User(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    name: Annotated[str, Indexed()]
    email: str

    class Settings:
        name = "users"


async def main(host: str) -> None:
    async with await init_coodie(hosts=[host]):
        await create_keyspace("quickstart", replication_factor=1)

    async with await init_coodie(hosts=[host], keyspace="quickstart"):
        await users()
        await drop_keyspace("quickstart")


async def users() -> None:
    await User.sync_table()

    alice = User(name="Alice", email="alice@example.com")
    await alice.save()
    print("saved:  ", await User.get(id=alice.id))

    await alice.update(name="Bob")
    print("updated:", await User.get(id=alice.id))

    async with AsyncBatchQuery() as batch:
        await User(name="Carol", email="carol@example.com").save(batch=batch)
        await User(name="Dave", email="dave@example.com").save(batch=batch)

    async for user in User.find():
        print("found:  ", user.name)
    print("Carols: ", await User.find(name="Carol").count())

    await alice.delete()
    print("left:   ", await execute_raw("SELECT name FROM users WHERE id = ?", [alice.id]))


if __name__ == "__main__":
    asyncio.run(main(host=sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9042"))
