"""The workspace as its pyproject.toml files describe it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Member:
    """One package of the workspace."""

    path: Path
    project: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.project["name"])

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")

    @property
    def version(self) -> str:
        return str(self.project["version"])

    @property
    def dependencies(self) -> list[str]:
        return list(self.project.get("dependencies", []))

    @property
    def requirements(self) -> list[str]:
        """What it needs, extras included, as written."""
        extras: dict[str, list[str]] = self.project.get("optional-dependencies", {})
        return [*self.dependencies, *(line for extra in extras.values() for line in extra)]

    @property
    def requirements_of_members(self) -> list[str]:
        return [requirement for requirement in self.requirements if re.match(r"coodie\b", requirement)]


def read_toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def members(root: Path = ROOT) -> list[Member]:
    """Return the packages that hatch installs in the default environment, in its order."""
    entries = read_toml(root / "pyproject.toml")["tool"]["hatch"]["envs"]["default"]["workspace"]["members"]
    paths = [root / (entry if isinstance(entry, str) else entry["path"]) for entry in entries]
    return [Member(path, read_toml(path / "pyproject.toml")["project"]) for path in paths]


def scripts(root: Path = ROOT) -> set[str]:
    """Return the verbs of `hatch run`, those outside the default environment as ``environment:verb``."""
    environments = read_toml(root / "pyproject.toml")["tool"]["hatch"]["envs"]
    return {
        verb if environment == "default" else f"{environment}:{verb}"
        for environment, settings in environments.items()
        for verb in settings.get("scripts", {})
    }
