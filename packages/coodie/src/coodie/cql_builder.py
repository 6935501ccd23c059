"""CQL statements from plain values: pure functions, nothing is sent."""

from coodie_core.cql_builder import Assignment as Assignment
from coodie_core.cql_builder import Cql as Cql
from coodie_core.cql_builder import Ordering as Ordering
from coodie_core.cql_builder import Restriction as Restriction
from coodie_core.cql_builder import build_add_columns as build_add_columns
from coodie_core.cql_builder import build_aggregate as build_aggregate
from coodie_core.cql_builder import build_alter_keyspace as build_alter_keyspace
from coodie_core.cql_builder import build_batch as build_batch
from coodie_core.cql_builder import build_count as build_count
from coodie_core.cql_builder import build_counter_update as build_counter_update
from coodie_core.cql_builder import build_create_index as build_create_index
from coodie_core.cql_builder import build_create_keyspace as build_create_keyspace
from coodie_core.cql_builder import build_create_materialized_view as build_create_materialized_view
from coodie_core.cql_builder import build_create_table as build_create_table
from coodie_core.cql_builder import build_create_type as build_create_type
from coodie_core.cql_builder import build_delete as build_delete
from coodie_core.cql_builder import build_drop_index as build_drop_index
from coodie_core.cql_builder import build_drop_keyspace as build_drop_keyspace
from coodie_core.cql_builder import build_drop_materialized_view as build_drop_materialized_view
from coodie_core.cql_builder import build_drop_table as build_drop_table
from coodie_core.cql_builder import build_insert as build_insert
from coodie_core.cql_builder import build_select as build_select
from coodie_core.cql_builder import build_truncate as build_truncate
from coodie_core.cql_builder import build_update as build_update
