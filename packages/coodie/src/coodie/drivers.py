"""Connections by their names.

`init_coodie` opens one of the sync API, `init_coodie_async` one of the async API; each API has its own names.
`register_driver` and `get_driver` are those of the sync API; the others are in `coodie.aio`.
"""

from coodie_aio import init_coodie as init_coodie_async
from coodie_sync import get_driver as get_driver
from coodie_sync import init_coodie as init_coodie
from coodie_sync import register_driver as register_driver

__all__ = ["get_driver", "init_coodie", "init_coodie_async", "register_driver"]
