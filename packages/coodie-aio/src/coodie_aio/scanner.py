"""Reading a whole table, many ranges of tokens at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Generic, TypeVar

from coodie_aio.connection import driver_for
from coodie_aio.runner import Begun, begin, run
from coodie_core import tabular
from coodie_core.operations.scanning import RangeWalk, Scan
from coodie_core.query import Query
from coodie_core.results import PagedResult
from coodie_core.statement import Rows
from coodie_core.tabular import USUAL_DECIMAL_SCALE

R = TypeVar("R")


class Scanner(Generic[R]):
    """A scan of a whole table, as `QuerySet.scan` describes it. To iterate over it reads the table.

    It remembers how far it came. After `break` or an error, iterating again goes on behind what was handed out last,
    and so does another scan that is given the `checkpoint`, in this process or another one. One loop at a time uses it.

    Example:
        ```python
        scan = User.find().scan(parallel=8)
        async for user in scan:
            index(user)
            save_now_and_then(scan.checkpoint)
        ```
    """

    def __init__(
        self, scan: Scan[Any], results: Callable[[Query[Any], Rows], Sequence[R]], connection: str | None
    ) -> None:
        self._scan = scan
        self._results = results
        self._connection = connection

    @property
    def checkpoint(self) -> dict[str, Any]:
        """Where another scan goes on behind what was handed out so far: plain data for JSON.

        It has the server's paging states: keep it as you keep what you trust.
        """
        return self._scan.checkpoint

    @property
    def fraction_done(self) -> float:
        """How much of the table was handed out, from 0 to 1, by the share of its tokens: in steps, one a range."""
        return self._scan.fraction_done

    @property
    def handed_out(self) -> int:
        """How many rows were handed out, those before the checkpoint included."""
        return self._scan.handed_out

    async def __aiter__(self) -> AsyncIterator[R]:
        """Yield everything that fits."""
        async for walk, results in self._pages(self._results):
            for result in results:
                self._scan.hand_out(walk, 1)
                yield result

    def arrow_batches(self, *, decimal_scale: int = USUAL_DECIMAL_SCALE) -> AsyncIterator[Any]:
        """Return an iterator of one ``pyarrow.RecordBatch`` for each page; needs the extra ``arrow``.

        Columns have the types that they have in CQL. Uuids are of Arrow's type for them, timestamps in UTC, and lists,
        sets, maps, tuples, vectors and user-defined types are lists, maps and structs, in which uuids are text. Varints
        and decimals have up to 38 digits.

        Args:
            decimal_scale: Digits after the point of decimal columns. No value is rounded: more digits are an error.

        Raises:
            ConfigurationError: pyarrow is not installed.
            InvalidQueryError: A value does not fit, or the query reads functions.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            async for batch in Reading.find().scan().arrow_batches():
                writer.write_batch(batch)
            ```
        """
        return self._batches(tabular.batches(self._scan.query, decimal_scale))

    def polars_batches(self, *, decimal_scale: int = USUAL_DECIMAL_SCALE) -> AsyncIterator[Any]:
        """Return an iterator of one ``polars.DataFrame`` for each page; needs the extra ``polars``.

        The types are those of `arrow_batches`.
        Polars knows no uuids and no durations of months: these are text, and structs.

        Args:
            decimal_scale: Digits after the point of decimal columns. No value is rounded: more digits are an error.

        Raises:
            ConfigurationError: polars or pyarrow is not installed.
            InvalidQueryError: A value does not fit, or the query reads functions.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            frames = [frame async for frame in Reading.find().scan().polars_batches()]
            readings = polars.concat(frames)
            ```
        """
        return self._batches(tabular.polars_frames(self._scan.query, decimal_scale))

    def pandas_batches(self, *, decimal_scale: int = USUAL_DECIMAL_SCALE) -> AsyncIterator[Any]:
        """Return an iterator of one ``pandas.DataFrame`` for each page; needs the extra ``pandas``.

        The types are those of `arrow_batches`.

        Args:
            decimal_scale: Digits after the point of decimal columns. No value is rounded: more digits are an error.

        Raises:
            ConfigurationError: pandas or pyarrow is not installed.
            InvalidQueryError: A value does not fit, or the query reads functions.
            DatabaseError: The cluster refused or did not answer.

        Example:
            ```python
            frames = [frame async for frame in Reading.find().scan().pandas_batches()]
            readings = pandas.concat(frames)
            ```
        """
        return self._batches(tabular.pandas_frames(self._scan.query, decimal_scale))

    async def _batches(self, results: Callable[[Query[Any], Rows], Any]) -> AsyncIterator[Any]:
        async for walk, batch in self._pages(results):
            if len(batch):
                self._scan.hand_out(walk, len(batch))
                yield batch

    async def _pages(
        self, results: Callable[[Query[Any], Rows], Sequence[Any]]
    ) -> AsyncIterator[tuple[RangeWalk[Any], Sequence[Any]]]:
        """Yield one page after the other, of one range after the other, while those of the others are on their way."""
        driver = driver_for(self._connection)
        scan = self._scan
        loop = await run(scan.begin_loop(), driver)
        under_way = deque[tuple[RangeWalk[Any], Begun[PagedResult[Any]]]]()
        while True:
            while (walk := scan.begin_range(loop)) is not None:
                page = await begin(scan.next_page(walk, driver.keyspace, results), driver)
                if page is not None:
                    under_way.append((walk, page))
            if not under_way:
                return
            walk, page = under_way.popleft()
            left = walk.take(await page.result())
            following = await begin(scan.next_page(walk, driver.keyspace, results), driver)
            if following is not None:
                under_way.append((walk, following))
            yield walk, left
            if walk.has_ended:
                scan.end_range(walk)
