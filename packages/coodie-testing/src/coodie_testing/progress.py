"""How a download shows itself: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from coodie_testing.errors import MEBIBYTE, MissingExtra
from coodie_testing.extras import provided_by

Advance = Callable[[int], None]


def download_progress(what: str, total_bytes: int, *, quiet: bool) -> AbstractContextManager[Advance]:
    """Show a download on standard error; the context gives the function to call with each number of bytes received."""
    if quiet:
        return nullcontext(lambda _: None)
    if not sys.stderr.isatty():
        return _lines(what, total_bytes)
    try:
        return _bar(what, total_bytes)
    except MissingExtra:
        return _lines(what, total_bytes)


@contextmanager
def _lines(what: str, total_bytes: int) -> Generator[Advance]:
    began = time.monotonic()
    print(f"Downloading {what}, {total_bytes / MEBIBYTE:.1f} MiB (once; they are kept)", file=sys.stderr, flush=True)
    yield lambda _: None
    print(f"Downloaded and verified {what} ({time.monotonic() - began:.1f} s)", file=sys.stderr, flush=True)


def _bar(what: str, total_bytes: int) -> AbstractContextManager[Advance]:
    with provided_by("server"):
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )

    @contextmanager
    def shown() -> Generator[Advance]:
        with progress:
            task = progress.add_task(f"Downloading {what}", total=total_bytes)
            yield lambda received_bytes: progress.advance(task, received_bytes)

    return shown()
