"""The schema is changed by somebody else, while a program runs that has read and written by the older one."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import create_model

from coodie_aio import Document, execute_raw, get_driver, init_coodie
from coodie_core.exceptions import CoodieError, InvalidQueryError, RowDoesNotFit
from coodie_core.fields import PrimaryKey


@pytest.fixture(autouse=True)
async def somebody_else(coodie_server: Any, coodie_aio_driver: Any, coodie_empty_tables: Any) -> AsyncIterator[None]:
    arguments = coodie_server.connect_arguments
    async with await init_coodie(**arguments, keyspace=coodie_aio_driver.keyspace, name="somebody else"):
        yield


async def changed(cql: str) -> None:
    await execute_raw(cql, connection="somebody else")


def customer_with(type_name: str, **fields: Any) -> tuple[type[Any], type[Any]]:
    """A document, and the model of its user-defined type, as one version of a program has them."""
    address: Any = create_model(type_name, **fields)

    class Customer(Document):
        id: Annotated[int, PrimaryKey()]
        home: address | None = None
        others: dict[str, list[address]] = {}

        class Settings:
            name = f"customer_of_{type_name}"

    return Customer, address


async def test_a_field_that_the_type_of_the_database_lacks_is_an_error_and_not_lost():
    older, _ = customer_with("place", street=(str, ...))
    await older.sync_table()
    newer, address = customer_with("place", street=(str, ...), floor=(int, ...))

    for customer in (
        newer(id=1, home=address(street="Kade", floor=2)),
        newer(id=1, others={"work": [address(street="Kade", floor=2)]}),
    ):
        with pytest.raises(InvalidQueryError, match=r"'place' of the database has no field 'floor'.*sync_table"):
            await customer.save()
    with pytest.raises(InvalidQueryError, match="no field 'floor'"):
        await newer.find(id=1).update(home=address(street="Kade", floor=2))

    assert await newer.find_one(id=1) is None


async def test_once_somebody_adds_the_field_it_is_stored():
    older, _ = customer_with("site", street=(str, ...))
    await older.sync_table()
    newer, address = customer_with("site", street=(str, ...), floor=(int, ...))
    customer = newer(id=1, home=address(street="Kade", floor=2))
    with pytest.raises(InvalidQueryError):
        await customer.save()

    await changed("ALTER TYPE site ADD floor int")
    await customer.save()

    assert await newer.get(id=1) == customer


async def test_a_field_that_is_null_needs_no_place_in_the_type():
    older, _ = customer_with("spot", street=(str, ...))
    await older.sync_table()
    newer, address = customer_with("spot", street=(str, ...), floor=(int | None, None))

    await newer(id=1, home=address(street="Kade", floor=None)).save()

    assert (await newer.get(id=1)).home.floor is None


class Reading(Document):
    id: Annotated[int, PrimaryKey()]
    value: int


class Measured(Document):
    id: Annotated[int, PrimaryKey()]
    at: datetime | None = None
    sensor: UUID | None = None


@pytest.mark.parametrize(
    ("column", "value"), [("at bigint, sensor uuid", "at"), ("at timestamp, sensor text", "sensor")]
)
async def test_rows_of_a_table_with_other_types_are_no_documents(column: str, value: str):
    await execute_raw(f"CREATE TABLE measured (id int PRIMARY KEY, {column})")
    await execute_raw(f"INSERT INTO measured (id, {value}) VALUES (1, ?)", [5 if value == "at" else "a"])

    for read in (
        lambda: Measured.get(id=1),
        lambda: Measured.find().all(),
        lambda: Measured.find().only(value).first(),
        lambda: Measured.find().validate().all(),
    ):
        with pytest.raises(RowDoesNotFit, match=rf"{value}: the column holds \w+, and the field is"):
            await read()

    await execute_raw("DROP TABLE measured")


async def test_a_table_that_somebody_made_again_with_other_types_is_written_again():
    keyspace = get_driver().keyspace
    await execute_raw("CREATE TABLE reading (id int PRIMARY KEY, value text)")
    with pytest.raises(CoodieError, match="Column 'value' is"):
        await Reading(id=1, value=1).save()

    await changed(f"DROP TABLE {keyspace}.reading")
    await changed(f"CREATE TABLE {keyspace}.reading (id int PRIMARY KEY, value int)")
    await Reading(id=1, value=1).save()

    assert await Reading.get(id=1) == Reading(id=1, value=1)
