"""Programs of their own, for what only a process can show: forks, and how it ends."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

APIS = ("sync", "aio")

PRELUDES = {
    "sync": """
        from coodie_sync import init_coodie

        def do(call, *arguments, **keywords):
            return call(*arguments, **keywords)
    """,
    "aio": """
        import asyncio
        from coodie_aio import init_coodie

        def do(call, *arguments, **keywords):
            return asyncio.run(call(*arguments, **keywords))
    """,
}
COMMON = """
    import os, sys, threading, time
    from coodie_core.exceptions import ConfigurationError
    from coodie_core.statement import Statement

    NODE = Statement("SELECT key FROM system.local")

    def use(driver):
        assert do(driver.execute, NODE).rows == [("local",)]

    def wait_for(child):
        _, status = os.waitpid(child, 0)
        assert status == 0, f"the child ended with {status}"
"""

FORKS_WHILE_CONNECTING = """
    from cassandra.io import libevreactor

    def live():
        return 0 if libevreactor._global_loop is None else len(libevreactor._global_loop._live_conns)

    moments = [lambda: True, lambda: live() > 0, lambda: live() > 1, lambda: driver.session is not None]
    for is_moment in moments:
        driver = do(init_coodie, **arguments, lazy=True)
        threads = [threading.Thread(target=use, args=(driver,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        while not is_moment():
            time.sleep(0)
        child = os.fork()
        if not child:
            use(driver)
            sys.exit(0)
        for thread in threads:
            thread.join()
        wait_for(child)
        do(driver.close)
"""

CONNECTING_IMPORTS_NOTHING = """
    driver = do(init_coodie, **arguments, lazy=True)
    before = set(sys.modules)
    use(driver)
    assert set(sys.modules) == before, set(sys.modules) - before
"""

ABOUT_FORKS = ("-W", "ignore:This process:DeprecationWarning")
"""Python 3.12 and later warn of every fork of a process that has threads."""


@dataclass(frozen=True)
class Ended:
    """A program that ended.

    Attributes:
        code: What it returned.
        output: What it printed.
        complaints: What it wrote to stderr.
    """

    code: int
    output: str
    complaints: str


def run_program(
    api: str,
    text: str,
    arguments: dict[str, Any],
    *,
    before_it_ends: Callable[[], object] = int,
    timeout: float = 60,
) -> Ended:
    """Run *text* in a new interpreter, in which every warning is an error.

    Args:
        api: ``"sync"`` or ``"aio"``: what ``init_coodie`` and ``do`` are.
        text: The program, which finds ``arguments`` for ``init_coodie``, ``NODE``, ``use(driver)`` and ``wait_for``.
        arguments: For ``init_coodie``.
        before_it_ends: Called while it waits for a line of input, if it does.
        timeout: Seconds after which it is killed, and the test fails.
    """
    parts = (PRELUDES[api], COMMON, f"arguments = {arguments!r}", text)
    program = "\n".join(textwrap.dedent(part) for part in parts)
    command = [sys.executable, "-W", "error", *ABOUT_FORKS, "-c", program]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            before_it_ends()
            output, complaints = process.communicate("go on\n", timeout)
        except BaseException:
            process.kill()
            raise
    return Ended(process.returncode, output, complaints)
