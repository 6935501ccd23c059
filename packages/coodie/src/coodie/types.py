"""Python types and the CQL types that they are stored as."""

from coodie_core.types import CqlDuration as CqlDuration
from coodie_core.types import CqlType as CqlType
from coodie_core.types import cql_type as cql_type
from coodie_core.types import python_type_to_cql_type_str as python_type_to_cql_type_str
