"""The contract of drivers with cassandra-driver, which has the package of scylla-driver: in an environment of its own.

Written by hand: it runs the tests of both APIs there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from programs import APIS

from coodie_testing import Server

ROOT = Path(__file__).parents[2]
NEEDED = ("cassandra-driver", "cryptography", "hypothesis", "pydantic", "pytest", "pytest-asyncio", "pytest-timeout")
OURS = ("coodie-core", "coodie-aio", "coodie-sync", "coodie-testing")


def run(*command: str, **variables: str) -> str:
    """Return what *command* prints; if it fails, fail with all that it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    finished = subprocess.run(
        command, cwd=ROOT, env={**environment, **variables}, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment with our packages and cassandra-driver, without scylla-driver."""
    environment = tmp_path_factory.mktemp("cassandra-driver")
    python = str(environment / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    run("uv", "venv", "--quiet", "--python", sys.executable, str(environment))
    install = ("uv", "pip", "install", "--quiet", "--python", python)
    run(*install, "--constraint", str(ROOT / "constraints.txt"), *NEEDED)
    run(*install, "--no-deps", *(str(ROOT / "packages" / name) for name in OURS))
    return python


@pytest.mark.parametrize("api", APIS)
def test_cassandra_driver_keeps_the_contract(api: str, python: str, coodie_server: Server) -> None:
    tests = f"integration-tests/{api}/test_driver_contract.py"
    address = ",".join(f"{host}:{coodie_server.port}" for host in coodie_server.hosts)

    said = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests, COODIE_TEST_HOSTS=address)

    assert "passed" in said
    assert "skipped" not in said
