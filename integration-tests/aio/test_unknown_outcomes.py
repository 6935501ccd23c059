"""Conditional writes whose answers do not come: unknown, or found out by a serial read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from driver_features import PACKAGE
from pydantic import Field

from coodie_aio import AsyncBatchQuery, Document, init_coodie
from coodie_core.consistency import ConsistencyLevel
from coodie_core.exceptions import ClientTimeout, InvalidQueryError, OutcomeUnknown, VersionConflict, WriteLost
from coodie_core.fields import PrimaryKey, Version
from coodie_core.results import LWTResult
from coodie_testing import FaultProxy, Server, server_errors

SHORT_SECONDS = 1.0


class Claim(Document):
    name: Annotated[str, PrimaryKey()]
    claim: UUID = Field(default_factory=uuid4)
    tags: set[str] = set()


class Page(Document):
    url: Annotated[str, PrimaryKey()]
    text: str = ""
    version: Annotated[int, Version()] = 0


@pytest.fixture
async def proxy(coodie_server: Server, coodie_keyspace: str) -> AsyncIterator[FaultProxy]:
    """A proxy before the server, which the default connection goes through."""
    with FaultProxy(coodie_server) as proxy:
        async with await init_coodie(**proxy.server.connect_arguments, keyspace=coodie_keyspace):
            await Claim.sync_table()
            await Page.sync_table()
            yield proxy


def new_name() -> str:
    return uuid4().hex


def ways_to_lose_an_answer(proxy: FaultProxy, way: str, text: str, *, carried_out: bool = True) -> None:
    """Let the next statement with *text* be carried out or not, and its answer not come."""
    if way == "dropped":
        proxy.drop_reply(text=text)
    else:
        proxy.fail(server_errors.WriteTimeout(write_type="CAS"), text=text, carried_out=carried_out)


@pytest.mark.parametrize("way", ["dropped", "timed out"])
async def test_an_insert_that_took_place_is_found(proxy: FaultProxy, way: str):
    claim = Claim(name=new_name(), tags={"a"})
    ways_to_lose_an_answer(proxy, way, "INSERT")

    assert await claim.insert(timeout=SHORT_SECONDS, on_unknown="resolve") == LWTResult(applied=True)
    assert await Claim.get(name=claim.name) == claim


async def test_the_row_is_read_at_the_serial_level(proxy: FaultProxy):
    ways_to_lose_an_answer(proxy, "timed out", "INSERT")
    proxy.reset_counts()

    await Claim(name=new_name()).insert(on_unknown="resolve")

    assert proxy.count(text="INSERT") == 1
    assert proxy.count(text="SELECT") == 1


@pytest.mark.parametrize(
    ("of_connection", "of_call", "level"),
    [(None, None, "SERIAL"), ("LOCAL_SERIAL", None, "LOCAL_SERIAL"), ("LOCAL_SERIAL", "SERIAL", "SERIAL")],
)
@pytest.mark.needs(PACKAGE)
async def test_the_row_is_read_at_the_level_at_which_the_condition_was_checked(
    proxy: FaultProxy, coodie_keyspace: str, of_connection: Any, of_call: Any, level: str
):
    messages: list[Any] = []
    connection = {**proxy.server.connect_arguments, "keyspace": coodie_keyspace}
    async with await init_coodie(**connection, serial_consistency=of_connection, consistency="ONE") as driver:
        session: Any = driver.session
        ways_to_lose_an_answer(proxy, "timed out", "INSERT")
        session.add_request_init_listener(lambda response: messages.append(response.message))

        await Claim(name=new_name()).insert(serial_consistency=of_call, on_unknown="resolve")

    written, read = messages
    assert (written.serial_consistency_level or ConsistencyLevel.SERIAL) == ConsistencyLevel[level]
    assert written.consistency_level == ConsistencyLevel.ONE
    assert read.consistency_level == ConsistencyLevel[level]


async def test_an_insert_that_another_was_before_is_refused(proxy: FaultProxy):
    theirs = Claim(name=new_name())
    await theirs.save()
    ways_to_lose_an_answer(proxy, "dropped", "INSERT")

    result = await Claim(name=theirs.name).insert(timeout=SHORT_SECONDS, on_unknown="resolve")

    assert result == LWTResult(applied=False, existing=theirs.model_dump())


async def test_an_insert_that_was_lost_is_told_and_can_be_tried_again(proxy: FaultProxy):
    claim = Claim(name=new_name())
    ways_to_lose_an_answer(proxy, "timed out", "INSERT", carried_out=False)

    with pytest.raises(WriteLost) as raised:
        await claim.insert(on_unknown="resolve")

    assert raised.value.applied is False
    assert (await claim.insert()).applied


async def test_without_being_asked_it_stays_unknown(proxy: FaultProxy):
    ways_to_lose_an_answer(proxy, "dropped", "INSERT")

    with pytest.raises(OutcomeUnknown) as raised:
        await Claim(name=new_name()).insert(timeout=SHORT_SECONDS)

    assert isinstance(raised.value, ClientTimeout)
    assert raised.value.applied is None
    assert raised.value.found is None


async def test_a_save_of_a_version_that_took_place_is_found(proxy: FaultProxy):
    page = Page(url=new_name())
    await page.save()
    page.text = "new"
    ways_to_lose_an_answer(proxy, "dropped", "UPDATE")

    await page.save(timeout=SHORT_SECONDS, on_unknown="resolve")

    assert await Page.get(url=page.url) == page
    assert page.version == 2
    page.text = "newer"
    await page.save()


async def test_a_save_of_a_version_that_another_was_before_is_a_conflict(proxy: FaultProxy):
    page = Page(url=new_name())
    await page.save()
    theirs = await Page.get(url=page.url)
    theirs.text = "theirs"
    await theirs.save()
    page.text = "mine"
    ways_to_lose_an_answer(proxy, "dropped", "UPDATE")

    with pytest.raises(VersionConflict, match="has 2 now"):
        await page.save(timeout=SHORT_SECONDS, on_unknown="resolve")


async def test_a_save_of_a_version_that_was_lost_can_be_tried_again(proxy: FaultProxy):
    page = Page(url=new_name())
    await page.save()
    page.text = "new"
    ways_to_lose_an_answer(proxy, "timed out", "UPDATE", carried_out=False)

    with pytest.raises(WriteLost):
        await page.save(on_unknown="resolve")
    await page.save()

    assert (await Page.get(url=page.url)).text == "new"


async def test_updates_and_deletes_of_queries_are_found_out(proxy: FaultProxy):
    claim = Claim(name=new_name())
    await claim.save()
    mine = uuid4()
    query = Claim.find(name=claim.name).timeout(SHORT_SECONDS).on_unknown("resolve")

    ways_to_lose_an_answer(proxy, "dropped", "UPDATE")
    assert (await query.update(claim=mine, if_conditions={"claim": claim.claim})).applied
    ways_to_lose_an_answer(proxy, "dropped", "DELETE")
    assert (await query.delete(if_conditions={"claim": mine})).applied
    assert await Claim.find_one(name=claim.name) is None


async def test_updates_and_deletes_of_documents_are_found_out(proxy: FaultProxy):
    claim = Claim(name=new_name())
    await claim.save()
    before, options = claim.claim, {"timeout": SHORT_SECONDS, "on_unknown": "resolve"}

    ways_to_lose_an_answer(proxy, "dropped", "UPDATE")
    assert (await claim.update(claim=uuid4(), if_conditions={"claim": before}, **options)).applied
    assert await Claim.get(name=claim.name) == claim
    ways_to_lose_an_answer(proxy, "dropped", "DELETE")
    assert (await claim.delete(if_exists=True, **options)).applied


async def test_a_row_that_tells_nothing_is_shown(proxy: FaultProxy):
    claim = Claim(name=new_name())
    await claim.save()
    ways_to_lose_an_answer(proxy, "timed out", "UPDATE", carried_out=False)

    with pytest.raises(OutcomeUnknown) as raised:
        await Claim.find(name=claim.name).on_unknown("resolve").update(tags={"x"}, if_conditions={"claim": claim.claim})

    assert raised.value.found == claim.model_dump()


async def test_a_batch_stays_unknown(proxy: FaultProxy):
    proxy.drop_reply(opcodes={"BATCH"})

    with pytest.raises(OutcomeUnknown):
        async with AsyncBatchQuery(timeout=SHORT_SECONDS) as batch:
            await Claim(name=new_name()).insert(batch=batch)


@pytest.mark.parametrize("write", ["save", "delete"])
async def test_writes_without_a_condition_have_nothing_to_find_out(proxy: FaultProxy, write: str):
    call: Any = getattr(Claim(name=new_name()), write)
    proxy.reset_counts()

    with pytest.raises(InvalidQueryError, match="is for conditional writes"):
        await call(on_unknown="resolve")

    assert proxy.count() == 0
