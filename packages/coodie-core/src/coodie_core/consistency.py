"""Consistency levels by their names and protocol numbers."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from coodie_core.exceptions import InvalidQueryError
from coodie_core.suggestions import nearest


class ConsistencyLevel(IntEnum):
    """How many replicas must answer; the numbers are those of the CQL native protocol, section 3 "[consistency]"."""

    ANY = 0x00
    ONE = 0x01
    TWO = 0x02
    THREE = 0x03
    QUORUM = 0x04
    ALL = 0x05
    LOCAL_QUORUM = 0x06
    EACH_QUORUM = 0x07
    SERIAL = 0x08
    LOCAL_SERIAL = 0x09
    LOCAL_ONE = 0x0A


ConsistencyName = Literal[
    "ANY",
    "ONE",
    "TWO",
    "THREE",
    "QUORUM",
    "ALL",
    "LOCAL_QUORUM",
    "EACH_QUORUM",
    "SERIAL",
    "LOCAL_SERIAL",
    "LOCAL_ONE",
]
Consistency = ConsistencyLevel | ConsistencyName | int


def consistency_level(given: Consistency | None) -> ConsistencyLevel | None:
    """Return the level that *given* means.

    Args:
        given: A level, its name in any case, or its protocol number, such as the constants of the driver's
            ``ConsistencyLevel``. None means that the driver's default holds.

    Raises:
        InvalidQueryError: There is no such level.

    Example:
        >>> consistency_level("quorum")
        <ConsistencyLevel.QUORUM: 4>
    """
    if given is None:
        return None
    try:
        return ConsistencyLevel[given.upper()] if isinstance(given, str) else ConsistencyLevel(given)
    except (KeyError, ValueError) as error:
        names = ConsistencyLevel.__members__
        raise InvalidQueryError(
            f"consistency={given!r}: there is no such consistency level{nearest(str(given).upper(), names)}. "
            f"Use one of {', '.join(names)}."
        ) from error


SerialConsistencyName = Literal["SERIAL", "LOCAL_SERIAL"]
SerialConsistency = ConsistencyLevel | SerialConsistencyName | int

#: The levels of the Paxos part of a lightweight transaction: across all data centres, or within the local one.
SERIAL_LEVELS = (ConsistencyLevel.SERIAL, ConsistencyLevel.LOCAL_SERIAL)


def serial_consistency_level(given: SerialConsistency | None) -> ConsistencyLevel | None:
    """Return the level that *given* means for the Paxos part of a lightweight transaction.

    Args:
        given: ``"SERIAL"`` (all data centres agree) or ``"LOCAL_SERIAL"`` (those of one do), as a level, name or
            number. None means that the driver's default holds.

    Raises:
        InvalidQueryError: It is none of the two.

    Example:
        >>> serial_consistency_level("local_serial")
        <ConsistencyLevel.LOCAL_SERIAL: 9>
    """
    if given is None:
        return None
    names = [level.name for level in SERIAL_LEVELS]
    wanted = given.upper() if isinstance(given, str) else given
    for level in SERIAL_LEVELS:
        if wanted in (level, level.name):
            return level
    raise InvalidQueryError(
        f"serial_consistency={given!r}: there is no such level for lightweight transactions"
        f"{nearest(str(wanted), names)}. Use one of {', '.join(names)}."
    )
