"""The table of drivers is up to date, and every feature in it is tried by some test."""

from __future__ import annotations

from pathlib import Path

import driver_features
from driver_features import FEATURES
from driver_table import BEGIN, END, PAGE, main, table
from workspace import ROOT

TESTS = [path for place in ("aio", "both") for path in (ROOT / "integration-tests" / place).glob("test_*.py")]


def test_the_table_is_up_to_date_and_in_the_navigation() -> None:
    assert main(["--check"]) == 0
    assert "drivers.md" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def test_a_table_that_is_out_of_date_is_told_and_then_written(tmp_path: Path) -> None:
    path = tmp_path / PAGE
    path.parent.mkdir()
    path.write_text(f"before\n\n{BEGIN}old\n{END}after\n", encoding="utf-8")

    assert main(["--check"], tmp_path) == 1
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert path.read_text(encoding="utf-8") == f"before\n\n{BEGIN}\n{table()}\n{END}after\n"


def test_every_feature_of_the_table_is_tried() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in TESTS)
    names = {name for name, value in vars(driver_features).items() if isinstance(value, str) and value in FEATURES}

    assert len(names) == len(FEATURES)
    assert [name for name in sorted(names) if texts.count(name) < 2] == [], "imported and used"
