"""Several writes in one request: the batches of both APIs, and the warning about costly ones."""

from coodie_aio import AsyncBatchQuery as AsyncBatchQuery
from coodie_core.batch_cost import BatchWarning as BatchWarning
from coodie_sync import BatchQuery as BatchQuery
