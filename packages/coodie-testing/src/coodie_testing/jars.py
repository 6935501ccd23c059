"""Apache Cassandra's jars: which ones, whether the cache has them, and fetching those it lacks.

Nothing is trusted for lying in the cache. Before every start each jar is compared with its pinned SHA-256 sum (0.03 to
0.08 s for all 100), so a truncated, changed or missing one is fetched again, and only that one. A download goes to a
temporary name and gets its own name after its sum matched.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from coodie_testing.errors import (
    DownloadFailed,
    JarNotServed,
    JarRefused,
    RepositoryUnreachable,
    UnknownCassandraVersion,
)
from coodie_testing.extras import provided_by
from coodie_testing.progress import download_progress

if TYPE_CHECKING:
    import requests

DEFAULT_VERSION = "5.0.9"

PARALLEL_DOWNLOADS = 8
ATTEMPTS = 3  # each jar, before the network is given up
HTTP_TIMEOUT_SECONDS = 15  # of silence, not of the whole download
CHUNK_BYTES = 64 * 1024
PART_SUFFIX = ".part"

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class PinnedJar:
    """A jar of which we know the one right content."""

    coordinate: str  # group:artifact:version[:classifier]
    size_bytes: int
    sha256: str

    @property
    def file_name(self) -> str:
        _, artifact, version, *classifier = self.coordinate.split(":")
        return "-".join([artifact, version, *classifier]) + ".jar"

    @property
    def repository_path(self) -> str:
        """Where a repository in Maven's layout keeps it."""
        group, artifact, version, *_ = self.coordinate.split(":")
        return "/".join([*group.split("."), artifact, version, self.file_name])


def pinned_versions() -> list[str]:
    """The versions of Cassandra that can be started."""
    names = (entry.name for entry in files("coodie_testing").joinpath("pinned").iterdir())
    return sorted(name.removeprefix("cassandra-").removesuffix(".txt") for name in names if name.endswith(".txt"))


def pinned_jars(version: str = DEFAULT_VERSION) -> list[PinnedJar]:
    """The jars that this version of Cassandra needs, largest first.

    Raises:
        UnknownCassandraVersion: No sums are pinned for it.
    """
    known = pinned_versions()
    if version not in known:
        raise UnknownCassandraVersion(version, known)
    text = files("coodie_testing").joinpath("pinned", f"cassandra-{version}.txt").read_text("utf-8")
    fields = [line.split() for line in text.splitlines() if not line.startswith("#")]
    jars = [PinnedJar(coordinate, int(size), sha256) for sha256, size, coordinate in fields]
    return sorted(jars, key=lambda jar: jar.size_bytes, reverse=True)


def cache_directory() -> Path:
    """Where downloads are kept: $COODIE_CACHE_DIR, else the usual place for caches on this platform."""
    if named := os.environ.get("COODIE_CACHE_DIR"):
        return Path(named).expanduser().absolute()
    with provided_by("server"):
        from platformdirs import user_cache_path

        return user_cache_path("coodie")


def repository_url() -> str:
    """The Maven repository to fetch from: $COODIE_MAVEN_REPOSITORY, else the one that jgo uses by default."""
    if mirror := os.environ.get("COODIE_MAVEN_REPOSITORY"):
        return mirror.rstrip("/")
    with provided_by("server"):
        from jgo.maven import MavenContext

        return next(iter(MavenContext().remote_repos.values())).rstrip("/")


def cassandra_jars(version: str = DEFAULT_VERSION, *, quiet: bool = False) -> list[Path]:
    """Return the jars of this version, all verified, after fetching those that the cache lacks.

    Processes that do this at the same time wait for one another, so each jar is fetched once.

    Args:
        version: One of `pinned_versions()`.
        quiet: Show no progress.

    Raises:
        UnknownCassandraVersion: No sums are pinned for this version.
        RepositoryUnreachable: Jars are missing and the repository cannot be reached.
        JarNotServed: The repository did not serve a jar.
        JarRefused: A downloaded jar has another sum than the pinned one.
        MissingExtra: The `server` extra is not installed.
    """
    jars = pinned_jars(version)
    cache = cache_directory()
    directory = cache / f"cassandra-{version}"
    if missing_jars(jars, directory):
        with _only_this_process(directory):
            _remove_parts(directory)
            fetch(missing_jars(jars, directory), directory, version=version, quiet=quiet)
    return [directory / jar.file_name for jar in jars]


def missing_jars(jars: Sequence[PinnedJar], directory: Path) -> list[PinnedJar]:
    """The jars of which the directory has no copy, or a damaged one."""
    with ThreadPoolExecutor() as pool:
        right = pool.map(partial(is_right, directory=directory), jars)
        return [jar for jar, is_here in zip(jars, right, strict=True) if not is_here]


def is_right(jar: PinnedJar, directory: Path) -> bool:
    """Tell whether the directory has this very jar."""
    path = directory / jar.file_name
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


def fetch(jars: Sequence[PinnedJar], directory: Path, *, version: str, quiet: bool) -> None:
    """Download these jars into the directory, several at a time, each verified."""
    if not jars:
        return
    directory.mkdir(parents=True, exist_ok=True)
    repository = repository_url()
    total_bytes = sum(jar.size_bytes for jar in jars)
    what = f"Cassandra {version}: {len(jars)} {'jar' if len(jars) == 1 else 'jars'}"
    with download_progress(what, total_bytes, quiet=quiet) as advance:
        Download(repository, directory, advance).all(jars)


class Download:
    """Downloads from one repository into one directory."""

    def __init__(self, repository: str, directory: Path, advance: Advance) -> None:
        self._repository, self._directory, self._advance = repository, directory, advance
        self._of_this_thread = threading.local()
        self._given_up = threading.Event()

    def all(self, jars: Sequence[PinnedJar]) -> None:
        """Download every jar, or raise the first failure and leave the rest."""
        with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
            running = [pool.submit(self._one, jar) for jar in jars]
            try:
                for download in running:
                    download.result()
            except BaseException:  # Ctrl-C too
                self._given_up.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _one(self, jar: PinnedJar) -> None:
        with provided_by("server"):
            import requests
        attempts_left = ATTEMPTS
        while True:
            attempts_left -= 1
            try:
                return self._once(jar)
            except requests.RequestException as error:  # no connection, or it broke off
                if not attempts_left:
                    raise RepositoryUnreachable(self._repository, self._directory, _root_cause(error)) from error
            except JarNotServed as error:
                server_is_busy = error.status == 429 or error.status >= 500
                if not server_is_busy or not attempts_left:
                    raise
            self._given_up.wait(0.5)

    def _once(self, jar: PinnedJar) -> None:
        url = f"{self._repository}/{jar.repository_path}"
        part = self._directory / (jar.file_name + PART_SUFFIX)
        received_bytes = 0
        digest = hashlib.sha256()
        try:
            answer = self._session().get(url, stream=True, timeout=HTTP_TIMEOUT_SECONDS)
            with answer as response, part.open("wb") as file:
                if response.status_code != 200:
                    raise JarNotServed(jar.coordinate, url, response.status_code)
                for chunk in response.iter_content(CHUNK_BYTES):
                    if self._given_up.is_set():
                        raise DownloadFailed("the download was given up")
                    file.write(chunk)
                    digest.update(chunk)
                    received_bytes += len(chunk)
                    self._advance(len(chunk))
            if digest.hexdigest() != jar.sha256:
                raise JarRefused(jar.coordinate, url, jar.sha256, digest.hexdigest())
            part.replace(self._directory / jar.file_name)
        except BaseException:
            self._advance(-received_bytes)
            part.unlink(missing_ok=True)
            raise

    def _session(self) -> requests.Session:
        """This thread's session: its connection serves one jar after the other."""
        import requests

        session: requests.Session | None = getattr(self._of_this_thread, "session", None)
        if session is None:
            session = self._of_this_thread.session = requests.Session()
        return session


def _root_cause(error: BaseException) -> str:
    """What went wrong at the bottom, without the layers of libraries above it."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return str(error) or type(error).__name__


def _remove_parts(directory: Path) -> None:
    """Remove what an interrupted download left behind."""
    for part in directory.glob(f"*{PART_SUFFIX}"):
        part.unlink()


@contextmanager
def _only_this_process(directory: Path) -> Generator[None]:
    with provided_by("server"):
        from filelock import FileLock
    directory.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(directory.with_suffix(directory.suffix + ".lock")):
        yield
