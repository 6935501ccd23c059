"""Sessions of the ``cassandra`` package: opening and closing them, and statements in their terms.

The calls of this module block. `drivers.scylla` decides where they run.
"""

from __future__ import annotations

import atexit
import codecs
import inspect
import os
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast
from weakref import WeakKeyDictionary, WeakSet

from cassandra import InvalidRequest
from cassandra import __version__ as cassandra_version
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, default_lbp_factory
from cassandra.policies import ConstantSpeculativeExecutionPolicy
from cassandra.query import BatchStatement as DriverBatch
from cassandra.query import BatchType, BoundStatement, SimpleStatement, tuple_factory

from coodie_aio._wire import binding, fast_path
from coodie_aio._wire.full_way import FullRequest
from coodie_aio.retries import Retries
from coodie_core.consistency import ConsistencyLevel
from coodie_core.driver_support.answers import check_batch, check_text, refused_values, wrong_count
from coodie_core.driver_support.errors import Circumstances, coodie_error, keyspace_not_found
from coodie_core.driver_support.options import ConnectionOptions
from coodie_core.exceptions import ConfigurationError, InvalidQueryError
from coodie_core.memory import Memory
from coodie_core.retrying import NO_POLICIES, ONLY_WHAT_WAS_NOT_CARRIED_OUT, Policies, SpeculativePolicy
from coodie_core.statement import BatchStatement, Request, Statement

CLUSTER_ARGUMENTS = tuple(inspect.signature(cast("Any", Cluster)).parameters)
"""What ``Cluster`` can be given."""

PATIENCE_AT_EXIT_SECONDS = 2
"""For the thread of the driver's reactor to end with the program. On an idle machine that takes a millisecond."""

codecs.lookup("idna")  # imported by who looks up a host; a fork meanwhile would leave that import locked in the child

opened_clusters: WeakSet[Any] = WeakSet()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=opened_clusters.clear)  # they are the parent's

SPECULATIVE_PROFILES = 100
"""How many different ``speculative=`` a session remembers the execution profile of: programs have one or two."""

speculative_profiles: WeakKeyDictionary[Any, Memory] = WeakKeyDictionary()


class _OwnBound(BoundStatement):  # type: ignore[misc]  # the driver has no types
    """A bound statement of coodie, answered with tuples, read at the level of conditions if that is said."""

    reads_serially: bool = False


class _OwnRouted(_OwnBound):
    """A bound statement that goes to the nodes of a partition key which is not among its values."""

    key_of_nodes: bytes | None = None

    @property
    def routing_key(self) -> bytes | None:
        """What the driver finds nodes by."""
        return self.key_of_nodes


class _OwnSimple(SimpleStatement):  # type: ignore[misc]  # the driver has no types
    """A statement of coodie that is sent as it is, answered with tuples."""


class _OwnBatch(DriverBatch):  # type: ignore[misc]  # the driver has no types
    """A batch of coodie, answered with tuples, with a write time of its own if it has one."""

    write_timestamp: int | None = None


def open_session(options: ConnectionOptions) -> Any:
    """Return a session for coodie's statements: a new one, connected as *options* say, or the caller's own.

    Raises:
        ConfigurationError: The driver refuses an argument.
        KeyspaceNotFound: The keyspace does not exist.
        DatabaseError: No node can be reached, or accepts the connection.
    """
    session = options.session
    if session is None:
        session = connected_session(options)
    session.add_request_init_listener(answer_own_statements)
    return session


def close_session(session: Any, options: ConnectionOptions) -> None:
    """End what `open_session` began: everything, or for the caller's own session only what coodie added to it."""
    if options.session is None:
        session.cluster.shutdown()
    else:
        session.remove_request_init_listener(answer_own_statements)


def connected_session(options: ConnectionOptions) -> Any:
    """Return a new session of a new cluster, in the keyspace of *options*; nothing is left open where that fails."""
    circumstances = Circumstances(keyspace=options.keyspace, known=options.hosts)
    try:
        cluster = Cluster(**cluster_arguments(options))
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"init_coodie: the driver refuses an argument: {error}") from error
    except Exception as error:
        raise coodie_error(error, circumstances) from error
    remember_for_exit(cluster)
    try:
        session = cluster.connect()
        if options.fast:
            fast_path.use_quick_frames(session)
        if options.keyspace is not None:
            session.set_keyspace(options.keyspace)
    except BaseException as error:
        cluster.shutdown()
        if isinstance(error, InvalidRequest):
            raise keyspace_not_found(str(options.keyspace), circumstances) from error
        if isinstance(error, Exception):
            raise coodie_error(error, circumstances) from error
        raise
    return session


def remember_for_exit(cluster: Any) -> None:
    """Have *cluster* closed at the latest when the program ends."""
    opened_clusters.add(cluster)
    atexit.unregister(close_at_exit)
    atexit.register(close_at_exit)


def close_at_exit() -> None:
    """Close what a program left open, before the driver's package does it and waits for itself."""
    for cluster in tuple(opened_clusters):
        cluster.shutdown()
    end_reactor()


def end_reactor() -> None:
    """Have the driver's reactor end, unless the caller's own sessions still use it.

    Its own clean-up stops looking at timers before it waits for the thread, and so waits 5 seconds for one that was
    cancelled long ago (scylla-driver 3.29, ``LibevLoop._cleanup``).
    """
    module: Any = sys.modules.get("cassandra.io.libevreactor")
    loop = None if module is None else module._global_loop
    if loop is not None and loop._thread is not None and not loop._live_conns:
        loop._shutdown = True
        loop.notify()
        loop._thread.join(PATIENCE_AT_EXIT_SECONDS)


def cluster_arguments(options: ConnectionOptions) -> dict[str, Any]:
    """Return the keyword arguments of ``Cluster``, with the policies in an execution profile, where it wants them.

    What the driver asks on its own account while it connects has the time of connecting, too: its own 2 seconds are too
    few for a server that has just started, or is busy.
    """
    patience: Any = options.cluster.get("connect_timeout", Cluster.connect_timeout)
    usual = {**fast_path.cluster_arguments(options.fast), "control_connection_timeout": patience}
    arguments = {**usual, **options.cluster}
    if options.credentials is not None:
        arguments["auth_provider"] = PlainTextAuthProvider(*options.credentials)
    if "execution_profiles" in arguments:
        return arguments
    policies: dict[str, Any] = {"load_balancing_policy": default_lbp_factory(), **options.profile}
    return {**arguments, "execution_profiles": {EXEC_PROFILE_DEFAULT: ExecutionProfile(**policies)}}


def answer_own_statements(response: Any) -> None:
    """Have coodie's statements answered with tuples and written at their own time; the caller's go as they were.

    The driver calls this for each request before it is sent. It works the same with execution profiles and with the
    older attributes of the session, and changes neither.
    """
    statement = response.query
    if isinstance(statement, _OwnBound | _OwnSimple | _OwnBatch):
        response.row_factory = tuple_factory
        if isinstance(statement, _OwnBatch) and statement.write_timestamp is not None:
            response.message.timestamp = statement.write_timestamp
        if isinstance(statement, _OwnBound) and statement.reads_serially:
            message = response.message
            message.consistency_level = message.serial_consistency_level or ConsistencyLevel.SERIAL
        retries: Any = response.query.retry_policy
        if isinstance(retries, Retries):
            retries.begin(response.timeout)


def send(
    session: Any, request: Request, prepared: Mapping[str, Any], arguments: Mapping[str, Any], policies: Policies
) -> Any:
    """Send *request*, and return it under way.

    Args:
        session: The session.
        request: The request.
        prepared: What each of its texts was prepared to.
        arguments: Further keyword arguments of ``Session.execute_async``.
        policies: What the driver does where the request says nothing.

    Raises:
        InvalidQueryError: It cannot be sent as it is.
        ConfigurationError: It is to be sent to several nodes, and the session cannot do that.
    """
    statement = statement_of(request, prepared, policies)
    speculative = request.options.speculative or policies.speculative
    if speculative is None or not request.idempotent:
        return fast_path.send(session, statement, arguments)
    try:
        profile = speculative_profile(session, speculative)
        return FullRequest(session.execute_async(statement, execution_profile=profile, **arguments))
    except ValueError as error:
        raise ConfigurationError(
            "speculative=...: this session= has no execution profiles, which it takes to send a statement to several "
            "nodes. Make its Cluster with execution_profiles=, without load_balancing_policy= and "
            "default_retry_policy=, and set no default_* attribute of the session."
        ) from error


def speculative_profile(session: Any, policy: SpeculativePolicy) -> Any:
    """Return the default execution profile of *session*, as it is when this is first asked, with *policy*."""
    profiles = speculative_profiles.get(session)
    if profiles is None:
        profiles = speculative_profiles.setdefault(session, Memory(SPECULATIVE_PROFILES))
    return profiles.of(policy, lambda: _speculative_profile(session, policy))


def _speculative_profile(session: Any, policy: SpeculativePolicy) -> Any:
    of_driver = ConstantSpeculativeExecutionPolicy(policy.after, policy.attempts)
    return session.execution_profile_clone_update(EXEC_PROFILE_DEFAULT, speculative_execution_policy=of_driver)


def statement_of(request: Request, prepared: Mapping[str, Any], policies: Policies = NO_POLICIES) -> Any:
    """Return *request* as a statement of the driver.

    Args:
        request: The request.
        prepared: What each of its texts was prepared to.
        policies: What the driver does where the request says nothing.

    Raises:
        InvalidQueryError: It cannot be sent as it is.
    """
    return with_retries(with_options(plain_statement_of(request, prepared), request), request, policies)


def plain_statement_of(request: Request, prepared: Mapping[str, Any]) -> Any:
    """Return *request* as a statement of the driver, without its options.

    Raises:
        InvalidQueryError: It cannot be sent as it is.
    """
    if isinstance(request, BatchStatement):
        return batch_of(request, prepared)
    if request.prepared:
        return bound(request, prepared[request.cql])
    check_text(request.cql)
    return _OwnSimple(request.cql)


def bound(statement: Statement, prepared: Any) -> Any:
    """Return *prepared* with the values and the page size of *statement*.

    Raises:
        InvalidQueryError: A value does not fit its column, or there are not as many as markers.
    """
    if len(statement.params) != len(prepared.column_metadata):
        raise wrong_count(statement, len(prepared.column_metadata))
    try:
        kind: Any = _OwnBound if statement.routing_key is None else _OwnRouted
        driver_statement = binding.bound(prepared, kind, statement.params)
    except Exception as error:
        raise refused_values(statement, prepared, error) from None  # the driver's text may quote the value
    if statement.routing_key is not None:
        driver_statement.key_of_nodes = statement.routing_key
    if statement.options.fetch_size is not None:
        driver_statement.fetch_size = statement.options.fetch_size
    if statement.serial:
        driver_statement.reads_serially = True
    return driver_statement


def batch_of(request: BatchStatement, prepared: Mapping[str, Any]) -> Any:
    """Return the driver's batch of the statements of *request*."""
    check_batch(request)
    batch = _OwnBatch(getattr(BatchType, request.kind))
    for statement in request.statements:
        batch.add(bound(statement, prepared[statement.cql]))
    batch.write_timestamp = request.timestamp
    return batch


def with_retries(driver_statement: Any, request: Request, policies: Policies) -> Any:
    """Return *driver_statement*, which knows whether it may be sent twice, and what to do if it fails.

    What may not be sent twice has a policy in any case: the driver's own would send it to the next node where the
    connection to the first one broke, and a profile's might do anything.
    """
    driver_statement.is_idempotent = request.idempotent
    policy = request.options.retry or policies.retry
    if policy is None and not request.idempotent:
        policy = ONLY_WHAT_WAS_NOT_CARRIED_OUT
    if policy is not None:
        driver_statement.retry_policy = Retries(request, policy)
    return driver_statement


def with_options(driver_statement: Any, request: Statement | BatchStatement) -> Any:
    """Return *driver_statement* with the consistency levels of *request*."""
    options = request.options
    if options.consistency is not None:
        driver_statement.consistency_level = options.consistency
    if options.serial_consistency is not None:
        try:
            driver_statement.serial_consistency_level = options.serial_consistency
        except ValueError as error:
            raise InvalidQueryError(
                f"serial_consistency={options.serial_consistency.name!r}: use SERIAL or LOCAL_SERIAL."
            ) from error
    return driver_statement


def usual_timeout(session: Any) -> float | None:
    """Return the seconds that *session* waits for an answer where nobody says otherwise; None: as long as it takes."""
    profile: float | None = session.get_execution_profile(EXEC_PROFILE_DEFAULT).request_timeout
    older: float | None = session.default_timeout  # what counts where the session's older attributes were set
    return profile if profile != ExecutionProfile.request_timeout else older


def driver_version() -> str:
    """Return the name and version of the installed driver, such as ``"scylla-driver 3.29.12"``."""
    for distribution in ("scylla-driver", "cassandra-driver"):
        try:
            return f"{distribution} {version(distribution)}"
        except PackageNotFoundError:
            continue
    return f"cassandra {cassandra_version}"
