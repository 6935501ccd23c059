"""When a statement that failed is sent again, and when one that is slow is sent to a second node meanwhile."""

from coodie_core.retrying import RetryPolicy as RetryPolicy
from coodie_core.retrying import SpeculativePolicy as SpeculativePolicy
