"""A report for people: tables in the terminal, a page and a plot for the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from measuring import Report
from rich import box
from rich.console import Console
from rich.table import Table
from workloads import BASELINES, OURS, OWN, PEERS, TARGETS, WORKLOADS, Entry, Workload

TITLES = {
    "sync": "Sync: processor time of the client a call, as a ratio to the raw driver (median; lowest-highest)",
    "aio": "Asyncio: the same",
}
WRONG = "wrong"


def entries_of(report: Report, api: str) -> list[Entry]:
    """Return who of *api* was in the run."""
    return [entry for entry in OWN + PEERS if entry.api == api and entry.name in report.versions]


def short(entry: Entry) -> str:
    """Return a contender's name without its API, which stands above the table."""
    return entry.name.rpartition(", ")[0]


def workloads_of(api: str) -> list[Workload]:
    """Return what contenders of *api* do."""
    return [workload for workload in WORKLOADS if workload.is_for(api)]


def cell(report: Report, entry: Entry, workload: Workload) -> tuple[str, str]:
    """Return a baseline's time, or another contender's ratio to it with its spread; or why there is none."""
    item = report.of(entry.name, workload.name)
    if item is None:
        return (WRONG if workload.operation in report.faults[entry.name] else "-"), ""
    if entry.name == entry.baseline:
        return "1.00", f"{item.cpu_microseconds:,.0f} us"
    return f"{item.ratio:.2f}", f"{item.lowest:.2f}-{item.highest:.2f}"


def table_rows(report: Report, api: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Return for each workload what everybody needs."""
    for workload in workloads_of(api):
        yield workload.name, [cell(report, entry, workload) for entry in entries_of(report, api)]


def targets_of(report: Report) -> list[tuple[str, str, float, float]]:
    """Return each target: whose, of which workload, what is to be reached, and what is."""
    return [
        (contender, workload, target, found.ratio)
        for contender, targets in TARGETS.items()
        for workload, target in targets.items()
        if (found := report.of(contender, workload))
    ]


def memory_ratio(report: Report, api: str) -> float:
    """Return the memory of a 5,000-row read, as a ratio to the raw driver's rows and the models themselves."""
    ours, raw = (report.memory[names[api]]["read 5,000"] for names in (OURS, BASELINES))
    return ours["peak_bytes"] / (raw["kept_bytes"] + ours["kept_bytes"])


def other_figures(report: Report) -> Iterator[str]:
    """Return what is no ratio of processor times of calls, a sentence each."""
    for api, name in OURS.items():
        yield (
            f"{name}: a read of 5,000 rows needs {memory_ratio(report, api):.2f} times the memory of the raw driver's "
            f"rows and the models together (to reach: 1.3); a stream of 50,000 rows needs "
            f"{report.memory[name]['stream 50,000']['peak_bytes'] / 1e6:.1f} MB at most."
        )
    (ours, seconds), (others, other_seconds) = report.imports.items()
    yield (
        f"Importing {ours} takes {seconds * 1000:,.0f} ms of processor time, {seconds / other_seconds:.2f} times that "
        f"of {others} (to reach: 1.3)."
    )
    for name, parts in report.start_cpu_seconds.items():
        yield f"{name}: start {parts['import'] * 1000:,.0f} ms, connect {parts['connect'] * 1000:,.0f} ms."
    for name, faults in report.faults.items():
        for operation, fault in faults.items():
            yield f"{name}, {operation}: not timed, since its answer is wrong. {fault}"


def print_report(report: Report, console: Console) -> None:
    """Print everything."""
    for api, title in TITLES.items():
        console.print(ratios(report, api, title))
    console.print(targets(report))
    for sentence in other_figures(report):
        console.print(sentence, markup=False)


def ratios(report: Report, api: str, title: str) -> Table:
    """Return the ratios, a workload a row and a contender a column."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    shown.add_column("", no_wrap=True)
    for entry in entries_of(report, api):
        shown.add_column(short(entry), justify="right")
    for name, cells in table_rows(report, api):
        shown.add_row(name, *("\n".join(filter(None, pair)) for pair in cells))
    return shown


def targets(report: Report) -> Table:
    """Return what is to be reached, and what is."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="What is to be reached", title_justify="left")
    for heading in ("", "workload", "to reach", "reached", ""):
        shown.add_column(heading, justify="left" if heading in ("", "workload") else "right")
    for contender, workload, target, ratio in targets_of(report):
        shown.add_row(contender, workload, f"{target:.2f}", f"{ratio:.2f}", "met" if ratio <= target else "not met")
    return shown


PAGE = """\
# Benchmark figures

This page is written by `hatch run bench --docs`. [Performance](performance.md) says what the figures mean.

{when}, Python {python}, {system}, {processors} processors. Server: {server}.

![Processor time of the client as a ratio to the raw driver](assets/benchmarks.svg)

{tables}
## What is to be reached

{targets}

## Memory, imports, start

{others}

## Versions

{versions}
"""


def write_docs(report: Report, page: Path) -> None:
    """Write the page of the documentation."""
    tables = "".join(
        f"## {title.partition(':')[0]}\n\n{markdown_ratios(report, api)}\n\n" for api, title in TITLES.items()
    )
    heading = ("", "workload", "to reach", "reached", "")
    reached = [
        (contender, workload, f"{target:.2f}", f"{ratio:.2f}", "met" if ratio <= target else "not met")
        for contender, workload, target, ratio in targets_of(report)
    ]
    versions = [
        (name, ", ".join(f"{package} {number}" for package, number in made_of.items()))
        for name, made_of in report.versions.items()
    ]
    text = PAGE.format(
        when=report.when[:10],
        **report.machine,
        server=report.server.partition(" at ")[0],
        tables=tables,
        targets=markdown_table(heading, reached),
        others="\n".join(f"- {sentence}" for sentence in other_figures(report)),
        versions=markdown_table(("contender", "made of"), versions),
    )
    page.write_text(text, encoding="utf-8")


def markdown_ratios(report: Report, api: str) -> str:
    """Return the ratios as a table of a Markdown page."""
    heading = ("", *(short(entry) for entry in entries_of(report, api)))
    return markdown_table(heading, [(name, *map(" ".join, cells)) for name, cells in table_rows(report, api)])


def markdown_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of a Markdown page."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(text.strip() for text in line)} |" for line in lines)


def plot(report: Report, file: Path) -> None:
    """Draw the ratios of everybody, a panel for each API, on a logarithmic scale."""
    figure: Any = Figure(figsize=(12, 9), layout="constrained")
    for axes, api in zip(figure.subplots(2, 1), TITLES, strict=True):
        entries, workloads = entries_of(report, api), workloads_of(api)
        width = 0.8 / len(entries)
        for place, entry in enumerate(entries):
            found = [(index, report.of(entry.name, workload.name)) for index, workload in enumerate(workloads)]
            timed = [(index + place * width, item.ratio) for index, item in found if item]
            axes.bar([at for at, _ in timed], [ratio for _, ratio in timed], width, label=entry.name)
        axes.set_yscale("log")
        axes.axhline(1.0, color="black", linewidth=0.8)
        axes.set_xticks([index + 0.4 for index in range(len(workloads))], [one.name for one in workloads], rotation=20)
        axes.set_ylabel("ratio to the raw driver")
        axes.legend(ncols=4, fontsize="small")
    figure.savefig(file)
