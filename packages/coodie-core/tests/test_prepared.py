"""The bounded memory of prepared statements."""

from __future__ import annotations

import sys
import threading

import pytest

from coodie_core.driver_support.prepared import MAX_PREPARED, PreparedStatements


def test_what_was_added_is_found() -> None:
    statements = PreparedStatements()
    statements.add("SELECT 1", "first")

    assert statements.get("SELECT 1") == "first"
    assert statements.get("SELECT 2") is None


def test_the_text_that_was_not_used_for_longest_gives_way() -> None:
    statements = PreparedStatements(limit=2)
    statements.add("a", 1)
    statements.add("b", 2)
    statements.get("a")

    statements.add("c", 3)

    assert [statements.get(text) for text in ("a", "b", "c")] == [1, None, 3]


def test_texts_can_be_forgotten() -> None:
    statements = PreparedStatements()
    statements.add("a", 1)
    statements.add("b", 2)

    statements.forget(["a", "never prepared"])

    assert [statements.get(text) for text in ("a", "b")] == [None, 2]


def test_it_never_holds_more_than_its_limit() -> None:
    statements = PreparedStatements()

    for number in range(3 * MAX_PREPARED):
        statements.add(f"SELECT {number}", number)

    assert len(statements) == MAX_PREPARED


def test_all_is_forgotten_when_the_schema_changes() -> None:
    statements = PreparedStatements()
    statements.add("a", 1)

    statements.clear()

    assert len(statements) == 0
    assert statements.get("a") is None


@pytest.fixture
def _many_switches() -> object:
    """Have threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_many_switches")
def test_threads_may_use_it_without_a_lock() -> None:
    statements = PreparedStatements(limit=3)
    wrong: list[object] = []

    def use(seed: int) -> None:
        try:
            for step in range(5_000):
                text = str((seed * 7 + step) % 10)
                if statements.get(text) not in (None, text):
                    wrong.append(text)
                statements.add(text, text)
                if step % 500 == seed:
                    statements.clear()
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(statements) <= 3
