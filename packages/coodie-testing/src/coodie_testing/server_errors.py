"""Errors of a server, for a `FaultProxy` to answer with, byte for byte as a server sends them.

    proxy.fail(server_errors.WriteTimeout(write_type="CAS"), text="UPDATE")

Reference: Apache Cassandra, "CQL binary protocol v4", section 9; ScyllaDB, "Protocol extensions", for `RateLimited`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from coodie_testing import frames

WriteType = Literal["SIMPLE", "BATCH", "UNLOGGED_BATCH", "COUNTER", "BATCH_LOG", "CAS", "VIEW", "CDC"]
Consistency = Literal[
    "ANY", "ONE", "TWO", "THREE", "QUORUM", "ALL", "LOCAL_QUORUM", "EACH_QUORUM", "SERIAL", "LOCAL_SERIAL", "LOCAL_ONE"
]

CODES_OF_CONSISTENCY: dict[Consistency, int] = {
    "ANY": 0x0,
    "ONE": 0x1,
    "TWO": 0x2,
    "THREE": 0x3,
    "QUORUM": 0x4,
    "ALL": 0x5,
    "LOCAL_QUORUM": 0x6,
    "EACH_QUORUM": 0x7,
    "SERIAL": 0x8,
    "LOCAL_SERIAL": 0x9,
    "LOCAL_ONE": 0xA,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectedError:
    """What all these errors have.

    Args:
        message: The server's words about it.
    """

    code: ClassVar[int]
    message: str = "injected by the fault proxy"

    def body(self, prepared_id: bytes) -> bytes:
        """The error as it is sent in answer to a request.

        Args:
            prepared_id: The server's name for the prepared statement that the request is about, if it is about one.
        """
        return struct.pack(">i", self.code) + frames.string(self.message) + self.details(prepared_id)

    def details(self, prepared_id: bytes) -> bytes:
        """What follows the message."""
        return b""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerError(InjectedError):
    """Something unexpected happened in the server: a bug there."""

    code = 0x0000


@dataclass(frozen=True, kw_only=True, slots=True)
class Overloaded(InjectedError):
    """The coordinator has too much to do, and did not begin."""

    code = 0x1001


@dataclass(frozen=True, kw_only=True, slots=True)
class IsBootstrapping(InjectedError):
    """The coordinator is still joining the cluster, and cannot read yet."""

    code = 0x1002


@dataclass(frozen=True, kw_only=True, slots=True)
class TruncateFailed(InjectedError):
    """A TRUNCATE went wrong."""

    code = 0x1003


@dataclass(frozen=True, kw_only=True, slots=True)
class Unavailable(InjectedError):
    """Too few replicas are alive, so the coordinator did not begin.

    Args:
        consistency: The level that was asked for.
        required: The replicas that it needs.
        alive: The replicas that are alive.
    """

    code = 0x1000
    consistency: Consistency = "QUORUM"
    required: int = 2
    alive: int = 1

    def details(self, prepared_id: bytes) -> bytes:
        """Consistency, required, alive."""
        return struct.pack(">Hii", CODES_OF_CONSISTENCY[self.consistency], self.required, self.alive)


@dataclass(frozen=True, kw_only=True, slots=True)
class _TooFewAnswers(InjectedError):
    """Too few replicas have answered.

    Args:
        consistency: The level that was asked for.
        required: The answers that it needs.
        received: The answers that came.
    """

    consistency: Consistency = "QUORUM"
    required: int = 2
    received: int = 1

    def counts(self) -> bytes:
        """Consistency, received, required."""
        return struct.pack(">Hii", CODES_OF_CONSISTENCY[self.consistency], self.received, self.required)


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteTimeout(_TooFewAnswers):
    """Too few replicas confirmed a write in time: it may have happened, or may still happen.

    Args:
        write_type: What was written. A lightweight transaction is ``"CAS"`` where its vote timed out, and ``"SIMPLE"``
            where the vote was over and its write timed out.
    """

    code = 0x1100
    write_type: WriteType = "SIMPLE"

    def details(self, prepared_id: bytes) -> bytes:
        """The counts, and the type of the write."""
        return self.counts() + frames.string(self.write_type)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadTimeout(_TooFewAnswers):
    """Too few replicas answered a read in time.

    Args:
        data_present: Whether the replica that was asked for the data itself, not for a digest, has answered.
    """

    code = 0x1200
    data_present: bool = False

    def details(self, prepared_id: bytes) -> bytes:
        """The counts, and whether there is data."""
        return self.counts() + bytes([self.data_present])


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadFailure(_TooFewAnswers):
    """Replicas failed in a read, such as for too many tombstones.

    Args:
        failures: The replicas that failed.
        data_present: Whether the replica that was asked for the data itself has answered.
    """

    code = 0x1300
    failures: int = 1
    data_present: bool = False

    def details(self, prepared_id: bytes) -> bytes:
        """The counts, the failures, and whether there is data."""
        return self.counts() + struct.pack(">iB", self.failures, self.data_present)


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteFailure(_TooFewAnswers):
    """Replicas failed in a write; others may have carried it out.

    Args:
        failures: The replicas that failed.
        write_type: What was written.
    """

    code = 0x1500
    failures: int = 1
    write_type: WriteType = "SIMPLE"

    def details(self, prepared_id: bytes) -> bytes:
        """The counts, the failures, and the type of the write."""
        return self.counts() + struct.pack(">i", self.failures) + frames.string(self.write_type)


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimited(InjectedError):
    """ScyllaDB's limit of operations on a partition is reached.

    Args:
        operation: What was too much.
        rejected_by_coordinator: Whether no replica has seen it.
    """

    code = 0x4321  # what the driver takes it for where the server has not named another code
    operation: Literal["read", "write"] = "write"
    rejected_by_coordinator: bool = True

    def details(self, prepared_id: bytes) -> bytes:
        """The operation, and who rejected it."""
        return bytes([self.operation == "write", self.rejected_by_coordinator])


@dataclass(frozen=True, kw_only=True, slots=True)
class Unauthorized(InjectedError):
    """The role lacks the permission."""

    code = 0x2100


@dataclass(frozen=True, kw_only=True, slots=True)
class InvalidRequest(InjectedError):
    """The server understood the statement, and will not carry it out."""

    code = 0x2200


@dataclass(frozen=True, kw_only=True, slots=True)
class Unprepared(InjectedError):
    """The server does not know the prepared statement: it was restarted, or its cache is full.

    Only requests with a prepared statement can be answered with it.
    """

    code = 0x2500
    message: str = field(default="Prepared query not found")

    def details(self, prepared_id: bytes) -> bytes:
        """The server's name for the statement."""
        return struct.pack(">H", len(prepared_id)) + prepared_id
