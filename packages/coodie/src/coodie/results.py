"""What lightweight transactions and paged reads return."""

from coodie_core.results import LWTResult as LWTResult
from coodie_core.results import PagedResult as PagedResult
