"""`python -m coodie_testing`, also installed as the command `coodie-testing`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, and say what to install if it is not there."""
    from coodie_testing.errors import MissingExtra
    from coodie_testing.extras import provided_by

    try:
        with provided_by("server"):
            from coodie_testing.cli import run
    except MissingExtra as error:
        sys.exit(f"coodie-testing: {error}")
    sys.exit(run())


if __name__ == "__main__":
    main()
