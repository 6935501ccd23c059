"""A shell decides nothing: a method is its signature, its docstring and one line.

What a method may not hold is anything that chooses or repeats. The few that must are named below, each with the reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from workspace import ROOT

SHELL = ROOT / "packages/coodie-aio/src/coodie_aio"

# What runs operations, opens connections and speaks to drivers is not a shell.
NOT_SHELLS = {"drivers", "rust", "_wire", "runner.py", "connection.py", "sessions.py", "retries.py", "link.py"} | {
    "forks.py",
    "workers.py",
}

ALLOWED_TO_DECIDE = {
    "ReadingQuerySet.__aiter__": "the paging loop: it hands out rows while it holds only one page",
    "Scanner.__aiter__": "hands out one row after the other, noting each",
    "Scanner._batches": "hands out one batch after the other, noting each",
    "Scanner._pages": "the paging loop over many ranges",
    "AsyncBatchQuery.__aexit__": "a context manager sends on a clean exit only",
}

DECISIONS = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.Try,
    ast.TryStar,
    ast.Match,
    ast.With,
    ast.AsyncWith,
    ast.BoolOp,
    ast.Compare,
    ast.Yield,
    ast.YieldFrom,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Lambda,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Yield each function of a module and each method of its classes, with its qualified name."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{method.name}", method) for method in node.body if isinstance(method, Function))


def shell_functions() -> dict[str, Function]:
    return {
        name: function
        for path in sorted(SHELL.rglob("*.py"))
        if NOT_SHELLS.isdisjoint(path.relative_to(SHELL).parts)
        for name, function in functions(ast.parse(path.read_text(encoding="utf-8"), str(path)))
    }


def what_it_decides(function: Function) -> list[str]:
    """Return what *function* has beyond simple assignments and one last line, in words."""
    statements = [node for node in function.body if not is_docstring_or_ellipsis(node)]
    found = [
        f"line {node.lineno}: {type(node).__name__}"
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, DECISIONS)
    ]
    found += [f"line {node.lineno}: not an assignment" for node in statements[:-1] if not is_assignment(node)]
    calls = [node for statement in statements for node in ast.walk(statement) if is_call_of_run(node)]
    if len(calls) > 1:
        found.append(f"{len(calls)} calls of run()")
    return found


def is_docstring_or_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_assignment(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign | ast.AnnAssign)


def is_call_of_run(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "run"


@pytest.mark.parametrize("name", shell_functions())
def test_a_method_is_one_line(name: str) -> None:
    found = what_it_decides(shell_functions()[name])

    if name in ALLOWED_TO_DECIDE:
        assert found, f"{name} decides nothing any more: take it out of ALLOWED_TO_DECIDE"
    else:
        assert not found, f"{name} decides: {found}. Let an operation of coodie_core do it."


def test_the_exceptions_exist() -> None:
    assert set(ALLOWED_TO_DECIDE) <= set(shell_functions())


@pytest.mark.parametrize(
    "body",
    [
        "if self.new: return await run(insert(self))",
        "return await run(a()) if self.new else await run(b())",
        "self.check()\n return await run(save(self))",
        "return await run(save(self)) or None",
        "return [row for row in await run(rows(self))]",
        "await run(a())\n await run(b())",
        "rows = await run(a())\n return await run(b(rows))",
        "try: return await run(a())\n finally: self.done = True",
        "async with self.lock: return await run(a())",
        "async for row in self: yield row",
    ],
)
def test_this_test_finds(body: str) -> None:
    (function,) = ast.parse(f"async def method(self):\n '''Doc.'''\n {body}").body

    assert isinstance(function, Function)
    assert what_it_decides(function)


@pytest.mark.parametrize(
    "body",
    [
        "return await run(save(self, options), driver_of(self))",
        "options = Options(ttl=ttl)\n await run(save(self, options), driver_of(self))",
        "return self._with(limit=count)",
        "...",
    ],
)
def test_this_test_lets_pass(body: str) -> None:
    (function,) = ast.parse(f"async def method(self):\n '''Doc.'''\n {body}").body

    assert isinstance(function, Function)
    assert not what_it_decides(function)
