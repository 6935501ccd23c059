"""What is built is what users get: each package alone, complete, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from rows_in_c import WAYS
from workspace import ROOT, Member, members

from coodie_testing import Server

# A server in a container tells an address that only the container knows.
FIND_THE_SERVER = """
from cassandra.connection import DefaultEndPoint, EndPointFactory

class OneNode(EndPointFactory):
    def create(self, row):
        return DefaultEndPoint({host!r}, {port})
"""

MAKE_PAGING_TOKENS = """
from coodie_core.paging_tokens import PagingTokens
from coodie_core.exceptions import ConfigurationError

try:
    print(PagingTokens(PagingTokens.new_key()))
except ConfigurationError as error:
    print(error)
"""

IS_IN_C = """
from coodie_core import speedups

print(speedups.rows is not None)
"""

IMPORTABLE = """
import importlib.util, sys
print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name)))
"""


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist and the wheel of each package, as `hatch build --all` makes them."""
    directory = tmp_path_factory.mktemp("dist")
    run("hatch", "build", "--all", str(directory), cwd=ROOT)
    return directory


def run(*command: str, cwd: Path, **variables: str) -> str:
    """Return what *command* prints, with these environment variables; if it fails, fail with all that it printed."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    environment = {**inherited, **variables}
    finished = subprocess.run(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


@dataclass(frozen=True)
class CleanEnvironment:
    """A virtual environment that knows our packages from one directory only."""

    python: Path
    directory: Path

    def install(self, *requirements: str, dist: Path, others: tuple[str, ...] = ()) -> None:
        """Install, ours without asking any index: one that has packages of the same name cannot be mistaken for it.

        Args:
            requirements: Our packages.
            dist: Where they are.
            others: What their extras need.
        """
        needed = {line for member in members() for line in member.dependencies}
        ours = {line for member in members() for line in member.requirements_of_members}
        installed_from_index = sorted({*needed, *others} - ours)
        install = ["uv", "pip", "install", "--quiet", "--python", str(self.python)]
        run(*install, *installed_from_index, cwd=self.directory)
        run(*install, "--no-index", f"--find-links={dist}", *requirements, cwd=self.directory)

    def run_script(self, script: str, *arguments: str) -> str:
        return run(str(self.python), "-c", script, *arguments, cwd=self.directory)

    def importable(self) -> set[str]:
        """Return which of our packages can be imported here."""
        return set(self.run_script(IMPORTABLE, *(member.module for member in members())).split())

    def check(self) -> None:
        run("uv", "pip", "check", "--python", str(self.python), cwd=self.directory)


@pytest.fixture
def clean_environment(tmp_path: Path) -> CleanEnvironment:
    run("uv", "venv", "--quiet", "--python", sys.executable, "venv", cwd=tmp_path)
    scripts = "Scripts" if os.name == "nt" else "bin"
    return CleanEnvironment(tmp_path / "venv" / scripts / "python", tmp_path)


def wheel_of(dist: Path, member: Member) -> Path:
    (wheel,) = dist.glob(f"{member.module}-{member.version}-*.whl")
    return wheel


def wheel_names(dist: Path, member: Member) -> list[str]:
    return zipfile.ZipFile(wheel_of(dist, member)).namelist()


def sdist_names(dist: Path, member: Member) -> list[str]:
    with tarfile.open(dist / f"{member.module}-{member.version}.tar.gz") as archive:
        return archive.getnames()


def test_an_sdist_and_a_wheel_are_built_of_each_package(dist: Path) -> None:
    wheels = {member.name: wheel_of(dist, member).name for member in members()}
    sdists = {f"{member.module}-{member.version}.tar.gz" for member in members()}

    assert {path.name for path in dist.iterdir()} == {*sdists, *wheels.values()}
    assert {name for name, wheel in wheels.items() if not wheel.endswith("-py3-none-any.whl")} == {"coodie-speedups"}


@pytest.mark.parametrize("member", members(), ids=lambda member: member.name)
def test_a_wheel_holds_the_package_its_types_and_its_licence_only(dist: Path, member: Member) -> None:
    names = wheel_names(dist, member)
    metadata = f"{member.module}-{member.version}.dist-info"

    assert f"{member.module}/py.typed" in names
    assert f"{metadata}/licenses/LICENSE" in names
    assert {name.partition("/")[0] for name in names} == {member.module, metadata}
    assert not [name for name in names if "/tests/" in name or name.endswith(".pyc")]


@pytest.mark.parametrize("member", members(), ids=lambda member: member.name)
def test_an_sdist_holds_what_building_and_reading_it_needs(dist: Path, member: Member) -> None:
    names = sdist_names(dist, member)
    stem = f"{member.module}-{member.version}"

    assert {f"{stem}/{name}" for name in ["pyproject.toml", "README.md", "LICENSE", "PKG-INFO"]} <= set(names)
    assert f"{stem}/src/{member.module}/py.typed" in names
    assert not [name for name in names if name.endswith(".pyc")]


def readme_example(member: str, server: Server, keyspace: str) -> str:
    """Return the Python code of a package's README, talking to *server*."""
    readme = (ROOT / "packages" / member / "README.md").read_text(encoding="utf-8")
    code: str = readme.partition("```python\n")[2].partition("```")[0]
    host, port = server.hosts[0], server.port
    code = code.replace('hosts=["127.0.0.1"]', f'hosts=["{host}"], port={port}, endpoint_factory=OneNode()')
    return FIND_THE_SERVER.format(host=host, port=port) + code.replace('"shop"', f'"{keyspace}"')


@pytest.mark.parametrize(
    ("member", "importable", "name_read"),
    [
        ("coodie-aio", {"coodie_core", "coodie_aio"}, "Alice"),
        ("coodie-sync", {"coodie_core", "coodie_sync"}, "Alice"),
        ("coodie", {"coodie_core", "coodie_aio", "coodie_sync", "coodie"}, "Alicia"),
    ],
)
def test_a_package_installed_alone_saves_and_reads_a_row_as_its_readme_tells(
    member: str,
    importable: set[str],
    name_read: str,
    dist: Path,
    clean_environment: CleanEnvironment,
    coodie_server: Server,
    coodie_fresh_keyspace: str,
) -> None:
    clean_environment.install(member, dist=dist)

    assert clean_environment.importable() == importable
    clean_environment.check()
    script = readme_example(member, coodie_server, coodie_fresh_keyspace)
    assert clean_environment.run_script(script) == f"{name_read}\n"


@pytest.mark.parametrize("member", ["coodie", "coodie-aio", "coodie-sync"])
def test_paging_tokens_need_the_extra_and_say_so(member: str, dist: Path, clean_environment: CleanEnvironment) -> None:
    clean_environment.install(member, dist=dist)

    refusal = clean_environment.run_script(MAKE_PAGING_TOKENS)
    assert "pip install 'coodie[tokens]', or 'coodie-aio[tokens]', or 'coodie-sync[tokens]'" in refusal

    clean_environment.install(f"{member}[tokens]", dist=dist, others=("cryptography",))
    clean_environment.check()
    assert clean_environment.run_script(MAKE_PAGING_TOKENS) == "<PagingTokens of 1 keys, max_age=3600>\n"


@pytest.mark.parametrize("member", ["coodie", "coodie-aio", "coodie-sync"])
def test_the_part_in_c_comes_with_the_extra(member: str, dist: Path, clean_environment: CleanEnvironment) -> None:
    clean_environment.install(member, dist=dist)

    assert clean_environment.run_script(IS_IN_C) == "False\n"

    clean_environment.install(f"{member}[speedups]", dist=dist)
    clean_environment.check()
    assert clean_environment.run_script(IS_IN_C) == f"{'C' in WAYS}\n"


def test_the_part_in_c_installs_where_nothing_can_be_compiled(dist: Path, clean_environment: CleanEnvironment) -> None:
    clean_environment.install("coodie-core", dist=dist)
    (sdist,) = dist.glob("coodie_speedups-*.tar.gz")

    python = str(clean_environment.python)
    run("uv", "pip", "install", "--python", python, str(sdist), cwd=clean_environment.directory, CC="no-such-compiler")

    assert clean_environment.importable() == {"coodie_core", "coodie_speedups"}
    assert clean_environment.run_script(IS_IN_C) == "False\n"
