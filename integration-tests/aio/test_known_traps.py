"""What goes wrong in object mappers for CQL, and does not here: reads that lie, writes that lose, text that grows.

Each test is one trap, from beginning to end on the server. What a rule has besides is in the file of its topic.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from uuid import uuid4

import pytest
from driver_features import PACKAGE
from pydantic import BaseModel

from coodie_aio import (
    AsyncBatchQuery,
    Document,
    MaterializedView,
    create_keyspace,
    drop_keyspace,
    execute_raw,
    get_driver,
    init_coodie,
)
from coodie_core.exceptions import FieldNotLoaded, InvalidQueryError, Unavailable
from coodie_core.fields import ClusteringKey, Double, PrimaryKey

PAGE = 5
HOSTILE = "x'; DROP TABLE trapped_items; --"


class Place(BaseModel):
    street: str
    floor: int | None = None


class Item(Document):
    shop: Annotated[int, PrimaryKey()]
    id: Annotated[int, ClusteringKey()]
    name: str = ""
    note: str | None = None
    price: float = 0.0
    exact: Annotated[float, Double()] = 0.0
    tags: set[str] = set()
    words: list[str] = []
    stock: dict[str, int] = {}
    day: date | None = None
    hour: time | None = None
    at: datetime | None = None
    place: Place | None = None

    class Settings:
        name = "trapped_items"


class Report(Document):
    id: Annotated[int, PrimaryKey()]
    title: str = ""

    class Settings:
        name = "trapped_reports"
        connection = "trapped"


@pytest.fixture(autouse=True)
async def items(coodie_aio_driver: Any) -> None:
    await Item.sync_table()
    await Item.truncate()


@pytest.fixture
async def second(coodie_server: Any, items: None) -> AsyncIterator[str]:
    """The keyspace of a second connection."""
    keyspace = f"trapped_{uuid4().hex[:12]}"
    await create_keyspace(keyspace)
    async with await init_coodie(**coodie_server.connect_arguments, keyspace=keyspace, name="trapped"):
        await Report.sync_table()
        yield keyspace
    await drop_keyspace(keyspace)


@pytest.fixture
def prepared(coodie_aio_driver: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the driver has the server prepare from now on."""
    texts: list[str] = []
    prepare = coodie_aio_driver.session.prepare

    def recording(cql: str) -> Any:
        texts.append(cql)
        return prepare(cql)

    monkeypatch.setattr(coodie_aio_driver.session, "prepare", recording)
    return texts


async def row() -> dict[str, Any]:
    """The row of shop 1 and id 1, as the server has it."""
    [found] = await execute_raw("SELECT * FROM trapped_items WHERE shop = 1 AND id = 1")
    return found


# -- reads that lie ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
async def test_trap_01_only_the_first_page_is_read(count: int):
    """Mappers return the first page as if it were all; here `all`, iteration and the driver itself give the same."""
    for id in range(count):
        await Item(shop=1, id=id).save()
    query = Item.find(shop=1).fetch_size(PAGE)

    assert [item.id for item in await query.all()] == list(range(count))
    assert [item.id async for item in query] == list(range(count))
    assert len(await execute_raw("SELECT id FROM trapped_items WHERE shop = 1")) == count


async def test_trap_02_two_walks_share_one_paging_state():
    """Where the next page begins is kept on the driver by some; here it belongs to the answer."""
    for shop in (1, 2):
        for id in range(2 * PAGE):
            await Item(shop=shop, id=id).save()
    one, two = aiter(Item.find(shop=1).fetch_size(2)), aiter(Item.find(shop=2).fetch_size(3))

    pairs = [(await anext(one), await anext(two)) for _ in range(2 * PAGE)]

    assert [(a.shop, a.id, b.shop, b.id) for a, b in pairs] == [(1, id, 2, id) for id in range(2 * PAGE)]


async def test_trap_03_documents_hold_the_drivers_types():
    """Sorted sets, dates without a zone and tuples for user-defined types do not compare, and break JSON."""
    item = Item(
        shop=1,
        id=1,
        tags={"b", "a"},
        words=["x"],
        stock={"x": 1},
        day=date(1969, 12, 31),
        hour=time(1, 2, 3),
        at=datetime(2026, 1, 2, tzinfo=UTC),
        place=Place(street="Kade", floor=3),
    )
    await item.save()

    found = await Item.get(shop=1, id=1)

    assert found == item
    assert {name: type(value) for name, value in found} == {name: type(value) for name, value in item}
    assert Item.model_validate_json(found.model_dump_json()) == item


async def test_trap_04_a_name_with_a_typing_error_is_none():
    with pytest.raises(InvalidQueryError, match=r"has no field 'nmae' \(did you mean 'name'\?\)"):
        await Item.find(shop=1).values_list("nmae").all()


async def test_trap_04_an_option_is_forgotten_by_some_of_the_reads():
    for id in (1, 2):
        await Item(shop=1, id=id, name=f"n{id}").save()
    query = Item.find(shop=1).only("name").order_by("-id").limit(1)

    documents = [*await query.all(), await query.first(), await query.get(), *[item async for item in query]]
    documents += (await query.paged_all()).data

    assert [item.id if item else None for item in documents] == [2] * 5
    for item in documents:
        with pytest.raises(FieldNotLoaded):
            _ = item and item.note
    assert await query.json() == ['{"shop": 1, "id": 2, "name": "n2"}']
    assert await query.values_list().all() == [(1, 2, "n2")]
    assert await query.count() == 1


@pytest.mark.needs(PACKAGE)
async def test_trap_05_a_list_of_a_query_counts_the_rows_first(prepared: list[str]):
    """`list()` asks for a length, which some answer by a COUNT of the whole table."""
    await Item(shop=1, id=1).save()
    prepared.clear()

    assert len([item async for item in Item.find(shop=1)]) == 1
    assert not any("COUNT" in cql.upper() for cql in prepared)
    with pytest.raises(TypeError, match=r"use count\(\)"):
        len(Item.find(shop=1))


async def test_trap_06_a_float_of_32_bits_surprises():
    """What Python calls float is CQL's double, which `Double()` asks for; CQL's float has half of the digits."""
    await Item(shop=1, id=1, price=19.99, exact=19.99).save()

    found = await Item.get(shop=1, id=1)

    assert (found.exact, round(found.price, 8)) == (19.99, 19.98999977)


# -- writes that lose -------------------------------------------------------------------------------------------------


async def test_trap_07_a_save_writes_null_for_what_was_not_set():
    """That deletes another writer's value, and leaves tombstones. None that was set does delete."""
    await Item.find(shop=1, id=1).update(note="of another writer", tags={"a"})

    await Item(shop=1, id=1, name="mine").save()
    assert ((await row())["note"], set((await row())["tags"])) == ("of another writer", {"a"})

    await Item(shop=1, id=1, note=None).save()
    assert (await row())["note"] is None


async def test_trap_08_a_save_of_a_part_empties_the_rest():
    await Item(shop=1, id=1, name="old", note="kept", words=["kept"]).save()

    for query in (Item.find(shop=1).only("name"), Item.find(shop=1).defer("note", "words")):
        item = await query.get()
        item.name += "!"
        await item.save()

    assert ((await row())["name"], (await row())["note"], (await row())["words"]) == ("old!!", "kept", ["kept"])


async def test_trap_09_a_refused_change_is_made_in_memory():
    item = Item(shop=1, id=1, name="old")
    await item.save()

    result = await item.update(name="new", if_conditions={"name": "another"})

    assert (result.applied, result.existing, item.name) == (False, {"name": "old"}, "old")


async def test_trap_10_options_of_writes_are_dropped():
    find = Item.find(shop=1, id=1)
    assert not (await find.if_exists().update(name="x")).applied
    await Item.find().timestamp(1_000_000).create(shop=1, id=1, name="a", note="b")
    await find.ttl(1000).timestamp(2_000_000).update(note="c")

    assert (await find.writetime("name"), await find.writetime("note")) == (1_000_000, 2_000_000)
    assert 900 < (await find.column_ttl("note") or 0) <= 1000
    with pytest.raises(Unavailable):
        await Item.find().consistency("THREE").create(shop=1, id=2)
    with pytest.raises(Unavailable):
        await find.consistency("THREE").update(name="d")


async def test_trap_10_the_connection_of_the_settings_is_ignored(second: str):
    """Queries and batches that go to the default connection write to the wrong cluster."""
    await Report.create(id=1, title="a")
    await Report.find(id=1).update(title="b")
    async with AsyncBatchQuery() as batch:
        await Report(id=2, title="c").save(batch=batch)

    found = await execute_raw(f'SELECT title FROM "{second}".trapped_reports')
    assert sorted(row["title"] for row in found) == ["b", "c"]
    assert await Report.find().count() == 2


async def test_trap_11_methods_do_something_else():
    """Deleting no column deletes the row, synchronising a view makes a table, and an option is a column."""
    item = Item(shop=1, id=1, name="a")
    await item.save()

    with pytest.raises(InvalidQueryError, match="name at least one field"):
        await item.delete_columns()
    async with AsyncBatchQuery() as batch:
        await item.update(name="b", batch=batch)
        assert (await row())["name"] == "a"
    assert (await row())["name"] == "b"

    class ByName(MaterializedView):
        name: Annotated[str, PrimaryKey()]
        shop: Annotated[int, ClusteringKey(clustering_key_index=0)]
        id: Annotated[int, ClusteringKey(clustering_key_index=1)]

        class Settings:
            name = "trapped_items_by_name"
            __base_table__ = "trapped_items"

    with pytest.raises(InvalidQueryError, match=r"use sync_view\(\)"):
        await ByName.sync_table()
    assert [statement.split()[:3] for statement in await ByName.sync_view()] == [["CREATE", "MATERIALIZED", "VIEW"]]
    await ByName.drop_view()


async def test_trap_12_a_second_connection_becomes_the_default(second: str, coodie_aio_driver: Any):
    assert get_driver() is coodie_aio_driver
    assert get_driver("trapped") is not coodie_aio_driver
    await Item(shop=1, id=1).save()
    assert await row()


# -- text and cost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hostile",
    [
        lambda: Item.find(shop=1, id=1).update(**{"name\" = 'x', \"note": "y"}),
        lambda: Item.find(**{'shop" = 1; --': 1}).all(),
        lambda: Item.find(shop=1).limit("1; DROP TABLE trapped_items"),  # type: ignore[arg-type]
        lambda: Item.find(shop=1).aggregate(n=f"max(id) FROM trapped_items; {HOSTILE}"),
        lambda: Item.find(shop=1).cast("id", f"text) {HOSTILE}"),
        lambda: Item.find(shop=1).order_by(HOSTILE),
        lambda: Item(shop=1, id=1).save(ttl=HOSTILE),  # type: ignore[arg-type]
        lambda: create_keyspace("trapped", strategy=f"SimpleStrategy'}} {HOSTILE}"),
    ],
)
async def test_trap_13_a_name_from_outside_becomes_text(hostile: Callable[[], Any]):
    with pytest.raises(InvalidQueryError):
        await hostile()


async def test_trap_13_a_value_from_outside_becomes_text():
    await Item(shop=1, id=1, name=HOSTILE, tags={HOSTILE}).save()
    await Item.find(shop=1, id=1).update(note=HOSTILE, if_conditions={"name": HOSTILE})

    assert ((await row())["name"], (await row())["note"], set((await row())["tags"])) == (HOSTILE, HOSTILE, {HOSTILE})


@pytest.mark.needs(PACKAGE)
async def test_trap_14_each_value_is_another_statement(prepared: list[str]):
    for number in range(1, 31):
        await Item(shop=1, id=number, name=str(number)).save(timestamp=number, ttl=1000 + number)
        await Item.find(shop=number, id__gt=number).limit(number).all()

    assert len(prepared) == 2


async def test_trap_15_a_condition_with_another_number_of_values_fails():
    """The statement of `IF name IN (?, ?)` is prepared with two values, and fails with three."""
    item = Item(shop=1, id=1, name="a")
    await item.save()

    for names in (["a"], ["a", "b"], ["c", "d", "a"], ("b",), []):
        result = await item.update(price=1.0, if_conditions={"name__in": names})
        assert result.applied is ("a" in names)
