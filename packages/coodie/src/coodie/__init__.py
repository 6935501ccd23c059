"""Pydantic documents for ScyllaDB and Apache Cassandra: one API, twice.

`coodie.sync` blocks, `coodie.aio` is awaited; names, arguments, results and errors are the same. The async names are
also here at the top, with what both share: markers, results, exceptions. What belongs to one API is imported when it is
first asked for, so that a program pays for the API that it uses.
"""

from typing import TYPE_CHECKING

from coodie_core.exceptions import AlreadyExists as AlreadyExists
from coodie_core.exceptions import AuthenticationFailed as AuthenticationFailed
from coodie_core.exceptions import BulkWriteError as BulkWriteError
from coodie_core.exceptions import ClientTimeout as ClientTimeout
from coodie_core.exceptions import ConditionNotMet as ConditionNotMet
from coodie_core.exceptions import ConfigurationError as ConfigurationError
from coodie_core.exceptions import ConnectionLost as ConnectionLost
from coodie_core.exceptions import CoodieError as CoodieError
from coodie_core.exceptions import DatabaseError as DatabaseError
from coodie_core.exceptions import DeadlineExceeded as DeadlineExceeded
from coodie_core.exceptions import DocumentNotFound as DocumentNotFound
from coodie_core.exceptions import FieldNotLoaded as FieldNotLoaded
from coodie_core.exceptions import FieldProblem as FieldProblem
from coodie_core.exceptions import FilteringRefused as FilteringRefused
from coodie_core.exceptions import FunctionFailed as FunctionFailed
from coodie_core.exceptions import InvalidModel as InvalidModel
from coodie_core.exceptions import InvalidPagingToken as InvalidPagingToken
from coodie_core.exceptions import InvalidQueryError as InvalidQueryError
from coodie_core.exceptions import KeyspaceNotFound as KeyspaceNotFound
from coodie_core.exceptions import MigrationError as MigrationError
from coodie_core.exceptions import MultipleDocumentsFound as MultipleDocumentsFound
from coodie_core.exceptions import NoHostAvailable as NoHostAvailable
from coodie_core.exceptions import OutcomeUnknown as OutcomeUnknown
from coodie_core.exceptions import Overloaded as Overloaded
from coodie_core.exceptions import RateLimited as RateLimited
from coodie_core.exceptions import ReadFailure as ReadFailure
from coodie_core.exceptions import ReadTimeout as ReadTimeout
from coodie_core.exceptions import RowDoesNotFit as RowDoesNotFit
from coodie_core.exceptions import SchemaMismatch as SchemaMismatch
from coodie_core.exceptions import SchemaNotAgreed as SchemaNotAgreed
from coodie_core.exceptions import ServerFailed as ServerFailed
from coodie_core.exceptions import ServerRefusedQuery as ServerRefusedQuery
from coodie_core.exceptions import TlsError as TlsError
from coodie_core.exceptions import TruncateFailed as TruncateFailed
from coodie_core.exceptions import Unauthorized as Unauthorized
from coodie_core.exceptions import Unavailable as Unavailable
from coodie_core.exceptions import UnmappableType as UnmappableType
from coodie_core.exceptions import UnstorableValue as UnstorableValue
from coodie_core.exceptions import VersionConflict as VersionConflict
from coodie_core.exceptions import WriteFailure as WriteFailure
from coodie_core.exceptions import WriteLost as WriteLost
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
from coodie_core.paging_tokens import PagingTokens as PagingTokens
from coodie_core.results import BulkProgress as BulkProgress
from coodie_core.results import BulkReport as BulkReport
from coodie_core.results import Drift as Drift
from coodie_core.results import LWTResult as LWTResult
from coodie_core.results import PagedResult as PagedResult
from coodie_core.results import RowOutcome as RowOutcome
from coodie_core.results import RowStatus as RowStatus
from coodie_core.results import SchemaChanges as SchemaChanges
from coodie_core.retrying import RetryPolicy as RetryPolicy
from coodie_core.retrying import SpeculativePolicy as SpeculativePolicy
from coodie_core.types import CqlDuration as CqlDuration

__version__ = "2.0.0"

if TYPE_CHECKING:
    from coodie.usertype import UserType as UserType
    from coodie_aio import AsyncBatchQuery as AsyncBatchQuery
    from coodie_aio import BulkWrites as BulkWrites
    from coodie_aio import CounterDocument as CounterDocument
    from coodie_aio import Document as Document
    from coodie_aio import GroupedQuerySet as GroupedQuerySet
    from coodie_aio import MaterializedView as MaterializedView
    from coodie_aio import QuerySet as QuerySet
    from coodie_aio import Scanner as Scanner
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
    from coodie_sync import BatchQuery as BatchQuery
else:
    from importlib import import_module

    _HOMES = {
        "BatchQuery": "coodie_sync",
        "UserType": "coodie.usertype",
        **dict.fromkeys(
            (
                "AsyncBatchQuery",
                "BulkWrites",
                "CounterDocument",
                "Document",
                "GroupedQuerySet",
                "MaterializedView",
                "QuerySet",
                "Scanner",
                "ValuesQuerySet",
                "alter_keyspace",
                "bulk",
                "create_keyspace",
                "deadline",
                "drop_keyspace",
                "execute_raw",
                "get_driver",
                "init_coodie",
                "register_driver",
            ),
            "coodie_aio",
        ),
    }

    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return found

    def __dir__():
        return [*globals(), *_HOMES]

    __all__ = [name for name in __dir__() if name[0] != "_" and name not in ("TYPE_CHECKING", "import_module")]
