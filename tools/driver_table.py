"""Write the table of docs/drivers.md: what each driver has, from what the contract of drivers expects of it.

    python tools/driver_table.py          write it
    python tools/driver_table.py --check  only tell, and fail if it is out of date

The contract, `integration-tests/aio/test_driver_contract.py`, tries each feature on each driver: the table cannot say
what nobody has tried.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from workspace import ROOT

sys.path.insert(0, str(ROOT / "integration-tests/zoo"))

from driver_features import DISTRIBUTIONS, FEATURES

PAGE = "docs/drivers.md"
BEGIN, END = "<!-- table: tools/driver_table.py -->\n", "<!-- end of the table -->\n"


def table() -> str:
    """Return the table as Markdown."""
    heading = ["feature", *(f"`{driver}`" for driver in DISTRIBUTIONS)]
    rows = [[feature, *(cell(feature, driver) for driver in DISTRIBUTIONS)] for feature in FEATURES]
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(feature: str, driver: str) -> str:
    """Return whether *driver* has *feature*, and if not, why."""
    missing = FEATURES[feature].get(driver)
    return "yes" if missing is None else f"no: {missing.reason}"


def page(text: str) -> str:
    """Return the *text* of the page with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description="Write the table of drivers.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if it is out of date")
    check_only = parser.parse_args(arguments).check

    path = root / PAGE
    text = path.read_text(encoding="utf-8")
    if text == page(text):
        return 0
    if check_only:
        print(f"out of date: {PAGE}\nRun `hatch run fix`.")
        return 1
    path.write_text(page(text), encoding="utf-8")
    print("wrote", PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
