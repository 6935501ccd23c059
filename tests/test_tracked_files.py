"""What is committed works on every machine, and names no place that only one of them has."""

from __future__ import annotations

import re
import subprocess

import pytest
from workspace import ROOT, members

# Written in pieces, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a home directory": r"/(?:home|" + "Users)/[a-z]|/" + r"root/",
    "the host of a package registry": r"\b(?:pypi|files\.pythonhosted|" + r"repo1?\.maven|registry\.npmjs|crates|"
    r"proxy\.golang)" + r"\.(?:org|com|io|apache\.org)\b",
}

PINS = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*")


def tracked_text_files() -> dict[str, str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts: dict[str, str] = {}
    for name in listed.splitlines():
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in data:
            texts[name] = data.decode()
    return texts


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what: str) -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in tracked_text_files().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if re.search(FORBIDDEN[what], line)
    ]

    assert not found, found


def test_there_is_no_lock_file() -> None:
    assert not [name for name in tracked_text_files() if re.search(r"(?:^|/)(?:uv\.lock|pylock.*\.toml)$", name)]


def test_constraints_are_pins_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if not PINS.fullmatch(line)] == []
    assert lines == sorted(set(lines))


def test_every_package_carries_the_licence_of_the_repository() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")

    for member in members():
        assert (member.path / "LICENSE").read_text(encoding="utf-8") == licence, member.name
