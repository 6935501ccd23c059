"""sync_table() compares options and indexes as values: it changes what differs, and nothing twice."""

from __future__ import annotations

import time
from typing import Annotated, Any

import pytest

from coodie_aio import Document, execute_raw, get_driver
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import Frozen, Indexed, PrimaryKey, Vector, VectorIndex
from coodie_core.results import Drift

PATIENCE_SECONDS = 20
"""The server builds an index soon after it was created; a busy machine needs longer."""


@pytest.fixture(autouse=True)
async def connection(coodie_aio_driver: Any) -> None:
    """Each test has a table of its own name in the module's keyspace."""


async def option(model: type[Document], name: str) -> Any:
    """An option of the table as the server has it."""
    [row] = await execute_raw(
        f"SELECT {name} FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?",
        [get_driver().keyspace, model.table_name()],
    )
    return row[name]


async def index_classes(model: type[Document]) -> dict[str, str | None]:
    """The class of each index of the table."""
    rows = await execute_raw(
        "SELECT index_name, options FROM system_schema.indexes WHERE keyspace_name = ? AND table_name = ?",
        [get_driver().keyspace, model.table_name()],
    )
    return {row["index_name"]: row["options"].get("class_name") for row in rows}


async def built(index: str) -> bool:
    """Whether the server has put the rows that there were into an index of the class SAI, in the background."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        rows = await execute_raw(
            "SELECT is_queryable FROM system_views.sai_column_indexes WHERE keyspace_name = ? AND index_name = ?",
            [get_driver().keyspace, index],
        )
        is_queryable = any(row["is_queryable"] for row in rows)
        if is_queryable or time.monotonic() > deadline:
            return is_queryable


async def test_options_that_differ_are_altered_and_the_others_stay():
    class Before(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            name = "optioned"
            __default_ttl__ = 60
            __options__ = {"comment": "first", "gc_grace_seconds": 60}

    class After(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            name = "optioned"
            __default_ttl__ = 0
            __options__ = {"comment": "second"}

    await Before.sync_table()

    ran = await After.sync_table()

    table = f'"{get_driver().keyspace}"."optioned"'
    assert ran == [f"ALTER TABLE {table} WITH default_time_to_live = 0 AND comment = 'second'"]
    assert [await option(After, name) for name in ("comment", "default_time_to_live", "gc_grace_seconds")] == [
        "second",
        0,
        60,
    ]
    assert await After.sync_table() == []


@pytest.mark.parametrize(
    "options",
    [
        {"compaction": {"class": "LeveledCompactionStrategy", "sstable_size_in_mb": 80}},
        {"compaction": {"class": "org.apache.cassandra.db.compaction.LeveledCompactionStrategy"}},
        {"compaction": {"class": "TimeWindowCompactionStrategy", "compaction_window_unit": "HOURS"}},
        {"compression": {"class": "LZ4Compressor", "chunk_length_in_kb": 32}},
        {"compression": {"enabled": False}},
        {"caching": {"keys": "none", "rows_per_partition": 10}},
        {"speculative_retry": "99.0PERCENTILE", "bloom_filter_fp_chance": 0.1},
        {"speculative_retry": "50ms", "read_repair": "none"},
        {"crc_check_chance": 1, "memtable_flush_period_in_ms": 1000, "comment": "it's short"},
    ],
)
async def test_options_in_any_words_are_given_once(options: dict[str, Any]):
    class Plain(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            name = "worded"

    class Worded(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            name = "worded"
            __options__ = options

    await Plain.drop_table()
    await Plain.sync_table()

    assert len(await Worded.sync_table()) == 1
    assert await Worded.sync_table() == []
    assert (await Worded.sync_table()).drift == ()


async def test_an_option_that_the_server_does_not_know_is_its_error():
    class Odd(Document):
        id: Annotated[int, PrimaryKey()]

        class Settings:
            __options__ = {"colour": "red"}

    with pytest.raises(InvalidQueryError, match="colour"):
        await Odd.sync_table()


async def test_indexes_of_every_class_and_target_are_created_once():
    class Indexes(Document):
        id: Annotated[int, PrimaryKey()]
        plain: Annotated[str, Indexed()] = ""
        sai: Annotated[str, Indexed(index_class="SAI", options={"case_sensitive": "false"})] = ""
        sasi: Annotated[str, Indexed(index_class="SASI", options={"mode": "CONTAINS"})] = ""
        keys: Annotated[dict[str, int], Indexed(index_class="SAI", target="KEYS")] = {}
        entries: Annotated[dict[str, int], Indexed(index_class="SAI", target="ENTRIES")] = {}
        values_: Annotated[set[str], Indexed(index_class="StorageAttachedIndex", target="VALUES")] = set()
        full: Annotated[list[int], Frozen(), Indexed(target="FULL")] = []
        embedding: Annotated[list[float], Vector(3), VectorIndex("DOT_PRODUCT")] = [1.0, 0.0, 0.0]

    ran = await Indexes.sync_table()

    assert len(ran) == 9
    assert (await index_classes(Indexes))["indexes_embedding_idx"] == "StorageAttachedIndex"
    again = await Indexes.sync_table()
    assert (again, again.drift) == ([], ())


async def test_an_index_is_added_replaced_and_dropped():
    class Before(Document):
        id: Annotated[int, PrimaryKey()]
        name: Annotated[str, Indexed()] = ""
        place: Annotated[str, Indexed()] = ""

        class Settings:
            name = "reindexed"

    class After(Document):
        id: Annotated[int, PrimaryKey()]
        name: Annotated[str, Indexed(index_class="SAI")] = ""
        place: str = ""
        size: Annotated[int, Indexed()] = 0

        class Settings:
            name = "reindexed"

    await Before.sync_table()
    await Before(id=1, name="a").save()

    ran = await After.sync_table()
    assert [cql.split(" ")[0] for cql in ran] == ["ALTER", "CREATE"]
    assert sorted(difference.name for difference in ran.drift) == [
        "reindexed_name_idx",
        "reindexed_name_idx",
        "reindexed_place_idx",
    ]

    ran = await After.sync_table(drop_removed_indexes=True)
    assert [cql.split(" ")[0] for cql in ran] == ["DROP", "DROP", "CREATE"]
    assert ran.drift == ()
    assert await index_classes(After) == {"reindexed_name_idx": "StorageAttachedIndex", "reindexed_size_idx": None}
    assert await built("reindexed_name_idx")
    assert await After.find(name="a").all() == [After(id=1, name="a")]
    assert await After.sync_table(drop_removed_indexes=True) == []


async def test_what_the_model_lacks_is_reported():
    class Drifted(Document):
        id: Annotated[int, PrimaryKey()]

    await execute_raw("CREATE TABLE drifted (id int PRIMARY KEY, extra text)")

    ran = await Drifted.sync_table()

    assert ran == []
    assert ran.drift == (Drift("column", "extra", "the table has it (text), the model has no such field."),)
