"""CQL's duration as a Python value."""

from __future__ import annotations

from dataclasses import dataclass

# Apache Cassandra, native protocol, section 5 "duration": two 32-bit numbers and a 64-bit one.
MAX_MONTHS = MAX_DAYS = 2**31 - 1
MAX_NANOSECONDS = 2**63 - 1

# The units of CQL's duration literals, largest first (Apache Cassandra, "Data types", "Working with durations").
UNITS_OF_MONTHS = {"y": 12, "mo": 1}
UNITS_OF_NANOSECONDS = {
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}


@dataclass(frozen=True, slots=True)
class CqlDuration:
    """A span of calendar time as CQL's ``duration`` holds it: months, days and nanoseconds, side by side.

    The three are not converted into each other, since months and days differ in length. For the same reason
    durations can be equal but not smaller or greater, and cannot be part of a key. A Python `timedelta`, which is a
    plain span of time, is stored in the nanoseconds alone.

    ``str()`` gives CQL's own notation, such as ``1y2mo3d4h``.

    Args:
        months: Whole months, in 32 bits.
        days: Whole days, in 32 bits.
        nanoseconds: Whole nanoseconds, in 64 bits.

    Raises:
        ValueError: The three are not all positive (or zero) or all negative (or zero), or one is not a whole number
            in its range, as the server would say.

    Example:
        >>> CqlDuration(months=1, days=2, nanoseconds=10_800_000_000_000)
        CqlDuration(months=1, days=2, nanoseconds=10800000000000)
        >>> str(CqlDuration(months=-14))
        '-1y2mo'
    """

    months: int = 0
    days: int = 0
    nanoseconds: int = 0

    def __post_init__(self) -> None:
        _check("months", self.months, MAX_MONTHS)
        _check("days", self.days, MAX_DAYS)
        _check("nanoseconds", self.nanoseconds, MAX_NANOSECONDS)
        parts = (self.months, self.days, self.nanoseconds)
        if min(parts) < 0 < max(parts):
            raise ValueError(
                "months, days and nanoseconds of a CqlDuration have one sign: none below zero, or none above."
            )

    def __str__(self) -> str:
        sign = "-" if min(self.months, self.days, self.nanoseconds) < 0 else ""
        text = (
            _in_units(abs(self.months), UNITS_OF_MONTHS)
            + _in_units(abs(self.days), {"d": 1})
            + _in_units(abs(self.nanoseconds), UNITS_OF_NANOSECONDS)
        )
        return f"{sign}{text or '0ns'}"


def _check(name: str, value: object, maximum: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"CqlDuration({name}=...) is a whole number, not {type(value).__name__}.")
    if not -maximum - 1 <= value <= maximum:
        raise ValueError(f"CqlDuration({name}=...) is {-maximum - 1} to {maximum}.")


def _in_units(amount: int, units: dict[str, int]) -> str:
    text = ""
    for unit, size in units.items():
        count, amount = divmod(amount, size)
        text += f"{count}{unit}" if count else ""
    return text
