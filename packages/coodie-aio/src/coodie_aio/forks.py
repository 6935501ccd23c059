"""What becomes of drivers in a process that was forked: they connect anew at their first use.

The parent's connections are left alone. Nothing is closed or finalized that the parent goes on using, and no lock is
asked for that a thread of the parent may have held at the time of the fork: that thread does not exist in the child.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Protocol
from weakref import WeakSet

from coodie_aio.link import Link

REACTORS = ("cassandra.io.libevreactor", "cassandra.io.asyncorereactor")
"""Modules of the driver's package with one reactor for the whole process. Its other one looks by itself whether it was
forked."""


class LinkedDriver(Protocol):
    """What is asked here of a driver."""

    link: Link


drivers: WeakSet[LinkedDriver] = WeakSet()
"""The drivers of this process."""

left_to_parent: list[object] = []
"""What this process inherited and must never finalize: sessions close themselves when they are."""


def begin_in_child() -> None:
    """Let each driver begin anew, in the process that was just forked."""
    inherited = tuple(drivers)
    if inherited:
        leave_reactors()
    for driver in inherited:
        leave_session(driver.link.session)
        left_to_parent.append(driver.link)
        driver.link = driver.link.in_child()


def leave_reactors() -> None:
    """Have the driver's package make a reactor of this process's own.

    It would do so by itself, but close the parent's connections before, for which it needs their locks.
    """
    for name in REACTORS:
        module: Any = sys.modules.get(name)
        if getattr(module, "_global_loop", None) is not None:
            left_to_parent.append(module._global_loop)
            module._global_loop = None


def leave_session(session: Any | None) -> None:
    """Keep *session* from closing itself when this process ends."""
    if session is not None:
        session.shutdown = do_nothing


def do_nothing() -> None:
    pass


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=begin_in_child)
