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
