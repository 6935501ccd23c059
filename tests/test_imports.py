"""A program pays for what it uses: the other API, the drivers and what few programs need are imported later."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import coodie

PACKAGES_OF_DRIVERS = ("cassandra", "scylla", "acsylla", "numpy")
OF_FEW_PROGRAMS = ("cryptography", "difflib", "html", "pandas", "polars", "pyarrow")

SEES_WHO_IMPORTS_THE_DRIVER = """
import asyncio
import sys
import threading

importing = []

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "cassandra.cluster":
            importing.append(threading.current_thread())

sys.meta_path.insert(0, Finder())

import coodie.aio

asyncio.run(coodie.aio.init_coodie(hosts=["127.0.0.1"], lazy=True))
print([thread is threading.main_thread() for thread in importing])
"""


def printed_by(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def imported_by(statement: str) -> set[str]:
    """Return the packages that a fresh Python has imported after *statement*."""
    return set(
        printed_by(f"{statement}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})").split()
    )


@pytest.mark.parametrize(
    ("statement", "not_needed"),
    [
        ("import coodie", {"coodie_aio", "coodie_sync", "asyncio"}),
        ("import coodie.aio", {"coodie_sync"}),
        ("import coodie.sync", {"coodie_aio", "asyncio"}),
        ("from coodie import sync", {"coodie_aio", "asyncio"}),
        ("from coodie import Document", {"coodie_sync"}),
        ("from coodie import BatchQuery", {"coodie_aio", "asyncio"}),
        ("from coodie.fields import PrimaryKey", {"coodie_aio", "coodie_sync", "asyncio"}),
    ],
)
def test_an_import_brings_what_is_needed(statement: str, not_needed: set[str]) -> None:
    imported = imported_by(statement)

    assert {"coodie", "coodie_core"} <= imported
    assert imported.isdisjoint({*not_needed, *PACKAGES_OF_DRIVERS, *OF_FEW_PROGRAMS})


def test_a_driver_is_imported_where_it_does_not_block_the_event_loop() -> None:
    assert printed_by(SEES_WHO_IMPORTS_THE_DRIVER) == "[False]"


def test_a_wrong_name_is_refused_as_in_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'coodie' has no attribute 'Documnet'"):
        getattr(coodie, "Documnet")  # noqa: B009 - a type checker would refuse it


def test_type_checkers_and_python_find_the_same_names() -> None:
    """What is imported later is named twice: once for type checkers, once for Python."""
    tree = ast.parse(Path(coodie.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    promised = {alias.asname for node in imports for alias in node.names if alias.asname}

    star = printed_by("from coodie import *; print(*(name for name in dir() if name[0] != '_'))")

    assert set(star.split()) == promised
    assert promised <= set(dir(coodie))
    for node in imports:
        for alias in node.names:
            if alias.asname:
                assert getattr(coodie, alias.name) is getattr(sys.modules[str(node.module)], alias.name)
