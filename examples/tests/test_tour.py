"""The tour and the quick start run in both APIs, and the tour tells when a count is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import airportsdata
import pytest
import tour
from airports import AirportRecord, airport_record, all_airports, slices_of_countries
from rich.console import Console
from tour_log import TourLog

from coodie_testing import Server

EXAMPLES = Path(__file__).resolve().parent.parent
SMALL = {"AQ", "BE", "LR", "LU", "NL"}  # some countries, with what the tour asks for by name


@pytest.fixture(scope="module")
def few_airports() -> list[AirportRecord]:
    return [airport for airport in all_airports() if airport["country"] in SMALL]


@pytest.fixture
def named_server(coodie_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the tests, where the tour looks for one."""
    monkeypatch.setenv("COODIE_TEST_HOSTS", f"{coodie_server.hosts[0]}:{coodie_server.port}")


@pytest.mark.usefixtures("named_server")
def test_the_tour_prints_both_apis_and_ends_well(
    few_airports: list[AirportRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = tour.main(few_airports)

    printed = capsys.readouterr().out
    assert exit_code == 0, printed
    assert "coodie.sync" in printed
    assert "coodie.aio" in printed
    assert "\x1b" not in printed  # no terminal, no control codes


@pytest.mark.usefixtures("named_server")
def test_the_tour_fails_when_the_database_has_not_every_row(
    few_airports: list[AirportRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    without_iata = next(airport for airport in few_airports if "iata" not in airport)
    twice = sorted([*few_airports, without_iata], key=lambda airport: airport["country"])

    exit_code = tour.main(twice)

    assert exit_code == 1
    told = f"Count them on the server: counted {len(few_airports)}, but the data set says {len(twice)}"
    assert told in capsys.readouterr().out.replace("\n", " ")


def test_a_step_that_counted_nothing_is_a_mistake() -> None:
    log = TourLog("coodie.aio", Console())
    with log.step("Forget to count", "find()"):
        pass

    assert len(log.mistakes) == 1


def test_the_tour_fails_readably_without_a_server() -> None:
    environment = {**os.environ, "COODIE_TEST_HOSTS": "127.0.0.1:1"}

    ended = subprocess.run(
        [sys.executable, EXAMPLES / "tour.py"], env=environment, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert "COODIE_TEST_HOSTS names 127.0.0.1, port 1" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_slices_hold_every_airport_once_and_never_two_countries(few_airports: list[AirportRecord]) -> None:
    slices = list(slices_of_countries(few_airports, 20))

    assert [airport for part in slices for airport in part] == few_airports
    assert all(len({airport["country"] for airport in part}) == 1 for part in slices)
    assert max(map(len, slices)) == 20


def test_a_record_leaves_out_what_the_data_set_leaves_empty() -> None:
    entry = next(entry for entry in airportsdata.load().values() if entry["iata"] == entry["city"] == "")

    record = airport_record(entry)

    assert record.keys() == {"country", "icao", "name", "elevation_feet", "latitude", "longitude"}


@pytest.mark.parametrize("api", ["aio", "sync"])
def test_the_quick_start_runs(api: str, coodie_server: Server) -> None:
    address = f"{coodie_server.hosts[0]}:{coodie_server.port}"

    ended = subprocess.run(
        [sys.executable, EXAMPLES / api / "quickstart.py", address], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "left:    []"


@pytest.mark.parametrize("api", ["aio", "sync"])
def test_many_rows_are_loaded_and_scanned(api: str, coodie_server: Server) -> None:
    address = f"{coodie_server.hosts[0]}:{coodie_server.port}"

    ended = subprocess.run(
        [sys.executable, EXAMPLES / api / "many_rows.py", address, "2000"], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("wrote 2000 airports, scanned 2000, in ")
