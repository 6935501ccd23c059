"""Text that does harm where it becomes part of a statement, and a way to tell whether it has become that."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st

from coodie_core.statement import BatchStatement, Request, Statement

SENTINEL = "zqx"
"""Is in every hostile text, and in nothing else that is sent."""

FRAGMENTS = [
    *("'", "''", '"', '""', ";", "--", "//", "/*", "*/", "$$", "\\", "?", ":name", "%s", "{}", "(", ")", ",", "*"),
    *("\x00", "\n", "\r\n", "\t", " ", "\u2028", "\u202e", "\ufeff", "\ud800", "\udcff"),
    *("ʼ", "’", "＇", "＂", "；", "İ", "ſ", "K", "﹣﹣"),  # noqa: RUF001  look-alikes of quotes, and of letters in capitals
    *("'; DROP TABLE users; --", '"; DROP TABLE users; --', "' OR '1'='1", '" = 1 OR "1', "') USING TTL 1; --"),
    *("APPLY BATCH; TRUNCATE users; --", "SELECT", " IF EXISTS", "token(", " ALLOW FILTERING", "name = 'x', age"),
    *("name", "name__gt", "__class__", "__init__", "-name", "é€😀", "x" * 5_000),
]

NASTY = [text for fragment in FRAGMENTS for text in (f"{SENTINEL}{fragment}'", f'{fragment}"{SENTINEL}')]

hostile_texts = st.builds(
    lambda before, after, quote: f"{''.join(before)}{quote}{SENTINEL}{''.join(after)}",
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=3),
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=3),
    st.sampled_from(["'", '"', ";"]),
)

HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
"""Python's strings can have them; UTF-8, and so CQL, cannot."""

_QUOTED = re.compile(r""" "(?:[^"]|"")*" | (?P<literal>'(?:[^']|'')*') """, re.VERBOSE)
_HARMLESS = re.compile(r"[A-Za-z0-9_ .,()<>=?:{}*+\-\[\]!]*", re.ASCII)


def without_quoted(cql: str) -> str:
    """Return a statement without its quoted identifiers and its literals: what a parser takes for CQL."""
    return _QUOTED.sub("", cql)


def is_out_of_hand(cql: str) -> bool:
    """Whether hostile text is part of the CQL itself, outside of quotes that it could not leave."""
    bare = without_quoted(cql)
    return not _HARMLESS.fullmatch(bare) or "--" in bare or SENTINEL in bare.lower()


def has_literals(cql: str) -> bool:
    """Whether a statement has a literal text in it."""
    return any(found["literal"] for found in _QUOTED.finditer(cql))


def complaints(request: Request) -> list[str]:
    """Return the texts of a request that hostile text has got into.

    Statements about rows bind every value and name only what the model has, so that the text is in none of them.
    Definitions take no bound values: there it is in quotes.
    """
    statements = request.statements if isinstance(request, BatchStatement) else (request,)
    return [statement.cql for statement in statements if _is_bad(statement)]


def _is_bad(statement: Statement) -> bool:
    if statement.prepared:
        return SENTINEL in statement.cql or has_literals(statement.cql) or is_out_of_hand(statement.cql)
    return is_out_of_hand(statement.cql)


class Argument(NamedTuple):
    """Arguments of one call, of which one is hostile."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


Shape = Callable[[str], Any]

VALUES: list[Shape] = [
    lambda text: text,
    lambda text: [text],
    lambda text: {text: 1},
    lambda text: {text: text},
    lambda text: {"name": text},
    lambda text: {f"name__{text}": text},
    lambda text: {"name__in": [text]},
    lambda text: {"tags": [text], "scores": [text]},
]
"""What any argument is given."""

KEYWORDS: list[Shape] = [
    lambda text: {text: 1},
    lambda text: {f"name__{text}": text},
    lambda text: {f"{text}__gt": 1},
    lambda text: {"name": text},
    lambda text: {"age": text},
    lambda text: {"name__in": [text, text]},
    lambda text: {"tags__contains": text},
    lambda text: {"scores__contains_key": text},
    lambda text: {"id__token__gt": text},
    lambda text: {"tags__add": {text}},
    lambda text: {"words__append": [text]},
    lambda text: {"words__setindex": (text, text)},
    lambda text: {"scores__update": {text: 1}},
    lambda text: {"scores__put": (text, 1)},
    lambda text: {"scores__remove": {text}},
    lambda text: {"total": f"sum({text})"},
    lambda text: {text: "count(*)"},
    lambda text: {"total": f"{text}(age)"},
]
"""What ``**keywords`` are given."""

POSITIONS: list[Shape] = [
    lambda text: text,
    lambda text: f"-{text}",
    lambda text: f"sum({text})",
    lambda text: f"{text}(age)",
]
"""What ``*positions`` are given."""


def parameters(function: Any) -> list[inspect.Parameter]:
    """Return the parameters of a function or method, without the object that it belongs to."""
    found = inspect.signature(function).parameters.values()
    return [parameter for parameter in found if parameter.name not in ("self", "cls")]


def shapes(parameter: inspect.Parameter) -> Iterator[Callable[[str], Argument]]:
    """Yield ways to put a hostile text into a parameter."""
    if parameter.kind is parameter.VAR_KEYWORD:
        yield from (_keywords(shape) for shape in KEYWORDS)
    elif parameter.kind is parameter.VAR_POSITIONAL:
        yield from (_position(shape) for shape in POSITIONS)
    else:
        yield from (_value(parameter.name, shape) for shape in VALUES)


def _keywords(shape: Shape) -> Callable[[str], Argument]:
    return lambda text: Argument((), shape(text))


def _position(shape: Shape) -> Callable[[str], Argument]:
    return lambda text: Argument((shape(text),), {})


def _value(name: str, shape: Shape) -> Callable[[str], Argument]:
    return lambda text: Argument((), {name: shape(text)})
