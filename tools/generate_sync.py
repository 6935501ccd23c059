"""Write the sync shell, its tests and its examples from the async ones.

The async files are the source. Each is copied without ``async`` and ``await``, and with what has another name in
blocking code renamed. Nothing else is translated: code that needs more than that belongs in the core, or in a
directory that is written by hand in both packages (``HAND_WRITTEN``).

    python tools/generate_sync.py          write what is out of date, delete what has lost its source
    python tools/generate_sync.py --check  only tell, and fail if there is anything to tell
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

ASYNC_TO_SYNC = {
    "packages/coodie-aio/src/coodie_aio": "packages/coodie-sync/src/coodie_sync",
    "integration-tests/aio": "integration-tests/sync",
    "examples/aio": "examples/sync",
}

# What truly differs between blocking and awaited calls, by the name of its directory.
HAND_WRITTEN = {"drivers"}

HEADER = "# Generated from {source} by tools/generate_sync.py. Edit that file, not this one.\n"
HEADER_PATTERN = re.compile(r"# Generated from \S+ by tools/generate_sync\.py\.")

# Names, calls and subscripts without an operator between them: `find(name="a").first()`, `rows[0].name`.
POSTFIX_CHAIN = r"(?:[\w.]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\[[^][]*\])+"

TRANSLATIONS = {
    # keywords
    r"\basync (?=(?:def|with|for)\b)": "",
    rf"(?<![\w\])])\(await ({POSTFIX_CHAIN})\)": r"\1",
    r"\bawait ": "",
    # coodie
    r"\bcoodie_aio(?=\b|_)": "coodie_sync",
    r"\bcoodie\.aio\b": "coodie.sync",
    r"\bcoodie-aio\b": "coodie-sync",
    r"\bfrom coodie import aio\b": "from coodie import sync",
    r"\bAsyncBatchQuery\b": "BatchQuery",
    r"\b(examples|integration-tests)([./])aio\b": r"\1\2sync",
    # protocols
    r"\b__aiter__\b": "__iter__",
    r"\b__anext__\b": "__next__",
    r"\b__aenter__\b": "__enter__",
    r"\b__aexit__\b": "__exit__",
    r"\baclose\b": "close",
    # the standard library
    r"\bAsync(Iterator|Iterable|Generator|ExitStack)\b": r"\1",
    r"\bAbstractAsyncContextManager\b": "AbstractContextManager",
    r"\basynccontextmanager\b": "contextmanager",
    r"\baclosing\b": "closing",
    r"\banext\(": "next(",
    r"\baiter\(": "iter(",
    r"\bStopAsyncIteration\b": "StopIteration",
    # the entry point of a script
    r"\bimport asyncio\n": "",
    rf"\basyncio\.run\(({POSTFIX_CHAIN})\)": r"\1",
    # pytest
    r"[ \t]*@pytest\.mark\.asyncio(?:\([^()]*\))?\n": "",
}

# `await` is code where it stands before a call or an attribute: "await user.save()".
AWAIT_IN_PROSE = re.compile(r"\bawait\b(?! [\w]+[.(])")
WORDS_OF_ASYNC_CODE = re.compile(r"\b(?:asyncio|event loop|coroutines?)\b", re.IGNORECASE)
PROSE_TOKENS = {"STRING", "COMMENT", "FSTRING_MIDDLE"}


def translate(source: str) -> str:
    """Return the sync twin of async *source*, not yet formatted."""
    for pattern, replacement in TRANSLATIONS.items():
        source = re.sub(pattern, replacement, source)
    return source


def untranslatable(source: str) -> list[str]:
    """Return what in async *source* has no sync twin, each as ``line: reason``."""
    return [*words_that_would_mislead(source), *uses_of_asyncio(translate(source))]


def words_that_would_mislead(source: str) -> list[str]:
    problems: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if tokenize.tok_name[token.type] not in PROSE_TOKENS:
            continue
        for offset, line in enumerate(token.string.splitlines()):
            where = f"{token.start[0] + offset}"
            if AWAIT_IN_PROSE.search(line):
                problems.append(f"{where}: 'await' in prose would vanish from the sync text: {line.strip()}")
            if word := WORDS_OF_ASYNC_CODE.search(re.sub(r"\b(?:import asyncio$|asyncio\.run\()", "", line)):
                problems.append(f"{where}: {word[0]!r} would mislead a reader of the sync text: {line.strip()}")
    return problems


def uses_of_asyncio(translated: str) -> list[str]:
    """Return the uses of asyncio that are left when scripts have lost their ``asyncio.run``."""
    return [
        f"{node.lineno} of the sync text: asyncio has no sync twin; move this to a hand-written directory: "
        + ast.unparse(node)
        for node in ast.walk(ast.parse(translated))
        if (isinstance(node, ast.Name) and node.id == "asyncio")
        or (isinstance(node, ast.Import | ast.ImportFrom) and re.search(r"\basyncio\b", ast.unparse(node)))
    ]


def sources(root: Path) -> dict[Path, Path]:
    """Return the async source of each generated file, both relative to *root*, by the generated file."""
    return {
        Path(sync_directory, path.relative_to(root / async_directory)): path.relative_to(root)
        for async_directory, sync_directory in ASYNC_TO_SYNC.items()
        for path in sorted((root / async_directory).rglob("*.py"))
        if HAND_WRITTEN.isdisjoint(path.relative_to(root / async_directory).parts)
    }


def generated_files(root: Path) -> dict[Path, str]:
    """Return the text that each generated file should have, by its path relative to *root*.

    Raises:
        SystemExit: a source holds what cannot be translated; the message names each place.
    """
    texts = {target: (source, (root / source).read_text(encoding="utf-8")) for target, source in sources(root).items()}
    problems = [f"{source}:{problem}" for source, text in texts.values() for problem in untranslatable(text)]
    if problems:
        sys.exit("\n".join(problems))
    return {
        target: formatted(HEADER.format(source=source.as_posix()) + translate(text), root / target)
        for target, (source, text) in texts.items()
    }


def formatted(code: str, path: Path) -> str:
    """Return *code* with imports sorted and laid out as ruff does it for a file at *path*."""
    for arguments in (["check", "--select=I", "--fix-only", "--quiet"], ["format", "--quiet"]):
        command = ["ruff", *arguments, f"--stdin-filename={path}", "-"]
        code = subprocess.run(command, input=code, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    return code


def without_source(root: Path, expected: dict[Path, str]) -> list[Path]:
    """Return the generated files below *root* whose async source is gone."""
    return [
        path.relative_to(root)
        for directory in ASYNC_TO_SYNC.values()
        for path in sorted((root / directory).rglob("*.py"))
        if path.relative_to(root) not in expected and HEADER_PATTERN.match(path.read_text(encoding="utf-8"))
    ]


def out_of_date(root: Path, expected: dict[Path, str]) -> dict[Path, str]:
    """Return those of the *expected* files that *root* does not have, or has with another text."""
    return {
        path: text
        for path, text in expected.items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    }


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description="Write the sync shell, its tests and its examples.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if something is out of date")
    check_only = parser.parse_args(arguments).check

    expected = generated_files(root)
    changed, orphaned = out_of_date(root, expected), without_source(root, expected)
    for path in changed:
        print("out of date:" if check_only else "wrote", path)
    for path in orphaned:
        print("has lost its source:" if check_only else "deleted", path)

    if check_only:
        if changed or orphaned:
            print("Run `hatch run fix`.")
        return 1 if changed or orphaned else 0

    for path, text in changed.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    for path in orphaned:
        (root / path).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
