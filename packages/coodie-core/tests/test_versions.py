"""Optimistic locking: a write needs the row to have the version that was read."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_core.batch import BaseBatch
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidModel, InvalidQueryError, VersionConflict
from coodie_core.fields import PrimaryKey, Version
from coodie_core.hydration import documents_of
from coodie_core.operations.batches import send
from coodie_core.operations.documents import delete, delete_columns, insert, save, update
from coodie_core.operations.queries import create
from coodie_core.options import WriteOptions
from coodie_core.query import Query
from coodie_core.results import LWTResult
from coodie_core.statement import Rows

NOW = WriteOptions()
TABLE = '"shop"."account"'
KEY = ' WHERE "id" = ? '


class Account(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    owner: str = ""
    version: Annotated[int, Version()] = 0


def read(owner: str = "Alice", version: int = 3) -> Account:
    return documents_of(Account, Rows(("id", "owner", "version"), [(7, owner, version)]))[0]


def applied(conversation: Any) -> Any:
    return conversation.answer((True,), columns=("[applied]",))


def refused(conversation: Any, **found: Any) -> VersionConflict:
    with pytest.raises(VersionConflict) as conflict:
        conversation.answer((False, *found.values()), columns=("[applied]", *found))
    return conflict.value


def test_a_new_document_is_written_where_no_row_has_its_key_and_has_version_one(start):
    account = Account(id=7, owner="Alice")

    conversation = applied(start(save(account, "shop", NOW)))

    assert conversation.cql == f'INSERT INTO {TABLE} ("id", "owner", "version") VALUES (?, ?, ?) IF NOT EXISTS'
    assert conversation.params == (7, "Alice", 1)
    assert account.version == 1


def test_a_new_document_whose_key_is_taken_is_a_conflict(start):
    account = Account(id=7, owner="Alice")

    conflict = refused(start(save(account, "shop", NOW)), id=7, owner="Bob", version=4)

    assert str(conflict) == (
        "Account: a row with this primary key exists (version 4), so nothing was written. "
        "Read it again, and decide whether your change still holds."
    )
    assert (conflict.document, conflict.expected) == ("Account", None)
    assert conflict.result.existing == {"id": 7, "owner": "Bob", "version": 4}
    assert account.version == 0


def test_a_save_needs_the_version_that_was_read_and_adds_one(start):
    account = read()
    account.owner = "Bob"

    conversation = applied(start(save(account, "shop", NOW)))

    assert conversation.cql == f'UPDATE {TABLE} SET "owner" = ?, "version" = ?{KEY}IF "version" = ?'
    assert conversation.params == ("Bob", 4, 7, 3)
    assert account.version == 4


def test_each_save_goes_on_from_the_last(start):
    account = Account(id=7)
    applied(start(save(account, "shop", NOW)))
    applied(start(save(account, "shop", NOW)))

    assert start(save(account, "shop", NOW)).params == (3, 7, 2)


def test_another_version_is_a_conflict_and_the_document_stays_as_it_is(start):
    account = read()
    account.owner = "Bob"

    conflict = refused(start(save(account, "shop", NOW)), version=5)

    assert str(conflict).startswith("Account: the row had version 3 when it was read, and has 5 now, so nothing was")
    assert (account.version, account.owner) == (3, "Bob")
    assert start(save(account, "shop", NOW)).params == ("Bob", 4, 7, 3)


def test_a_row_that_was_deleted_is_a_conflict(start):
    conflict = refused(start(save(read(), "shop", NOW)))

    assert "the row had version 3 when it was read, and has another now, or was deleted" in str(conflict)


def test_an_update_needs_the_version_and_adds_one(start):
    account = read()

    conversation = applied(start(update(account, "shop", {"owner": "Bob"}, NOW)))

    assert conversation.cql == f'UPDATE {TABLE} SET "owner" = ?, "version" = ?{KEY}IF "version" = ?'
    assert (account.owner, account.version) == ("Bob", 4)


def test_a_refused_update_leaves_the_document_as_it_is(start):
    account = read()

    refused(start(update(account, "shop", {"owner": "Bob"}, NOW)), version=5)

    assert account == read()


def test_another_condition_that_does_not_hold_is_an_outcome_and_no_conflict(start):
    operation = update(read(), "shop", {"owner": "Bob"}, NOW, if_conditions={"owner": "Carol"})
    conversation = start(operation)

    conversation.answer((False, "Alice", 3), columns=("[applied]", "owner", "version"))

    assert conversation.cql.endswith('IF "owner" = ? AND "version" = ?')
    assert conversation.result == LWTResult(applied=False, existing={"owner": "Alice", "version": 3})


def test_a_delete_needs_the_version(start):
    account = read()

    conversation = start(delete(account, "shop", NOW))

    assert conversation.cql == f'DELETE FROM {TABLE}{KEY}IF "version" = ?'
    assert refused(conversation, version=5).expected == 3
    assert start(delete(account, "shop", NOW)).params == (7, 3)


def test_a_deleted_document_is_a_new_one(start):
    account = read()
    applied(start(delete(account, "shop", NOW)))

    assert start(save(account, "shop", NOW)).params == (7, "Alice", 1)


def test_insert_returns_the_outcome(start):
    conversation = start(insert(Account(id=7), "shop", NOW))

    conversation.answer((False, 7, "Bob", 4), columns=("[applied]", "id", "owner", "version"))

    assert conversation.result.existing == {"id": 7, "owner": "Bob", "version": 4}


def test_create_is_a_conflict_where_the_key_is_taken(start):
    refused(start(create(Query(Account), "shop", {"id": 7})), id=7, owner="Bob", version=4)


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (lambda: update(Account(id=7), "shop", {"owner": "Bob"}, NOW), "Account.update(): this document was neither"),
        (lambda: delete(Account(id=7), "shop", NOW), "Account.delete(): this document was neither read nor saved"),
        (lambda: save(Account(id=7), "shop", NOW, if_exists=True), "Account.save(if_...): this document was neither"),
        (lambda: update(read(), "shop", {"version": 9}, NOW), "Account.update(version=...): it is the document's"),
        (lambda: delete_columns(read(), "shop", ["owner"], NOW), "Account.delete_columns(): CQL cannot count"),
    ],
)
def test_what_needs_a_version_that_is_not_known_or_sets_it_is_refused(start, operation, message):
    with pytest.raises(InvalidQueryError) as refusal:
        start(operation())

    assert str(refusal.value).startswith(message)


def test_a_document_without_its_version_is_refused(start):
    [partial] = documents_of(Account, Rows(("id", "owner"), [(7, "Alice")]))

    with pytest.raises(InvalidQueryError, match=r"Account.save\(\): the document was read without its version"):
        start(save(partial, "shop", NOW))


def test_rows_from_before_there_was_a_version(start):
    class Old(BaseDocument):
        id: Annotated[int, PrimaryKey()]
        version: Annotated[int | None, Version()] = None

    [old] = documents_of(Old, Rows(("id", "version"), [(7, None)]))

    assert start(save(old, "shop", NOW)).params == (1, 7, None)


def test_after_a_batch_the_document_has_its_version(start):
    account, batch = read(), BaseBatch()
    start(save(account, "shop", NOW, batch))
    before = account.version

    applied(start(send(batch)))

    assert (before, account.version) == (3, 4)
    assert start(save(account, "shop", NOW)).params[-1] == 4


def test_after_a_refused_batch_it_has_not(start):
    account, batch = read(), BaseBatch()
    start(save(account, "shop", NOW, batch))

    start(send(batch)).answer((False, 7, 5), columns=("[applied]", "id", "version"))

    assert account.version == 3
    assert batch.result == LWTResult(applied=False, existing={"id": 7, "version": 5})


def test_a_version_counts():
    with pytest.raises(InvalidModel, match=r"Wrong.version: a Version\(\) is an `int`"):

        class Wrong(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            version: Annotated[str, Version()] = ""


def test_a_row_has_one_version():
    with pytest.raises(InvalidModel, match="Two: a and b are marked with"):

        class Two(BaseDocument):
            id: Annotated[int, PrimaryKey()]
            a: Annotated[int, Version()] = 0
            b: Annotated[int, Version()] = 0
