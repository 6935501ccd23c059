"""The drivers that `init_coodie` can open, by their ``driver_type``."""

from __future__ import annotations

from coodie_aio.drivers.base import Driver as Driver
from coodie_aio.drivers.scylla import ScyllaDriver as ScyllaDriver
from coodie_core.driver_support.options import unknown_driver_type

DRIVER_TYPES: dict[str, type[ScyllaDriver]] = {"scylla": ScyllaDriver, "cassandra": ScyllaDriver}
"""Both names mean the ``cassandra`` package that is installed, by scylla-driver or by cassandra-driver."""


def driver_class(driver_type: str) -> type[ScyllaDriver]:
    """Return the class of drivers called *driver_type*.

    Raises:
        ConfigurationError: There is none.
    """
    try:
        return DRIVER_TYPES[driver_type]
    except KeyError:
        raise unknown_driver_type(driver_type, DRIVER_TYPES) from None
