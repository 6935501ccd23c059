"""What it costs to import something, in a process that does nothing else."""

from __future__ import annotations

import subprocess

from workloads import PYTHON

MEASURED = "import time; start = time.process_time(); import {modules}; print(time.process_time() - start)"


def import_cpu_seconds(modules: str) -> float:
    """Return the processor time that a fresh Python needs to import *modules*, without Python's own start."""
    code = MEASURED.format(modules=modules)
    printed = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)
    return float(printed.stdout)
