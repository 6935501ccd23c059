"""Hostile text in any argument is refused, or bound, or in quotes that it cannot leave: never part of the CQL.

The arguments are read from the signatures: one that is added is tried by itself, and a method that is added has to be
told here how to be called. Requests are recorded on their way to the server.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from budget import bounded
from hostile_text import HALF_A_CHARACTER, NASTY, SENTINEL, complaints, hostile_texts, parameters, shapes
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError, create_model

import coodie_aio
from coodie_aio import (
    AsyncBatchQuery,
    CounterDocument,
    Document,
    MaterializedView,
    UserType,
    alter_keyspace,
    bulk,
    create_keyspace,
    drop_keyspace,
    execute_raw,
    init_coodie,
)
from coodie_core.exceptions import CoodieError, UnstorableValue
from coodie_core.fields import ClusteringKey, Counter, Indexed, PrimaryKey, Vector

REFUSALS = (CoodieError, TypeError, ValidationError)
EXAMPLES = 200
EXAMPLES_OF_VALUES = 25


class User(Document):
    id: Annotated[int, PrimaryKey()]
    name: Annotated[str, Indexed()] = ""
    age: int = 0
    tags: set[str] = set()
    words: list[str] = []
    scores: dict[str, int] = {}
    place: Annotated[list[float], Vector(2)] = [0.0, 0.0]

    class Settings:
        name = "users"


class Event(Document):
    name: Annotated[str, PrimaryKey()]
    age: Annotated[int, ClusteringKey()] = 0
    note: str = ""


class Hits(CounterDocument):
    name: Annotated[str, PrimaryKey()]
    count: Annotated[int, Counter()] = 0


class Shown(MaterializedView):
    name: Annotated[str, PrimaryKey()]
    id: Annotated[int, ClusteringKey()]

    class Settings:
        __base_table__ = User


class Address(UserType):
    street: str


Call = Callable[..., Any]
ALICE = User(id=1, name="Alice", words=["one"])


async def send_batch(*args: Any, **kwargs: Any) -> None:
    async with AsyncBatchQuery(*args, **kwargs) as batch:
        await ALICE.save(batch=batch)


async def add_to_batch(*args: Any, **kwargs: Any) -> None:
    async with AsyncBatchQuery() as batch:
        batch.add("UPDATE users SET name = ? WHERE id = ?", *args, **kwargs)


async def write_at_once(**options: Any) -> None:
    async with bulk(**options) as writes:
        await writes.save(ALICE)


def of_bulk(method: str) -> Call:
    """A method of `BulkWrites`."""

    async def write(document: Any = ALICE, **rest: Any) -> None:
        async with bulk() as writes:
            await getattr(writes, method)(document, **rest)

    return write


async def scan_all(**options: Any) -> None:
    _ = [user async for user in User.find().scan(**options)]


def of_scan(method: str) -> Call:
    """A method of `Scanner`."""

    async def read(**options: Any) -> None:
        _ = [batch async for batch in getattr(User.find().scan(), method)(**options)]

    return read


def of_query(method: str) -> Call:
    """A method of `QuerySet` that returns another one, which is then read."""
    return lambda *args, **kwargs: getattr(User.find(id=1), method)(*args, **kwargs).all()


def of_values(method: str) -> Call:
    return lambda *args, **kwargs: getattr(User.find(id=1).values_list("name"), method)(*args, **kwargs).all()


def of_groups(method: str) -> Call:
    return lambda *args, **kwargs: getattr(Event.find().group_by("name"), method)(*args, **kwargs).all()


def own_keyspace() -> str:
    return str(coodie_aio.get_driver().keyspace)


HOW_TO_CALL: dict[str, Call] = {
    "create_keyspace": lambda keyspace=None, **rest: create_keyspace(keyspace or own_keyspace(), **rest),
    "alter_keyspace": lambda keyspace=None, **rest: alter_keyspace(keyspace or own_keyspace(), **rest),
    "drop_keyspace": lambda keyspace="no_such_keyspace", **rest: drop_keyspace(keyspace, **rest),
    "execute_raw": lambda params=(1,), **rest: execute_raw("SELECT * FROM users WHERE id = ?", params, **rest),
    "UserType.drop_type": lambda connection=None, keyspace="no_such_keyspace": Address.drop_type(keyspace, connection),
    "AsyncBatchQuery": send_batch,
    "bulk": write_at_once,
    **{f"BulkWrites.{name}": of_bulk(name) for name in ("save", "insert", "delete")},
    "BulkWrites.update": lambda document=ALICE, **rest: of_bulk("update")(
        document, **(rest if set(rest) - OPTIONS else {"age": 1, **rest})
    ),
    "Document.insert_many": lambda documents=({"id": 1},), **rest: User.insert_many(documents, **rest),
    **{f"{cls}.scan": scan_all for cls in ("QuerySet", "ValuesQuerySet", "ReadingQuerySet")},
    **{f"Scanner.{name}": of_scan(name) for name in ("arrow_batches", "polars_batches", "pandas_batches")},
    "AsyncBatchQuery.add": add_to_batch,
    "Document.create": lambda **fields: User.create(**{"id": 1, **fields}),
    "Document.find": lambda *conditions, **filters: User.find(*conditions, **filters).allow_filtering().all(),
    "Document.find_one": User.find_one,
    "Document.get": User.get,
    "Document.update": lambda **rest: ALICE.update(**(rest if set(rest) - OPTIONS else {"age": 1, **rest})),
    "Document.delete_columns": lambda *columns, **rest: ALICE.delete_columns(*(columns or ("tags",)), **rest),
    "CounterDocument.increment": lambda **rest: Hits(name="a").increment(**{"count": 1, **rest}),
    "CounterDocument.decrement": lambda **rest: Hits(name="a").decrement(**{"count": 1, **rest}),
    "QuerySet.order_by_ann": lambda column="place", vector=(0.0, 1.0): (
        User.find().order_by_ann(column, vector).limit(1).all()
    ),
    "QuerySet.aggregate": lambda **functions: User.find().aggregate(**functions),
    "QuerySet.cast": lambda field="name", cql_type="text": User.find(id=1).cast(field, cql_type).all(),
    "QuerySet.all": lambda **rest: User.find(id=1).all(**rest),
    "QuerySet.create": lambda **fields: User.find().create(**{"id": 1, **fields}),
    "QuerySet.update": lambda **rest: User.find(id=1).update(**(rest if set(rest) - OPTIONS else {"age": 1, **rest})),
    "QuerySet.delete": lambda **rest: User.find(id=1).delete(**rest),
    "GroupedQuerySet.aggregate": lambda **functions: Event.find().group_by("name").aggregate(**functions),
    **{
        f"QuerySet.{name}": (lambda method: lambda field="age": getattr(User.find(id=1), method)(field))(name)
        for name in ("sum", "avg", "min", "max", "writetime", "column_ttl")
    },
}
OPTIONS = {parameter.name for parameter in parameters(Document.update) if parameter.kind is parameter.KEYWORD_ONLY}

NOT_IN_CQL = {
    "execute_raw.cql": "is CQL that the application wrote",
    "AsyncBatchQuery.add.statement": "is CQL that the application wrote",
    "init_coodie": "says where and how to connect; of its keyspace there is a test below",
    "deadline": "is a number of seconds, which this process counts",
    "register_driver": "names a connection of this process",
    "get_driver": "names a connection of this process",
    **{
        f"AsyncBatchQuery.{method}": "is for coodie's own operations"
        for method in ("add_write", "afterwards", "closed_as", "keep_result")
    },
}
CALLED_ON = {"Document": ALICE, "MaterializedView": Shown, "UserType": Address}
READ_BY = {"ReadingQuerySet": of_query, "QuerySet": of_query, "ValuesQuerySet": of_values, "GroupedQuerySet": of_groups}


def public() -> dict[str, Any]:
    """Every function, class and method of the API that takes arguments which may get into CQL."""
    found: dict[str, Any] = {"AsyncBatchQuery": AsyncBatchQuery}
    for name, value in vars(coodie_aio).items():
        if inspect.isfunction(value):
            found[name] = value
        elif inspect.isclass(value):
            found |= {f"{name}.{method}": function for method, function in methods(value).items()}
    return {name: value for name, value in found.items() if parameters(value) and name not in NOT_IN_CQL}


def methods(cls: type) -> dict[str, Any]:
    """The public methods of a class that are not those of another public class; without hooks, which coodie calls."""
    others = {name for base in cls.__mro__[1:] if hasattr(coodie_aio, base.__name__) for name in dir(base)}
    return {
        name: getattr(cls, name)
        for base in reversed(cls.__mro__)
        if base.__module__.startswith("coodie")
        for name, value in vars(base).items()
        if not name.startswith(("_", "before_", "after_")) and callable(getattr(value, "__func__", value))
        if name not in others
    }


def how_to_call(name: str, function: Any) -> Call | None:
    """How to call it with all arguments as they should be, except for those that are given."""
    cls, _, method = name.rpartition(".")
    if name in HOW_TO_CALL:
        return HOW_TO_CALL[name]
    if cls in READ_BY:
        return READ_BY[cls](method)
    is_complete = all(item.kind is item.VAR_KEYWORD or item.default is not item.empty for item in parameters(function))
    return getattr(CALLED_ON[cls], method) if cls in CALLED_ON and is_complete else None


CALLS = {name: how_to_call(name, function) for name, function in public().items()}
ARGUMENTS = [
    (name, shape)
    for name, function in public().items()
    for parameter in parameters(function)
    if CALLS[name] is not None and f"{name}.{parameter.name}" not in NOT_IN_CQL
    for shape in shapes(parameter)
]


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    for model in (User, Event, Hits):
        await model.sync_table()
    await Shown.sync_view()
    await ALICE.save()


@pytest.fixture
def recorded(coodie_aio_driver: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every request from now on, each of which is sent as usual."""
    requests: list[Any] = []
    send = coodie_aio_driver.send

    async def recording(request: Any) -> Any:
        requests.append(request)
        return await send(request)

    monkeypatch.setattr(coodie_aio_driver, "send", recording)
    return requests


async def names_on_the_server() -> tuple[list[str], set[str]]:
    """The tables of these tests, and the keyspaces whose names show that they were made by hostile text."""
    rows = await execute_raw("SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?", [own_keyspace()])
    keyspaces = await execute_raw("SELECT keyspace_name FROM system_schema.keyspaces")
    return [row["table_name"] for row in rows], {
        row["keyspace_name"] for row in keyspaces if SENTINEL in row["keyspace_name"]
    }


async def test_every_public_method_is_tried():
    assert [name for name, call in CALLS.items() if call is None] == [], "add it to HOW_TO_CALL, or to NOT_IN_CQL"


async def check_stays_in_hand(name: str, shape: Callable[[str], Any], text: str, recorded: list[Any]) -> None:
    recorded.clear()
    argument, call = shape(text), CALLS[name]
    assert call is not None
    try:
        await call(*argument.args, **argument.kwargs)
    except REFUSALS:
        pass
    assert [cql for request in recorded for cql in complaints(request)] == [], (name, argument)


async def test_hostile_text_in_each_argument(recorded: list[Any]):
    before = await names_on_the_server()

    for number, (name, shape) in enumerate(ARGUMENTS):
        await check_stays_in_hand(name, shape, NASTY[number % len(NASTY)], recorded)

    assert await names_on_the_server() == before


@bounded(EXAMPLES)
@given(argument=st.sampled_from(ARGUMENTS), text=hostile_texts)
async def test_any_hostile_text_in_any_argument(argument: Any, text: str, recorded: list[Any]):
    await check_stays_in_hand(*argument, text, recorded)


@bounded(EXAMPLES_OF_VALUES)
@given(text=hostile_texts)
async def test_hostile_text_as_a_value_is_found_by_and_read_back(text: str):
    user = User(id=2, name=text, tags={text}, words=[text], scores={text: 1})
    if HALF_A_CHARACTER.search(text):
        with pytest.raises(UnstorableValue):
            await user.save()
        return
    await user.save()

    assert user in await User.find(name=text).all()
    assert await User.find(id=2, tags__contains=text, scores__contains_key=text).allow_filtering().all() == [user]
    assert await user.update(words__append=[text], scores__put=(text, 2), if_conditions={"name": text})
    changed = await User.get(id=2)
    assert (changed.words, changed.scores) == ([text, text], {text: 2})
    assert await changed.delete(if_conditions={"name__in": [text, "another"]})


async def test_hostile_names_in_a_model():
    """Fields and options may be called anything; the server takes them as what they are."""
    names = [text for text in NASTY if not HALF_A_CHARACTER.search(text) and "__" not in text]

    class Named(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            __abstract__ = True
            __options__ = {"comment": "".join(names)}

    fields: dict[str, Any] = {name: (str, "") for name in names}
    odd: Any = create_model("Odd", __base__=Named, **fields)

    await odd.sync_table()
    document = odd(id=1, **{name: name for name in names})
    await document.save()

    assert await odd.get(id=1) == document
    assert await odd.find(id=1).values_list(*names).all() == [tuple(names)]
    assert await document.update(**{name: "" for name in names}, if_conditions={name: name for name in names})
    [row] = await execute_raw(
        "SELECT comment FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'odd'", [own_keyspace()]
    )
    assert row == {"comment": "".join(names)}
    assert await odd.sync_table() == []
    await odd.drop_table()


@pytest.mark.parametrize("text", NASTY[::10])
async def test_a_connection_to_a_keyspace_of_a_hostile_name(coodie_server: Any, text: str):
    with pytest.raises(CoodieError):
        await init_coodie(**coodie_server.connect_arguments, keyspace=text, name="other")
