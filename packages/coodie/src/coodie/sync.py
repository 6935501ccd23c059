"""The sync API: what `coodie_sync` exports, in blocking calls."""

from coodie_sync import BatchQuery as BatchQuery
from coodie_sync import BulkWrites as BulkWrites
from coodie_sync import CounterDocument as CounterDocument
from coodie_sync import Document as Document
from coodie_sync import GroupedQuerySet as GroupedQuerySet
from coodie_sync import MaterializedView as MaterializedView
from coodie_sync import QuerySet as QuerySet
from coodie_sync import Scanner as Scanner
from coodie_sync import UserType as UserType
from coodie_sync import ValuesQuerySet as ValuesQuerySet
from coodie_sync import alter_keyspace as alter_keyspace
from coodie_sync import bulk as bulk
from coodie_sync import create_keyspace as create_keyspace
from coodie_sync import deadline as deadline
from coodie_sync import drop_keyspace as drop_keyspace
from coodie_sync import execute_raw as execute_raw
from coodie_sync import get_driver as get_driver
from coodie_sync import init_coodie as init_coodie
from coodie_sync import register_driver as register_driver
