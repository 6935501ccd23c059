"""Names and texts that become part of CQL: nothing in them ends the name or text that they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coodie_core.exceptions import InvalidQueryError
from coodie_core.identifiers import checked_name, literal_text, qualified, quoted


@given(st.text())
def test_a_quoted_name_has_no_single_quote_mark_inside(name):
    inside = quoted(name)[1:-1]

    assert inside.replace('""', "").count('"') == 0
    assert inside.replace('""', '"') == name


@given(st.text())
def test_a_text_literal_has_no_single_apostrophe_inside(text):
    inside = literal_text(text)[1:-1]

    assert inside.replace("''", "").count("'") == 0
    assert inside.replace("''", "'") == text


def test_a_table_may_stand_in_a_keyspace():
    assert (qualified("Users", "shop"), qualified("Users", None)) == ('"shop"."Users"', '"Users"')


@pytest.mark.parametrize("name", ["a", "users", "Users_2", "_x", "1st", "x" * 222])
def test_names_of_letters_digits_and_underscores_are_fine(name):
    assert checked_name("table", name) == name


@pytest.mark.parametrize("name", ["", "a b", "a-b", 'a"b', "a;b", "ключ", "a\n", "x" * 223, None, 5])
def test_other_names_are_refused(name):
    with pytest.raises(InvalidQueryError, match=r"^table "):
        checked_name("table", name)


def test_an_index_is_named_after_its_table_and_column_however_long_they_are():
    assert checked_name("index", f"{'t' * 222}_{'c' * 222}_idx")
