"""What is made of the measurements."""

from __future__ import annotations

from measuring import Sample, result, rotated


def sample(contender: str, round_number: int, cpu: float, workload: str = "get") -> Sample:
    return Sample(contender, workload, round_number, cpu_microseconds=cpu, wall_microseconds=2 * cpu)


def test_everybody_comes_first_once_in_a_turn() -> None:
    orders = [rotated(["raw", "ours", "peer"], by=number) for number in range(4)]

    assert [order[0] for order in orders] == ["raw", "ours", "peer", "raw"]
    assert all(sorted(order) == ["ours", "peer", "raw"] for order in orders)


def test_a_ratio_compares_within_one_round() -> None:
    """A slow moment of the machine slows both, so that the ratio of the round stays what it was."""
    processor_times = {"raw": [100, 400, 100], "ours": [50, 200, 60]}
    samples = [
        sample(contender, number, time)
        for contender, times in processor_times.items()
        for number, time in enumerate(times)
    ]

    measured = result(samples, "ours", baseline="raw", workload="get")

    assert measured is not None
    assert (measured.ratio, measured.lowest, measured.highest) == (0.5, 0.5, 0.6)
    assert (measured.cpu_microseconds, measured.wall_microseconds) == (60, 120)


def test_workloads_are_kept_apart() -> None:
    samples = [
        sample("raw", 0, 100),
        sample("ours", 0, 50),
        sample("raw", 0, 1, "insert"),
        sample("ours", 0, 9, "insert"),
    ]

    measured = result(samples, "ours", baseline="raw", workload="get")

    assert measured is not None
    assert measured.ratio == 0.5


def test_who_was_not_timed_has_no_result() -> None:
    assert result([sample("raw", 0, 100)], "ours", baseline="raw", workload="get") is None
