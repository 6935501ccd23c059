"""Several writes in one request: the batches of both APIs."""

from coodie_aio import AsyncBatchQuery as AsyncBatchQuery
from coodie_sync import BatchQuery as BatchQuery
