"""Every exception that coodie raises.

Two families: what is wrong with a call or a model (`ConfigurationError`, `InvalidQueryError`, ...), raised before
anything is sent, and what the cluster answered or failed to answer (`DatabaseError` and its subclasses), which carry
the facts as attributes and the driver's exception as ``__cause__``. No message holds the value of a row; a row that was
found instead of what was expected is an attribute: ``result`` or ``found``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coodie_core.results import BulkReport, LWTResult


class CoodieError(Exception):
    """The base of every exception of coodie. All can be pickled and copied, and keep their text and facts then."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.args), vars(self)


def _again(kind: type[CoodieError], arguments: tuple[Any, ...]) -> CoodieError:
    """Return an exception of *kind* without its ``__init__``, which would want the facts and not the text."""
    return kind.__new__(kind, *arguments)


class ConfigurationError(CoodieError):
    """Something was not set up, or was set up in a way that cannot work."""


class InvalidQueryError(CoodieError):
    """A query, a value or a statement is not valid, by coodie's own check or by the server's."""


class InvalidPagingToken(InvalidQueryError):
    """A paging token cannot be used for this query, by this principal, or not any more; nothing was sent.

    The message is the same each time, so that it can be shown to the client.

    Attributes:
        reason: For the log: ``"forged"`` if none of the keys made it, ``"other query"``, ``"other principal"``, or
            ``"expired"``.
    """

    def __init__(self, reason: Literal["forged", "other query", "other principal", "expired"]) -> None:
        self.reason: str = reason
        super().__init__("This paging token cannot be used, or not any more. Begin again with the first page.")


class InvalidModel(ConfigurationError, InvalidQueryError):
    """A document class cannot be mapped to a table; raised when the class is defined or first used."""


class _NotOneDocument(Exception):
    """`get` did not find exactly one document."""

    _found: str

    def __init__(self, document: str, fields: tuple[str, ...]) -> None:
        self.document: str = document
        self.fields: tuple[str, ...] = fields
        super().__init__(f"{document}.get({', '.join(f'{field}=...' for field in fields)}): {self._found}")


class DocumentNotFound(_NotOneDocument, CoodieError):
    """No document has the key that was asked for.

    Attributes:
        document: The name of the document class.
        fields: The names of the fields by which it was looked for.
    """

    _found: str = "there is no such document. Use find_one() where it may be missing: it returns None."


class MultipleDocumentsFound(_NotOneDocument, CoodieError):
    """More than one document fits what was asked of `get`.

    Attributes:
        document: The name of the document class.
        fields: The names of the fields by which it was looked for.
    """

    _found: str = (
        "more than one document fits. Give the whole primary key, or use find(...).all() or find(...).first()."
    )


class ConditionNotMet(CoodieError):
    """A conditional write was refused by the server where the caller asked for the document, not for the outcome.

    Attributes:
        result: The outcome, with the values that the server found.
    """

    def __init__(self, message: str, result: LWTResult) -> None:
        self.result: LWTResult = result
        super().__init__(message)


class VersionConflict(ConditionNotMet):
    """The row changed since the document was read, so that nothing was written (see `Version`).

    Attributes:
        document: The name of the document class.
        expected: The version that was read; None for a new document, which needs that no row has its key.
        result: The outcome, with the values that the server found, if there is a row.
    """

    def __init__(self, document: str, field: str, expected: int | None, result: LWTResult) -> None:
        self.document: str = document
        self.expected: int | None = expected
        found = (result.existing or {}).get(field)
        if expected is None:
            what = f"a row with this primary key exists (version {found})"
        elif result.existing is None:
            what = f"the row had version {expected} when it was read, and has another now, or was deleted"
        else:
            what = f"the row had version {expected} when it was read, and has {found} now"
        super().__init__(
            f"{document}: {what}, so nothing was written. Read it again, and decide whether your change still holds.",
            result,
        )


class BulkWriteError(CoodieError):
    """Some rows of many were not written, or perhaps not; all others were.

    Attributes:
        report: What became of each row, and where another run goes on.
    """

    def __init__(self, report: BulkReport) -> None:
        self.report: BulkReport = report
        statuses = [outcome.status for outcome in report.errors]
        counts = ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))
        first = report.errors[0]
        stopped = " It stopped there (max_errors, or a deadline)." if report.has_stopped else ""
        super().__init__(
            f"{report.applied} rows were written, {counts}.{stopped} The first error is that of row "
            f"{first.index}: {type(first.error).__name__}: {first.error} Look at .report.errors; give "
            f".report.checkpoint to another run to write what is left."
        )


class FieldNotLoaded(CoodieError, AttributeError):
    """A field was read that the query left out with `only` or `defer`."""


class RowDoesNotFit(CoodieError):
    """A row of the table cannot become a document: a column lacks a value, or holds one that the field refuses.

    Attributes:
        document: The name of the document class.
        problems: For each field that does not fit, what is wrong with it; without the values.
    """

    def __init__(self, document: str, problems: dict[str, str]) -> None:
        self.document: str = document
        self.problems: dict[str, str] = problems
        listed = "; ".join(f"{field}: {problem}" for field, problem in problems.items())
        super().__init__(
            f"A row of the table does not fit {document}: {listed}. "
            f"Give the field a default or make it `X | None` if the column may be empty, or correct the row."
        )


class MigrationError(CoodieError):
    """A migration could not be read, applied or reverted."""


class SchemaMismatch(ConfigurationError):
    """The table in the database cannot be brought to what the model describes."""


class DatabaseError(CoodieError):
    """The cluster refused a request, or did not answer it.

    Attributes:
        statement: The CQL text, without its values, or None where no statement was involved.
        keyspace: The driver's keyspace.
        consistency: The name of the consistency level, where one is known.
        hosts: The hosts that were tried, as ``"address:port"``.
        applied: For a write: False if it surely did not take place, None if nobody knows.
    """

    def __init__(
        self,
        message: str,
        *,
        statement: str | None = None,
        keyspace: str | None = None,
        consistency: str | None = None,
        hosts: tuple[str, ...] = (),
        applied: bool | None = None,
    ) -> None:
        self.statement: str | None = statement
        self.keyspace: str | None = keyspace
        self.consistency: str | None = consistency
        self.hosts: tuple[str, ...] = hosts
        self.applied: bool | None = applied
        super().__init__(message)


class OutcomeUnknown(DatabaseError):
    """A write was sent, and nobody knows whether it took place; whichever way the answer failed to come.

    Every other exception of the cluster is one as well where that is so: a `ClientTimeout` of a write is also an
    `OutcomeUnknown`, one of a read is not.

    Attributes:
        found: The row that was there when ``on_unknown="resolve"`` looked and could not tell; None if it did not look.
    """

    found: Mapping[str, Any] | None = None


class WriteLost(DatabaseError):
    """A conditional write did not take place although its condition holds, as ``on_unknown="resolve"`` found out."""


class NoHostAvailable(DatabaseError):
    """No node of the cluster could be reached."""


class ConnectionLost(NoHostAvailable):
    """The connection to a node broke after a statement was sent and before the answer came."""


class AuthenticationFailed(DatabaseError):
    """The server does not accept the user name and password, or wants some where none were given."""


class TlsError(DatabaseError):
    """The encrypted connection could not be made: a certificate, a host name or a protocol does not fit."""


class Unauthorized(DatabaseError):
    """The role lacks a permission that the statement needs."""


class KeyspaceNotFound(DatabaseError, ConfigurationError):
    """The keyspace does not exist in the cluster."""


class SchemaNotAgreed(DatabaseError):
    """A change of the schema took place, but not all nodes knew it in the driver's time."""


class AlreadyExists(DatabaseError):
    """What the statement would create exists already."""


class ServerRefusedQuery(DatabaseError, InvalidQueryError):
    """The server says that the statement is not valid: its syntax, a table or column, or a way of filtering."""


_WAYS_OUT = (
    "The server would read rows only to throw them away. Ways out: mark the field with Indexed() and run sync_table(); "
    "keep a table or a materialized view keyed by it; or, where the rows are few, add .allow_filtering()."
)
_WAYS_OUT_OF_NEAREST = (
    "Among the nearest vectors the server finds rows by the whole partition key, or by an SAI index. Ways out: mark "
    "the field with Indexed(index_class='SAI') and run sync_table(); or take more of the nearest, by a larger limit(), "
    "and compare in Python."
)


class FilteringRefused(ServerRefusedQuery):
    """The server would have to read rows only to throw them away, and was not allowed to.

    Attributes:
        document: The name of the document class.
        fields: The fields of the query that no key and no index of the model serves.
    """

    def __init__(
        self,
        document: str,
        asked: tuple[str, ...],
        filtered: Mapping[str, str],
        refusal: DatabaseError,
        *,
        nearest: str | None = None,
    ) -> None:
        self.document: str = document
        self.fields: tuple[str, ...] = tuple(filtered)
        reasons = "; ".join(filtered.values()) or "the model has a key or an index for this that the table lacks"
        order = "" if nearest is None else f".order_by_ann({nearest!r}, ...)"
        super().__init__(
            f"{document}.find({', '.join(f'{keyword}=...' for keyword in asked)}){order}: {reasons}. "
            f"{_WAYS_OUT if nearest is None else _WAYS_OUT_OF_NEAREST}",
            statement=refusal.statement,
            keyspace=refusal.keyspace,
            consistency=refusal.consistency,
            hosts=refusal.hosts,
        )


class Unavailable(DatabaseError):
    """Fewer replicas were alive than the consistency level needs, so the statement was not carried out."""


class ReadTimeout(DatabaseError):
    """Too few replicas answered a read in the server's time."""


class WriteTimeout(OutcomeUnknown):
    """Too few replicas confirmed a write in the server's time: it may or may not have taken place."""


class ReadFailure(DatabaseError):
    """Replicas failed while they read, for example at too many tombstones."""


class WriteFailure(OutcomeUnknown):
    """Replicas failed while they wrote: it may or may not have taken place."""


class Overloaded(DatabaseError):
    """The server, or this process's own connections, have too many requests in flight."""


class RateLimited(DatabaseError):
    """The partition's rate limit was exceeded (ScyllaDB, ``per_partition_rate_limit``)."""


class FunctionFailed(DatabaseError):
    """A user-defined function of the server failed on the values that it was given."""


class ServerFailed(DatabaseError):
    """The server failed in an unexpected way; its log says more."""


class TruncateFailed(DatabaseError):
    """The table could not be truncated on every node."""


class ClientTimeout(DatabaseError):
    """No answer came within the caller's own time: a write may or may not have taken place."""


class DeadlineExceeded(ClientTimeout):
    """The time of a `deadline` was used up, before a request was sent (``applied`` is False) or before its answer came.

    Attributes:
        budget: The seconds of the deadline that ended first, where several are inside each other.
        elapsed: The seconds that had passed since it began.
    """

    budget: float = 0.0
    elapsed: float = 0.0


class FieldProblem(CoodieError):
    """Something is wrong with one field or value; the base of such errors.

    Where it is found, only the value or the annotation is known. Whoever knows the field says so with `named`.

    Attributes:
        problem: What is wrong and what to do, without the name of the field and without the value.
        document: The name of the document class, or None while nobody has said it.
        field: The name of the field, or None while nobody has said it.
    """

    def __init__(self, problem: str) -> None:
        self.problem: str = problem
        self.document: str | None = None
        self.field: str | None = None
        super().__init__(problem)

    def within(self, place: str) -> Self:
        """Return this same error, whose problem begins with the place inside the field, such as ``"Address.zip"``."""
        self.problem = f"{place}: {self.problem}"
        return self

    def named(self, document: str, field: str) -> Self:
        """Return this same error, with the field named in front of its text.

        Example:
            ```python
            try:
                encoded = encode(value)
            except UnstorableValue as error:
                raise error.named("User", "age") from None
            ```
        """
        self.document, self.field = document, field
        return self

    def __str__(self) -> str:
        return self.problem if self.field is None else f"{self.document}.{self.field}: {self.problem}"


class UnmappableType(FieldProblem, InvalidModel):
    """A field's annotation has no CQL type; raised when the class is defined or first used."""


class UnstorableValue(FieldProblem, InvalidQueryError):
    """A value cannot be stored in its column as it is."""


class WrongVectorLength(UnstorableValue):
    """A vector does not have as many dimensions as its column.

    Attributes:
        expected: The dimensions of the column.
        actual: The length of the value.
    """

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(
            f"the column has {expected} dimensions, the value has {actual}. "
            f"Re-embed the value, or change the field to Vector({actual}) and migrate."
        )
        self.expected: int = expected
        self.actual: int = actual
