"""Where a request goes that is sent the short way, and what is sent of it: what ``Session.execute_async`` decides."""

# pyright: basic, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportOptionalIterable=false
# (the driver has no types, and what is inferred of it is not what it does)

from __future__ import annotations

from random import choice
from typing import Any

from cassandra import ConsistencyLevel, ProtocolVersion
from cassandra.cluster import EXEC_PROFILE_DEFAULT, ResponseFuture, Session
from cassandra.connection import Connection
from cassandra.policies import DCAwareRoundRobinPolicy, HostDistance, NoSpeculativeExecutionPolicy, TokenAwarePolicy
from cassandra.pool import HostConnection
from cassandra.protocol import BatchMessage, ExecuteMessage
from cassandra.query import FETCH_SIZE_UNSET, BatchStatement, BoundStatement

from coodie_aio._wire.direct import DirectConnection
from coodie_aio._wire.frames import QuickFrames
from coodie_aio._wire.short_way import ShortRequest

PARTS_OF_DRIVER = {
    Connection.send_msg: "self msg request_id cb encoder decoder result_metadata",
    HostConnection.borrow_connection: "self timeout routing_key keyspace table routing_token",
    HostConnection.return_connection: "self connection stream_was_orphaned",
    ResponseFuture._on_timeout: "self _attempts",
    ResponseFuture._set_result: "self host connection pool response",
    Session._compute_tablet_version_block: "self query routing_key routing_token",
    Session._create_response_future: (
        "self query parameters trace custom_payload timeout execution_profile paging_state host"
    ),
}
"""What is used here of the driver, with its parameters. One that has other ones is left to send requests itself."""

USUAL: Any = object()
"""A timeout that the execution profile sets."""


def sent(session: Any, statement: Any, timeout: float | None = USUAL, paging_state: bytes | None = None) -> Any:
    """Send *statement* the short way, and return the request; None where it has to go the driver's own way.

    Args:
        session: The driver's session.
        statement: The driver's statement, with its values.
        timeout: The seconds that the answer may take, or None for as long as it takes; the session's, if not given.
        paging_state: Where the page begins that is asked for.
    """
    profile = session.cluster.profile_manager.profiles[EXEC_PROFILE_DEFAULT]
    if not has_short_way(session, profile) or not isinstance(statement, BoundStatement | BatchStatement):
        return None
    token = token_of(session, statement)
    host = first_host(session, profile.load_balancing_policy, statement, token)
    pool = session._pools.get(host)
    if not pool or pool.is_shutdown:
        return None
    message, metadata = message_of(session, profile, statement, token, paging_state)
    seconds = profile.request_timeout if timeout is USUAL else timeout
    request = ShortRequest(session, statement, message, metadata, seconds, paging_state)
    session._on_request(request)  # coodie's own listener, which finds there what it looks at
    return request if request.is_sent(host, pool, token) else None


def has_short_way(session: Any, profile: Any) -> bool:
    """Tell whether *session* and *profile* are as coodie made them: nobody looks at requests, or sends them twice."""
    return (
        session.client_protocol_handler is QuickFrames
        and session.cluster.connection_class is DirectConnection
        and len(session._request_init_callbacks) == 1
        and session._metrics is None
        and profile.continuous_paging_options is None
        and type(profile.speculative_execution_policy) is NoSpeculativeExecutionPolicy
    )


def token_of(session: Any, statement: Any) -> Any:
    """Return where on the ring the partition of *statement* is, or None if that cannot be known."""
    metadata = session.cluster.metadata
    key = statement.routing_key
    if key is None or metadata.token_map is None or not metadata.can_support_partitioner():
        return None
    return metadata.token_map.token_class.from_key(key)


def first_host(session: Any, policy: Any, statement: Any, token: Any) -> Any:
    """Return the first node of a plan of *policy*, or None if it has none.

    The plan of the driver's default policy begins with one of the replicas that are up in the datacenter: it is drawn
    here without making the rest of the plan. Tablets and other policies have their plan made.
    """
    keyspace = statement.keyspace or session.keyspace
    if token is not None and type(policy) is TokenAwarePolicy and type(policy._child_policy) is DCAwareRoundRobinPolicy:
        metadata = session.cluster.metadata
        if keyspace is not None and metadata._tablets.get_tablet_for_key(keyspace, statement.table, token) is None:
            near = [
                host
                for host in metadata.token_map.get_replicas(keyspace, token)
                if host.is_up and policy.distance(host) == HostDistance.LOCAL
            ]
            if len(near) > 1 and policy.shuffle_replicas and not goes_to_first_replica(statement):
                return choice(near)
            if near:
                return near[0]
    return next(iter(policy.make_query_plan(session.keyspace, statement)), None)


def goes_to_first_replica(statement: Any) -> bool:
    """Tell whether replicas must not be drawn by lot: of conditional writes, one node coordinates them all."""
    return bool(statement.is_lwt() or ConsistencyLevel.is_serial(statement.consistency_level))


def message_of(session: Any, profile: Any, statement: Any, token: Any, paging_state: bytes | None) -> tuple[Any, Any]:
    """Return what is sent of *statement*, and what the columns of its answer are remembered by."""
    level, serial_level = statement.consistency_level, statement.serial_consistency_level
    level = profile.consistency_level if level is None else level
    serial_level = profile.serial_consistency_level if serial_level is None else serial_level
    timestamp = session.cluster.timestamp_generator() if session.use_client_timestamp else None
    if isinstance(statement, BatchStatement):
        has_keyspace = ProtocolVersion.uses_keyspace_flag(session._protocol_version)
        keyspace = statement.keyspace if has_keyspace else None
        queries = statement._statements_and_parameters
        return BatchMessage(statement.batch_type, queries, level, serial_level, timestamp, keyspace), None
    size = statement.fetch_size
    prepared = statement.prepared_statement
    metadata, metadata_id = prepared.result_metadata_and_id
    message = ExecuteMessage(
        prepared.query_id,
        statement.values,
        level,
        serial_level,
        session.default_fetch_size if size is FETCH_SIZE_UNSET else size,
        paging_state,
        timestamp,
        skip_meta=bool(metadata) and metadata_id is not None,
        result_metadata_id=metadata_id,
        tablet_version_block=session._compute_tablet_version_block(statement, statement.routing_key, token),
    )
    return message, metadata or prepared
