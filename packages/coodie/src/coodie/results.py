"""What lightweight transactions, paged reads and changes of the schema return."""

from coodie_core.results import BulkProgress as BulkProgress
from coodie_core.results import BulkReport as BulkReport
from coodie_core.results import Drift as Drift
from coodie_core.results import LWTResult as LWTResult
from coodie_core.results import PagedResult as PagedResult
from coodie_core.results import RowOutcome as RowOutcome
from coodie_core.results import RowStatus as RowStatus
from coodie_core.results import SchemaChanges as SchemaChanges
