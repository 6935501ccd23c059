"""The async API: what `coodie_aio` exports, to be awaited."""

from coodie_aio import AsyncBatchQuery as AsyncBatchQuery
from coodie_aio import BulkWrites as BulkWrites
from coodie_aio import CounterDocument as CounterDocument
from coodie_aio import Document as Document
from coodie_aio import GroupedQuerySet as GroupedQuerySet
from coodie_aio import MaterializedView as MaterializedView
from coodie_aio import QuerySet as QuerySet
from coodie_aio import Scanner as Scanner
from coodie_aio import UserType as UserType
from coodie_aio import ValuesQuerySet as ValuesQuerySet
from coodie_aio import alter_keyspace as alter_keyspace
from coodie_aio import bulk as bulk
from coodie_aio import create_keyspace as create_keyspace
from coodie_aio import deadline as deadline
from coodie_aio import drop_keyspace as drop_keyspace
from coodie_aio import execute_raw as execute_raw
from coodie_aio import get_driver as get_driver
from coodie_aio import init_coodie as init_coodie
from coodie_aio import register_driver as register_driver
