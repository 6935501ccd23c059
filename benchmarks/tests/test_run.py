"""The benchmark runs on a real server, and does not time a contender that gives wrong answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import run
from processes import ContenderFailed, Entry, Process, started

from coodie_testing import Server

LIAR = """
from contender_protocol import Contender, row, serve

def connect(target):
    stale = [row("hundred", 0)]
    operations = dict.fromkeys(["insert", "get", "update", "read 100", "read 5,000"], lambda index: stale)
    return Contender(versions={}, operations=operations, rows=list, close=lambda: None)

serve(connect)
"""


@pytest.fixture
def liar(tmp_path: Path) -> Entry:
    """A contender that always answers with the same row."""
    script = tmp_path / "liar.py"
    script.write_text(LIAR, encoding="utf-8")
    return Entry("liar", str(script), baseline="liar")


def connected(process: Process) -> Process:
    process.connect(Server(hosts=("127.0.0.1",), port=9042, origin="of no use to a liar"), "bench")
    return process


def test_every_contender_is_measured_in_every_round(
    coodie_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COODIE_TEST_HOSTS", f"{coodie_server.hosts[0]}:{coodie_server.port}")

    exit_code = run.main(["--quick", "--json", str(tmp_path / "report.json")])

    printed = capsys.readouterr().out
    assert exit_code == 0, printed
    assert all(entry.name in printed for entry in run.ENTRIES)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    measured = [(sample["contender"], sample["operation"], sample["round"]) for sample in report["samples"]]
    assert sorted(measured) == sorted(
        (entry.name, operation, number)
        for entry in run.ENTRIES
        for operation in run.CALLS_IN_BLOCK
        for number in range(3)
    )
    assert all(result["cpu_microseconds"] > 0 for result in report["results"])
    assert report["versions"]["coodie, aio"].keys() == {"coodie", "scylla-driver"}


def test_a_wrong_answer_ends_the_benchmark(liar: Entry) -> None:
    with started(liar) as process, pytest.raises(ContenderFailed, match="liar, get: got"):
        run.verify_answers(connected(process))


def test_a_contender_that_dies_is_named(liar: Entry) -> None:
    with started(liar) as process, pytest.raises(ContenderFailed, match="liar gave no answer"):
        connected(process).answer("no such operation", 0)
