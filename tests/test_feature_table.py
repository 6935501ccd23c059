"""The table of CQL features is up to date, and each of its tests exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from feature_table import PAGE, features, main, problems
from workspace import ROOT


def write(root: Path, toml: str) -> None:
    for name, text in {
        "tools/features.toml": toml,
        "integration-tests/aio/test_a.py": "async def test_it():\n    pass\n",
        "integration-tests/sync/test_a.py": "def test_it():\n    pass\n",
        "packages/core/test_b.py": "def test_text():\n    pass\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def test_every_feature_names_a_test_that_exists() -> None:
    assert list(problems()) == []
    assert sum(map(len, features().values())) > 50


def test_the_page_is_up_to_date() -> None:
    assert main(["--check"]) == 0


def test_a_page_that_is_out_of_date_is_told_and_then_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    write(
        tmp_path,
        '[Types]\n"a" = ["`b`", "test_a.py::test_it"]\n[scylladb]\n"c" = ["d", "packages/core/test_b.py::test_text"]',
    )

    assert main(["--check"], tmp_path) == 1
    assert "out of date" in capsys.readouterr().out
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert "| a | `b` | `test_a.py::test_it` |" in (tmp_path / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "test", ["test_a.py::test_missing", "test_none.py::test_it", "packages/core/test_b.py::test_text"]
)
def test_a_feature_that_no_test_shows_on_a_server_is_refused(test: str, tmp_path: Path) -> None:
    write(tmp_path, f'[Types]\n"a" = ["`b`", "{test}"]')

    assert main([], tmp_path) == 1


def test_the_page_is_in_the_navigation() -> None:
    assert "features.md" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
