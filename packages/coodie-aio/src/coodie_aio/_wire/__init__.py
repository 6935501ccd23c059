"""Requests on the wire with less work: what `init_coodie(fast=True)` puts in place of parts of the driver's package.

Each module stands in for one part by a hook of the driver's own, does what that part does in the common case, and hands
every other case on to it. `fast_path` decides what is used.
"""

from __future__ import annotations
