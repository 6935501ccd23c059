"""From an exception of the driver to one of coodie's: what happened, to what, and what to do about it.

The driver's classes are known here by their names only, along the order of their bases, so the core imports no driver,
and a class that a later version derives from a known one is understood. Values of rows are in no message: the server's
own words are repeated, the driver's are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from coodie_core.consistency import SERIAL_LEVELS, ConsistencyLevel
from coodie_core.exceptions import (
    AlreadyExists,
    AuthenticationFailed,
    ClientTimeout,
    ConnectionLost,
    DatabaseError,
    FunctionFailed,
    KeyspaceNotFound,
    NoHostAvailable,
    Overloaded,
    RateLimited,
    ReadFailure,
    ReadTimeout,
    ServerFailed,
    ServerRefusedQuery,
    TlsError,
    TruncateFailed,
    Unauthorized,
    Unavailable,
    WriteFailure,
    WriteTimeout,
)
from coodie_core.outcomes import of_unknown_outcome
from coodie_core.statement import BatchStatement, Request, is_read

DRIVER_PACKAGE = "cassandra"
LONGEST_QUOTED_STATEMENT = 300
"""Characters of the statement in a message: enough to recognize it. The whole text is in `DatabaseError.statement`."""


class Circumstances(NamedTuple):
    """What the driver knows of a request besides the exception.

    Attributes:
        request: The request, or None while connecting.
        keyspace: The driver's keyspace.
        consistency: The number of the consistency level with which it was sent, where known.
        attempted: The nodes to which it was sent, as ``"address:port"``; one as often as it was sent there.
        known: The nodes that the driver was told of, for requests that were sent to none.
        refusals: How many of the attempts surely carried nothing out, where a retry policy saw them.
    """

    request: Request | None = None
    keyspace: str | None = None
    consistency: int | None = None
    attempted: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    refusals: int = 0


class ReportedError(Exception):
    """An error of another driver, in the terms of the ``cassandra`` package.

    Args:
        names: What that package calls it.
        said: The server's own words, or the driver's where no server said anything.
        facts: Attributes that its class has there, such as ``required_replicas``.
    """

    def __init__(self, names: tuple[str, ...], said: str, **facts: Any) -> None:
        super().__init__(f'message="{said}"')
        self.names: tuple[str, ...] = names
        self.__dict__.update(facts)


class Meaning(NamedTuple):
    """What an exception class of the driver means.

    Attributes:
        error: The class of coodie.
        text: The message; its fields are those of `details`.
        applied: False if a write that ended so surely did not take place.
    """

    error: type[DatabaseError]
    text: str
    applied: bool | None = None


REFUSED = Meaning(ServerRefusedQuery, "The server refuses the statement: {said}", applied=False)
BROKEN = Meaning(
    ConnectionLost,
    "The connection to {hosts} broke before the answer came. {outcome}",
)
CROWDED = Meaning(
    Overloaded,
    "Every connection to {hosts} has as many requests in flight as it can take. "
    "Send fewer at the same time, or wait for some of them to finish.",
    applied=False,
)

RATE_LIMITED = Meaning(
    RateLimited,
    "The partition's rate limit was exceeded (`per_partition_rate_limit` of the table). Spread the load over more "
    "partitions, or raise the limit.",
)
NOT_TAKEN = RATE_LIMITED._replace(applied=False)
"""The node that was asked sent it to no replica."""

MEANINGS: Mapping[str, Meaning] = {
    # the server cannot do it now
    "Unavailable": Meaning(
        Unavailable,
        "{consistency} needs {required_replicas} live replicas, of which there are {alive_replicas} now, so the "
        "statement was not carried out. Look at the nodes (`nodetool status`), compare the keyspace's replication "
        "factor with the number of nodes, or ask for a lower consistency level.",
        applied=False,
    ),
    "ReadTimeout": Meaning(
        ReadTimeout,
        "{received_responses} of the {required_responses} replicas that {consistency} needs answered the read in the "
        "server's time. Read less at once (a partition, a smaller page), or try again.",
    ),
    "WriteTimeout": Meaning(
        WriteTimeout,
        "{received_responses} of the {required_responses} replicas that {consistency} needs confirmed the write in the "
        "server's time: it may or may not have taken place. Repeat it only if doing it twice does no harm.",
    ),
    "ReadFailure": Meaning(
        ReadFailure,
        "{failures} replicas failed while they read for {consistency}. The server's log says why; often the query runs "
        "over too many tombstones.",
    ),
    "WriteFailure": Meaning(
        WriteFailure,
        "{failures} replicas failed while they wrote for {consistency}: the write may or may not have taken place. "
        "The server's log says why.",
    ),
    "CDCWriteFailure": Meaning(WriteFailure, "The space for change data capture is used up on the server: {said}"),
    "CDCWriteException": Meaning(WriteFailure, "The space for change data capture is used up on the server: {said}"),
    "OverloadedErrorMessage": Meaning(
        Overloaded,
        "The server has too many requests in flight. Send fewer at the same time, or try again later: {said}",
    ),
    "IsBootstrappingErrorMessage": Meaning(
        NoHostAvailable, "The node {hosts} is still joining the cluster.", applied=False
    ),
    "RateLimitReached": RATE_LIMITED,
    "TruncateError": Meaning(
        TruncateFailed, "The table could not be truncated on every node. All nodes must be up for that: {said}"
    ),
    "FunctionFailure": Meaning(
        FunctionFailed, "The function {function} of the server failed; its log and __cause__ say why."
    ),
    "ServerError": Meaning(ServerFailed, "The server failed in an unexpected way; its log says more: {said}"),
    # the server will not do it
    "Unauthorized": Meaning(
        Unauthorized, "The role lacks a permission. Grant it, or connect with another role: {said}", applied=False
    ),
    "AuthenticationFailed": Meaning(
        AuthenticationFailed,
        "{hosts} does not accept the user name and password, or wants some where none were given. "
        "Give init_coodie(username=..., password=...).",
        applied=False,
    ),
    "BadCredentials": Meaning(
        AuthenticationFailed, "{hosts} does not accept the user name and password.", applied=False
    ),
    "AlreadyExists": Meaning(
        AlreadyExists, "{existing} exists already. Use IF NOT EXISTS if that is fine.", applied=False
    ),
    "SyntaxException": REFUSED,
    "InvalidRequest": REFUSED,
    "ConfigurationException": REFUSED,
    "RequestValidationException": REFUSED,
    "UnsupportedOperation": REFUSED,
    "ProtocolException": Meaning(ServerRefusedQuery, "The server does not understand the request: {said}"),
    # this side
    "OperationTimedOut": Meaning(
        ClientTimeout,
        "No answer came within {seconds}. {outcome} Give more time with timeout=, or ask for less at once.",
    ),
    "NoConnectionsAvailable": CROWDED,
    "ConnectionBusy": CROWDED,
    "UnresolvableContactPoints": Meaning(
        NoHostAvailable, "None of the names {hosts} can be resolved. Check hosts= and the name service.", applied=False
    ),
    "ConnectionException": BROKEN,
    "ErrorMessage": Meaning(DatabaseError, "The server answered with an error: {said}"),
}
UNKNOWN = Meaning(DatabaseError, "The driver failed with {kind}; __cause__ says more.")
TLS_REFUSED = Meaning(
    TlsError,
    "No encrypted connection to {hosts} can be made; __cause__ says why. Check that the server speaks TLS on "
    "this port, that ssl_context= trusts its certificate (cafile=), and that the certificate is for this host name.",
    applied=False,
)
CLOSES_THE_CONNECTION = "closes the connection (does it want TLS, by ssl_context=, or a certificate of yours in it?)"
HAPPENED_TO_HOST: Mapping[str, str] = {
    "ConnectionRefusedError": "refuses the connection",
    "OperationTimedOut": "does not answer in time",
    "TimeoutError": "does not answer in time",
    "ConnectionResetError": CLOSES_THE_CONNECTION,
    "gaierror": "is a name that cannot be resolved",
    "ProtocolError": "does not speak CQL",
    "NoConnectionsAvailable": "has as many requests in flight as it takes",
    "ConnectionBusy": "has as many requests in flight as it takes",
    "ConnectionShutdown": "closed the connection",
    "ConnectionException": "is marked as down",
    "Unavailable": "knows too few live replicas",
    "OverloadedErrorMessage": "is overloaded",
    "IsBootstrappingErrorMessage": "is still joining the cluster",
}
HAPPENED_WHILE_CONNECTING: Mapping[str, str] = {
    **HAPPENED_TO_HOST,
    "ConnectionShutdown": CLOSES_THE_CONNECTION,
}
COUNTS = ("required_replicas", "alive_replicas", "required_responses", "received_responses", "failures")
MISSING_KEYSPACE = re.compile(r"keyspace '?(\w+)'? (?:does not|doesn't) exist", re.IGNORECASE)
SERVERS_WORDS = re.compile(r'message="(.*)"', re.DOTALL)
TLS_WORDS = re.compile(r"\b(?:SSL|TLS|CERTIFICATE_VERIFY_FAILED)\b")


def coodie_error(error: Exception, circumstances: Circumstances) -> DatabaseError:
    """Return the exception that says in coodie's words what *error* of the driver means.

    Args:
        error: What the driver raised. The caller chains it: ``raise coodie_error(error, ...) from error``.
        circumstances: What is known of the request.
    """
    if "NoHostAvailable" in names_of(error):
        return no_host_available(causes_by_host(error), circumstances)
    meaning = meaning_of(error)
    missing = MISSING_KEYSPACE.search(servers_words(error)) if meaning is REFUSED else None
    if missing:
        return keyspace_not_found(missing[1], circumstances)
    return explained(meaning, error, circumstances, attempts_explained=1)


def keyspace_not_found(keyspace: str, circumstances: Circumstances) -> KeyspaceNotFound:
    """Return the error for a keyspace that the cluster does not have."""
    return KeyspaceNotFound(
        f"The cluster has no keyspace {keyspace!r}. Create it first: connect with init_coodie() without keyspace=, "
        f"call create_keyspace({keyspace!r}), then connect with keyspace={keyspace!r}." + quoted(circumstances.request),
        statement=statement_text(circumstances.request),
        keyspace=keyspace,
        hosts=hosts_of(circumstances),
        applied=False,
    )


def no_host_available(causes: Mapping[str, Exception], circumstances: Circumstances) -> DatabaseError:
    """Return the one cause that explains why no node did it, or else an error that lists what happened to each.

    Args:
        causes: The last exception for each node, by ``"address:port"``.
        circumstances: What is known of the request.
    """
    circumstances = circumstances._replace(known=tuple(causes) or circumstances.known)
    meanings = {meaning_of(cause): cause for cause in causes.values()}
    for meaning, cause in meanings.items():
        decisive = meaning.error in (AuthenticationFailed, TlsError)
        unanimous = (
            len(meanings) == 1 and meaning.error not in (NoHostAvailable, ClientTimeout) and meaning is not UNKNOWN
        )
        if meaning is BROKEN and circumstances.request is None:  # nothing was sent that could have got lost
            unanimous = False
        if decisive or unanimous:
            return explained(meaning, cause, circumstances, attempts_explained=len(causes))
    listed = "; ".join(f"{host} {what_happened(cause, circumstances.request)}" for host, cause in causes.items())
    applied = None if circumstances.attempted else False
    return kind_of(NoHostAvailable, circumstances.request, applied)(
        f"No node {'can be reached' if circumstances.request is None else 'carried out the request'}: "
        f"{listed or 'all are known to be down'}. "
        f"Check that the server runs and listens there, and hosts= and port= of init_coodie()."
        + quoted(circumstances.request),
        statement=statement_text(circumstances.request),
        keyspace=circumstances.keyspace,
        consistency=consistency_name(circumstances.consistency),
        hosts=hosts_of(circumstances),
        applied=applied,
    )


def explained(
    meaning: Meaning, error: Exception, circumstances: Circumstances, *, attempts_explained: int
) -> DatabaseError:
    """Return the exception for *meaning*, with the facts of *error* and its circumstances.

    Args:
        meaning: What *error* means.
        error: The driver's exception.
        circumstances: What is known of the request.
        attempts_explained: How many attempts ended as *meaning* says. What became of others is not known.
    """
    applied = outcome(meaning, error, circumstances, attempts_explained)
    return kind_of(meaning.error, circumstances.request, applied)(
        meaning.text.format_map(details(error, circumstances, applied)) + quoted(circumstances.request),
        statement=statement_text(circumstances.request),
        keyspace=circumstances.keyspace,
        consistency=consistency_name(getattr(error, "consistency", None), circumstances.consistency),
        hosts=hosts_of(circumstances),
        applied=applied,
    )


def outcome(meaning: Meaning, error: Any, circumstances: Circumstances, attempts_explained: int) -> bool | None:
    """Return False if a write that ended so surely did not take place, and None if nobody knows."""
    if not circumstances.attempted:
        return False
    if not carried_nothing_out(meaning, circumstances.request, getattr(error, "consistency", None)):
        return None
    explained = max(attempts_explained, circumstances.refusals)
    return False if len(circumstances.attempted) <= explained else None


def carried_nothing_out(meaning: Meaning, request: Request | None, level: int | None) -> bool:
    """Tell whether one attempt that ended as *meaning* says surely changed nothing.

    A server sends the parts of a batch one after the other, so replicas may be missing for a later one only. And it
    looks for the replicas of a conditional write twice: before the agreement, by the serial level, and after it, by the
    other (Apache Cassandra, ``StorageProxy.mutate`` and ``StorageProxy.cas``).

    Args:
        meaning: What the error means.
        request: What was sent.
        level: The number of the consistency level that the error names.
    """
    if meaning.applied is not False or meaning.error is not Unavailable:
        return meaning.applied is False
    if isinstance(request, BatchStatement):
        return False
    return request is None or not request.conditional or level in SERIAL_LEVELS


def kind_of(error: type[DatabaseError], request: Request | None, applied: bool | None) -> type[DatabaseError]:
    """Return the class to raise: one that is an `OutcomeUnknown` as well for a write of which nobody knows."""
    if applied is False or request is None or is_read(request):
        return error
    return of_unknown_outcome(error)


def details(error: Exception, circumstances: Circumstances, applied: bool | None) -> dict[str, str]:
    """Return what the texts of `MEANINGS` may mention; words that fit the sentence where something is not known."""
    timeout = getattr(error, "timeout", None)
    counts = {name: getattr(error, name, None) for name in COUNTS}
    return {
        "hosts": ", ".join(hosts_of(circumstances)) or "the server",
        "consistency": consistency_name(getattr(error, "consistency", None), circumstances.consistency)
        or "the consistency level",
        "said": servers_words(error),
        "seconds": "the time allowed" if timeout is None else f"{timeout:g} s",
        "existing": existing_thing(error),
        "outcome": words_of_outcome(circumstances.request, applied),
        "function": f"{getattr(error, 'keyspace', None)}.{getattr(error, 'function', None)}",
        "kind": type(error).__name__,
        **{name: "some" if count is None else str(count) for name, count in counts.items()},
    }


def words_of_outcome(request: Request | None, applied: bool | None) -> str:
    """Return a sentence that says what became of *request*."""
    if applied is False:
        return "Nothing was carried out."
    if request is not None and is_read(request):
        return "It only reads, so it can be sent again."
    return "A write may or may not have taken place."


def names_of(error: BaseException) -> list[str]:
    """Return the names of the driver's classes that *error* is an instance of, the nearest first."""
    if isinstance(error, ReportedError):
        return list(error.names)
    return [kind.__name__ for kind in type(error).__mro__ if kind.__module__.partition(".")[0] == DRIVER_PACKAGE]


def meaning_of(error: Exception) -> Meaning:
    """Return what *error* means, by the nearest of its classes that is known."""
    if is_about_tls(error):
        return TLS_REFUSED
    if getattr(error, "rejected_by_coordinator", False):
        return NOT_TAKEN
    return next((MEANINGS[name] for name in names_of(error) if name in MEANINGS), UNKNOWN)


def is_about_tls(error: Exception) -> bool:
    """Tell whether *error* is about encryption; the driver may have wrapped it as another error of the system."""
    return isinstance(error, OSError) and (type(error).__name__.startswith("SSL") or bool(TLS_WORDS.search(str(error))))


def what_happened(cause: Exception, request: Request | None) -> str:
    """Return the end of a sentence that begins with the host to which *cause* happened."""
    happened = HAPPENED_TO_HOST if request is not None else HAPPENED_WHILE_CONNECTING
    names = (kind.__name__ for kind in type(cause).__mro__)
    return next((happened[name] for name in names if name in happened), f"fails with {type(cause).__name__}")


def causes_by_host(error: Any) -> dict[str, Exception]:
    """Return the exceptions that a NoHostAvailable holds, by the host; it may hold only the hosts, or texts."""
    if not hasattr(error.errors, "items"):
        return {}
    return {str(host): cause for host, cause in error.errors.items() if isinstance(cause, Exception)}


def servers_words(error: Any) -> str:
    """Return what the server itself said."""
    words = SERVERS_WORDS.search(str(error))
    said = words[1] if words else "it gives no reason"
    return said if said.endswith((".", "!", "?")) else f"{said}."


def existing_thing(error: Any) -> str:
    """Return the table or keyspace that an AlreadyExists names."""
    keyspace, table = getattr(error, "keyspace", None), getattr(error, "table", None)
    return f"Table {keyspace}.{table}" if table else f"Keyspace {keyspace}"


def consistency_name(*levels: int | None) -> str | None:
    """Return the name of the first level that is known."""
    return next((ConsistencyLevel(level).name for level in levels if level is not None), None)


def hosts_of(circumstances: Circumstances) -> tuple[str, ...]:
    """Return the nodes to which the request was sent, or else those that are known."""
    return tuple(dict.fromkeys(circumstances.attempted or circumstances.known))


def statement_text(request: Request | None) -> str | None:
    """Return the text of *request*, each text of a batch once; without values."""
    if isinstance(request, BatchStatement):
        return "; ".join(dict.fromkeys(statement.cql for statement in request.statements))
    return None if request is None else request.cql


def quoted(request: Request | None) -> str:
    """Return a sentence that quotes the beginning of the statement, or nothing."""
    text = statement_text(request)
    if text is None:
        return ""
    return f" Statement: {text[:LONGEST_QUOTED_STATEMENT]}{'...' if len(text) > LONGEST_QUOTED_STATEMENT else ''}"


def addresses(hosts: Iterable[Any]) -> tuple[str, ...]:
    """Return the driver's hosts as ``"address:port"``."""
    return tuple(str(host.endpoint) for host in hosts)
