"""Runs one server process and does not let it outlive the process that wanted it.

A program of its own, started by `coodie_testing.node` with this protocol:

- its one argument names a file with an `Order` in JSON;
- it prints one line of JSON: {"pid": 123}, or {"error": "..."} and ends;
- a line on its standard input, or the end of it, means: stop the server, clean up, and end;
- its exit code is the server's (128 + signal number after a signal, as in a shell).

The kernel closes the pipe to standard input whenever the owner ends, also when it is killed with SIGKILL, so an
orphaned server is stopped too. Copies of the pipe in processes that the owner forked would keep it open; so the owner's
being our parent is looked at as well. Should this process itself be killed, Linux kills the server with it.

Imports the standard library only, and is run with `python -I -S`: it must start at once and load nothing of the user's.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import TypedDict

LOOK_AGAIN_SECONDS = 0.2
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Order(TypedDict):
    """What to run, and how to end it."""

    command: list[str]
    directory: str  # of the server; locked while it runs
    log: str
    grace_seconds: float  # between SIGTERM and SIGKILL; 0 kills at once
    remove: bool  # the directory, at the end


def die_with_parent() -> Callable[[], None] | None:
    """What a child process calls to be killed when its parent ends, where the system has such a thing."""
    if sys.platform != "linux":
        return None
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def lock(directory: str) -> bool:
    """Take this directory for as long as this process lives, if nobody else has it."""
    file = os.open(os.path.join(directory, ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def start(order: Order) -> subprocess.Popen[bytes]:
    """Start the server, its output going to the log."""
    with open(order["log"], "ab") as log:
        return subprocess.Popen(
            order["command"],
            cwd=order["directory"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent(),  # safe: this process has a single thread
        )


def wait_for_reason_to_stop(server: subprocess.Popen[bytes], owner: int) -> None:
    """Return when the server has ended, the owner has said so, or the owner is gone."""
    while server.poll() is None and os.getppid() == owner:
        told, _, _ = select.select([sys.stdin], [], [], LOOK_AGAIN_SECONDS)
        if told:
            return


def stop(server: subprocess.Popen[bytes], grace_seconds: float) -> int:
    """End the server, by force if it does not end in time, and return its exit code."""
    if server.poll() is None and grace_seconds:
        server.send_signal(signal.SIGCONT)  # a paused one hears nothing
        server.terminate()
        try:
            server.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            pass
    if server.poll() is None:
        server.kill()
    code = server.wait()
    return code if code >= 0 else 128 - code


def tell(**message: object) -> None:
    """Answer the owner, who may be gone already."""
    try:
        print(json.dumps(message), flush=True)
    except BrokenPipeError:
        pass


def be_told_to_stop(_signal: int, _frame: object) -> None:
    """End the wait for a reason to stop: this is one."""
    raise InterruptedError


def run(order: Order, owner: int) -> int:
    """Start the server, wait for a reason to stop it, stop it, and return its exit code."""
    try:
        server = start(order)
    except OSError as error:
        tell(error=str(error))
        return 1
    tell(pid=server.pid)
    try:
        wait_for_reason_to_stop(server, owner)
    except InterruptedError:
        pass
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ended_by_itself = server.poll() is not None
    code = stop(server, order["grace_seconds"])
    if order["remove"] and not ended_by_itself:  # then the owner first wants to read the log
        shutil.rmtree(order["directory"], ignore_errors=True)
    return code


def main() -> int:
    """Carry out the order on the command line."""
    owner = os.getppid()
    with open(sys.argv[1]) as file:
        order: Order = json.load(file)
    signal.signal(signal.SIGTERM, be_told_to_stop)
    if not lock(order["directory"]):
        tell(error="locked")
        return 1
    return run(order, owner)


if __name__ == "__main__":
    sys.exit(main())
