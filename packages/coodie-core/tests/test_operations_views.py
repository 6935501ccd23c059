"""Materialized views: created from what the class says."""

from __future__ import annotations

from typing import Annotated

import pytest

from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidModel, SchemaMismatch
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_core.operations.views import create_view, drop_view, sync_view
from coodie_core.schema import Table, TableKind, table_of
from coodie_core.statement import Statement


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    email: str
    name: str

    class Settings:
        name = "users"


class View(BaseDocument):
    __coodie_kind__ = TableKind.VIEW

    class Settings:
        __abstract__ = True


class UserByEmail(View):
    email: Annotated[str, PrimaryKey()]
    id: Annotated[int, ClusteringKey(order="DESC")]
    name: str

    class Settings:
        name = "users_by_email"
        __base_table__ = User


CREATE = (
    'CREATE MATERIALIZED VIEW IF NOT EXISTS "ks"."users_by_email" AS SELECT "email", "id", "name" FROM "ks"."users" '
    'WHERE "email" IS NOT NULL AND "id" IS NOT NULL PRIMARY KEY (("email"), "id") '
    'WITH CLUSTERING ORDER BY ("id" DESC)'
)


def created(start, view) -> str:
    """The CQL that creates the view."""
    return start(sync_view(view, "ks")).answer().answer().cql


def test_a_view_that_does_not_exist_is_created(start):
    conversation = start(sync_view(UserByEmail, "ks")).answer().answer()

    assert conversation.request == Statement(CREATE, prepared=False)
    assert conversation.answer().answer().answer().result == [CREATE]


LIVE = {
    "email": ("text", "partition_key", 0, "none"),
    "id": ("int", "clustering", 0, "desc"),
    "name": ("text", "regular", -1, "none"),
}


def synced(start, **changed):
    """Sync the view where it exists with these columns, or without those that are None."""
    live = {name: column for name, column in {**LIVE, **changed}.items() if column is not None}
    return start(sync_view(UserByEmail, "ks")).answer(*((name, *rest) for name, rest in live.items())).answer()


def test_a_view_that_exists_stays_as_it_is(start):
    assert synced(start).result == []


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"name": None}, "the view users_by_email does not show name."),
        (
            {"name": ("int", "regular", -1, "none")},
            "column 'name' of users_by_email: the model has type text, the view has type int.",
        ),
        (
            {"id": ("int", "clustering", 0, "asc")},
            "column 'id' of users_by_email: the model has clustering order desc, the view has clustering order asc.",
        ),
    ],
)
def test_another_view_than_the_class_describes_is_refused(start, changed, difference):
    with pytest.raises(SchemaMismatch) as refused:
        synced(start, **changed)

    assert str(refused.value) == (
        f"UserByEmail.sync_view(): {difference} "
        "CQL cannot alter the columns of a view: change the class back, or call drop_view(), then sync_view()."
    )


def test_a_dry_run_says_what_would_run_and_changes_nothing(start):
    conversation = start(sync_view(UserByEmail, "ks", dry_run=True)).answer().answer()

    assert conversation.result == [CREATE]
    assert len(conversation.requests) == 2


def test_the_settings_choose_columns_rows_and_order(start):
    class ActiveUser(View):
        email: Annotated[str, PrimaryKey()]
        id: Annotated[int, ClusteringKey()]
        name: str

        class Settings:
            __base_table__ = "users"
            __view_columns__ = ("name",)
            __where_clause__ = "email IS NOT NULL AND id > 0"
            __clustering_order__ = {"id": "DESC"}

    assert created(start, ActiveUser) == (
        'CREATE MATERIALIZED VIEW IF NOT EXISTS "ks"."active_user" AS SELECT "email", "id", "name" FROM "ks"."users" '
        'WHERE email IS NOT NULL AND id > 0 PRIMARY KEY (("email"), "id") WITH CLUSTERING ORDER BY ("id" DESC)'
    )


def test_a_view_without_a_base_table_is_refused(start):
    class Lost(View):
        email: Annotated[str, PrimaryKey()]

    with pytest.raises(InvalidModel) as refused:
        created(start, Lost)

    assert str(refused.value) == (
        "Lost.Settings.__base_table__: give the document that the view shows, or the name of its table."
    )


def test_a_view_of_a_column_that_is_no_field_is_refused(start):
    class Lost(View):
        email: Annotated[str, PrimaryKey()]

        class Settings:
            __base_table__ = User
            __view_columns__ = ("emial",)

    with pytest.raises(InvalidModel) as refused:
        created(start, Lost)

    assert str(refused.value) == (
        "Lost.Settings.__view_columns__: Lost has no field 'emial' (did you mean 'email'?). Its fields are email."
    )


def test_dropping_is_one_statement(start):
    assert start(drop_view(UserByEmail, "ks")).request == Statement(
        'DROP MATERIALIZED VIEW IF EXISTS "ks"."users_by_email"', prepared=False
    )


class Event(BaseDocument):
    day: Annotated[int, PrimaryKey()]
    at: Annotated[int, ClusteringKey(order="DESC", clustering_key_index=0)]
    number: Annotated[int, ClusteringKey(clustering_key_index=1)]
    room: str


def view_of_events(order: dict[str, str]) -> Table:
    class EventByRoom(View):
        room: Annotated[str, PrimaryKey()]
        day: Annotated[int, ClusteringKey(clustering_key_index=0)]
        at: Annotated[int, ClusteringKey(clustering_key_index=1)]
        number: Annotated[int, ClusteringKey(clustering_key_index=2)]

        class Settings:
            __base_table__ = Event
            __clustering_order__ = order

    return table_of(EventByRoom)


def test_an_order_is_said_of_every_clustering_key():
    """Servers would take what is not said from the base table, and refuse a list that leaves one out."""
    assert create_view(view_of_events({}), "ks").endswith(
        'WITH CLUSTERING ORDER BY ("day" ASC, "at" ASC, "number" ASC)'
    )
    assert create_view(view_of_events({"at": "DESC"}), "ks").endswith(
        'WITH CLUSTERING ORDER BY ("day" ASC, "at" DESC, "number" ASC)'
    )


def test_an_order_of_something_else_is_refused():
    with pytest.raises(
        InvalidModel, match=r"room is no clustering key of the view\. Its clustering keys: day, at, number"
    ):
        create_view(view_of_events({"room": "DESC"}), "ks")
