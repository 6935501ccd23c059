"""Reading a whole table, many ranges of tokens at the same time, each row once.

A `Scan` knows what is left to read; a `RangeWalk` is one range of it. Who carries it out has some walks begun, and goes
from one to the next: the page of one is handed out while those of the others are on their way.
"""

from __future__ import annotations

import base64
import binascii
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from coodie_core.cql_builder import Restriction
from coodie_core.cql_builder.selectors import AGGREGATES
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.operation import Operation, Reading
from coodie_core.operations.paging import digest_of_filters
from coodie_core.operations.reading import Results, page
from coodie_core.query import Query
from coodie_core.query_statements import select_statement
from coodie_core.results import PagedResult
from coodie_core.schema import Table, table_of
from coodie_core.statement import Statement
from coodie_core.token_ranges import ALL_TOKENS, KNOWN_PARTITIONER, TokenRange, ranges_of

D = TypeVar("D", bound=BaseDocument)
R = TypeVar("R")

#: Into so many ranges for each that is read at a time the ring is cut at least, so that all have work until the end.
RANGES_FOR_EACH = 8

USUAL_PARALLEL = 4
#: More only make pages wait: each is held until its turn comes.
MOST_PARALLEL = 256


class RangeWalk(Generic[D]):
    """The way through one range of tokens.

    Attributes:
        tokens: The range.
        paging_state: Where the page begins that is handed out.
        handed_out: How many results of that page were handed out.
        has_ended: Whether no page is left to read.
        loop: Which loop over the scan it is for.
    """

    def __init__(self, tokens: TokenRange, paging_state: bytes | None = None, handed_out: int = 0) -> None:
        self.tokens: TokenRange = tokens
        self.paging_state: bytes | None = paging_state
        self.handed_out: int = handed_out
        self._next: bytes | None = paging_state
        self._to_skip = handed_out
        self.has_ended: bool = False
        self.loop: int = 0

    def next_page(
        self, query: Query[D], keyspace: str | None, results: Results[D, R]
    ) -> Reading[PagedResult[R]] | None:
        """Return what reads the next page of the range; None if there is none."""
        if self.has_ended:
            return None
        table = table_of(query.model)
        filters = (*query.filters, *_restrictions(table, self.tokens))
        return page(query.but(filters=filters, paging_state=self._next), keyspace, results)

    def take(self, read: PagedResult[R]) -> Sequence[R]:
        """Return what is to be handed out of the page that was read, and go on to the next one."""
        self.paging_state = self._next
        self.handed_out = min(self._to_skip, len(read.data))
        left = read.data[self.handed_out :]
        self._to_skip -= self.handed_out
        self._next = read.paging_state
        self.has_ended = read.paging_state is None
        return left


class Scan(Generic[D]):
    """What of a table is read and what is left.

    Args:
        query: What to read of each row.
        parallel: How many ranges are read at a time.
        checkpoint: Where an earlier scan ended.

    Raises:
        InvalidQueryError: The query has something that a scan cannot do, or an argument is not of its kind.
    """

    def __init__(
        self,
        query: Query[D],
        parallel: int = USUAL_PARALLEL,
        checkpoint: Mapping[str, Any] | None = None,
    ) -> None:
        _check_query(query)
        self.query: Query[D] = query
        self._parallel = _checked_parallel(query, parallel)
        self._text = _what_it_reads(query)
        self._ahead: deque[RangeWalk[D]] = deque()
        self._begun: list[RangeWalk[D]] = []
        self._is_cut = checkpoint is not None
        self._handed_out = 0
        self._loop = 0
        if checkpoint is not None:
            self._handed_out, walks = read_checkpoint(checkpoint, f"{query.model.__name__}.find().scan()", self._text)
            self._ahead.extend(walks)

    @property
    def fraction_done(self) -> float:
        """How much of the ring was read: from 0 to 1."""
        if not self._is_cut:
            return 0.0
        return 1 - sum(walk.tokens.width for walk in (*self._begun, *self._ahead)) / ALL_TOKENS

    @property
    def handed_out(self) -> int:
        """How many results were handed out, those before the checkpoint included."""
        return self._handed_out

    @property
    def checkpoint(self) -> dict[str, Any]:
        """Where a further scan goes on: plain data for JSON."""
        left = [*self._begun, *self._ahead] if self._is_cut else [RangeWalk[D](TokenRange())]
        return {
            "reads": self._text,
            "handed_out": self._handed_out,
            "left": [[*walk.tokens, _as_text(walk.paging_state), walk.handed_out] for walk in left],
        }

    def begin_loop(self) -> Operation[int]:
        """Return the number of a loop over what is left, which takes the place of the loop before.

        The ring is cut into ranges, at the tokens of the nodes. Of a scan that goes on that was done.
        """
        self._loop = loop = self._loop + 1
        self._ahead.extendleft(
            RangeWalk(walk.tokens, walk.paging_state, walk.handed_out) for walk in reversed(self._begun)
        )
        self._begun.clear()
        if not self._is_cut:
            tokens = yield from tokens_of_nodes()
            self._check_is_last(loop)
            ranges = ranges_of(tokens, self._parallel * RANGES_FOR_EACH)
            self._ahead.extend(RangeWalk(tokens) for tokens in ranges)
            self._is_cut = True
        return loop

    def begin_range(self, loop: int) -> RangeWalk[D] | None:
        """Return a range to begin in a loop; None if as many are begun as may be, or none is left.

        Raises:
            InvalidQueryError: Another loop began since.
        """
        self._check_is_last(loop)
        under_way = sum(not walk.has_ended for walk in self._begun)
        if under_way >= self._parallel or not self._ahead:
            return None
        walk = self._ahead.popleft()
        walk.loop = loop
        self._begun.append(walk)
        return walk

    def next_page(
        self, walk: RangeWalk[D], keyspace: str | None, results: Results[D, R]
    ) -> Reading[PagedResult[R]] | None:
        """Return what reads the next page of a range; None if there is none."""
        return walk.next_page(self.query, keyspace, results)

    def hand_out(self, walk: RangeWalk[D], count: int) -> None:
        """Take note of results that are handed out.

        Raises:
            InvalidQueryError: Another loop began since, which hands them out.
        """
        self._check_is_last(walk.loop)
        walk.handed_out += count
        self._handed_out += count

    def end_range(self, walk: RangeWalk[D]) -> None:
        """Take note that all of a range was handed out.

        Raises:
            InvalidQueryError: Another loop began since.
        """
        self._check_is_last(walk.loop)
        self._begun.remove(walk)

    def _check_is_last(self, loop: int) -> None:
        if loop != self._loop:
            raise InvalidQueryError(
                f"{self.query.model.__name__}.find().scan(): another loop over this scan began, and goes on where this "
                f"one was. Use one loop at a time, or a scan for each."
            )


def tokens_of_nodes() -> Operation[list[int]]:
    """Ask a node for the tokens of all nodes.

    Raises:
        InvalidQueryError: The cluster has another partitioner than Murmur3.
    """
    node = yield Statement("SELECT partitioner, tokens FROM system.local", idempotent=True)
    others = yield Statement("SELECT tokens FROM system.peers", idempotent=True)
    for partitioner, _ in node.rows:
        if not str(partitioner).endswith(KNOWN_PARTITIONER):
            raise InvalidQueryError(
                f"scan(): the cluster's partitioner is {partitioner}; of tokens, only those of {KNOWN_PARTITIONER} "
                f"are known here. Iterate over the query set instead."
            )
    of_nodes = [*(tokens for _, tokens in node.rows), *(tokens for (tokens,) in others.rows)]
    return [int(token) for tokens in of_nodes for token in tokens or ()]


def _restrictions(table: Table, tokens: TokenRange) -> list[Restriction]:
    column = f"token({', '.join(table.partition_key)})"
    bounds = ((">", tokens.after), ("<=", tokens.up_to))
    return [Restriction(column, sign, token, table.partition_key) for sign, token in bounds if token is not None]


def _what_it_reads(query: Query[Any]) -> str:
    """Return the statement without its values, and what tells apart the same statement with others."""
    cql = select_statement(query, None).cql
    return f"{cql} (values {digest_of_filters(query).hex()})" if query.filters else cql


def _check_query(query: Query[Any]) -> None:
    table = table_of(query.model)
    asked = f"{query.model.__name__}.find(...)"
    options = {
        "limit()": query.row_limit,
        "order_by()": query.ordering,
        "order_by_ann()": query.nearest,
        "group_by()": query.group_by,
        "page()": query.paging_state,
        "page(token)": query.page_token,
    }
    for option, given in options.items():
        if given:
            raise InvalidQueryError(
                f"{asked}.{option}.scan(): a scan reads the whole table, in the order of tokens. "
                f"Leave out {option}, or iterate over the query set without scan()."
            )
    for item in query.filters:
        if item.column in table.partition_key or item.token_of:
            raise InvalidQueryError(
                f"{asked}.scan(): the filter on {item.column} says which partitions to read, and a scan reads all of "
                f"them. Iterate over the query set without scan()."
            )
    for selector in query.selected or ():
        if selector.function in AGGREGATES:
            raise InvalidQueryError(
                f"{asked}.scan(): {selector.function}() would be computed for each range of tokens. "
                f"Use aggregate(), or compute from what the scan hands out."
            )


def _checked_parallel(query: Query[Any], parallel: int) -> int:
    if isinstance(parallel, bool) or not isinstance(parallel, int) or not 1 <= parallel <= MOST_PARALLEL:
        raise InvalidQueryError(
            f"{query.model.__name__}.find().scan(parallel={parallel!r}): give a whole number from 1 to {MOST_PARALLEL}."
        )
    return parallel


def read_checkpoint(checkpoint: Mapping[str, Any], asked: str, text: str) -> tuple[int, list[RangeWalk[Any]]]:
    """Return how many results were handed out before a checkpoint, and the ranges that are left.

    Raises:
        InvalidQueryError: It is no checkpoint, or one of a scan that reads something else.
    """
    try:
        reads, handed_out = checkpoint["reads"], checkpoint["handed_out"]
        walks = [_walk_of(*left) for left in checkpoint["left"]]
        is_valid = type(handed_out) is int and handed_out >= 0
    except (KeyError, TypeError, ValueError, binascii.Error):
        is_valid, reads, handed_out, walks = False, "", 0, []
    if not is_valid:
        raise InvalidQueryError(f"{asked}: give the checkpoint of an earlier scan as it was, or as JSON gives it back.")
    if reads != text:
        raise InvalidQueryError(
            f"{asked}: the checkpoint is of a scan that reads something else, so that its places mean nothing here: "
            f"{reads}. This one: {text}. Use the query of the earlier scan, or begin without a checkpoint."
        )
    return handed_out, walks


def _walk_of(after: int | None, up_to: int | None, paging_state: str | None, handed_out: int) -> RangeWalk[Any]:
    for number in (after, up_to, handed_out):
        if number is not None and type(number) is not int:
            raise TypeError
    state = None if paging_state is None else base64.b64decode(paging_state, validate=True)
    return RangeWalk(TokenRange(after, up_to), state, handed_out)


def _as_text(paging_state: bytes | None) -> str | None:
    return None if paging_state is None else base64.b64encode(paging_state).decode()
