"""The documentation leaves nothing out: exceptions, exported names, decisions. And the code that it quotes is code."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Protocol

import pytest

import coodie.exceptions
from coodie.exceptions import CoodieError

DOCS = Path(__file__).parent
ERRORS = (DOCS / "guide/errors.md").read_text(encoding="utf-8")

REFERENCE = {
    "sync": "coodie.sync",
    "aio": "coodie.aio",
    "fields": "coodie.fields",
    "expressions": "coodie.expressions",
    "types": "coodie.types",
    "usertype": "coodie.usertype",
    "schema": "coodie.schema",
    "cql_builder": "coodie.cql_builder",
    "results": "coodie.results",
    "paging_tokens": "coodie.paging_tokens",
    "lazy": "coodie.lazy",
    "retrying": "coodie.retrying",
    "exceptions": "coodie.exceptions",
    "testing": "coodie_testing",
    "server_errors": "coodie_testing.server_errors",
}
PACKAGES = ["coodie_core", "coodie_aio", "coodie_sync", "coodie", "coodie_testing"]

PYTHON_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def exported(module: ModuleType) -> set[str]:
    """Return the classes and functions of coodie that *module* gives to others."""
    public = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    return {
        name
        for name, value in public.items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__.startswith("coodie")
    }


def public_exceptions() -> set[type]:
    return {value for value in vars(coodie.exceptions).values() if inspect.isclass(value)}


def explained() -> list[str]:
    """Return the exceptions that have a row of their own on the errors page."""
    return re.findall(r"^\| `(\w+)` \| (?=.+ \| .+ \|$)", ERRORS, re.MULTILINE)


def hierarchy(exception: type = CoodieError, depth: int = 0) -> Iterator[str]:
    """Yield the lines of the tree on the errors page."""
    yield "  " * depth + exception.__name__
    for derived in sorted(public_exceptions(), key=lambda kind: kind.__name__):
        if exception in derived.__bases__:
            yield from hierarchy(derived, depth + 1)


def modules(package: str) -> Iterator[ModuleType]:
    root = importlib.import_module(package)
    yield root
    for module in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not module.name.endswith("__main__"):
            yield importlib.import_module(module.name)


def docstrings() -> Iterator[tuple[str, str]]:
    """Yield the docstrings of all packages, each with the name of what it is about."""
    for package in PACKAGES:
        for module in modules(package):
            for test in doctest.DocTestFinder(exclude_empty=False).find(module):
                yield test.name, test.docstring or ""


CREATE_KEYSPACE = """
from coodie.sync import create_keyspace, init_coodie
with init_coodie(hosts=["127.0.0.1"]):
    create_keyspace("my_ks")
"""


class RunsBlocks(Protocol):
    """A page, as the conftest gives it."""

    def run(self, source: str) -> None: ...


def test_the_first_example_of_the_readme_runs(readme: RunsBlocks) -> None:
    example = PYTHON_BLOCK.findall((DOCS.parent / "README.md").read_text(encoding="utf-8"))[0]

    readme.run(CREATE_KEYSPACE)
    readme.run(example)
    readme.run("await main()")


@pytest.mark.parametrize("page", REFERENCE)
def test_the_reference_has_every_exported_name(page: str) -> None:
    text = (DOCS / f"reference/{page}.md").read_text(encoding="utf-8")
    module = REFERENCE[page]

    shown = re.findall(rf"^::: {re.escape(module)}\.(\w+)$", text, re.MULTILINE)

    assert sorted(shown) == sorted(exported(importlib.import_module(module)))


def test_the_errors_page_explains_every_exception_once() -> None:
    bases_of_all = {"CoodieError", "DatabaseError"}  # the page's own subject

    assert sorted(explained()) == sorted({error.__name__ for error in public_exceptions()} - bases_of_all)


def test_the_errors_page_shows_which_exception_is_which() -> None:
    assert "```text\n" + "\n".join(hierarchy()) + "\n```" in ERRORS


def test_every_decision_is_listed_and_has_its_three_parts() -> None:
    records = sorted(path for path in (DOCS / "decisions").glob("[0-9]*.md"))
    index = (DOCS / "decisions/index.md").read_text(encoding="utf-8")

    for number, record in enumerate(records, start=1):
        text = record.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix(f"# {number}. ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], record.name
        assert f"{number}. [{title}]({record.name})\n" in index


@pytest.mark.parametrize("package", PACKAGES)
def test_examples_in_docstrings_give_what_they_say(package: str) -> None:
    results = [doctest.testmod(module, optionflags=doctest.ELLIPSIS) for module in modules(package)]

    assert sum(result.failed for result in results) == 0


def test_the_core_has_examples_to_run() -> None:
    attempted = sum(doctest.testmod(module).attempted for module in modules("coodie_core"))

    assert attempted > 0


def test_code_in_docstrings_is_code() -> None:
    """These examples need a server and documents of the reader's, so that they are only compiled."""
    for name, docstring in docstrings():
        for block in PYTHON_BLOCK.findall(textwrap.dedent(docstring)):
            compile(textwrap.dedent(block), name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
