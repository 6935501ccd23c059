"""A value of any type that is read equals the value that was saved, or saving refuses it with the reason.

One document has a field of each type. Saving makes of some values what the database keeps of them (a timestamp has
milliseconds, an address in IPv6 that stands for one in IPv4 is that), in memory too: this is what is read.
"""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from budget import bounded
from driver_features import DURATIONS, FAR_TIMES
from every_type import CASES, exactly
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, create_model

from coodie_aio import Document
from coodie_core.exceptions import UnstorableValue
from coodie_core.fields import PrimaryKey

EXAMPLES = 250
"""Five of each type, on average."""

NOT_THE_SAME_FROM_JSON = {
    "secret": "JSON has only asterisks of a secret",
    "map_by_tuple": "keys are text in JSON, and Pydantic makes no tuple of text",
    "map_by_tuple_of_any_length": "keys are text in JSON, and Pydantic makes no tuple of text",
    "map_by_user_type": "keys are text in JSON, and Pydantic makes no model of text",
}
LARGEST_FROM_JSON = 10**4300
"""Pydantic reads no longer numbers (jiter, ``NumberOutOfRange``)."""


class Base(Document):
    """JSON has no NaN; by this setting of Pydantic's it is text that stands for it."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    id: Annotated[int, PrimaryKey()] = 0

    class Settings:
        __abstract__ = True


def document(name: str, fields: list[str]) -> Any:
    """A document class with these of the fields, all of them needed."""
    definitions: dict[str, Any] = {field: (CASES[field].annotation, ...) for field in fields}
    return create_model(name, __base__=Base, **definitions)


Everything: Any = document("Everything", list(CASES))
OfJson: Any = document("OfJson", [name for name in CASES if name not in NOT_THE_SAME_FROM_JSON])

SOME: dict[str, Any] = {name: case.edges[0] for name, case in CASES.items()}

ANY_VALUE = st.sampled_from(list(CASES)).flatmap(lambda name: st.tuples(st.just(name), CASES[name].values))


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    await Everything.sync_table()


def with_value(name: str, value: Any) -> Any:
    """A document whose fields are as usual, except for one. Its value is not validated: saving has to judge it."""
    return Everything.model_construct(id=0, **{**SOME, name: value}).model_copy(deep=True)


async def check_reads_back(name: str, value: Any) -> None:
    saved = with_value(name, value)
    await saved.save()

    read = await Everything.get(id=0)

    assert values_of(read) == values_of(saved)
    assert read.model_dump_json()
    if abs(read.varint) < LARGEST_FROM_JSON:
        check_comes_back_from_json(read)


def check_comes_back_from_json(read: Any) -> None:
    text = read.model_dump_json(include=set(OfJson.model_fields), round_trip=True)
    assert values_of(OfJson.model_validate_json(text)) == values_of(read, OfJson.model_fields)


def values_of(document: Any, fields: Any = None) -> dict[str, Any]:
    return {name: exactly(getattr(document, name)) for name in fields or type(document).model_fields}


@pytest.mark.needs(FAR_TIMES)
@pytest.mark.needs(DURATIONS)
async def test_every_value_at_the_edge_of_its_type_is_read_back():
    for name, case in CASES.items():
        for edge in case.edges:
            await check_reads_back(name, edge)


@pytest.mark.needs(FAR_TIMES)
@bounded(EXAMPLES)
@given(ANY_VALUE)
@pytest.mark.needs(DURATIONS)
async def test_any_value_is_read_back_or_refused(given_value: tuple[str, Any]):
    name, value = given_value
    try:
        await check_reads_back(name, value)
    except UnstorableValue as refused:
        reason = str(refused)
    else:
        return
    assert reason.startswith(f"Everything.{name}")
