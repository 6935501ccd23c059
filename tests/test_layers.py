"""The core decides and does no I/O; the two APIs stand on it and never on each other."""

from __future__ import annotations

import subprocess
import sys

NOT_FOR_THE_CORE = ["asyncio", "cassandra", "concurrent", "selectors", "socket", "ssl", "threading"]

MODULES_THAT_THE_CORE_LOADS = """
import importlib, pkgutil, sys

{already_loaded}
before = set(sys.modules)
import coodie_core
for module in pkgutil.walk_packages(coodie_core.__path__, "coodie_core."):
    importlib.import_module(module.name)
print("\\n".join(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})))
"""


def modules_that_the_core_loads(*, besides: str) -> set[str]:
    """Return the top-level modules that importing the whole core adds to those that *besides* loads."""
    script = MODULES_THAT_THE_CORE_LOADS.format(already_loaded=besides)
    finished = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    return set(finished.stdout.split())


def test_the_import_contracts_are_kept() -> None:
    finished = subprocess.run(["lint-imports", "--no-cache"], capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stdout


def test_importing_the_core_loads_no_driver_and_nothing_that_waits() -> None:
    loaded = modules_that_the_core_loads(besides="from pydantic import BaseModel, TypeAdapter; TypeAdapter(int)")

    assert "coodie_core" in loaded
    assert loaded.isdisjoint(NOT_FOR_THE_CORE), loaded.intersection(NOT_FOR_THE_CORE)
