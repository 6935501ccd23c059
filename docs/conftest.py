"""Runs every ```python block of the documentation, as its readers would, on a real server.

Each page is a program: its blocks run from top to bottom in one namespace, and `await` may stand at the top level, as
in a notebook. A page with the tabs "Sync" and "Async" is run for two readers: both run what is outside of tabs, and
each runs the tabs of one API. Nothing is mocked. What would only be in a reader's way (checks, a keyspace to begin
with) stands in blocks that browsers do not show: `<!-- invisible-code-block: python ... -->`.

Two things differ from what is printed, because the server may be anywhere and may be shared: its address, and the
names of keyspaces, which get an ending that makes them new. `AsPrinted` replaces them in the parsed code, so that pages
show what readers type, while the functions that are called are the real ones. docs/decisions/0008 says why.

A block that ends in an error is followed by a ```text block with the name of the exception and its message, in which
``...`` stands for anything. The block must raise exactly that.

A block that begins with ``# test_users.py`` is a file of tests. pytest runs it in a process of its own, with the plugin
of coodie-testing and the settings of the page's ```toml block, as on the reader's machine. Other blocks (```console)
are not run: they install packages and start servers, which the demo and the tests of the packages do for real.
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

import coodie.aio
import coodie.sync
from coodie.exceptions import ConfigurationError
from coodie_testing import Server, drop_keyspace

PRINTED_HOSTS = "hosts=['127.0.0.1']"
PRINTED_KEYSPACES = re.compile(r"\b(?:my_ks|archive|shop)\b")
PRINTED_CONNECTIONS = ("default", "archive")

READERS = ("Sync", "Async")
TAB = re.compile(r'=== "(?P<label>[^"]+)"')
TEST_FILE = re.compile(r"# (?P<name>test_\w+\.py)\n")
MESSAGE = re.compile(r"\s*```text\n\s*(?P<error>[A-Z]\w+): (?P<text>.*?)```", re.DOTALL)
SETTINGS = re.compile(r"^```toml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class AsPrinted(ast.NodeTransformer):
    """Turns the printed address and keyspaces into those of the test.

    Args:
        ending: What makes the names of keyspaces new.
    """

    def __init__(self, ending: str) -> None:
        self._ending = ending
        self.keyspaces: set[str] = set()

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        if ast.unparse(node) == PRINTED_HOSTS:
            return ast.keyword(arg=None, value=ast.Name("connect_arguments", ast.Load()))
        self.generic_visit(node)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str):
            node.value = PRINTED_KEYSPACES.sub(self._own_keyspace, node.value)
        return node

    def _own_keyspace(self, printed: re.Match[str]) -> str:
        keyspace = f"{printed[0]}_{self._ending}"
        self.keyspaces.add(keyspace)
        return keyspace


class Reader:
    """Someone who types what a page says, from its beginning.

    Args:
        server: The server at the address that is printed.
        name: Who it is, for the names of keyspaces.
    """

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._ending = f"{identifier(name)}_{secrets.token_hex(4)}"
        self._as_printed = AsPrinted(self._ending)
        self._namespace: dict[str, Any] = {"__name__": "__page__", "connect_arguments": server.connect_arguments}
        self._event_loop = asyncio.Runner()

    def run(self, source: str, path: str, line: int) -> None:
        """Run a block.

        Args:
            source: Its code.
            path: The file that it is in, for tracebacks.
            line: The line of the file that its first line is, for tracebacks.
        """
        code = self._compiled(source, path, line)
        if code.co_flags & inspect.CO_COROUTINE:
            self._event_loop.run(eval(code, self._namespace))
        else:
            exec(code, self._namespace)

    def as_printed(self, text: str) -> str:
        """Return *text* with the names of keyspaces as they are printed."""
        return text.replace(f"_{self._ending}", "")

    def _compiled(self, source: str, path: str, line: int) -> CodeType:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree: ast.Module = compile(source, path, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        tree = ast.fix_missing_locations(ast.increment_lineno(self._as_printed.visit(tree), line - 1))
        code: CodeType = compile(tree, path, "exec", flags, dont_inherit=True)
        return code

    def leave(self) -> None:
        """Close the connections that the page opened, and drop its keyspaces."""
        for name in PRINTED_CONNECTIONS:
            with suppress(ConfigurationError):
                coodie.sync.get_driver(name).close()
            with suppress(ConfigurationError):
                self._event_loop.run(coodie.aio.get_driver(name).close())
        self._event_loop.close()
        for keyspace in self._as_printed.keyspaces:
            drop_keyspace(self._server, keyspace)


class Page:
    """A page while its blocks run.

    Args:
        server: Where they run.
        path: The file.
    """

    def __init__(self, server: Server, path: Path) -> None:
        self._path, self._text = path, path.read_text(encoding="utf-8")
        has_both_tabs = all(f'=== "{label}"\n' in self._text for label in READERS)
        self._readers = {
            label: Reader(server, f"{path.stem} {label}") for label in (READERS if has_both_tabs else ("",))
        }

    def run(self, source: str, line: int = 1, message: re.Match[str] | None = None) -> None:
        """Run a block for all who read it.

        Args:
            source: Its code.
            line: The line of the page that its first line is.
            message: The error in which it ends, as it is printed, if it ends in one.
        """
        tab = tab_around(self._text.splitlines()[: line - 1])
        for label, reader in self._readers.items():
            if tab == label or tab not in self._readers:
                run = partial(reader.run, source, str(self._path), line)
                if message:
                    check_error(run, reader, message)
                else:
                    run()

    def close(self) -> None:
        """Remove the traces of the readers."""
        for reader in self._readers.values():
            reader.leave()


def check_error(run: Callable[[], None], reader: Reader, message: re.Match[str]) -> None:
    """Run a block that ends in an error, and compare that with what is printed."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - the page says which
        run()
    printed = f"{message['error']}: {words(message['text'])}"
    actual = f"{raised.type.__name__}: {words(reader.as_printed(str(raised.value)))}"
    assert doctest.OutputChecker().check_output(printed, actual, doctest.ELLIPSIS), f"{actual}\n is not\n{printed}"


def words(text: str) -> str:
    """Return *text* in one line, as it is wherever its lines are broken."""
    return " ".join(text.split())


def tab_around(lines: list[str]) -> str | None:
    """Return the label of the tab in which the next line is, if the last of *lines* is in one."""
    outside = next((line for line in reversed(lines) if line and not line.startswith(" ")), "")
    opened = TAB.fullmatch(outside)
    return opened["label"] if opened and lines[-1].startswith(" ") else None


def identifier(text: str) -> str:
    """Return *text* as a part of a keyspace's name, which has 48 characters at most."""
    return re.sub(r"\W+", "_", text).strip("_").lower()[:24]


def run_tests(source: str, file: Path, settings: str, server: Server) -> None:
    """Run a file of tests as its author would: by pytest, with the plugin of coodie-testing.

    Args:
        source: What is in the file.
        file: Where to put it, beside nothing else.
        settings: What pyproject.toml says there.
        server: The server that runs already; one in a container cannot be named, so that pytest looks for one itself.
    """
    file.write_text(source, encoding="utf-8")
    file.with_name("pyproject.toml").write_text(settings, encoding="utf-8")
    hosts = ",".join(f"{host}:{server.port}" for host in server.hosts)
    environment = os.environ if server.arguments else {**os.environ, "COODIE_TEST_HOSTS": hosts}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", file.name]
    done = subprocess.run(command, cwd=file.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr


class PythonBlocks(CodeBlockParser):
    """Finds the blocks of Python in a page, and runs them."""

    language = "python"

    def evaluate(self, example: Example) -> None:
        source = str(example.parsed)
        if test_file := TEST_FILE.match(source):
            file: Path = example.namespace["tmp_path"] / test_file["name"]
            settings = "\n".join(SETTINGS.findall(example.document.text))
            run_tests(source, file, settings, example.namespace["coodie_server"])
        else:
            message = MESSAGE.match(example.document.text, example.region.end)
            example.namespace["page"].run(source, example.line + 1, message)


@pytest.fixture(scope="module")
def page(coodie_server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page at hand."""
    opened = Page(coodie_server, request.node.path)
    yield opened
    opened.close()


@pytest.fixture
def readme(coodie_server: Server) -> Iterator[Page]:
    """The README of the repository."""
    opened = Page(coodie_server, Path(__file__).parent.parent / "README.md")
    yield opened
    opened.close()


pytest_collect_file = Sybil(
    parsers=[PythonBlocks()], patterns=["*.md"], fixtures=["coodie_server", "page", "tmp_path"]
).pytest()
