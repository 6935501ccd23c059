"""What update() writes, and when it changes the document in memory."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, field_validator

from coodie_core.batch import BaseBatch
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError, WriteTimeout
from coodie_core.fields import ClusteringKey, Counter, Frozen, PrimaryKey
from coodie_core.operations.documents import save, update
from coodie_core.options import WriteOptions, write_options
from coodie_core.results import LWTResult
from coodie_core.schema import TableKind
from coodie_core.statement import ExecutionOptions, Statement

NOW = WriteOptions()


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    country: Annotated[str, ClusteringKey()] = "NL"
    name: str = "Alice"
    email: str = "a@example.com"
    nick: str | None = None
    tags: set[str] = Field(default_factory=set)
    words: list[str] = Field(default_factory=list)
    scores: dict[str, int] = Field(default_factory=dict)
    fixed: Annotated[list[int], Frozen()] = Field(default_factory=list)

    class Settings:
        name = "users"

    @field_validator("email")
    @classmethod
    def _in_lower_case(cls, email: str) -> str:
        if "@" not in email:
            raise ValueError("there is no @ in it")
        return email.lower()


WHERE = ' WHERE "id" = ? AND "country" = ?'


def updated(start: Any, user: BaseDocument, options: WriteOptions = NOW, **changes: Any) -> Any:
    return start(update(user, "shop", changes, options)).answer()


def refusal(start: Any, **changes: Any) -> str:
    """What the error says that refuses these changes before anything is sent."""
    user = User(id=7)
    with pytest.raises(InvalidQueryError) as refused:
        start(update(user, "shop", changes, NOW))
    assert user == User(id=7)
    return str(refused.value)


def test_one_update_of_the_row_with_the_documents_key(start):
    conversation = start(update(User(id=7), "shop", {"name": "Bob"}, NOW))

    assert conversation.request == Statement(
        'UPDATE "shop"."users" SET "name" = ?' + WHERE, ("Bob", 7, "NL"), idempotent=True
    )


def test_the_document_changes_once_the_write_is_confirmed(start):
    user = User(id=7)
    conversation = start(update(user, "shop", {"name": "Bob"}, NOW))
    before = user.name

    conversation.answer()

    assert (before, user.name) == ("Alice", "Bob")
    assert conversation.result == LWTResult(applied=True)


def test_what_was_updated_is_not_saved_again(start):
    user = User(id=7)
    start(save(user, "shop", NOW)).answer()
    updated(start, user, name="Bob")

    assert start(save(user, "shop", NOW)).requests == []


def test_the_row_gets_what_the_documents_own_validators_make_of_a_value(start):
    user = User(id=7)

    conversation = updated(start, user, email="Bob@Example.com")

    assert conversation.params[0] == user.email == "bob@example.com"


def test_what_the_documents_own_validators_refuse_is_not_sent(start):
    assert refusal(start, email="bob") == "User.update(email): Value error, there is no @ in it."


def test_a_value_of_the_wrong_type_is_not_sent(start):
    assert refusal(start, name=5) == "User.update(name=...): name is text: Input should be a valid string."


def test_none_is_refused_where_the_field_cannot_be_none(start):
    assert refusal(start, name=None) == "User.update(name=...): name is text: Input should be a valid string."


def test_none_deletes_a_column_that_may_be_empty(start):
    assert updated(start, User(id=7, nick="Al"), nick=None).params == (None, 7, "NL")


def test_an_unknown_field_is_refused_with_the_nearest_name(start):
    assert refusal(start, nmae="Bob") == (
        "User.update(nmae=...): User has no field 'nmae' (did you mean 'name'?). "
        "Its fields are id, country, name, email, nick, tags, words, scores, fixed."
    )


def test_part_of_the_primary_key_is_refused(start):
    assert refusal(start, country="BE") == (
        "User.update(country=...): country is part of the primary key, which never changes. "
        "Save a new document and delete this one."
    )


def test_no_change_at_all_is_refused(start):
    assert refusal(start) == "User.update(): name at least one field to change."


@pytest.mark.parametrize(
    ("keyword", "value", "assignment", "sent"),
    [
        ("tags__add", {"new"}, '"tags" = "tags" + ?', ["new"]),
        ("tags__remove", {"new"}, '"tags" = "tags" - ?', ["new"]),
        ("words__append", ["new"], '"words" = "words" + ?', ["new"]),
        ("words__prepend", ["new"], '"words" = ? + "words"', ["new"]),
        ("words__remove", ["new"], '"words" = "words" - ?', ["new"]),
        ("scores__update", {"a": 1}, '"scores" = "scores" + ?', {"a": 1}),
        ("scores__remove", ["a"], '"scores" = "scores" - ?', ["a"]),
        ("scores__put", ("a", 1), '"scores"[?] = ?', ["a", 1]),
        ("scores__put", {"a": 1, "b": 2}, '"scores"[?] = ?, "scores"[?] = ?', ["a", 1, "b", 2]),
        ("words__setindex", (2, "new"), '"words"[?] = ?', [2, "new"]),
    ],
)
def test_collections_change_in_place_on_the_server(start, keyword, value, assignment, sent):
    user = User(id=7)

    conversation = updated(start, user, **{keyword: value})

    assert conversation.cql == f'UPDATE "shop"."users" SET {assignment}{WHERE}'
    given = conversation.params[0] if "put" not in keyword and "index" not in keyword else conversation.params[:-2]
    assert (given if isinstance(given, dict) else list(given)) == sent
    assert user == User(id=7)


@pytest.mark.parametrize(
    ("keyword", "value", "reason"),
    [
        ("scores__put", ("a", "x"), "elements of scores are int: Input should be a valid integer"),
        ("scores__put", (5, 1), "elements of scores are text: Input should be a valid string"),
        ("scores__put", "ab", "give a pair (where, what), or a dict with several."),
        ("scores__put", {}, "give a pair (where, what), or a dict with several."),
        ("scores__remove", "ab", "give the keys to remove as a set or list."),
        ("words__put", ("a", "b"), "words is list<text>, for which there is no 'put'."),
        ("words__setindex", (-1, "new"), "a list's index is a whole number from 0; CQL does not count from the end."),
        ("words__setindex", ("0", "new"), "a list's index is a whole number from 0;"),
        ("words__setindex", (2**31, "new"), "a list's index is a whole number from 0;"),
    ],
)
def test_elements_that_cannot_be_are_refused(start, keyword, value, reason):
    assert refusal(start, **{keyword: value}).startswith(f"User.update({keyword}=...): {reason}")


def test_a_field_that_is_set_is_not_changed_in_the_same_statement(start):
    assert refusal(start, tags={"a"}, tags__add={"b"}) == (
        "User.update(tags__add=...): tags is set as a whole in the same call. Do one of both."
    )


def test_several_changes_of_one_collection_are_one_statement(start):
    conversation = updated(start, User(id=7), tags__add={"new"}, tags__remove={"old"})

    assert conversation.cql == f'UPDATE "shop"."users" SET "tags" = "tags" + ?, "tags" = "tags" - ?{WHERE}'


@pytest.mark.parametrize(
    ("keyword", "reason"),
    [
        ("name__append", "name is text, for which there is no 'append'."),
        (
            "fixed__append",
            "fixed is frozen<list<int>>, for which there is no 'append'. A frozen collection is set as a whole.",
        ),
        ("tags__prepend", "tags is set<text>, for which there is no 'prepend'."),
        (
            "tags__ad",
            "there is no 'ad' here (did you mean 'add'?). "
            "After a field and two underscores may stand add, append, prepend, remove, update, put, setindex.",
        ),
    ],
)
def test_operations_that_a_column_does_not_have_are_refused(start, keyword, reason):
    assert refusal(start, **{keyword: ["a"]}) == f"User.update({keyword}=...): {reason}"


def test_elements_of_the_wrong_type_are_refused(start):
    assert (
        refusal(start, tags__add={5})
        == "User.update(tags__add=...): tags is set<text>: Input should be a valid string."
    )


def test_the_ttl_timestamp_consistency_and_timeout_travel_with_it(start):
    options = write_options(ttl=60, timestamp=1234, consistency="QUORUM", timeout=2.5)

    conversation = updated(start, User(id=7), options, name="Bob")

    assert conversation.request == Statement(
        'UPDATE "shop"."users" USING TTL ? AND TIMESTAMP ? SET "name" = ?' + WHERE,
        (60, 1234, "Bob", 7, "NL"),
        ExecutionOptions(consistency=options.execution.consistency, timeout=2.5),
        idempotent=True,
    )


def test_conditions_make_it_a_lightweight_transaction(start):
    conversation = start(
        update(User(id=7), "shop", {"name": "Bob"}, NOW, if_conditions={"name": "Alice", "nick__ne": None})
    )

    assert conversation.cql == f'UPDATE "shop"."users" SET "name" = ?{WHERE} IF "name" = ? AND "nick" != ?'
    assert conversation.params == ("Bob", 7, "NL", "Alice", None)
    assert conversation.request.conditional


def test_a_condition_that_did_not_hold_leaves_the_document_as_it_was(start):
    user = User(id=7)
    conversation = start(update(user, "shop", {"name": "Bob"}, NOW, if_conditions={"name": "Carol"}))

    conversation.answer((False, "Dora"), columns=("[applied]", "name"))

    assert conversation.result == LWTResult(applied=False, existing={"name": "Dora"})
    assert user.name == "Alice"


def test_what_a_condition_found_is_in_the_types_of_the_fields(start):
    conversation = start(update(User(id=7), "shop", {"name": "Bob"}, NOW, if_conditions={"tags": {"a"}}))

    conversation.answer((False, ["a", "b"]), columns=("[applied]", "tags"))

    assert conversation.result.existing == {"tags": {"a", "b"}}


def test_if_exists_tells_whether_the_row_was_there(start):
    conversation = start(update(User(id=7), "shop", {"name": "Bob"}, NOW, if_exists=True))
    text = conversation.cql

    conversation.answer((False,), columns=("[applied]",))

    assert text.endswith(WHERE + " IF EXISTS")
    assert conversation.result == LWTResult(applied=False)


def test_lists_of_any_length_in_a_condition_are_one_statement(start):
    texts = {
        start(update(User(id=7), "shop", {"name": "B"}, NOW, if_conditions={"name__in": ["A"] * length})).cql
        for length in (1, 2, 50)
    }

    assert texts == {f'UPDATE "shop"."users" SET "name" = ?{WHERE} IF "name" IN ?'}


def test_a_condition_on_the_key_is_refused(start):
    with pytest.raises(InvalidQueryError) as refused:
        start(update(User(id=7), "shop", {"name": "Bob"}, NOW, if_conditions={"id": 7}))

    assert str(refused.value) == (
        "User.update(if_conditions={'id': ...}): conditions are about other columns than the primary key."
    )


def test_conditions_and_if_exists_exclude_each_other(start):
    with pytest.raises(InvalidQueryError, match="if_exists and if_conditions exclude each other"):
        start(update(User(id=7), "shop", {"name": "Bob"}, NOW, if_conditions={"name": "A"}, if_exists=True))


def test_a_conditional_write_takes_no_timestamp(start):
    with pytest.raises(InvalidQueryError, match="a conditional write takes no timestamp"):
        start(update(User(id=7), "shop", {"name": "Bob"}, write_options(timestamp=1), if_exists=True))


def test_a_write_that_timed_out_leaves_the_document_as_it_was(start):
    user = User(id=7)

    with pytest.raises(WriteTimeout):
        start(update(user, "shop", {"name": "Bob"}, NOW)).fail(WriteTimeout("too slow"))

    assert user.name == "Alice"


def test_in_a_batch_the_outcome_is_not_known_and_the_document_stays_as_it_was(start):
    user, batch = User(id=7), BaseBatch()

    conversation = start(update(user, "shop", {"name": "Bob"}, NOW, batch))

    assert (conversation.result, conversation.requests) == (LWTResult(applied=None), [])
    assert user.name == "Alice"
    assert len(batch) == 1


@pytest.mark.parametrize(
    "option", ["ttl", "timestamp", "consistency", "timeout", "batch", "if_exists", "if_conditions"]
)
def test_a_field_with_the_name_of_an_option_is_refused_instead_of_being_taken_for_it(start, option):
    class Job(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        ttl: int = 0
        timestamp: int = 0
        consistency: int = 0
        timeout: int = 0
        batch: str = ""
        if_exists: bool = False
        if_conditions: str = ""
        name: str = ""

    given = {"ttl": 60, "timestamp": 1, "consistency": "ONE", "timeout": 1.0}
    options = write_options(**{option: given[option]}) if option in given else NOW
    rest = {"batch": BaseBatch(), "if_exists": True, "if_conditions": {"name": "a"}}

    with pytest.raises(InvalidQueryError) as refused:
        start(update(Job(id=7), "shop", {"name": "b"}, options, **({option: rest[option]} if option in rest else {})))

    assert str(refused.value).startswith(
        f"Job.update({option}=...): {option!r} is both a field of Job and an option of update()."
    )


def test_counters_refuse(start):
    class Page(BaseDocument):
        __coodie_kind__ = TableKind.COUNTER
        url: Annotated[str, PrimaryKey()]
        views: Annotated[int, Counter()] = 0

    with pytest.raises(InvalidQueryError, match=r"^Page\.update\(\): a counter table takes no values, only changes"):
        start(update(Page(url="/"), "shop", {"views": 1}, NOW))
