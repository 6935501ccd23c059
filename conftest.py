"""Options for all tests.

``--long`` looks for examples that break something as long as one likes to wait. ``--figures`` and
``--write-reliability`` are for the fault suite, `hatch run test:faults`.
"""

from __future__ import annotations

import pytest
from budget import USUAL_EXAMPLES
from hypothesis import settings

LONG_RUNS_TRY = 25
"""Times as many examples: some minutes instead of some seconds."""

TIMEOUT_OF_LONG_RUNS = 3600
"""Seconds that one test may take then."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help=f"let Hypothesis try {LONG_RUNS_TRY} times as many examples in each test"
    )
    parser.addoption("--figures", action="store_true", help="show what the fault suite measured")
    parser.addoption(
        "--write-reliability", action="store_true", help="write what the fault suite measured to docs/reliability.md"
    )


def pytest_configure(config: pytest.Config) -> None:
    settings.register_profile("long", max_examples=USUAL_EXAMPLES * LONG_RUNS_TRY)
    if config.getoption("long"):
        settings.load_profile("long")
        config.option.timeout = TIMEOUT_OF_LONG_RUNS
