"""10,000 different values of one shape of request are one text, and every memory of texts is bounded."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest

import coodie_core
from coodie_core.document import BaseDocument
from coodie_core.fields import ClusteringKey, PrimaryKey
from coodie_core.operations import documents, queries, reading
from coodie_core.options import WriteOptions, write_options
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet

VALUES = 10_000
SOURCES = sorted(Path(coodie_core.__file__).parent.rglob("*.py"))


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    name: Annotated[str, ClusteringKey()] = ""
    age: int = 0
    tags: set[str] = set()


def find(**filters: Any) -> BaseQuerySet[User]:
    return BaseQuerySet(Query(User)).filter(**filters)


def read(query_set: BaseQuerySet[User]) -> Any:
    return reading.all_documents(query_set.query, "ks", lazy=False)


SHAPES: dict[str, Callable[[int], Any]] = {
    "find": lambda n: read(find(id=n, name__gte=str(n))),
    "find in lists": lambda n: read(find(id__in=range(n % 100 + 1))),
    "limits": lambda n: read(find(id=n).limit(n + 1).per_partition_limit(n + 1)),
    "token": lambda n: read(find(id__token__gt=n)),
    "save": lambda n: documents.save(User(id=n, age=n), "ks", write_options(ttl=n, timestamp=n), None),
    "update if": lambda n: queries.update(
        find(id=n, name="a").query, "ks", {"tags__add": {str(n)}}, {"age__in": list(range(n % 100 + 1))}
    ),
    "delete": lambda n: documents.delete(User(id=n), "ks", WriteOptions(), None),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_ten_thousand_values_are_one_text(shape: str) -> None:
    texts = {next(SHAPES[shape](number)).cql for number in range(VALUES)}

    assert len(texts) == 1


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_cache_has_a_size(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        for text in map(ast.unparse, decorators):
            assert text not in ("cache", "functools.cache", "lru_cache", "functools.lru_cache"), text
            assert "maxsize=None" not in text, text
