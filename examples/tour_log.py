"""What the tour did: each step with its count, what the count should be, and its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


@dataclass
class Step:
    """One step of the tour."""

    title: str
    call: str
    seconds: float = 0.0
    count: int | None = None
    expected: int | None = None

    def counted(self, count: int, *, expected: int) -> None:
        """Note what the step counted, and what the data set itself says."""
        self.count, self.expected = count, expected

    @property
    def is_right(self) -> bool:
        """Whether it counted something, and what it should."""
        return self.count is not None and self.count == self.expected


class TourLog:
    """The steps of one tour, in their order.

    Args:
        api: The API that it shows, such as ``"coodie.aio"``.
        console: Where the progress bar and the table go.
    """

    def __init__(self, api: str, console: Console) -> None:
        self.api = api
        self.steps: list[Step] = []
        self._console = console

    @contextmanager
    def step(self, title: str, call: str) -> Generator[Step, None, None]:
        """Add a step, and take the time of the ``with`` block."""
        step = Step(title, call)
        self.steps.append(step)
        began = time.perf_counter()
        yield step
        step.seconds = time.perf_counter() - began

    @contextmanager
    def progress(self, what: str, total: int) -> Generator[Callable[[int], None], None, None]:
        """Show a progress bar (without a terminal: one line at the end); give what moves it on."""
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.advance(task, done)

    @property
    def mistakes(self) -> list[str]:
        """The steps whose count is not what it should be, in words."""
        return [
            f"{self.api}: {step.title}: counted {step.count}, but the data set says {step.expected}"
            for step in self.steps
            if not step.is_right
        ]

    def show(self) -> None:
        """Print the table."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=self.api, title_justify="left", title_style="bold")
        table.add_column("Step", no_wrap=True)
        table.add_column("Call", overflow="fold")
        table.add_column("Count", justify="right")
        table.add_column("ms", justify="right")
        for step in self.steps:
            count = "-" if step.count is None else f"{step.count:,}"
            style = None if step.is_right else "bold red"
            table.add_row(step.title, step.call, count, f"{step.seconds * 1000:,.0f}", style=style)
        table.add_section()
        table.add_row("All of it", "", "", f"{sum(step.seconds for step in self.steps) * 1000:,.0f}")
        self._console.print(table)
