"""All packages carry one version, and accept only members that fit it."""

from __future__ import annotations

import shutil
from pathlib import Path

import bump_version
import pytest
from workspace import ROOT, members

import coodie


def test_all_packages_have_one_version() -> None:
    assert {member.name: member.version for member in members()} == dict.fromkeys(
        ["coodie-core", "coodie-aio", "coodie-sync", "coodie", "coodie-speedups", "coodie-testing"], coodie.__version__
    )


def test_members_need_each_other_in_compatible_versions() -> None:
    ranges = {requirement.partition("~=")[2] for member in members() for requirement in member.requirements_of_members}

    assert ranges == {coodie.__version__}


@pytest.fixture
def copied_workspace(tmp_path: Path) -> Path:
    """The files of this workspace that hold the version, to be changed."""
    for path in [ROOT / "pyproject.toml", *bump_version.files_with_the_version(ROOT)]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return tmp_path


def test_a_new_version_is_given_to_all_packages_and_ranges(copied_workspace: Path) -> None:
    bump_version.main(["31.4.1"], copied_workspace)

    bumped = members(copied_workspace)
    assert {member.version for member in bumped} == {"31.4.1"}
    assert [need for member in bumped for need in member.requirements_of_members] == [
        need.replace(coodie.__version__, "31.4.1") for member in members() for need in member.requirements_of_members
    ]
    assert '__version__ = "31.4.1"' in (copied_workspace / "packages/coodie/src/coodie/__init__.py").read_text()


def test_a_new_version_changes_nothing_else(copied_workspace: Path) -> None:
    bump_version.main([coodie.__version__], copied_workspace)

    for path in bump_version.files_with_the_version(ROOT):
        assert (copied_workspace / path.relative_to(ROOT)).read_text() == path.read_text()


@pytest.mark.parametrize("version", ["2.1", "2.1.0rc1", "v2.1.0"])
def test_a_version_that_ranges_cannot_use_is_refused(version: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bump_version.main([version])

    assert "is not major.minor.patch" in capsys.readouterr().err
