"""A forgotten `yield from` does nothing at run time, without a word. The type checker finds it in operations."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

OPERATION = """
from coodie_core.operation import Operation
from coodie_core.statement import Statement

def execute(statement: Statement) -> Operation[int]:
    yield statement
    return 1

def save(statement: Statement) -> Operation[None]:
    {call}
"""


@pytest.mark.parametrize(
    ("call", "finding"),
    [
        ("yield from execute(statement)", "0 errors"),
        ("execute(statement)\n    yield statement", "reportUnusedCallResult"),
    ],
)
def test_a_forgotten_yield_from_is_found(call: str, finding: str, tmp_path: Path) -> None:
    operation = tmp_path / "packages/coodie-core/src/coodie_core/operations/example.py"
    operation.parent.mkdir(parents=True)
    operation.write_text(OPERATION.format(call=call))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    finished = subprocess.run(
        ["basedpyright", str(operation)], cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=False
    )

    assert finding in finished.stdout
