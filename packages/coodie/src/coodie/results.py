"""What lightweight transactions, paged reads and changes of the schema return."""

from coodie_core.results import Drift as Drift
from coodie_core.results import LWTResult as LWTResult
from coodie_core.results import PagedResult as PagedResult
from coodie_core.results import SchemaChanges as SchemaChanges
