"""``class Settings`` of a document: read once, with mistakes named where the class is defined."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import pytest

from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidModel
from coodie_core.fields import PrimaryKey
from coodie_core.identifiers import snake_case
from coodie_core.schema import table_of
from coodie_core.settings import DocumentSettings, document_settings

NO_SETTINGS = DocumentSettings("")


def settings_with(**values: Any) -> DocumentSettings:
    return document_settings("User", type("Settings", (), values), NO_SETTINGS)


def test_without_settings_the_table_is_called_like_the_class():
    class HTTPRequestLog(BaseDocument):
        id: Annotated[int, PrimaryKey()]

    assert HTTPRequestLog.table_name() == "http_request_log"
    assert HTTPRequestLog.connection_name() is None


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("User", "user"),
        ("UserProfile", "user_profile"),
        ("HTTPRequestLog", "http_request_log"),
        ("Order2Line", "order2_line"),
        ("already_snake", "already_snake"),
        ("Box[int]", "box_int"),
        ("Box[dict[str, int]]", "box_dict_str_int"),
    ],
)
def test_names_of_classes_become_snake_case(name, table):
    assert snake_case(name) == table


def test_every_setting_is_taken_over():
    assert settings_with(
        name="people",
        keyspace="hr",
        connection="reports",
        __default_ttl__=60,
        __options__={"comment": "x"},
        __discriminator_value__="u",
        __base_table__="base",
        __view_columns__=["id", "name"],
        __where_clause__="id IS NOT NULL",
        __clustering_order__={"id": "DESC"},
    ) == DocumentSettings(
        name="people",
        keyspace="hr",
        connection="reports",
        default_ttl=60,
        options={"comment": "x"},
        discriminator_value="u",
        base_table="base",
        view_columns=("id", "name"),
        where_clause="id IS NOT NULL",
        clustering_order={"id": "DESC"},
    )


def test_annotations_docstrings_and_none_do_no_harm():
    class Settings:
        """About this table."""

        name: ClassVar[str] = "people"
        keyspace: str | None = None

    assert document_settings("User", Settings, NO_SETTINGS) == DocumentSettings(name="people")


def test_settings_can_derive_from_others():
    class Shared:
        keyspace = "hr"

    class Settings(Shared):
        name = "people"

    assert document_settings("User", Settings, NO_SETTINGS) == DocumentSettings(name="people", keyspace="hr")


def test_a_subclass_takes_over_where_its_rows_are_but_neither_the_name_nor_abstract():
    class Base(BaseDocument):
        class Settings:
            name = "base"
            keyspace = "hr"
            connection = "reports"
            __default_ttl__ = 60
            __options__ = {"comment": "x"}
            __abstract__ = True

    class User(Base):
        id: Annotated[int, PrimaryKey()]

    assert table_of(User).settings == DocumentSettings(
        name="user", keyspace="hr", connection="reports", default_ttl=60, options={"comment": "x"}
    )


def test_a_subclass_may_say_otherwise():
    class Base(BaseDocument):
        class Settings:
            keyspace = "hr"
            __abstract__ = True

    class User(Base):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            keyspace = "sales"

    class Manager(User):
        pass

    assert table_of(User).settings == DocumentSettings(name="user", keyspace="sales")
    assert table_of(Manager).settings == DocumentSettings(name="manager", keyspace="sales")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"nmae": "people"},
            "User.Settings.nmae: there is no such setting (did you mean 'name'?). Settings are name, keyspace, "
            "connection, __default_ttl__, __options__, __abstract__, __discriminator_value__, __base_table__, "
            "__view_columns__, __where_clause__, __clustering_order__.",
        ),
        (
            {"default_ttl": 60},
            "User.Settings.default_ttl: there is no such setting (did you mean '__default_ttl__'?). Settings are ",
        ),
        (
            {"name": "my-table"},
            "User.Settings: table 'my-table': a name has letters, digits and underscores only, and at least one.",
        ),
        ({"name": "x" * 223}, f"User.Settings: table '{'x' * 223}': a name has at most 222 characters, this one 223."),
        (
            {"keyspace": "x" * 49},
            f"User.Settings: keyspace '{'x' * 49}': a name has at most 48 characters, this one 49.",
        ),
        (
            {"keyspace": 'a"b'},
            "User.Settings: keyspace 'a\"b': a name has letters, digits and underscores only, and at least one.",
        ),
        ({"__default_ttl__": -1}, "User.Settings.__default_ttl__ = -1: give 0 to 630720000 seconds."),
        ({"__default_ttl__": 630_720_001}, "User.Settings.__default_ttl__ = 630720001: give 0 to 630720000 seconds."),
        ({"__default_ttl__": True}, "User.Settings.__default_ttl__ = True: give 0 to 630720000 seconds."),
        ({"__view_columns__": "name"}, "User.Settings.__view_columns__ = 'name': give a list of names."),
        ({"__options__": "comment"}, "User.Settings.__options__ = 'comment': give a dict."),
        ({"__clustering_order__": "id"}, "User.Settings.__clustering_order__ = 'id': give a dict."),
    ],
)
def test_a_setting_that_cannot_be_is_named(values, message):
    with pytest.raises(InvalidModel) as mistake:
        settings_with(**values)

    assert str(mistake.value).startswith(message)


def test_settings_are_a_class():
    with pytest.raises(InvalidModel) as mistake:
        type("User", (BaseDocument,), {"__module__": __name__, "Settings": {"name": "people"}})

    assert str(mistake.value) == (
        "User.Settings is no class, but a dict. Write it inside of User, as in `class Settings: name = ...`."
    )


def test_a_mistake_in_settings_shows_where_the_class_is_defined():
    with pytest.raises(InvalidModel, match=r"User\.Settings\.nmae: there is no such setting"):

        class User(BaseDocument):
            id: Annotated[int, PrimaryKey()]

            class Settings:
                nmae = "people"
