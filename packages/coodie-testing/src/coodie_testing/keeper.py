"""Removes the directory of a cluster when the process that wanted the cluster is done with it, or is gone.

A program of its own, started by `coodie_testing.cluster`: its one argument names the directory; the end of its standard
input means that the directory is no longer needed. Each node's supervisor holds a lock in the directory of its node
until that node has ended, so this waits for these locks.

Imports the standard library only, and is run with `python -I -S`, as the supervisor is.
"""

from __future__ import annotations

import fcntl
import glob
import os
import select
import shutil
import signal
import sys

LOOK_AGAIN_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 90  # for nodes to end: their supervisors use force after 30


def wait_for_end_of(owner: int) -> None:
    """Return when the owner has closed the pipe, or is gone."""
    while os.getppid() == owner:
        told, _, _ = select.select([sys.stdin], [], [], LOOK_AGAIN_SECONDS)
        if told:
            return


def wait_for_nodes(directory: str) -> None:
    """Return when no node uses its directory any more."""
    for lock in glob.glob(os.path.join(glob.escape(directory), "*", ".lock")):
        with open(lock) as file:
            fcntl.flock(file, fcntl.LOCK_EX)


def stop_waiting(_signal: int, _frame: object) -> None:
    """End whatever is waited for."""
    raise InterruptedError


def main() -> int:
    """Wait, and remove the directory named on the command line."""
    owner = os.getppid()
    for reason in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(reason, stop_waiting)
    try:
        wait_for_end_of(owner)
        signal.alarm(LONGEST_WAIT_SECONDS)
        wait_for_nodes(sys.argv[1])
    except InterruptedError:
        pass
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
