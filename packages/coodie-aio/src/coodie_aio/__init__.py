"""Pydantic documents for ScyllaDB and Apache Cassandra.

    from coodie_aio import Document, init_coodie

What is no different between the two APIs is in `coodie_core`: `fields`, `types`, `schema`, `cql_builder`, `results`,
`exceptions`.
"""

from coodie_aio.batch import AsyncBatchQuery as AsyncBatchQuery
from coodie_aio.bulk_writes import BulkWrites as BulkWrites
from coodie_aio.bulk_writes import bulk as bulk
from coodie_aio.connection import get_driver as get_driver
from coodie_aio.connection import init_coodie as init_coodie
from coodie_aio.connection import register_driver as register_driver
from coodie_aio.counters import CounterDocument as CounterDocument
from coodie_aio.deadlines import deadline as deadline
from coodie_aio.document import Document as Document
from coodie_aio.keyspaces import alter_keyspace as alter_keyspace
from coodie_aio.keyspaces import create_keyspace as create_keyspace
from coodie_aio.keyspaces import drop_keyspace as drop_keyspace
from coodie_aio.query import GroupedQuerySet as GroupedQuerySet
from coodie_aio.query import QuerySet as QuerySet
from coodie_aio.query import ValuesQuerySet as ValuesQuerySet
from coodie_aio.raw import execute_raw as execute_raw
from coodie_aio.scanner import Scanner as Scanner
from coodie_aio.usertype import UserType as UserType
from coodie_aio.views import MaterializedView as MaterializedView
