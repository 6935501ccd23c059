"""Options for all tests, and how workers of pytest-xdist share them.

``--long`` looks for examples that break something as long as one likes to wait. ``--figures`` and
``--write-reliability`` are for the fault suite, `hatch run test:faults`.
"""

from __future__ import annotations

import gc
from typing import Any

import pytest
from budget import USUAL_EXAMPLES
from hypothesis import settings

LONG_RUNS_TRY = 25
"""Times as many examples: some minutes instead of some seconds."""

TIMEOUT_OF_LONG_RUNS = 3600
"""Seconds that one test may take then."""

ONE_AT_A_TIME = (
    "packages/coodie-testing/tests/",
    "docs/guide/testing.md",
    "benchmarks/tests/",
    "integration-tests/both/test_cassandra_driver.py",
)
"""Tests that start servers of their own, or take minutes: one worker runs them all, before anything else."""


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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have workers begin with what takes longest."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(ONE_AT_A_TIME))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what all tests have in common: many of them wait for it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Give each worker whole files, since the tests of a file share a keyspace, in the order of the collection."""
    from xdist.scheduler import LoadFileScheduling

    class WholeFiles(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "one at a time" if nodeid.startswith(ONE_AT_A_TIME) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return WholeFiles(config, log)
