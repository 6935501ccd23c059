"""The part in C is used where it is there, fits, and is wanted."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from rows_in_c import WAYS

USED = "from coodie_core import speedups; print(speedups.rows is not None)"
WITH_ANOTHER_INTERFACE = """
import sys, types

module = types.ModuleType("coodie_speedups.rows")
module.INTERFACE = 0
sys.modules["coodie_speedups.rows"] = module
"""


def can_compile() -> bool:
    compiler = (sysconfig.get_config_var("CC") or "").partition(" ")[0]
    return bool(shutil.which(compiler)) and Path(sysconfig.get_path("include"), "Python.h").is_file()


def said_by_a_new_process(script: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_it_is_installed_wherever_it_can_be_compiled() -> None:
    assert ("C" in WAYS) is can_compile()


@pytest.mark.parametrize(("value", "used"), [("", "C" in WAYS), ("1", False)])
def test_an_environment_variable_turns_it_off(value: str, used: bool) -> None:
    assert said_by_a_new_process(USED, COODIE_PURE_PYTHON=value) == str(used)


def test_one_that_was_made_for_another_release_is_not_used() -> None:
    assert said_by_a_new_process(WITH_ANOTHER_INTERFACE + USED) == "False"
