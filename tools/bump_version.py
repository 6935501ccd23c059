"""Give all packages a new version, and the ranges between them.

python tools/bump_version.py 2.1.0
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from workspace import ROOT, members

RELEASE = re.compile(r"\d+\.\d+\.\d+")


def files_with_the_version(root: Path) -> Iterator[Path]:
    for member in members(root):
        yield member.path / "pyproject.toml"
    yield root / "packages/coodie/src/coodie/__init__.py"


def with_version(text: str, version: str) -> str:
    """Return *text* of a pyproject.toml or a module with its own version and its ranges of members replaced."""
    text = re.sub(r'^((?:__version__|version) = )"[^"]*"', rf'\g<1>"{version}"', text, count=1, flags=re.MULTILINE)
    return re.sub(r'("coodie[a-z-]*(?:\[[a-z,]*\])?)~=[^"]*"', rf'\g<1>~={version}"', text)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description="Give all packages a new version, and the ranges between them.")
    parser.add_argument("version", help="major.minor.patch, as in 2.1.0")
    version: str = parser.parse_args(arguments).version
    if not RELEASE.fullmatch(version):
        parser.error(f"{version!r} is not major.minor.patch: `~=` ranges between the packages need all three")

    for path in files_with_the_version(root):
        path.write_text(with_version(path.read_text(encoding="utf-8"), version), encoding="utf-8")
        print("wrote", path.relative_to(root))
    return 0


if __name__ == "__main__":
    sys.exit(main())
