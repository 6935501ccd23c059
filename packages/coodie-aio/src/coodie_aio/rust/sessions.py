"""Sessions of scylladb-rs-driver: how they are opened, and statements in their terms.

Nothing blocks here: the driver answers with futures, for which `drivers.rust` waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import scylla.enums
from scylla.batch import Batch, BatchType
from scylla.execution_profile import ExecutionProfile
from scylla.policies.retry_policy import DefaultRetryPolicy, FallthroughRetryPolicy
from scylla.policies.speculative_execution import SimpleSpeculativeExecutionPolicy
from scylla.results import PagingState
from scylla.session_builder import SessionBuilder
from scylla.statement import Statement as RustStatement

from coodie_core.consistency import SERIAL_LEVELS, ConsistencyLevel
from coodie_core.driver_support.answers import check_batch, check_text, wrong_count
from coodie_core.driver_support.options import ConnectionOptions
from coodie_core.driver_support.rust_errors import refused_parameter
from coodie_core.driver_support.rust_values import Binding, Column, RowShape, binding, kind, row_shape
from coodie_core.exceptions import ConfigurationError, InvalidQueryError
from coodie_core.retrying import SpeculativePolicy
from coodie_core.statement import BatchStatement, ExecutionOptions, Request, Rows, Statement

NOT_ASKED_OF_USERS = {
    "auto_await_schema_agreement",
    "connect",
    "contact_points",
    "execution_profile",
    "get_config",
    "use_keyspace",
    "user",
}
BUILDER_ARGUMENTS = sorted(
    name for name in dir(SessionBuilder) if not name.startswith("_") and name not in NOT_ASKED_OF_USERS
)
KNOWN_ARGUMENTS = ("port", "load_balancing_policy", "default_retry_policy", *BUILDER_ARGUMENTS)
"""The further keywords of `init_coodie` that the driver understands: what a ``SessionBuilder`` can be told."""

USUAL_TIMEOUT_SECONDS = 10.0
"""As of the ``cassandra`` package, so that a program need not know which driver it has."""

ONE_PAGE = 2**31 - 1
"""Rows of a page of which there is only one, which the driver cannot ask for by 0. No page can have more."""


class Prepared:
    """A prepared statement.

    Args:
        statement: The driver's ``PreparedStatement``.

    Raises:
        InvalidQueryError: The driver cannot carry the type of one of its values.
    """

    def __init__(self, statement: Any) -> None:
        self.statement: Any = statement
        self.binding: Binding = binding([Column(spec.name, spec.cql_type) for spec in statement.bind_columns])
        self._shapes: dict[Any, RowShape] = {}

    def values(self, statement: Statement) -> list[Any]:
        """Return the values of *statement* as the driver takes them.

        Raises:
            InvalidQueryError: One does not fit its column, or there are not as many as markers.
        """
        if len(statement.params) != len(self.binding.columns):
            raise wrong_count(statement, len(self.binding.columns))
        return self.binding.values(statement)

    def shape(self, columns: tuple[Any, ...]) -> RowShape:
        """Return how rows of these columns become tuples; worked out once while names and types are the same."""
        key: Any = tuple((spec.name, kind(spec.cql_type)) for spec in columns)
        shape = self._shapes.get(key)
        if shape is None:
            self._shapes.clear()
            shape = self._shapes[key] = shape_of(columns)
        return shape


def shape_of(columns: tuple[Any, ...]) -> RowShape:
    """Return how rows of these columns become tuples."""
    return row_shape([Column(spec.name, spec.cql_type) for spec in columns])


class Profiles:
    """How requests of a connection are carried out where they say nothing themselves.

    Args:
        options: What was asked of `init_coodie`.
    """

    def __init__(self, options: ConnectionOptions) -> None:
        self.timeout: float | None = options.profile.get("request_timeout", USUAL_TIMEOUT_SECONDS)
        serial = options.profile.get("serial_consistency_level")
        self._arguments: Mapping[str, Any] = {
            "timeout": self.timeout,
            "consistency": consistency(options.profile.get("consistency_level", ConsistencyLevel.LOCAL_ONE)),
            "serial_consistency": None if serial is None else serial_consistency(serial),
            "load_balancing_policy": options.profile.get("load_balancing_policy"),
            "retry_policy": FallthroughRetryPolicy(),  # coodie decides what is sent again
        }
        self.usual: Any = ExecutionProfile(**self._arguments)
        self._speculative: dict[SpeculativePolicy, Any] = {}

    def speculative(self, policy: SpeculativePolicy) -> Any:
        """Return the profile of requests that are sent to further nodes as well."""
        profile = self._speculative.get(policy)
        if profile is None:
            again = SimpleSpeculativeExecutionPolicy(policy.after, policy.attempts)
            profile = ExecutionProfile(**self._arguments, speculative_execution_policy=again)
            self._speculative[policy] = profile
        return profile


def connecting(options: ConnectionOptions, profiles: Profiles) -> Any:
    """Return the future of a new session.

    Raises:
        ConfigurationError: The driver refuses an argument.
    """
    builder = SessionBuilder()
    cluster = dict(options.cluster)
    points: Any
    points, port = cluster.pop("contact_points"), cluster.pop("port", 9042)
    try:
        builder.contact_points([with_port(point, port) for point in points])
        builder.execution_profile(profiles.usual)
        if options.credentials is not None:
            builder.user(*options.credentials)
        if options.keyspace is not None:
            builder.use_keyspace(options.keyspace, True)
        for name, value in cluster.items():
            getattr(builder, name)(value)
    except Exception as error:
        raise ConfigurationError(f"init_coodie: the driver refuses an argument: {error}") from error
    return builder.connect()


def with_port(point: Any, port: int) -> Any:
    """Return *point*, a host or a pair of host and port, as such a pair."""
    return (point, port) if isinstance(point, str) else point


def touch_package() -> None:
    """Call the package, which changes nothing."""
    SessionBuilder()


def check_options(options: ConnectionOptions) -> None:
    """Raise `ConfigurationError` for what this driver does not have.

    Raises:
        ConfigurationError: It was asked for.
    """
    if options.session is not None:
        raise ConfigurationError(
            "init_coodie(session=..., driver_type='rust'): a session of the cassandra package is for "
            "driver_type='scylla'. Give hosts= instead."
        )
    if "ssl_context" in options.cluster:
        raise ConfigurationError(
            "init_coodie(ssl_context=..., driver_type='rust'): scylladb-rs-driver has TLS of its own. "
            "Give tls_context=, a scylla.tls.TlsContext, instead."
        )
    if "retry_policy" in options.profile:
        raise ConfigurationError(
            "init_coodie(default_retry_policy=..., driver_type='rust'): give retry=RetryPolicy(...) instead."
        )


def sending(
    session: Any,
    request: Request,
    prepared: Mapping[str, Prepared],
    profiles: Profiles,
    speculative: SpeculativePolicy | None,
    timeout: float | None,
    has_policy: bool,
) -> Any:
    """Return the future of the answer to *request*.

    Args:
        session: The session.
        request: The request.
        prepared: What each of its texts was prepared to.
        profiles: How requests are carried out.
        speculative: When it is sent to further nodes as well, if it may be.
        timeout: Seconds for this attempt; None for the usual ones.
        has_policy: Whether coodie decides if it is sent again, not the driver.

    Raises:
        InvalidQueryError: It cannot be sent as it is.
    """
    statement = statement_of(request, prepared)
    if speculative is not None and request.idempotent:
        statement = statement.with_execution_profile(profiles.speculative(speculative))
    if not has_policy:
        statement = statement.with_retry_policy(DefaultRetryPolicy())
    statement = with_options(statement.set_is_idempotent(request.idempotent), request.options)
    if timeout is not None:
        statement = statement.with_request_timeout(timeout)
    if isinstance(request, BatchStatement):
        return session.batch(statement)
    if request.options.fetch_size is not None:
        statement = statement.with_page_size(request.options.fetch_size or ONE_PAGE)
    values = prepared[request.cql].values(request) if request.prepared else None
    paging_state = None if request.paging_state is None else PagingState.from_bytes(request.paging_state)
    return session.execute(statement, values, paging_state=paging_state)


def statement_of(request: Request, prepared: Mapping[str, Prepared]) -> Any:
    """Return *request* as a statement of the driver, without its options.

    Raises:
        InvalidQueryError: It cannot be sent as it is.
    """
    if isinstance(request, BatchStatement):
        return batch_of(request, prepared)
    if request.prepared:
        return prepared[request.cql].statement
    check_text(request.cql)
    return RustStatement(request.cql)


def batch_of(request: BatchStatement, prepared: Mapping[str, Prepared]) -> Any:
    """Return the driver's batch of the statements of *request*.

    Raises:
        InvalidQueryError: It cannot be sent as it is.
    """
    check_batch(request)
    if request.timestamp is not None:
        raise InvalidQueryError(
            "batch(timestamp=...): scylladb-rs-driver has no write time for a whole batch. "
            "Give timestamp= to each of its statements, or use driver_type='scylla'."
        )
    batch = Batch(getattr(BatchType, request.kind.value.title()))
    for statement in request.statements:
        batch.add(prepared[statement.cql].statement, prepared[statement.cql].values(statement))
    return batch


def with_options(statement: Any, options: ExecutionOptions) -> Any:
    """Return *statement* with the consistency levels of *options*.

    Raises:
        InvalidQueryError: The serial one is none.
    """
    if options.consistency is not None:
        statement = statement.with_consistency(consistency(options.consistency))
    if options.serial_consistency is not None:
        statement = statement.with_serial_consistency(serial_consistency(options.serial_consistency))
    return statement


def consistency(level: ConsistencyLevel) -> Any:
    """Return *level* as the driver has it."""
    return _driver_level(scylla.enums.Consistency, ConsistencyLevel(level))


def serial_consistency(level: ConsistencyLevel) -> Any:
    """Return *level* as the driver has it.

    Raises:
        InvalidQueryError: It is none for lightweight transactions.
    """
    if level not in SERIAL_LEVELS:
        raise InvalidQueryError(f"serial_consistency={ConsistencyLevel(level).name!r}: use SERIAL or LOCAL_SERIAL.")
    return _driver_level(scylla.enums.SerialConsistency, ConsistencyLevel(level))


@cache
def _driver_level(kind: Any, level: ConsistencyLevel) -> Any:
    return getattr(kind, level.name.title().replace("_", ""))


def rows_of(result: Any, prepared: Prepared | None) -> Rows:
    """Return the page that *result* holds.

    Args:
        result: The driver's ``RequestResult``.
        prepared: What the text of the statement was prepared to, if it was.

    Raises:
        InvalidQueryError: The driver cannot carry the type of one of the columns.
    """
    columns = result.columns
    if not columns:
        return Rows()
    shape = shape_of(columns) if prepared is None else prepared.shape(columns)
    rows = shape.tuples(result.iter_current_page())
    state = result.paging_state() if result.has_more_pages() else None
    return Rows(shape.names, rows, None if state is None else state.as_bytes())


def refused_value(request: Request, prepared: Mapping[str, Prepared], error: Exception) -> InvalidQueryError | None:
    """Return what to raise where *error* says that a value could not be sent, or None if it says something else."""
    number = refused_parameter(error)
    if number is None:
        return None
    if isinstance(request, Statement):
        return prepared[request.cql].binding.refused(request, number)
    return InvalidQueryError(f"A value of the batch does not fit its column. Statements: {batch_text(request)}")


def batch_text(request: BatchStatement) -> str:
    """Return the texts of a batch, each once."""
    return "; ".join(dict.fromkeys(statement.cql for statement in request.statements))


def driver_version() -> str:
    """Return the name and version of the installed driver."""
    return f"scylladb-rs-driver {version('scylladb-rs-driver')}"
