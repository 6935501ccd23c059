"""What holds for all tests against the server."""

from __future__ import annotations

import logging

import pytest
from chosen_driver import coodie_server as coodie_server
from chosen_driver import pytest_collection_modifyitems as pytest_collection_modifyitems
from chosen_driver import pytest_report_collectionfinish as pytest_report_collectionfinish
from chosen_driver import pytest_runtest_call as pytest_runtest_call


@pytest.fixture(autouse=True, scope="session")
def scylla_is_quiet() -> None:
    """Keep scylladb-rs-driver from logging, which pytest would see even if it did not propagate.

    Its sessions end when its own threads let go of them, some time after `close()`. Until then they miss the servers
    and proxies of tests that are over, and say so in the middle of others, which look at what was logged.
    """
    logging.getLogger("scylla").setLevel(logging.CRITICAL)
