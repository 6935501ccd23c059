"""A scan of three nodes, each of which has rows of its own: a range is asked of the node that has it."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from coodie_aio import Document, get_driver, init_coodie
from coodie_core.fields import PrimaryKey
from coodie_core.token_ranges import key_with_token
from coodie_testing import LocalCluster

ROWS = 3_000


class Row(Document):
    id: Annotated[int, PrimaryKey()]

    class Settings:
        name = "rows_of_three_nodes"


async def check_scan(cluster: LocalCluster, keyspace: str) -> None:
    """Scan rows of which each node has a third, and see whom each range is asked of.

    Args:
        cluster: The cluster, with proxies.
        keyspace: Where the rows are to be; one node has each.
    """
    async with await init_coodie(**cluster.server.connect_arguments, keyspace=keyspace):
        await Row.sync_table()
        await Row.insert_many({"id": number} for number in range(ROWS))
        for proxy in cluster.proxies:
            proxy.reset_counts()
        scan = Row.find().scan(parallel=8)

        rows = aiter(scan)
        numbers = [(await anext(rows)).id]
        ranges = [(after, up_to) for after, up_to, _, _ in scan.checkpoint["left"]]
        numbers += [row.id async for row in rows]

        assert sorted(numbers) == list(range(ROWS))
        asked = {proxy.address: proxy.count(text="token(") for proxy in cluster.proxies}
        assert asked == dict(owners_of(ranges, keyspace))
        assert len(asked) == 3


def owners_of(ranges: list[tuple[int | None, int | None]], keyspace: str) -> Counter[str]:
    """Return how many of the ranges each node has, by what the driver knows."""
    metadata = get_driver().session.cluster.metadata  # type: ignore[attr-defined]
    owners: Counter[str] = Counter()
    for after, up_to in ranges:
        (owner,) = metadata.get_replicas(keyspace, key_with_token(after + 1 if up_to is None else up_to))  # type: ignore[operator]
        owners[owner.address] += 1
    return owners
