"""Why acsylla is no driver of coodie: what would have to become otherwise, in an environment of its own.

Written by hand: acsylla knows neither API.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from coodie_testing import Server

VERSION = "1.2.0"
PROGRAM = """
import asyncio, sys, uuid
import acsylla

async def main(host, port, keyspace):
    session = await acsylla.create_cluster([host], port=int(port)).create_session(keyspace)
    await session.query("CREATE TABLE kinds (id int PRIMARY KEY, word text, number int, key uuid)")
    insert = await session.create_prepared("INSERT INTO kinds (id, word, number, key) VALUES (?, ?, ?, ?)")
    statement = insert.bind()
    statement.bind_list([1, 5, 1.7, uuid.UUID(int=1)])
    await session.execute(statement)
    [row] = await session.query("SELECT word, number, key FROM kinds")
    print(row.as_tuple())
    print([name for name in dir(insert) + dir(statement) if "type" in name or "param" in name])
    await session.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment with acsylla."""
    environment = tmp_path_factory.mktemp("acsylla")
    python = str(environment / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, f"acsylla=={VERSION}"], check=True)
    return python


@pytest.mark.skipif(sys.platform == "win32", reason="acsylla has no wheels for Windows")
def test_it_turns_values_into_others_and_tells_no_types(
    python: str, coodie_server: Server, coodie_fresh_keyspace: str, tmp_path: Path
) -> None:
    address = [coodie_server.hosts[0], str(coodie_server.port), coodie_fresh_keyspace]

    said = subprocess.run([python, "-c", PROGRAM, *address], cwd=tmp_path, capture_output=True, text=True, check=True)

    values, told = said.stdout.splitlines()
    assert values == "('5', 1, '00000000-0000-0000-0000-000000000001')"
    assert told == "['native_types', 'reset_parameters']"
