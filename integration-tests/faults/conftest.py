"""What the tests of both APIs share: a proxy before the server, and a place for the figures that they measure."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping

import pytest
from chosen_driver import OPTIONS

import coodie
from coodie_sync.sessions import driver_version
from coodie_testing import FaultProxy, NodeConfig, Server
from faults.figures import PAGE, Figures, Report, Table, tables, with_figures

FIGURES = pytest.StashKey[list[Figures]]()


@pytest.fixture
def proxy(coodie_server: Server) -> Iterator[FaultProxy]:
    """A proxy before the server of all tests."""
    with FaultProxy(coodie_server) as proxy:
        yield proxy


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Takes what the test has measured, for the page of the documentation."""
    own_api = request.path.parent.name

    def take(scenario: str, values: Mapping[str, str | int], *, table: Table = "Load", api: str = own_api) -> None:
        request.config.stash[FIGURES].append(Figures(table, scenario, api, values))

    return take


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Show the figures, and write them, where that was asked for."""
    figures = config.stash[FIGURES]
    if not figures:
        return
    if config.getoption("figures"):
        terminalreporter.section("figures")
        terminalreporter.write_line(tables(figures))
    if config.getoption("write_reliability"):
        if OPTIONS:
            terminalreporter.write_line(f"{PAGE.name} stays as it is: it is about what users have by default.")
            return
        if exitstatus != pytest.ExitCode.OK:
            terminalreporter.write_line(f"{PAGE.name} stays as it is: not everything passed.")
            return
        PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8"), figures, versions()), encoding="utf-8")
        terminalreporter.write_line(f"wrote {PAGE}")


def versions() -> dict[str, str]:
    """Return the versions of what took part."""
    driver, driver_number = driver_version().split()
    return {
        "Python": platform.python_version(),
        "coodie": coodie.__version__,
        driver: driver_number,
        "Cassandra": NodeConfig().version,
    }
