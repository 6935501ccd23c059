"""What each exception of the driver's package means, tried with the package's own classes."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

import cassandra
import pytest
from cassandra import ConsistencyLevel as Level
from cassandra import WriteType
from cassandra.cluster import NoHostAvailable as DriverNoHostAvailable
from cassandra.connection import ConnectionBusy, ConnectionException, ConnectionShutdown, ProtocolError
from cassandra.pool import NoConnectionsAvailable
from cassandra.protocol import ErrorMessage, OverloadedErrorMessage, ServerError, SyntaxException, TruncateError

from coodie_core import exceptions
from coodie_core.driver_support.errors import (
    HAPPENED_TO_HOST,
    LONGEST_QUOTED_STATEMENT,
    MEANINGS,
    Circumstances,
    coodie_error,
)
from coodie_core.outcomes import of_unknown_outcome
from coodie_core.statement import BatchKind, BatchStatement, Statement

HOST = "10.0.0.1:9042"
SECRET = "s3cr3t"
INSERT = Statement("INSERT INTO users (id, name) VALUES (?, ?)", (1, SECRET))
SELECT = Statement("SELECT * FROM users WHERE id = ?", (1,))
SENT = Circumstances(INSERT, "shop", Level.QUORUM, (HOST,), ("10.0.0.9:9042",))
NOT_SENT = SENT._replace(attempted=())


def from_server(code: int, words: str) -> str:
    return f'Error from server: code={code:04x} [Some kind] message="{words}"'


def meant(error: Exception, circumstances: Circumstances = SENT) -> exceptions.DatabaseError:
    return coodie_error(error, circumstances)


OUTCOMES: dict[str, tuple[Exception, type[exceptions.DatabaseError], bool | None, str]] = {
    "too few live replicas": (
        cassandra.Unavailable("x", Level.QUORUM, required_replicas=2, alive_replicas=1),
        exceptions.Unavailable,
        False,
        "QUORUM needs 2 live replicas, of which there are 1 now",
    ),
    "a read that replicas did not answer": (
        cassandra.ReadTimeout("x", consistency=Level.ALL, required_responses=3, received_responses=1),
        exceptions.ReadTimeout,
        None,
        "1 of the 3 replicas that ALL needs answered",
    ),
    "a write that replicas did not confirm": (
        cassandra.WriteTimeout(
            "x", consistency=Level.ALL, required_responses=3, received_responses=2, write_type=WriteType.SIMPLE
        ),
        exceptions.WriteTimeout,
        None,
        "2 of the 3 replicas that ALL needs confirmed the write",
    ),
    "a read that failed on replicas": (
        cassandra.ReadFailure("x", consistency=Level.ONE, required_responses=1, received_responses=0, failures=1),
        exceptions.ReadFailure,
        None,
        "1 replicas failed while they read for ONE",
    ),
    "a write that failed on replicas": (
        cassandra.WriteFailure(
            "x", consistency=Level.ONE, required_responses=1, failures=1, write_type=WriteType.SIMPLE
        ),
        exceptions.WriteFailure,
        None,
        "may or may not have taken place",
    ),
    "no answer in the caller's time": (
        cassandra.OperationTimedOut({HOST: "Client request timeout"}, None, timeout=0.25, in_flight=1),
        exceptions.ClientTimeout,
        None,
        "No answer came within 0.25 s. A write may or may not have taken place.",
    ),
    "no answer, from a driver that does not know the time": (
        cassandra.OperationTimedOut({HOST: "Client request timeout"}, None),
        exceptions.ClientTimeout,
        None,
        "within the time allowed",
    ),
    "an overloaded server": (
        OverloadedErrorMessage(0x1001, "Too many requests", None),
        exceptions.Overloaded,
        None,
        "Too many requests",
    ),
    "connections of this process at their limit": (ConnectionBusy(), exceptions.Overloaded, False, HOST),
    "connections of this process all in use": (NoConnectionsAvailable(), exceptions.Overloaded, False, HOST),
    "a rate limit": (
        cassandra.RateLimitReached(cassandra.OperationType.Write, rejected_by_coordinator=False),
        exceptions.RateLimited,
        None,
        "per_partition_rate_limit",
    ),
    "a rate limit that the node knew": (
        cassandra.RateLimitReached(cassandra.OperationType.Write, rejected_by_coordinator=True),
        exceptions.RateLimited,
        False,
        "per_partition_rate_limit",
    ),
    "a function that failed": (
        cassandra.FunctionFailure(f"execution of 'shop.half[int]' failed: {SECRET}", "shop", "half", ["int"]),
        exceptions.FunctionFailed,
        None,
        "The function shop.half of the server failed",
    ),
    "a missing permission": (
        cassandra.Unauthorized(from_server(0x2100, "User joe has no MODIFY permission")),
        exceptions.Unauthorized,
        False,
        "User joe has no MODIFY permission",
    ),
    "a wrong password": (
        cassandra.AuthenticationFailed("Failed to authenticate"),
        exceptions.AuthenticationFailed,
        False,
        "username=",
    ),
    "an invalid statement": (
        cassandra.InvalidRequest(from_server(0x2200, "Undefined column name nmae")),
        exceptions.ServerRefusedQuery,
        False,
        "Undefined column name nmae",
    ),
    "a syntax error": (
        SyntaxException(0x2000, "line 1:0 no viable alternative", None),
        exceptions.ServerRefusedQuery,
        False,
        "line 1:0 no viable alternative",
    ),
    "a keyspace that does not exist": (
        cassandra.InvalidRequest(from_server(0x2200, "Keyspace 'shop' does not exist")),
        exceptions.KeyspaceNotFound,
        False,
        "create_keyspace('shop')",
    ),
    "a table that exists already": (
        cassandra.AlreadyExists("shop", "users"),
        exceptions.AlreadyExists,
        False,
        "Table shop.users exists already",
    ),
    "a keyspace that exists already": (
        cassandra.AlreadyExists("shop", ""),
        exceptions.AlreadyExists,
        False,
        "Keyspace shop exists already",
    ),
    "a truncation without all nodes": (
        TruncateError(0x1003, "Cannot achieve consistency level ALL", None),
        exceptions.TruncateFailed,
        None,
        "Cannot achieve consistency level ALL",
    ),
    "a failure inside the server": (
        ServerError(0x0000, "java.lang.NullPointerException", None),
        exceptions.ServerFailed,
        None,
        "NullPointerException",
    ),
    "a connection that broke": (
        ConnectionShutdown("Connection was closed"),
        exceptions.ConnectionLost,
        None,
        "broke before the answer came. A write may or may not have taken place.",
    ),
    "names that cannot be resolved": (
        cassandra.UnresolvableContactPoints({}),
        exceptions.NoHostAvailable,
        False,
        "can be resolved",
    ),
}


@pytest.mark.parametrize("happened", OUTCOMES)
def test_an_exception_of_the_driver_becomes_one_of_coodie(happened: str) -> None:
    error, expected, applied, words = OUTCOMES[happened]

    became = meant(error)

    assert type(became) is (expected if applied is False else of_unknown_outcome(expected))
    assert words in str(became)
    assert became.applied is applied
    assert became.statement == INSERT.cql
    assert became.hosts == (HOST,)
    assert str(became).endswith(f"Statement: {INSERT.cql}")


@pytest.mark.parametrize("happened", OUTCOMES)
def test_no_message_holds_a_value(happened: str) -> None:
    became = meant(OUTCOMES[happened][0])

    assert SECRET not in f"{became!s} {vars(became)}"


@pytest.mark.parametrize("happened", OUTCOMES)
def test_what_was_never_sent_was_surely_not_applied(happened: str) -> None:
    assert meant(OUTCOMES[happened][0], NOT_SENT).applied is False


def test_a_time_that_ran_out_before_anything_was_sent_says_so() -> None:
    became = meant(cassandra.OperationTimedOut(timeout=0.25), NOT_SENT)

    assert "No answer came within 0.25 s. Nothing was carried out." in str(became)


#: Packages inside the driver's that coodie does not use, and modules that need libraries which are not installed.
OF_NO_CONCERN = ("cqlengine", "datastax", "graph", "io")


def modules_of_the_driver() -> Iterator[ModuleType]:
    yield cassandra
    for module in pkgutil.iter_modules(cassandra.__path__, "cassandra."):
        if module.name.split(".")[1] not in OF_NO_CONCERN:
            with suppress(ImportError):  # an optional part
                yield importlib.import_module(module.name)


def every_exception_class_of_the_driver() -> list[type[Exception]]:
    found = {
        value
        for module in modules_of_the_driver()
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__.startswith("cassandra")
    }
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


#: Classes without a meaning of their own, and why they need none. A class in neither table fails the test below.
ONLY_A_BASE = ("CoordinationFailure", "DriverException", "ErrorMessageSub", "RequestExecutionException", "Timeout")
MADE_INTO_ANOTHER = (  # the driver calls to_exception() of these before anybody sees them
    "FunctionFailureMessage",
    "ReadFailureMessage",
    "ReadTimeoutErrorMessage",
    "UnavailableErrorMessage",
    "WriteFailureMessage",
    "WriteTimeoutErrorMessage",
)
ONLY_WHILE_CONNECTING = ("ProtocolError",)  # inside a NoHostAvailable, which tells it: see HAPPENED_TO_HOST
RAISED_BY_WHAT_COODIE_DOES_NOT_CALL = (
    "ClientWriteError",
    "CrcException",
    "DependencyException",
    "InternalError",
    "NoMurmur3",
    "NotSupportedError",
    "QueryExhausted",
    "TraceUnavailable",
    "UserTypeDoesNotExist",
)
NEED_NONE = {*ONLY_A_BASE, *MADE_INTO_ANOTHER, *ONLY_WHILE_CONNECTING, *RAISED_BY_WHAT_COODIE_DOES_NOT_CALL}


def has_no_meaning_of_its_own(kind: type[Exception]) -> bool:
    names = [base.__name__ for base in kind.__mro__ if base.__module__.startswith("cassandra")]
    return not any(name in MEANINGS for name in names if name != "ErrorMessage")


def test_every_exception_class_of_the_driver_has_a_meaning_or_a_reason_to_have_none() -> None:
    """A class that a new version brings fails here until somebody has thought about it."""
    without = {kind.__name__ for kind in every_exception_class_of_the_driver() if has_no_meaning_of_its_own(kind)}

    assert without == {*NEED_NONE, "ErrorMessage", "NoHostAvailable"}


@pytest.mark.parametrize("kind", every_exception_class_of_the_driver(), ids=lambda kind: kind.__qualname__)
def test_every_exception_class_of_the_driver_becomes_a_database_error(kind: type[Exception]) -> None:
    error = kind.__new__(kind)  # the constructors differ, and only the class decides
    if issubclass(kind, ErrorMessage):
        error = kind(0, "the server's words", None)
    if issubclass(kind, DriverNoHostAvailable):
        error = none_of({})

    became = meant(error)

    assert isinstance(became, exceptions.DatabaseError)
    assert "{" not in str(became), "a placeholder was not filled"


def test_every_name_in_the_tables_is_one_of_the_drivers_or_of_the_system() -> None:
    """A class that was renamed would make its line dead, silently."""
    driver = {kind.__name__ for kind in every_exception_class_of_the_driver()}
    system = {kind.__name__ for kind in (ConnectionRefusedError, TimeoutError, ConnectionResetError, socket.gaierror)}

    assert set(MEANINGS) <= driver
    assert set(HAPPENED_TO_HOST) <= driver | system


def test_a_class_derived_from_a_known_one_means_the_same() -> None:
    class NewerTimeout(cassandra.WriteTimeout):  # type: ignore[misc]  # the driver has no types
        """What a later version might add."""

    assert type(meant(NewerTimeout("x", consistency=Level.ONE, write_type=WriteType.SIMPLE))) is exceptions.WriteTimeout


def test_an_exception_that_nobody_knows_names_its_class_and_not_its_text() -> None:
    became = meant(RuntimeError(f"could not encode {SECRET}"), SENT._replace(request=SELECT))

    assert type(became) is exceptions.DatabaseError
    assert "RuntimeError" in str(became)
    assert SECRET not in str(became)


# -- several nodes, several attempts -----------------------------------------------------------------------------------


def unavailable() -> Exception:
    return cassandra.Unavailable("x", Level.QUORUM, required_replicas=2, alive_replicas=1)  # type: ignore[no-any-return]


def none_of(causes: dict[Any, Exception]) -> Exception:
    return DriverNoHostAvailable("Unable to complete the operation against any hosts", causes)  # type: ignore[no-any-return]


def test_nodes_that_agree_on_the_cause_have_it_told() -> None:
    """The driver tries the next node when too few replicas live, and at the last one says only that none did it."""
    became = meant(none_of({"10.0.0.1:9042": unavailable(), "10.0.0.2:9042": unavailable()}))

    assert type(became) is exceptions.Unavailable
    assert became.applied is False


def test_nodes_that_differ_are_listed() -> None:
    causes = {
        "10.0.0.1:9042": unavailable(),
        "10.0.0.2:9042": ConnectionShutdown("x"),
        "10.0.0.3:9042": ConnectionRefusedError(111, "refused"),
        "10.0.0.4:9042": cassandra.OperationTimedOut(),
        "10.0.0.5:9042": socket.gaierror(-2, "Name or service not known"),
        "10.0.0.6:9042": ZeroDivisionError(),
    }
    became = meant(none_of(causes))

    assert type(became) is of_unknown_outcome(exceptions.NoHostAvailable)
    for part in (
        "10.0.0.1:9042 knows too few live replicas",
        "10.0.0.2:9042 closed the connection",
        "10.0.0.3:9042 refuses the connection",
        "10.0.0.4:9042 does not answer in time",
        "10.0.0.5:9042 is a name that cannot be resolved",
        "10.0.0.6:9042 fails with ZeroDivisionError",
    ):
        assert part in str(became)
    assert became.applied is None
    assert became.consistency == "QUORUM"


def test_a_server_that_hangs_up_on_who_connects_may_want_tls() -> None:
    became = meant(none_of({HOST: ConnectionShutdown("Connection was closed by server")}), Circumstances())

    assert type(became) is exceptions.NoHostAvailable
    asks = "does it want TLS, by ssl_context=, or a certificate of yours in it?"
    assert f"{HOST} closes the connection ({asks})" in str(became)


def test_a_wrong_password_is_told_even_if_other_nodes_are_down() -> None:
    causes = {"10.0.0.1:9042": ConnectionRefusedError(), "10.0.0.2:9042": cassandra.AuthenticationFailed("x")}

    assert type(meant(none_of(causes), Circumstances())) is exceptions.AuthenticationFailed


@pytest.mark.parametrize(
    "cause",
    [
        ssl.SSLCertVerificationError("certificate verify failed"),
        ssl.SSLError("tlsv13 alert certificate required"),
        PermissionError(1, "Tried connecting to [...]. Last error: [SSL: CERTIFICATE_VERIFY_FAILED] certificate"),
    ],
)
def test_encryption_that_fails_is_told_as_such(cause: Exception) -> None:
    became = meant(none_of({HOST: cause}), Circumstances(known=(HOST,)))

    assert type(became) is exceptions.TlsError
    assert HOST in str(became)


def test_a_server_that_hangs_up_may_want_encryption() -> None:
    became = meant(none_of({HOST: ConnectionResetError(104, "reset by peer")}), Circumstances())

    assert type(became) is exceptions.NoHostAvailable
    assert "ssl_context=" in str(became)


def test_what_answers_but_not_in_cql_is_told() -> None:
    became = meant(none_of({HOST: ProtocolError("version 72")}), Circumstances())

    assert f"{HOST} does not speak CQL" in str(became)


def test_no_node_at_all() -> None:
    became = meant(none_of({}), NOT_SENT)

    assert type(became) is exceptions.NoHostAvailable
    assert became.hosts == ("10.0.0.9:9042",)
    assert became.applied is False


def test_hosts_without_their_exceptions_are_no_reason_to_fail() -> None:
    """The driver raises it so when no pool of connections comes up."""
    became = meant(
        DriverNoHostAvailable("Unable to connect to any servers", ["10.0.0.1"]), Circumstances(known=(HOST,))
    )

    assert became.hosts == (HOST,)


def test_an_attempt_before_that_may_have_been_applied_leaves_the_outcome_unknown() -> None:
    """First the connection broke, then the second node knew too few replicas: the first write may have been made."""
    became = meant(unavailable(), SENT._replace(attempted=("10.0.0.1:9042", "10.0.0.2:9042")))

    assert became.applied is None


def test_more_attempts_than_causes_leave_the_outcome_unknown() -> None:
    became = meant(none_of({HOST: unavailable()}), SENT._replace(attempted=(HOST, HOST)))

    assert became.applied is None
    assert became.hosts == (HOST,)


def test_a_pool_that_was_down_for_a_write_that_was_sent_elsewhere_leaves_the_outcome_unknown() -> None:
    causes = {"10.0.0.1:9042": ConnectionShutdown("x"), "10.0.0.2:9042": ConnectionException("Pool is shutdown")}

    assert meant(none_of(causes)).applied is None


@pytest.mark.parametrize("kind", list(BatchKind))
def test_a_part_of_a_batch_may_have_been_written_before_replicas_were_missing(kind: BatchKind) -> None:
    batch = BatchStatement((INSERT, INSERT, Statement("DELETE FROM users WHERE id = ?", (1,))), kind)

    became = meant(unavailable(), SENT._replace(request=batch))

    assert became.applied is None
    assert became.statement == f"{INSERT.cql}; DELETE FROM users WHERE id = ?"


def test_a_batch_that_the_server_refuses_was_not_written() -> None:
    refused = cassandra.InvalidRequest(from_server(0x2200, "Undefined column name nmae"))

    assert meant(refused, SENT._replace(request=BatchStatement((INSERT,)))).applied is False


@pytest.mark.parametrize("level", [Level.SERIAL, Level.LOCAL_SERIAL])
def test_a_conditional_write_without_replicas_for_its_agreement_was_not_carried_out(level: int) -> None:
    missing = cassandra.Unavailable("x", level, required_replicas=2, alive_replicas=1)

    assert meant(missing, SENT._replace(request=INSERT._replace(conditional=True))).applied is False


def test_a_conditional_write_without_replicas_for_what_was_agreed_on_has_an_unknown_outcome() -> None:
    """Replicas may die between the agreement, after which the write takes place, and its being written."""
    became = meant(unavailable(), SENT._replace(request=INSERT._replace(conditional=True)))

    assert became.applied is None
    assert isinstance(became, exceptions.Unavailable)
    assert isinstance(became, exceptions.OutcomeUnknown)


@pytest.mark.parametrize("happened", OUTCOMES)
def test_a_write_of_which_nobody_knows_can_be_caught_by_one_name(happened: str) -> None:
    error, expected, applied, _ = OUTCOMES[happened]

    assert isinstance(meant(error), exceptions.OutcomeUnknown) is (applied is None)
    written = (exceptions.WriteTimeout, exceptions.WriteFailure)
    assert isinstance(meant(error, SENT._replace(request=SELECT)), exceptions.OutcomeUnknown) is (expected in written)


def test_while_connecting_there_is_no_outcome() -> None:
    became = meant(cassandra.OperationTimedOut(timeout=1), Circumstances(known=(HOST,)))

    assert not isinstance(became, exceptions.OutcomeUnknown)


@pytest.mark.parametrize("happened", OUTCOMES)
def test_it_goes_to_another_process_whole(happened: str) -> None:
    became = meant(OUTCOMES[happened][0])

    arrived = pickle.loads(pickle.dumps(became))

    assert (type(arrived), str(arrived), vars(arrived)) == (type(became), str(became), vars(became))


def test_attempts_that_a_retry_policy_saw_refused_leave_the_outcome_certain() -> None:
    twice = SENT._replace(attempted=("10.0.0.1:9042", "10.0.0.2:9042"), refusals=2)

    assert meant(unavailable(), twice).applied is False
    assert meant(unavailable(), twice._replace(refusals=1)).applied is None


def test_a_long_statement_is_quoted_in_part_and_kept_whole() -> None:
    cql = "SELECT " + ", ".join(f"column_{number}" for number in range(200)) + " FROM wide"

    became = meant(ServerError(0, "x", None), SENT._replace(request=Statement(cql)))

    assert became.statement == cql
    assert str(became).endswith(f"Statement: {cql[:LONGEST_QUOTED_STATEMENT]}...")
