"""What a driver must not send, found in its text."""

from __future__ import annotations

import pytest

from coodie_core.driver_support.answers import check_text
from coodie_core.exceptions import InvalidQueryError


@pytest.mark.parametrize(
    "cql",
    [
        "USE shop",
        'use "Shop";',
        "\n\tUse shop",
        "-- why\nUSE shop",
        "// why\n/* and\nhow */ USE shop",
        "/**//**/USE shop",
    ],
)
def test_use_is_refused_also_behind_comments(cql: str) -> None:
    with pytest.raises(InvalidQueryError, match=r"USE would redirect.*keyspace\.table"):
        check_text(cql)


@pytest.mark.parametrize(
    "cql",
    [
        "SELECT use FROM t",
        "USER x",
        "-- USE shop\nSELECT 1",
        "/* USE shop */ SELECT 1",
        "DROP USER joe",
        "",
        "/* USE shop",
    ],
)
def test_other_statements_are_not_taken_for_it(cql: str) -> None:
    check_text(cql)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("cql", ["/**/" * 100_000 + "x", "/* " * 100_000, " " * 1_000_000, "--" * 100_000])
def test_a_text_made_to_be_slow_is_not(cql: str) -> None:
    check_text(cql)
