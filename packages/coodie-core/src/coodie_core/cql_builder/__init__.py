"""CQL statements from plain values: pure functions that return the text and what is bound to its markers.

Every identifier is quoted, and checked where CQL restricts it; every value is bound, or escaped where CQL takes no
bound value. Nothing here knows documents, and nothing is sent.

    >>> from coodie_core.cql_builder import Restriction, build_select
    >>> build_select("users", "ks", columns=["name"], where=[Restriction("id", "=", 7)])
    Cql(cql='SELECT "name" FROM "ks"."users" WHERE "id" = ?', params=(7,))
"""

from coodie_core.cql_builder.keyspaces import build_alter_keyspace as build_alter_keyspace
from coodie_core.cql_builder.keyspaces import build_create_keyspace as build_create_keyspace
from coodie_core.cql_builder.keyspaces import build_drop_keyspace as build_drop_keyspace
from coodie_core.cql_builder.parts import Assignment as Assignment
from coodie_core.cql_builder.parts import Cql as Cql
from coodie_core.cql_builder.parts import Element as Element
from coodie_core.cql_builder.parts import Nearness as Nearness
from coodie_core.cql_builder.parts import Ordering as Ordering
from coodie_core.cql_builder.parts import Restriction as Restriction
from coodie_core.cql_builder.queries import build_aggregate as build_aggregate
from coodie_core.cql_builder.queries import build_count as build_count
from coodie_core.cql_builder.queries import build_select as build_select
from coodie_core.cql_builder.selectors import Selector as Selector
from coodie_core.cql_builder.tables import build_add_columns as build_add_columns
from coodie_core.cql_builder.tables import build_add_field as build_add_field
from coodie_core.cql_builder.tables import build_alter_options as build_alter_options
from coodie_core.cql_builder.tables import build_create_index as build_create_index
from coodie_core.cql_builder.tables import build_create_materialized_view as build_create_materialized_view
from coodie_core.cql_builder.tables import build_create_table as build_create_table
from coodie_core.cql_builder.tables import build_create_type as build_create_type
from coodie_core.cql_builder.tables import build_drop_index as build_drop_index
from coodie_core.cql_builder.tables import build_drop_materialized_view as build_drop_materialized_view
from coodie_core.cql_builder.tables import build_drop_table as build_drop_table
from coodie_core.cql_builder.tables import build_drop_type as build_drop_type
from coodie_core.cql_builder.tables import build_truncate as build_truncate
from coodie_core.cql_builder.writes import build_batch as build_batch
from coodie_core.cql_builder.writes import build_counter_update as build_counter_update
from coodie_core.cql_builder.writes import build_delete as build_delete
from coodie_core.cql_builder.writes import build_insert as build_insert
from coodie_core.cql_builder.writes import build_insert_json as build_insert_json
from coodie_core.cql_builder.writes import build_update as build_update
