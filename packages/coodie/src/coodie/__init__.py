"""Pydantic documents for ScyllaDB and Apache Cassandra: one API, twice.

`coodie.sync` blocks, `coodie.aio` is awaited; names, arguments, results and errors are the same. The async names are
also here at the top, with what both share: markers, results, exceptions.
"""

from coodie.usertype import UserType as UserType
from coodie_aio import AsyncBatchQuery as AsyncBatchQuery
from coodie_aio import CounterDocument as CounterDocument
from coodie_aio import Document as Document
from coodie_aio import GroupedQuerySet as GroupedQuerySet
from coodie_aio import MaterializedView as MaterializedView
from coodie_aio import QuerySet as QuerySet
from coodie_aio import ValuesQuerySet as ValuesQuerySet
from coodie_aio import alter_keyspace as alter_keyspace
from coodie_aio import create_keyspace as create_keyspace
from coodie_aio import drop_keyspace as drop_keyspace
from coodie_aio import execute_raw as execute_raw
from coodie_aio import get_driver as get_driver
from coodie_aio import init_coodie as init_coodie
from coodie_aio import register_driver as register_driver
from coodie_core.exceptions import AlreadyExists as AlreadyExists
from coodie_core.exceptions import AuthenticationFailed as AuthenticationFailed
from coodie_core.exceptions import ClientTimeout as ClientTimeout
from coodie_core.exceptions import ConditionNotMet as ConditionNotMet
from coodie_core.exceptions import ConfigurationError as ConfigurationError
from coodie_core.exceptions import CoodieError as CoodieError
from coodie_core.exceptions import DatabaseError as DatabaseError
from coodie_core.exceptions import DocumentNotFound as DocumentNotFound
from coodie_core.exceptions import FieldNotLoaded as FieldNotLoaded
from coodie_core.exceptions import FieldProblem as FieldProblem
from coodie_core.exceptions import FilteringRefused as FilteringRefused
from coodie_core.exceptions import InvalidModel as InvalidModel
from coodie_core.exceptions import InvalidQueryError as InvalidQueryError
from coodie_core.exceptions import KeyspaceNotFound as KeyspaceNotFound
from coodie_core.exceptions import MigrationError as MigrationError
from coodie_core.exceptions import MultipleDocumentsFound as MultipleDocumentsFound
from coodie_core.exceptions import NoHostAvailable as NoHostAvailable
from coodie_core.exceptions import Overloaded as Overloaded
from coodie_core.exceptions import RateLimited as RateLimited
from coodie_core.exceptions import ReadFailure as ReadFailure
from coodie_core.exceptions import ReadTimeout as ReadTimeout
from coodie_core.exceptions import RowDoesNotFit as RowDoesNotFit
from coodie_core.exceptions import SchemaMismatch as SchemaMismatch
from coodie_core.exceptions import SchemaNotAgreed as SchemaNotAgreed
from coodie_core.exceptions import ServerRefusedQuery as ServerRefusedQuery
from coodie_core.exceptions import TlsError as TlsError
from coodie_core.exceptions import TruncateFailed as TruncateFailed
from coodie_core.exceptions import Unauthorized as Unauthorized
from coodie_core.exceptions import Unavailable as Unavailable
from coodie_core.exceptions import UnmappableType as UnmappableType
from coodie_core.exceptions import UnstorableValue as UnstorableValue
from coodie_core.exceptions import VersionConflict as VersionConflict
from coodie_core.exceptions import WriteFailure as WriteFailure
from coodie_core.exceptions import WriteTimeout as WriteTimeout
from coodie_core.exceptions import WrongVectorLength as WrongVectorLength
from coodie_core.expressions import col as col
from coodie_core.fields import Ascii as Ascii
from coodie_core.fields import BigInt as BigInt
from coodie_core.fields import ClusteringKey as ClusteringKey
from coodie_core.fields import Counter as Counter
from coodie_core.fields import Discriminator as Discriminator
from coodie_core.fields import Double as Double
from coodie_core.fields import Duration as Duration
from coodie_core.fields import Frozen as Frozen
from coodie_core.fields import Indexed as Indexed
from coodie_core.fields import Marker as Marker
from coodie_core.fields import PrimaryKey as PrimaryKey
from coodie_core.fields import SmallInt as SmallInt
from coodie_core.fields import Static as Static
from coodie_core.fields import Time as Time
from coodie_core.fields import TimeUUID as TimeUUID
from coodie_core.fields import TinyInt as TinyInt
from coodie_core.fields import VarInt as VarInt
from coodie_core.fields import Vector as Vector
from coodie_core.fields import VectorIndex as VectorIndex
from coodie_core.fields import Version as Version
from coodie_core.lazy import LazyDocument as LazyDocument
from coodie_core.results import Drift as Drift
from coodie_core.results import LWTResult as LWTResult
from coodie_core.results import PagedResult as PagedResult
from coodie_core.results import SchemaChanges as SchemaChanges
from coodie_core.types import CqlDuration as CqlDuration
from coodie_sync import BatchQuery as BatchQuery

__version__ = "2.0.0"
