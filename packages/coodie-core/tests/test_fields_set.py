"""The set of fields of a document that was read is made when somebody looks; nobody can tell that it was not there."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from rows_in_c import both_ways, rows_by

from coodie_core.document import BaseDocument, forget_columns, forget_stored, remember_written, stored_values
from coodie_core.fields import PrimaryKey
from coodie_core.hydration import documents_of
from coodie_core.operations import documents
from coodie_core.options import WriteOptions
from coodie_core.row_reader import document_reader
from coodie_core.statement import Rows


class Place(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    name: str = "nowhere"
    note: str | None = None


ROWS = Rows(("id", "name", "note"), [(1, None, "high")])


def read() -> Place:
    return documents_of(Place, ROWS)[0]


@both_ways
def test_nobody_has_made_it_whoever_made_the_document(way: str) -> None:
    class Other(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        note: str | None = None

    with rows_by(way):
        document, empty = documents_of(Other, Rows(("id", "note"), [(1, "high"), (2, None)]))

    assert not is_made(document)
    assert (document.model_fields_set, empty.model_fields_set) == ({"id", "note"}, {"id"})


def is_made(document: BaseDocument) -> bool:
    try:
        object.__getattribute__(document, "__pydantic_fields_set__")
    except AttributeError:
        return False
    return True


def test_it_is_not_made_before_somebody_looks() -> None:
    place = read()

    assert not is_made(place)
    assert place.model_fields_set == {"id", "note"}
    assert is_made(place)


class Journey(BaseModel, revalidate_instances="always"):
    place: Place


LOOKS: dict[str, Callable[[Place], Any]] = {
    "fields_set": lambda place: place.model_fields_set,
    "dump": lambda place: place.model_dump(exclude_unset=True),
    "json": lambda place: place.model_dump_json(exclude_unset=True),
    "equality": lambda place: place == Place.model_validate({"id": 1, "note": "high"}),
    "copy": lambda place: copy.copy(place).model_fields_set,
    "deepcopy": lambda place: copy.deepcopy(place).model_fields_set,
    "model_copy": lambda place: place.model_copy(update={"name": "Rome"}).model_fields_set,
    "pickle": lambda place: pickle.loads(pickle.dumps(place)).model_fields_set,
    "inside of another": lambda place: Journey(place=place).model_dump(exclude_unset=True),
    "repr": repr,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_everything_sees_it_as_in_a_document_that_was_validated(look: Callable[[Place], Any]) -> None:
    validated = Place.model_validate({"id": 1, "note": "high"})

    assert look(read()) == look(validated)


def test_an_assignment_adds_to_it() -> None:
    place = read()

    place.name = "Rome"

    assert place.model_fields_set == {"id", "name", "note"}


def test_each_document_has_its_own() -> None:
    place, other = documents_of(Place, Rows(ROWS.columns, ROWS.rows * 2))

    place.model_fields_set.clear()

    assert place.model_fields_set == set()
    assert other.model_fields_set == {"id", "note"}


FORGETTING: dict[str, Callable[[Place], Any]] = {
    "decoded": stored_values,
    "forgotten": forget_stored,
    "columns forgotten": lambda place: forget_columns(place, {"id"}),
    "written": lambda place: remember_written(place, {"name": "Rome"}),
    "deleted": lambda place: list(documents.delete(place, "ks", WriteOptions())),
}


@pytest.mark.parametrize("forget", FORGETTING.values(), ids=FORGETTING)
def test_it_is_made_before_the_row_is_forgotten(forget: Callable[[Place], Any]) -> None:
    place = read()

    forget(place)

    assert place.model_fields_set == {"id", "note"}


def test_a_document_that_was_never_finished_has_none() -> None:
    with pytest.raises(AttributeError, match="__pydantic_fields_set__"):
        _ = object.__new__(Place).model_fields_set


class Dynamic(BaseDocument):
    id: Annotated[int, PrimaryKey()]

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no {name}")


def test_a_class_that_answers_for_missing_attributes_has_it_from_the_start() -> None:
    (document,) = documents_of(Dynamic, Rows(("id",), [(1,)]))

    assert document_reader(Dynamic, ("id",), validated=False)._compiled is None
    assert document.model_fields_set == {"id"}
