"""What the tests of coodie-testing share: real jars, a repository on this machine, and no settings of the user's."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coodie_testing.jars import PinnedJar, cache_directory, cassandra_jars, pinned_jars

NOBODY_LISTENS = "127.0.0.1:1"  # port 1 is reserved, and nobody uses it


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here is what happens without a server, a Docker engine or a Java that the user names."""
    for name in ("COODIE_TEST_HOSTS", "COODIE_JAVA", "COODIE_MAVEN_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DOCKER_HOST", f"tcp://{NOBODY_LISTENS}")


@pytest.fixture(scope="session")
def real_cache() -> Path:
    """The user's cache directory, filled."""
    cassandra_jars()
    return cache_directory()


@dataclass
class Repository:
    """A Maven repository on this machine that can be told to misbehave."""

    directory: Path
    url: str = ""
    requested: list[str] = field(default_factory=list[str])
    misbehave: Callable[[http.server.SimpleHTTPRequestHandler], bool] = lambda _: False

    def file(self, jar: PinnedJar) -> Path:
        return self.directory / jar.repository_path


@pytest.fixture
def repository(real_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository with Cassandra's real jars, and an empty cache that is to be filled from it."""
    served = Repository(tmp_path / "repository")
    for jar in pinned_jars():
        served.file(jar).parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(real_cache / "cassandra-5.0.9" / jar.file_name, served.file(jar))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requested.append(self.path)
            if not served.misbehave(self):
                super().do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: clients here are killed in the middle of a download."""

    with Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(served.directory))) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("COODIE_MAVEN_REPOSITORY", served.url)
        monkeypatch.setenv("COODIE_CACHE_DIR", str(tmp_path / "cache"))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def full_cache(repository: Repository, real_cache: Path, tmp_path: Path) -> Path:
    """The cache that the repository is for, with all jars in it."""
    cache = tmp_path / "cache" / "cassandra-5.0.9"
    cache.mkdir(parents=True)
    for jar in pinned_jars():
        link_or_copy(real_cache / "cassandra-5.0.9" / jar.file_name, cache / jar.file_name)
    return cache


def link_or_copy(source: Path, target: Path) -> None:
    """Copy without copying where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
