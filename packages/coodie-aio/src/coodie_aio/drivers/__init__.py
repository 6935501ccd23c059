"""The drivers that `init_coodie` can open, by their ``driver_type``.

Each is imported when one of its type is first opened: a driver is most of what a program imports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from coodie_aio.drivers.base import Driver as Driver
from coodie_aio.drivers.waiting import result_within
from coodie_aio.workers import Workers
from coodie_core.driver_support.options import driver_not_installed, unknown_driver_type

if TYPE_CHECKING:
    from coodie_aio.drivers.rust import RustDriver
    from coodie_aio.drivers.scylla import ScyllaDriver

    DriverClass: TypeAlias = type[ScyllaDriver] | type[RustDriver]


def _scylla() -> DriverClass:
    from coodie_aio.drivers.scylla import ScyllaDriver

    return ScyllaDriver


def _rust() -> DriverClass:
    try:
        from coodie_aio.drivers.rust import RustDriver
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] != "scylla":
            raise
        raise driver_not_installed("rust", "coodie-aio", "scylladb-rs-driver") from None
    return RustDriver


DRIVER_TYPES: dict[str, Callable[[], DriverClass]] = {"scylla": _scylla, "cassandra": _scylla, "rust": _rust}
"""What loads each. The first two are the ``cassandra`` package that is installed: scylla-driver or cassandra-driver."""


async def driver_class(driver_type: str) -> DriverClass:
    """Return the class of drivers called *driver_type*, imported in a thread, for that takes a tenth of a second.

    Raises:
        ConfigurationError: There is none, or its package is not installed.
    """
    try:
        load = DRIVER_TYPES[driver_type]
    except KeyError:
        raise unknown_driver_type(driver_type, DRIVER_TYPES) from None
    return await result_within(Workers(1, "coodie-import").submit(load), None)
