"""The figures of a run of the fault suite, and the page of the documentation that shows them."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from faults.calls import Calls

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- figures: written by `hatch run test:faults --write-reliability` -->\n"
END = "<!-- end of the figures -->\n"

Table = Literal["Load", "Counter", "Walks", "Large work", "Soak", "Deadlines", "Refusals", "Grants"]
TITLES: Mapping[Table, str] = {
    "Load": "Reads and writes meanwhile",
    "Counter": "A counter by compare-and-set",
    "Walks": "A hundred walks over pages at the same time",
    "Large work": "Many rows, while connections break",
    "Soak": "A million operations",
    "Deadlines": "Deadlines",
    "Refusals": "Refused connections",
    "Grants": "Refused writes",
}
MODEL_OF_PROCESSOR = "model name"  # in /proc/cpuinfo


@dataclass(frozen=True)
class Figures:
    """What one scenario measured in one API.

    Attributes:
        table: The table to which it belongs.
        scenario: What was done.
        api: ``"sync"`` or ``"aio"``.
        values: The figures by the headings of their columns; the same headings for all of one table.
    """

    table: Table
    scenario: str
    api: str
    values: Mapping[str, str | int]


class Report(Protocol):
    """The fixture `report`: takes what a scenario measured."""

    def __call__(
        self, scenario: str, values: Mapping[str, str | int], *, table: Table = "Load", api: str = ""
    ) -> None: ...


def of_calls(calls: Calls, unknown_there: int) -> dict[str, str | int]:
    """Return the figures of a run that was checked: none of its rows are lost.

    Args:
        calls: The calls of the run.
        unknown_there: How many of the writes of unknown outcome were found.
    """
    return {
        "calls": calls.all,
        "errors": by_class(calls.errors),
        "longest pause": seconds(calls.longest_pause),
        "writes confirmed": len(calls.confirmed),
        "unknown (found there)": f"{len(calls.unknown)} ({unknown_there})",
        "rows lost": 0,
    }


def of_walks(walks: int, rows: int, errors: Counter[str]) -> dict[str, str | int]:
    """Return the figures of walks that were checked: each got exactly its rows.

    Args:
        walks: How many there were.
        rows: Of each.
        errors: The failures after which a walk began again.
    """
    return {"walks": walks, "rows": walks * rows, "failures, begun again": by_class(errors), "wrong rows": 0}


def by_class(errors: Counter[str]) -> str:
    """Return how many errors there were of each class, the most frequent first."""
    return ", ".join(f"{count} `{name}`" for name, count in errors.most_common()) or "0"


def seconds(number: float) -> str:
    """Return seconds as people read them."""
    return f"{number:.2f} s" if number < 10 else f"{number:.0f} s"


def mebibytes(number_of_bytes: int) -> str:
    """Return an amount of memory as people read it."""
    return f"{number_of_bytes / 2**20:.1f} MiB"


def tables(figures: Sequence[Figures]) -> str:
    """Return the tables of *figures*, each with its heading."""
    parts: list[str] = []
    for table, title in TITLES.items():
        measured = [one for one in figures if one.table == table]
        if not measured:
            continue
        scenarios = list(dict.fromkeys(one.scenario for one in measured))
        rows = sorted(measured, key=lambda one: (scenarios.index(one.scenario), one.api))
        columns = tuple(rows[0].values)
        lines = [(one.scenario, one.api, *map(str, (one.values[column] for column in columns))) for one in rows]
        parts.append(f"### {title}\n\n{markdown_table(('', 'API', *columns), lines)}\n")
    return "\n".join(parts)


def markdown_table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of a Markdown page."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (heading, ["---"] * len(heading), *rows))


def conditions(versions: Mapping[str, str]) -> str:
    """Return a paragraph that says when, where and with what the figures were measured.

    Args:
        versions: The version of each program that took part, by its name.
    """
    made_of = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"Measured on {date.today().isoformat()}: {processor()}, {os.cpu_count()} processors, "
        f"{platform.system()} {platform.machine()}; {made_of}. The servers ran on the same machine.\n"
    )


def processor() -> str:
    """Return the model of this machine's processor, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith(MODEL_OF_PROCESSOR))
    return next(models, platform.processor() or platform.machine())


def with_figures(page: str, figures: Sequence[Figures], versions: Mapping[str, str]) -> str:
    """Return the text of the page with these figures between its two marks.

    Raises:
        ValueError: The page does not have the marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost its marks {BEGIN.strip()!r} and {END.strip()!r}")
    return f"{before}{begin}\n{conditions(versions)}\n{tables(figures)}\n{end}{after}"
