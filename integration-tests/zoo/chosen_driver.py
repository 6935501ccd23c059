"""The driver that the tests against the server use, and its options: said once for a whole run.

    COODIE_TEST_DRIVER=rust hatch run test integration-tests
    COODIE_TEST_OPTIONS='fast=False, protocol_version=4' hatch run test integration-tests

A test that uses a feature which some driver does not have says so, ``@pytest.mark.needs(FEATURE)``: where the driver
refuses the feature, the test expects that error; where it only lacks it, the test is left out of the run, and
`driver_features` has the reason.
"""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import pytest
from driver_features import CHOSEN, FEATURES, Missing

from coodie_testing import Server

OF_ONE_PACKAGE = ("scylla", "cassandra")
"""The drivers for which a server's `connect_arguments` are written."""


def options_in(text: str) -> dict[str, Any]:
    """Return the keyword arguments that *text* lists: ``"fast=False, protocol_version=4"``."""
    call = ast.parse(f"dict({text})", mode="eval").body
    assert isinstance(call, ast.Call)
    return {str(given.arg): ast.literal_eval(given.value) for given in call.keywords}


USED = CHOSEN or "scylla"
OPTIONS: Mapping[str, Any] = options_in(os.environ.get("COODIE_TEST_OPTIONS", ""))
LEFT_OUT = pytest.StashKey[Counter[str]]()


@dataclass(frozen=True, kw_only=True)
class ServerForDrivers(Server):
    """A server that knows how each driver connects to it."""

    @property
    def connect_arguments(self) -> dict[str, Any]:
        return self.arguments_for(USED)

    @property
    def cluster_arguments(self) -> dict[str, Any]:
        """All keyword arguments for a ``Cluster`` of the test's own."""
        arguments = super().connect_arguments
        return {"contact_points": arguments.pop("hosts"), **arguments}

    def arguments_for(self, driver_type: str) -> dict[str, Any]:
        """Return the keyword arguments of ``init_coodie`` for that driver; the options of this run are for its own."""
        options = OPTIONS if driver_type == USED else {}
        if driver_type in OF_ONE_PACKAGE:
            return {**super().connect_arguments, "driver_type": driver_type, **options}
        return {"hosts": list(self.hosts), "port": self.port, "driver_type": driver_type, **options}


def for_chosen_driver(server: Server) -> Server:
    """Return *server*, to which tests connect by the chosen driver."""
    return ServerForDrivers(**{field.name: getattr(server, field.name) for field in fields(Server)})


@pytest.fixture(scope="session")
def coodie_server(coodie_server: Server) -> Server:
    """The server of all tests."""
    return for_chosen_driver(coodie_server)


def way_to(server: Server, driver_type: str) -> dict[str, Any]:
    """Return how that driver connects to *server*, or to the proxy before it."""
    assert isinstance(server, ServerForDrivers)
    return server.arguments_for(driver_type)


def missing_for(item: pytest.Item) -> list[Missing]:
    """Return what the test needs and the chosen driver does not have."""
    needed = [FEATURES[mark.args[0]].get(USED) for mark in item.iter_markers("needs")]
    return [missing for missing in needed if missing is not None]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of what the chosen driver lacks without an error that could be expected."""
    reasons = [(item, missing.reason) for item in items for missing in missing_for(item) if missing.words is None]
    config.stash[LEFT_OUT] = Counter(reason for _, reason in reasons)
    left_out = {item for item, _ in reasons}
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Tell what is left out, and why."""
    counted = config.stash[LEFT_OUT].items()
    return [f"left out with driver_type={USED!r}: {number} tests, {reason}" for reason, number in counted]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Expect of a test that uses what the chosen driver refuses that it ends in that error."""
    missing = next(iter(missing_for(item)), None)
    if missing is None:
        yield
        return
    with pytest.raises(missing.error, match=missing.words):
        yield
