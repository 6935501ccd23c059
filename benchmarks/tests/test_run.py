"""The benchmark runs on a real server, and does not time a contender that gives wrong answers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import run
from measuring import Report, Result
from processes import ContenderFailed, Process, started
from reporting import plot, write_docs
from workloads import OURS, OWN, WORKLOADS, Entry

from coodie_testing import Server

LIAR = """
from contender_protocol import Contender, row, serve

def connect(target):
    stale = [row("hundred", 0)]
    operations = dict.fromkeys(["insert", "get"], lambda index: stale)
    return Contender(versions={}, operations=operations, rows=list, close=lambda: None)

serve(connect)
"""


UNLUCKY = """
from contender_protocol import Contender, serve

def connect(target):
    failures = iter([True] * {failures})

    def insert(index):
        if index == 1 and next(failures, False):
            raise TimeoutError("the server was busy")

    return Contender(versions={{}}, operations={{"insert": insert}}, rows=list, close=lambda: None)

serve(connect)
"""


def unlucky(tmp_path: Path, failures: int) -> Entry:
    """A contender of which some calls fail, before all succeed."""
    script = tmp_path / "unlucky.py"
    script.write_text(UNLUCKY.format(failures=failures), encoding="utf-8")
    return Entry("unlucky", str(script), api="sync")


@pytest.fixture
def liar(tmp_path: Path) -> Entry:
    """A contender that always answers with the same row."""
    script = tmp_path / "liar.py"
    script.write_text(LIAR, encoding="utf-8")
    return Entry("liar", str(script), api="sync")


def connected(process: Process) -> Process:
    process.connect(Server(hosts=("127.0.0.1",), port=9042, origin="of no use to a liar"), "bench")
    return process


def test_every_contender_is_measured_in_every_round(
    coodie_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COODIE_TEST_HOSTS", f"{coodie_server.hosts[0]}:{coodie_server.port}")

    exit_code = run.main(["--quick", "--own", "--json", str(tmp_path / "report.json")])

    printed = capsys.readouterr().out
    assert exit_code == 0, printed
    assert all(name.partition(",")[0] in printed for name in OURS.values())
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    measured = [(sample["contender"], sample["workload"], sample["round"]) for sample in report["samples"]]
    assert sorted(measured) == sorted(
        (entry.name, workload.name, number)
        for entry in OWN
        for workload in WORKLOADS
        if workload.is_for(entry.api)
        for number in range(3)
    )
    assert all(result["cpu_microseconds"] > 0 for result in report["results"])
    assert report["versions"]["coodie, aio"].keys() == {"coodie", "scylla-driver"}
    assert all(0 < of["read 5,000"]["kept_bytes"] <= of["read 5,000"]["peak_bytes"] for of in report["memory"].values())
    assert all(seconds > 0 for seconds in report["imports"].values())


def test_a_wrong_answer_is_a_fault_of_a_peer(liar: Entry) -> None:
    with started(liar) as process:
        assert run.verify_answers(connected(process)).keys() == {"get"}


def test_a_wrong_answer_of_ours_ends_the_benchmark(liar: Entry) -> None:
    ours = replace(liar, name=OURS["sync"])
    with started(ours) as process, pytest.raises(ContenderFailed, match="coodie, sync, get: got"):
        run.verify_answers(connected(process))


def test_a_contender_that_fails_says_why(liar: Entry) -> None:
    with started(liar) as process, pytest.raises(ContenderFailed, match="liar, no such operation: KeyError"):
        connected(process).answer("no such operation", 0)


def test_a_contender_that_dies_is_named(liar: Entry) -> None:
    Path(liar.script).write_text("raise SystemExit('no database today')", encoding="utf-8")
    with started(liar) as process, pytest.raises(ContenderFailed, match="liar gave no answer"):
        connected(process)


def test_the_page_of_the_documentation_has_every_figure(tmp_path: Path) -> None:
    results = [
        Result(entry.name, workload.name, 100.0, 200.0, ratio=0.5, lowest=0.4, highest=0.6)
        for entry in OWN
        for workload in WORKLOADS
        if workload.is_for(entry.api)
    ]
    of_reads = {"kept_bytes": 1_000, "peak_bytes": 2_000}
    names = [entry.name for entry in OWN]
    report = Report(
        when="2026-01-31T12:00+00:00",
        machine={"python": "3.11", "system": "Linux", "processors": 2},
        server="Cassandra 5.0.9 at 127.0.0.1",
        versions={name: {"scylla-driver": "3.29"} for name in names},
        results=results,
        samples=[],
        faults={name: {} for name in names},
        memory={name: {"read 5,000": of_reads, "stream 50,000": of_reads} for name in names},
        start_cpu_seconds={name: {"import": 0.1, "connect": 0.05} for name in names},
        imports={"coodie.aio": 0.3, "pydantic and the driver": 0.25},
    )

    write_docs(report, tmp_path / "page.md")
    plot(report, tmp_path / "plot.svg")

    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| get | 1.00 100 us | 0.50 0.40-0.60 |" in page
    assert "| coodie, aio | get, 64 in flight | 0.40 | 0.50 | not met |" in page
    assert "| coodie, sync | get | 0.60 | 0.50 | met |" in page
    assert "1.20 times that of pydantic and the driver" in page
    assert "127.0.0.1" not in page
    assert (tmp_path / "plot.svg").stat().st_size > 1_000


def test_a_block_in_which_a_call_failed_is_done_once_more(tmp_path: Path) -> None:
    with started(unlucky(tmp_path, failures=2)) as process:
        sample = run.timed(connected(process), WORKLOADS[0], calls=3, round_number=5)

        assert (sample.round, process.calls["insert"]) == (5, 3)


def test_a_block_that_always_fails_ends_the_benchmark(tmp_path: Path) -> None:
    with started(unlucky(tmp_path, failures=3)) as process, pytest.raises(ContenderFailed, match="server was busy"):
        run.timed(connected(process), WORKLOADS[0], calls=3, round_number=0)
