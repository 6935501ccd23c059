"""User-defined types: created and altered with the table, nested in each other and in collections, and read back."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from driver_features import IN_KEYS
from pydantic import BaseModel

from coodie_aio import Document, UserType, create_keyspace, drop_keyspace, execute_raw, get_driver
from coodie_core.exceptions import DatabaseError, SchemaMismatch
from coodie_core.fields import BigInt, Frozen, PrimaryKey


@pytest.fixture(autouse=True)
async def connection(coodie_aio_driver: Any) -> None:
    """All tests share the module's keyspace, so each has types of its own names."""


async def fields_of(type_name: str, keyspace: str | None = None) -> dict[str, str]:
    """The fields of a type as the server has them."""
    rows = await execute_raw(
        "SELECT field_names, field_types FROM system_schema.types WHERE keyspace_name = ? AND type_name = ?",
        [keyspace or get_driver().keyspace, type_name],
    )
    return dict(zip(rows[0]["field_names"], rows[0]["field_types"], strict=True)) if rows else {}


class Country(BaseModel):
    code: str
    inhabitants: Annotated[int, BigInt()] = 0


class Address(UserType):
    street: str
    country: Country
    notes: dict[str, list[str]] = {}
    floor: int | None = None

    class Settings:
        __type_name__ = "postal_address"


class Customer(Document):
    id: Annotated[int, PrimaryKey()]
    home: Annotated[Address, Frozen()]
    loose: Address | None = None
    list_of: list[Address] = []
    set_of: Annotated[set[Country], Frozen()] = set()
    by_name: dict[str, Address] = {}
    pair: tuple[int, Address] | None = None


HOME = Address(street="Kade 1", country=Country(code="NL", inhabitants=2**40), notes={"bell": ["twice", ""]})


async def test_types_are_created_before_the_table_each_after_those_that_it_holds():
    ran = await Customer.sync_table()

    assert [statement.split(" IF NOT EXISTS")[0] for statement in ran] == ["CREATE TYPE", "CREATE TYPE", "CREATE TABLE"]
    assert await fields_of("postal_address") == {
        "street": "text",
        "country": "frozen<country>",
        "notes": "frozen<map<text, frozen<list<text>>>>",
        "floor": "int",
    }
    again = await Customer.sync_table()
    assert (again, again.drift) == ([], ())


@pytest.mark.needs(IN_KEYS)
async def test_values_are_read_as_they_were_saved():
    await Customer.sync_table()
    customer = Customer(
        id=1,
        home=HOME,
        loose=HOME.model_copy(update={"floor": 3}),
        list_of=[HOME, HOME],
        by_name={"home": HOME},
        pair=(1, HOME),
    )

    await customer.save()

    assert await Customer.get(id=1) == customer
    assert Customer.model_validate_json((await Customer.get(id=1)).model_dump_json()) == customer


async def test_a_type_that_got_a_field_keeps_its_old_values_and_stores_new_ones():
    class Small(UserType):
        a: int

        class Settings:
            __type_name__ = "grown"

    class Large(UserType):
        b: str = "none"
        a: int
        c: list[int] = []

        class Settings:
            __type_name__ = "grown"

    class Before(Document):
        id: Annotated[int, PrimaryKey()]
        value: Annotated[Small, Frozen()]
        values_: list[Small] = []

        class Settings:
            name = "growing"

    class After(Document):
        id: Annotated[int, PrimaryKey()]
        value: Annotated[Large, Frozen()]
        values_: list[Large] = []

        class Settings:
            name = "growing"

    await Before.sync_table()
    await Before(id=1, value=Small(a=1), values_=[Small(a=2)]).save()
    assert (await Before.get(id=1)).value == Small(a=1)

    ran = await After.sync_table()

    assert [statement.rsplit(" ", 2)[-2:] for statement in ran] == [['"b"', "text"], ['"c"', "frozen<list<int>>"]]
    assert await After.get(id=1) == After(id=1, value=Large(a=1), values_=[Large(a=2)])
    new = After(id=2, value=Large(a=3, b="x", c=[1]), values_=[Large(a=4, b="y")])
    await new.save()
    assert await After.get(id=2) == new
    assert (await Before.get(id=2)).value == Small(a=3)
    before = await Before.sync_table()
    assert (before, [difference.name for difference in before.drift]) == ([], ["grown.b", "grown.c"])


async def test_a_field_of_another_type_is_refused_and_nothing_is_changed():
    class Was(UserType):
        a: int

        class Settings:
            __type_name__ = "changed"

    class Is(UserType):
        a: str
        b: int = 0

        class Settings:
            __type_name__ = "changed"

    class New(Document):
        id: Annotated[int, PrimaryKey()]
        value: Annotated[Is, Frozen()]

        class Settings:
            name = "never_made"

    await Was.sync_type()

    with pytest.raises(SchemaMismatch, match="'a' of the user-defined type 'changed' is text in the model, and int"):
        await New.sync_table()

    assert await fields_of("changed") == {"a": "int"}


async def test_two_models_under_one_type_name_are_refused():
    class First(UserType):
        a: int

        class Settings:
            __type_name__ = "twice"

    class Second(UserType):
        b: int

        class Settings:
            __type_name__ = "twice"

    await First.sync_type()

    with pytest.raises(SchemaMismatch, match="have two models one type name"):
        await Second.sync_type()


async def test_a_type_alone_is_created_and_dropped():
    class Alone(UserType):
        a: int

    planned = await Alone.sync_type(dry_run=True)
    assert await fields_of("alone") == {}

    assert await Alone.sync_type() == planned
    assert await Alone.sync_type() == []
    assert await fields_of("alone") == {"a": "int"}
    await Alone.drop_type()
    await Alone.drop_type()
    assert await fields_of("alone") == {}


async def test_a_type_that_a_table_uses_is_not_dropped():
    await Customer.sync_table()

    with pytest.raises(DatabaseError):
        await Address.drop_type()


async def test_types_are_in_the_keyspace_of_the_table():
    other = f"{get_driver().keyspace}_b"[-48:]

    class Elsewhere(UserType):
        a: int

    class Abroad(Document):
        id: Annotated[int, PrimaryKey()]
        value: Annotated[Elsewhere, Frozen()]

        class Settings:
            keyspace = other

    await create_keyspace(other)
    try:
        await Abroad.sync_table()
        await Abroad(id=1, value=Elsewhere(a=1)).save()

        assert await Abroad.get(id=1) == Abroad(id=1, value=Elsewhere(a=1))
        assert (await fields_of("elsewhere"), await fields_of("elsewhere", other)) == ({}, {"a": "int"})
    finally:
        await drop_keyspace(other)
