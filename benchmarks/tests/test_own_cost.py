"""What coodie costs without a server: ratios to plain Python in the same run, with a wide margin, and no times."""

from __future__ import annotations

import own_cost
import pytest


@pytest.mark.parametrize("measure", own_cost.MEASURES, ids=lambda measure: measure.name)
def test_nothing_became_much_slower_than_plain_python(measure: own_cost.Measure) -> None:
    (figure,) = own_cost.figures([measure], rounds=5)

    assert figure.ratio < 1.5 * measure.most
