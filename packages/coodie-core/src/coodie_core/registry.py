"""Which driver answers to which name, kept apart for each API."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakSet

from coodie_core.exceptions import ConfigurationError

DEFAULT_NAME = "default"


class NamedApi(Protocol):
    """What the registry must know of a driver: the API that it belongs to, ``"sync"`` or ``"aio"``."""

    @property
    def api(self) -> str: ...


D = TypeVar("D", bound=NamedApi)

#: Every registry of the process, so that an error can tell that the other API has the name.
_registries: WeakSet[Registry[Any]] = WeakSet()


class Registry(Generic[D]):
    """The drivers of one API by their names.

    Args:
        api: ``"sync"`` or ``"aio"``. A driver of the other API is refused.
    """

    def __init__(self, api: str) -> None:
        self.api = api
        self._drivers: dict[str, D] = {}
        self._default: str = DEFAULT_NAME
        _registries.add(self)

    def add(self, name: str, driver: D, *, default: bool = False) -> D | None:
        """Let *name* mean *driver* from now on, and return the driver that it meant before.

        Args:
            name: The name that documents give in ``Settings.connection``.
            driver: A driver of this API.
            default: Whether documents without a connection of their own use it.

        Raises:
            ConfigurationError: *driver* belongs to the other API.
        """
        if driver.api != self.api:
            raise ConfigurationError(
                f"register_driver({name!r}): this driver belongs to coodie.{driver.api}, and coodie.{self.api} cannot "
                f"use it. Open one with coodie.{self.api}.init_coodie(): each API has its own drivers, "
                f"and both may have the same name."
            )
        before = self._drivers.get(name)
        self._drivers[name] = driver
        if default:
            self._default = name
        return before

    def name_of(self, name: str | None) -> str:
        """Return *name*, or the name of the default driver."""
        return self._default if name is None else name

    def get(self, name: str | None = None) -> D:
        """Return the driver called *name*, or the default one.

        Raises:
            ConfigurationError: There is none; the message says what to call.
        """
        try:
            return self._drivers[self._default if name is None else name]
        except KeyError:
            raise ConfigurationError(self._missing(self.name_of(name))) from None

    def __contains__(self, name: str) -> bool:
        return name in self._drivers

    def remove(self, driver: D) -> None:
        """Forget *driver*, under every name that means it."""
        for name in [name for name, known in list(self._drivers.items()) if known is driver]:
            del self._drivers[name]
            if name == self._default:
                self._default = DEFAULT_NAME

    def _missing(self, name: str) -> str:
        call = "init_coodie(hosts=[...], keyspace=...)" + (f", with name={name!r}" if name != DEFAULT_NAME else "")
        text = f"coodie.{self.api} has no connection called {name!r}. Call coodie.{self.api}.{call} first."
        for other in _registries:
            if other.api != self.api and name in other:
                text += f" (coodie.{other.api} has one of that name, but each API needs a driver of its own.)"
        if self._drivers:
            text += f" Connections of coodie.{self.api}: {', '.join(sorted(self._drivers))}."
        return text
