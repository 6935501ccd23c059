"""User-defined types: created before what holds them, given new fields, refused where CQL cannot change them."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidModel, InvalidQueryError, SchemaMismatch
from coodie_core.fields import Frozen, PrimaryKey
from coodie_core.operations.tables import sync_table
from coodie_core.operations.types import drop_type, sync_type
from coodie_core.statement import Statement
from coodie_core.usertype import BaseUserType


class Country(BaseModel):
    code: str


class Address(BaseUserType):
    street: str
    country: Country
    tags: list[str] = []


class Person(BaseUserType):
    homes: dict[str, Address]

    class Settings:
        __type_name__ = "human"


COUNTRY = 'CREATE TYPE IF NOT EXISTS "ks"."country" ("code" text)'
ADDRESS = (
    'CREATE TYPE IF NOT EXISTS "ks"."address" ("street" text, "country" frozen<"country">, "tags" frozen<list<text>>)'
)
HUMAN = 'CREATE TYPE IF NOT EXISTS "ks"."human" ("homes" frozen<map<text, frozen<"address">>>)'

LIVE_COUNTRY = ("country", ["code"], ["text"])
LIVE_ADDRESS = ("address", ["street", "country", "tags"], ["text", "frozen<country>", "list<text>"])


def synced(start: Any, model: type[BaseModel], *live: tuple[Any, ...], **options: Any) -> Any:
    """Sync a type in a keyspace with these types, which stay as they are; every change is confirmed."""
    conversation = start(sync_type(model, "ks", **options))
    while not conversation.has_ended:
        conversation.answer(*(live if "system_schema.types" in conversation.cql else ()))
    return conversation


def test_it_looks_first(start):
    assert start(sync_type(Address, "ks")).request == Statement(
        "SELECT type_name, field_names, field_types FROM system_schema.types WHERE keyspace_name = ?",
        ("ks",),
        idempotent=True,
    )


def test_types_are_created_each_after_those_that_it_holds(start):
    assert synced(start, Person).result == [COUNTRY, ADDRESS, HUMAN]


def test_any_model_can_be_a_type(start):
    assert synced(start, Country).result == [COUNTRY]


def test_types_that_are_as_the_models_say_stay_as_they_are(start):
    conversation = synced(start, Address, LIVE_COUNTRY, LIVE_ADDRESS)

    assert (conversation.result, conversation.result.drift) == ([], ())


def test_new_fields_are_added_one_by_one(start):
    live = ("address", ["country"], ["frozen<country>"])

    assert synced(start, Address, LIVE_COUNTRY, live).result == [
        'ALTER TYPE "ks"."address" ADD "street" text',
        'ALTER TYPE "ks"."address" ADD "tags" frozen<list<text>>',
    ]


def test_a_dry_run_changes_nothing(start):
    conversation = synced(start, Country, dry_run=True)

    assert (conversation.result, len(conversation.requests)) == ([COUNTRY], 1)


def test_a_field_of_another_type_is_refused(start):
    with pytest.raises(SchemaMismatch) as refused:
        synced(start, Country, ("country", ["code"], ["int"]))

    assert str(refused.value) == (
        "Country.sync_type(): field 'code' of the user-defined type 'country' is text in the model, and int in the "
        "database. CQL cannot change it: change the model back, or give the type another Settings.__type_name__ and "
        "move the values into a new column."
    )


def test_a_renamed_field_or_two_models_of_one_name_are_refused(start):
    with pytest.raises(SchemaMismatch) as refused:
        synced(start, Country, ("country", ["name"], ["text"]))

    assert "has name, which the model lacks, and lacks code" in str(refused.value)
    assert "have two models one type name?" in str(refused.value)


def test_a_field_that_the_model_lacks_stays_and_is_reported(start):
    conversation = synced(start, Country, ("country", ["code", "name"], ["text", "text"]))

    assert conversation.result == []
    assert [str(difference) for difference in conversation.result.drift] == [
        "field of a user-defined type country.name: the model lacks it, so that values written by it have null there. "
        "CQL cannot drop it."
    ]


def test_a_table_creates_its_types_before_itself(start):
    class Customer(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        home: Annotated[Address, Frozen()]

    conversation = start(sync_table(Customer, "ks"))
    while not conversation.has_ended:
        conversation.answer()

    assert [cql.split(" (")[0] for cql in conversation.result] == [
        'CREATE TYPE IF NOT EXISTS "ks"."country"',
        'CREATE TYPE IF NOT EXISTS "ks"."address"',
        'CREATE TABLE IF NOT EXISTS "ks"."customer"',
    ]


def test_one_name_for_two_different_types_in_a_document_is_refused_where_it_is_defined():
    class Short(BaseUserType):
        code: str

        class Settings:
            __type_name__ = "country"

    class Long(BaseUserType):
        name: str

        class Settings:
            __type_name__ = "country"

    with pytest.raises(InvalidModel) as refused:

        class Trip(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            start: Short
            end: list[Long]

    assert str(refused.value) == (
        "Trip: two models with different fields would be one user-defined type, 'country' (code text, and name text). "
        "Give one of them another name, by Settings.__type_name__."
    )


def test_settings_that_do_not_exist_are_refused_where_the_type_is_defined():
    with pytest.raises(InvalidModel, match=r"Typed\.Settings\.__typename__: there is no such setting .did you mean"):

        class Typed(BaseUserType):
            code: str

            class Settings:
                __typename__ = "country"


def test_the_name_is_that_of_the_class_or_of_the_settings():
    assert (Address.type_name(), Person.type_name()) == ("address", "human")


def test_a_type_needs_a_keyspace(start):
    with pytest.raises(InvalidQueryError, match=r"Country.sync_type\(\): in which keyspace\?"):
        start(sync_type(Country, None))


def test_dropping_a_type_is_one_statement(start):
    assert start(drop_type(Person, "ks")).cql == 'DROP TYPE IF EXISTS "ks"."human"'
