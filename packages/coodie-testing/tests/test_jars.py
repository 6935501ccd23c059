"""The jars: all of them, the right ones, whatever happens on the way."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coodie_testing.errors import (
    JarNotServed,
    JarRefused,
    MissingExtra,
    RepositoryUnreachable,
    UnknownCassandraVersion,
)
from coodie_testing.jars import PART_SUFFIX, cassandra_jars, is_right, pinned_jars

SMALLEST = pinned_jars()[-1]
LARGEST = pinned_jars()[0]

DOWNLOAD = [sys.executable, "-m", "coodie_testing", "download"]


def in_cache(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "cache" / "cassandra-5.0.9").iterdir()}


def names_of(jars: list[Path]) -> set[str]:
    return {jar.name for jar in jars}


def for_jar(handler: http.server.SimpleHTTPRequestHandler, jar_file_name: str) -> bool:
    return handler.path.endswith(f"/{jar_file_name}")


def test_every_jar_of_cassandra_is_pinned_once():
    jars = pinned_jars("5.0.9")

    assert len({jar.file_name for jar in jars}) == len(jars) == 100
    assert LARGEST.coordinate == "org.apache.cassandra:cassandra-all:5.0.9"
    assert all(len(jar.sha256) == 64 for jar in jars)


def test_a_classifier_is_part_of_the_file_name():
    jar = next(jar for jar in pinned_jars() if jar.coordinate == "com.github.jnr:jffi:1.3.11:native")

    assert jar.repository_path == "com/github/jnr/jffi/1.3.11/jffi-1.3.11-native.jar"


def test_a_version_without_sums_is_refused_and_the_known_ones_are_named():
    with pytest.raises(UnknownCassandraVersion, match=r"Cassandra 9\.9\.9 .* checksums for 5\.0\.9 only"):
        pinned_jars("9.9.9")


def test_an_empty_cache_is_filled_and_then_needs_no_network(repository, tmp_path):
    jars = cassandra_jars(quiet=True)

    assert len(repository.requested) == len(jars) == 100
    assert in_cache(tmp_path) == names_of(jars)
    cassandra_jars(quiet=True)
    assert len(repository.requested) == 100


def test_a_truncated_jar_is_fetched_again_and_only_that_one(repository, full_cache):
    damaged = full_cache / LARGEST.file_name
    unlink_and_write(damaged, damaged.read_bytes()[:1000])

    cassandra_jars(quiet=True)

    assert damaged.stat().st_size == LARGEST.size_bytes
    assert repository.requested == [f"/{LARGEST.repository_path}"]


def test_a_jar_of_the_right_size_with_other_content_is_fetched_again(repository, full_cache):
    damaged = full_cache / SMALLEST.file_name
    right_content = damaged.read_bytes()
    unlink_and_write(damaged, bytes(len(right_content)))

    cassandra_jars(quiet=True)

    assert damaged.read_bytes() == right_content
    assert repository.requested == [f"/{SMALLEST.repository_path}"]


def test_a_jar_with_another_sum_is_refused_and_not_kept(repository, full_cache, tmp_path):
    (full_cache / SMALLEST.file_name).unlink()
    unlink_and_write(repository.file(SMALLEST), b"not that jar")

    with pytest.raises(JarRefused, match="Something between you and the repository") as refused:
        cassandra_jars(quiet=True)

    assert refused.value.coordinate == SMALLEST.coordinate
    assert refused.value.expected == SMALLEST.sha256
    assert SMALLEST.file_name not in in_cache(tmp_path)
    assert not [name for name in in_cache(tmp_path) if name.endswith(PART_SUFFIX)]


def test_a_download_that_breaks_off_is_tried_again(repository, full_cache):
    (full_cache / SMALLEST.file_name).unlink()
    broken_off = []

    def break_off_once(handler):
        if not for_jar(handler, SMALLEST.file_name) or broken_off:
            return False
        broken_off.append(handler.path)
        send_half(handler)
        return True

    repository.misbehave = break_off_once
    cassandra_jars(quiet=True)

    assert broken_off
    assert is_right(SMALLEST, full_cache)


def test_a_download_that_always_breaks_off_says_that_the_repository_cannot_be_reached(repository, full_cache, tmp_path):
    (full_cache / SMALLEST.file_name).unlink()
    repository.misbehave = lambda handler: for_jar(handler, SMALLEST.file_name) and send_half(handler)

    with pytest.raises(RepositoryUnreachable):
        cassandra_jars(quiet=True)

    assert SMALLEST.file_name not in in_cache(tmp_path)


def test_a_jar_that_the_repository_lacks_is_named(repository, full_cache):
    (full_cache / SMALLEST.file_name).unlink()
    repository.file(SMALLEST).unlink()

    with pytest.raises(JarNotServed, match=f"{SMALLEST.coordinate} .* HTTP 404"):
        cassandra_jars(quiet=True)


def test_a_busy_repository_is_asked_again(repository, full_cache):
    (full_cache / SMALLEST.file_name).unlink()
    refused = []

    def be_busy_once(handler):
        if not for_jar(handler, SMALLEST.file_name) or refused:
            return False
        refused.append(handler.path)
        handler.send_error(503)
        return True

    repository.misbehave = be_busy_once

    cassandra_jars(quiet=True)

    assert refused
    assert is_right(SMALLEST, full_cache)


def test_without_network_the_error_names_the_repository_the_cache_and_the_ways_out(tmp_path, monkeypatch):
    monkeypatch.setenv("COODIE_MAVEN_REPOSITORY", "http://127.0.0.1:1")
    monkeypatch.setenv("COODIE_CACHE_DIR", str(tmp_path / "cache"))

    with pytest.raises(RepositoryUnreachable) as error:
        cassandra_jars(quiet=True)

    message = str(error.value)
    assert "http://127.0.0.1:1 could not be reached: [Errno 111] Connection refused" in message.replace("61]", "111]")
    assert str(tmp_path / "cache") in message
    assert all(way in message for way in ("HTTPS_PROXY", "COODIE_MAVEN_REPOSITORY", "COODIE_CACHE_DIR"))


def test_processes_that_start_at_once_fetch_each_jar_once(repository, tmp_path):
    processes = [subprocess.Popen(DOWNLOAD, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(3)]

    errors = [process.communicate()[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert len(repository.requested) == len(set(repository.requested)) == 100
    assert len(in_cache(tmp_path)) == 100


def test_a_download_that_was_killed_is_finished_by_the_next(repository, tmp_path):
    stalled = []

    def stall(handler):
        if for_jar(handler, LARGEST.file_name) and not stalled:
            send_half(handler, and_close=False)
            stalled.append(handler)
            time.sleep(2)
            return True
        return False

    repository.misbehave = stall
    process = subprocess.Popen(DOWNLOAD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: bool(stalled))
    process.kill()
    process.wait()
    assert f"{LARGEST.file_name}{PART_SUFFIX}" in in_cache(tmp_path)

    jars = cassandra_jars(quiet=True)

    assert in_cache(tmp_path) == names_of(jars)


def test_progress_is_plain_lines_where_there_is_no_terminal(repository, full_cache, capsys):
    (full_cache / LARGEST.file_name).unlink()

    cassandra_jars()

    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Downloading Cassandra 5.0.9: 1 jar, 10.6 MiB (once; they are kept)"
    assert said[1].startswith("Downloaded and verified Cassandra 5.0.9: 1 jar (")
    assert len(said) == 2


def test_quiet_says_nothing(repository, full_cache, capsys):
    (full_cache / LARGEST.file_name).unlink()

    cassandra_jars(quiet=True)

    assert capsys.readouterr() == ("", "")


def test_progress_is_a_bar_on_a_terminal(repository):
    terminal, its_other_end = os.openpty()
    process = subprocess.Popen(DOWNLOAD, stdout=its_other_end, stderr=its_other_end, env=os.environ | {"TERM": "xterm"})
    os.close(its_other_end)

    shown = read_all(terminal)

    assert process.wait() == 0
    assert "━" in shown
    assert "66.0/66.0 MiB" in shown


def test_without_the_extra_the_error_names_it(repository, monkeypatch):
    monkeypatch.setitem(sys.modules, "requests", None)

    with pytest.raises(MissingExtra, match=r"module requests, .* pip install 'coodie-testing\[server\]'"):
        cassandra_jars(quiet=True)


def unlink_and_write(path: Path, content: bytes) -> None:
    """Change a file, and not the others that are linked to it."""
    path.unlink()
    path.write_bytes(content)


def send_half(handler: http.server.SimpleHTTPRequestHandler, *, and_close: bool = True) -> bool:
    """Announce a whole jar and send the half of it."""
    content = Path(handler.translate_path(handler.path)).read_bytes()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.wfile.flush()
    handler.close_connection = and_close
    return True


def wait_until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def read_all(terminal: int) -> str:
    shown = b""
    try:
        while chunk := os.read(terminal, 4096):
            shown += chunk
    except OSError:  # how Linux tells that the other end is closed
        pass
    os.close(terminal)
    return shown.decode()
