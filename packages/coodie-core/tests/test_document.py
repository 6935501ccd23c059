"""Documents as Python objects: compared, copied, pickled and dumped, whatever they know of their rows."""

from __future__ import annotations

import copy
import pickle
from typing import Annotated, Any

import pytest
from pydantic import Field

from coodie_core.document import BaseDocument, stored_row
from coodie_core.exceptions import FieldNotLoaded
from coodie_core.fields import PrimaryKey
from coodie_core.hydration import documents_of
from coodie_core.operations.documents import save
from coodie_core.options import WriteOptions
from coodie_core.statement import Rows
from coodie_core.usertype import BaseUserType


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    name: str = ""
    nick: str | None = None
    words: list[str] = Field(default_factory=list)


def read_from(*row: Any, columns: tuple[str, ...] = ("id", "name", "nick", "words")) -> User:
    return documents_of(User, Rows(columns, [row]))[0]


def columns_saved(start: Any, user: User) -> int:
    """How many columns a save writes; 0 if it sends nothing."""
    return sum(len(request.params) for request in start(save(user, "ks", WriteOptions())).requests)


COPIES = pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda user: user.model_copy(), lambda user: user.model_copy(deep=True)],
    ids=["copy", "deepcopy", "model_copy", "model_copy(deep)"],
)


@COPIES
def test_a_copy_equals_its_document_and_saves_what_changed_in_it(start, copied):
    user = read_from(1, "Al", None, ["a"])

    other = copied(user)
    other.name = "Bob"

    assert copied(user) == user
    assert user.name == "Al"
    assert columns_saved(start, other) == 2
    assert columns_saved(start, user) == 0


@COPIES
def test_a_copy_of_a_new_document_is_a_new_document(start, copied):
    assert columns_saved(start, copied(User(id=1, name="Al"))) == 2


def test_a_pickled_document_comes_back_equal(start):
    user = read_from(1, "Al", None, ["a"])

    again = pickle.loads(pickle.dumps(user))

    assert again == user


def test_a_pickled_document_is_saved_whole_but_without_what_was_empty(start):
    """What it knows of its row stays behind; a null would be a tombstone, and could delete another writer's value."""
    again = pickle.loads(pickle.dumps(read_from(1, "Al", None, ["a"])))

    assert start(save(again, "ks", WriteOptions())).cql == (
        'INSERT INTO "ks"."user" ("id", "name", "words") VALUES (?, ?, ?)'
    )


def test_a_pickled_document_still_lacks_what_was_not_loaded(start):
    again = pickle.loads(pickle.dumps(read_from(1, "Al", columns=("id", "name"))))

    with pytest.raises(FieldNotLoaded):
        _ = again.nick
    assert columns_saved(start, again) == 2


def test_what_is_known_of_the_row_is_no_part_of_equality_or_dumps(start):
    read, made = read_from(1, "Al", None, None), User(id=1, name="Al")

    assert (stored_row(read) is None, stored_row(made) is None) == (False, True)
    assert read == made
    assert read.model_dump() == made.model_dump()
    assert repr(read) == repr(made)


def test_documents_without_some_fields_differ_from_whole_ones():
    assert read_from(1, "", columns=("id", "name")) != read_from(1, "", None, None)


def test_an_attribute_that_was_never_a_field_is_pythons_own_error():
    with pytest.raises(AttributeError, match="'User' object has no attribute 'nmae'") as error:
        _ = User(id=1).nmae

    assert not isinstance(error.value, FieldNotLoaded)


def test_json_schema_and_validation_are_pydantics():
    assert User.model_json_schema()["properties"]["name"] == {"default": "", "title": "Name", "type": "string"}
    assert User.model_validate({"id": "1"}) == User(id=1)


def test_any_bytes_can_be_json():
    class Attachment(BaseUserType):
        content: bytes

    class Mail(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        body: bytes
        attachments: list[Attachment]

    mail = Mail(id=1, body=b"\xff\x00", attachments=[Attachment(content=b"\xfe")])

    assert Mail.model_validate_json(mail.model_dump_json()) == mail
    assert Attachment.model_validate_json(mail.attachments[0].model_dump_json()) == mail.attachments[0]
