"""Says what is compiled; pyproject.toml says everything else.

Where nothing can be compiled, as without a compiler, the package is installed without it, and coodie does that work in
Python.
"""

from setuptools import Extension, setup

setup(ext_modules=[Extension("coodie_speedups.rows", ["src/coodie_speedups/rows.pyx"], optional=True)])
