"""Options of writes and reads, checked where they are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from coodie_core.consistency import ConsistencyLevel
from coodie_core.exceptions import InvalidQueryError
from coodie_core.options import (
    WriteOptions,
    checked_count,
    checked_timeout,
    checked_timestamp,
    checked_ttl,
    execution_options,
    write_options,
)
from coodie_core.statement import DEFAULT_EXECUTION, ExecutionOptions


def test_nothing_given_is_the_drivers_own_choice():
    assert write_options() == WriteOptions()
    assert execution_options() is DEFAULT_EXECUTION


def test_what_is_given_is_kept():
    assert write_options(ttl=60, timestamp=1234, consistency="LOCAL_QUORUM", timeout=0.5) == WriteOptions(
        60, 1234, ExecutionOptions(ConsistencyLevel.LOCAL_QUORUM, timeout=0.5)
    )


@pytest.mark.parametrize("given", ["QUORUM", "quorum", 4, ConsistencyLevel.QUORUM])
def test_a_consistency_level_is_a_name_a_number_or_the_level(given):
    assert execution_options(given).consistency is ConsistencyLevel.QUORUM


@pytest.mark.parametrize(
    ("moment", "microseconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC), 1),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1),
        (datetime(2026, 11, 23, 12, 0, 0, 123_456, tzinfo=UTC), 1_795_435_200_123_456),
    ],
)
def test_a_datetime_as_timestamp_is_exact_to_the_microsecond(moment, microseconds):
    assert checked_timestamp(moment) == microseconds


@pytest.mark.parametrize("good", [None, 0, 1, 630_720_000])
def test_times_to_live(good):
    assert checked_ttl(good) == good


@pytest.mark.parametrize("good", [None, 0.001, 5, 5.5])
def test_timeouts(good):
    assert checked_timeout(good) == good


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        *((checked_ttl, bad) for bad in (-1, 630_720_001, 1.5, "60", True)),
        *((checked_timestamp, bad) for bad in (2**63, 1.5, "now", True, datetime(2026, 1, 1))),
        *((checked_timeout, bad) for bad in (0, -1, "5", True, float("nan"))),
        *((lambda value: checked_count("limit", value), bad) for bad in (0, -1, 2**31, 1.5, "5", True)),
        *((execution_options, bad) for bad in ("MANY", 99, "")),
    ],
)
def test_what_the_server_could_not_take_is_refused(check, bad):
    with pytest.raises(InvalidQueryError):
        check(bad)


@pytest.mark.parametrize("given", ["LOCAL_SERIAL", "local_serial", 9, ConsistencyLevel.LOCAL_SERIAL])
def test_a_serial_consistency_level_is_a_name_a_number_or_the_level(given):
    assert write_options(serial_consistency=given).execution == ExecutionOptions(
        serial_consistency=ConsistencyLevel.LOCAL_SERIAL
    )


@pytest.mark.parametrize(
    ("given", "hint"), [("LOCAL_SERAIL", " (did you mean 'LOCAL_SERIAL'?)"), ("QUORUM", ""), (4, "")]
)
def test_other_levels_are_no_serial_consistency(given, hint):
    with pytest.raises(InvalidQueryError) as refused:
        write_options(serial_consistency=given)

    assert str(refused.value) == (
        f"serial_consistency={given!r}: there is no such level for lightweight transactions{hint}. "
        f"Use one of SERIAL, LOCAL_SERIAL."
    )
