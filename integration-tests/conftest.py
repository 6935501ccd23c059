"""What holds for all tests against the server."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True, scope="session")
def scylla_logs_apart() -> None:
    """Keep the log of scylladb-rs-driver to itself.

    Its sessions end when its own threads let go of them, some time after `close()`. Until then they miss the servers
    and proxies of tests that are over, and say so in the middle of others, which look at what was logged.
    """
    log = logging.getLogger("scylla")
    log.addHandler(logging.NullHandler())
    log.propagate = False
