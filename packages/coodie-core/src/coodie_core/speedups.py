"""The part of coodie that is in C, where it is installed: the package ``coodie-speedups``, by the extra ``speedups``.

What it makes is what `row_code` and the driver make without it, and the tests hold both to that.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

#: What the code that uses it was written for; another release of it may have something else.
INTERFACE = 1

#: The name of an environment variable. If it is set to something, that part is not used.
PURE_PYTHON = "COODIE_PURE_PYTHON"


def _rows_in_c() -> ModuleType | None:
    if os.environ.get(PURE_PYTHON):
        return None
    try:
        module = import_module("coodie_speedups.rows")
    except ImportError:  # not installed, or nothing could be compiled when it was
        return None
    return module if module.INTERFACE == INTERFACE else None


#: The module ``coodie_speedups.rows``; None where it is not installed or not wanted.
rows: ModuleType | None = _rows_in_c()
