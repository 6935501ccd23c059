"""Typed comparisons of columns, as in ``col(User.age) >= 18``, shared by both APIs."""

from coodie_core.expressions import Column as Column
from coodie_core.expressions import Condition as Condition
from coodie_core.expressions import col as col
