"""What CONTRIBUTING.md, the README and .ci/run tell to type, exists."""

from __future__ import annotations

import re

import pytest
from workspace import ROOT, scripts

HATCH_RUN = re.compile(r"hatch run ([a-z:_-]+)")


def verbs_in(file: str) -> set[str]:
    return set(HATCH_RUN.findall((ROOT / file).read_text(encoding="utf-8")))


def test_contributing_tells_every_verb() -> None:
    table = re.findall(
        r"^\| `hatch run ([a-z:]+)` \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted(table) == sorted(scripts())


@pytest.mark.parametrize("file", ["README.md", ".ci/run"])
def test_only_verbs_that_exist_are_told(file: str) -> None:
    assert verbs_in(file) <= scripts()


def test_ci_runs_the_commands_of_the_readme() -> None:
    assert {"demo", "test"} <= verbs_in("README.md") & verbs_in(".ci/run")
    assert "pip install hatch" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "pip install hatch" in (ROOT / ".ci/run").read_text(encoding="utf-8")
