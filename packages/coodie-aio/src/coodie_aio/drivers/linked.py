"""What drivers that hold a link to a cluster have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from coodie_aio.drivers.base import Driver, registry
from coodie_aio.drivers.waiting import result_within
from coodie_core.deadlines import OutOfTime, time_limit
from coodie_core.driver_support.answers import driver_repr, not_connected_in_time
from coodie_core.driver_support.options import ConnectionOptions


class DriverLink(Protocol):
    """What is asked here of what a driver holds."""

    session: Any | None

    @property
    def is_closed(self) -> bool: ...

    def opening(self) -> Future[Any]: ...

    def closing(self) -> Future[None]: ...


L = TypeVar("L", bound=DriverLink)


class LinkedDriver(Driver, Generic[L]):
    """A driver that connects when it is first used, unless `connect` was awaited before.

    Args:
        options: What was asked of `init_coodie`.
        link: What it holds in this process.

    Attributes:
        known_arguments: The further keywords of `init_coodie` that it understands.
        link: What it holds in this process.
    """

    known_arguments: ClassVar[Sequence[str]]

    def __init__(self, options: ConnectionOptions, link: L) -> None:
        self.name: str = options.name
        self.keyspace: str | None = options.keyspace
        self._options = options
        self.link: L = link

    @staticmethod
    @abstractmethod
    def package() -> str:
        """Return the name and version of the installed package."""

    def __repr__(self) -> str:
        link = self.link
        return driver_repr(self, self._options.hosts, self.package(), link.session is not None, link.is_closed)

    @property
    def session(self) -> Any | None:
        """The package's own session, for what coodie does not offer; None while it is not connected."""
        return self.link.session

    async def connect(self) -> None:
        """Connect now. If that fails or is cancelled, the driver closes itself and leaves nothing behind."""
        try:
            await result_within(self.link.opening(), time_limit(None, monotonic))
        except BaseException as error:
            registry.remove(self)
            self.link.closing()
            if isinstance(error, OutOfTime):
                raise not_connected_in_time(self, self._options.hosts, error.limit) from error
            raise

    async def _release(self) -> None:
        await result_within(self.link.closing(), None)
