"""Type checkers agree with every line of public_types.py, those that state a mistake included."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

PUBLIC_TYPES = Path(__file__).with_name("public_types.py")
ROOT = PUBLIC_TYPES.parent.parent


@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_public_types(checker: str) -> None:
    finished = subprocess.run([checker, str(PUBLIC_TYPES)], cwd=ROOT, capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_the_checkers_would_find_a_wrong_line(checker: str, tmp_path: Path) -> None:
    changed = tmp_path / "public_types.py"
    changed.write_text(PUBLIC_TYPES.read_text().replace("count(), int)", "count(), str)"))

    finished = subprocess.run([checker, str(changed)], cwd=ROOT, capture_output=True, text=True, check=False)

    assert finished.returncode == 1
    assert "str" in finished.stdout
    assert "assert" in finished.stdout
