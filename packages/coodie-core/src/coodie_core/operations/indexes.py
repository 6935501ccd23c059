"""Which indexes a table lacks, has in another way, or has although the model does not ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from coodie_core.cql_builder import build_create_index, build_drop_index
from coodie_core.cql_builder.tables import INDEX_CLASSES
from coodie_core.fields import Indexed, VectorIndex
from coodie_core.operations.live_schema import LiveIndex
from coodie_core.results import Drift
from coodie_core.schema import Table

_REPLACE = "sync_table(drop_removed_indexes=True)"


@dataclass(frozen=True, slots=True)
class WantedIndex:
    """An index that the model asks for.

    Attributes:
        name: Its name, if it has to be created.
        column: What it is on.
        marker: Its class, options and target.
    """

    name: str
    column: str
    marker: Indexed

    @property
    def as_live(self) -> LiveIndex:
        """The index as ``system_schema.indexes`` would have it, in the words of `_plain`."""
        target = self.marker.target
        on = f"{target.lower()}({self.column})" if target and target != "VALUES" else self.column
        return _plain(LiveIndex(on, self.marker.index_class, dict(self.marker.options or {})))


def wanted_indexes(table: Table, *, scylladb: bool) -> list[WantedIndex]:
    """Return the indexes of the model; an index for searches by nearness is of the server's own class."""
    wanted: list[WantedIndex] = []
    for column in table.columns:
        marker = column.indexed if column.vector_index is None else vector_marker(column.vector_index, scylladb)
        if marker is not None:
            name = marker.index_name or f"{table.name}_{column.name}_idx"
            wanted.append(WantedIndex(name, column.name, marker))
    return wanted


def vector_marker(index: VectorIndex, scylladb: bool) -> Indexed:
    """Return the index of ScyllaDB (``vector_index``) or Apache Cassandra (SAI) that serves ``ORDER BY ... ANN OF``."""
    index_class = "vector_index" if scylladb else "SAI"
    return Indexed(index_class=index_class, options={"similarity_function": index.similarity_function})


def index_changes(
    wanted: list[WantedIndex], table: str, keyspace: str, live: Mapping[str, LiveIndex], *, drop_removed: bool
) -> Iterator[str | Drift]:
    """Yield the CQL that makes the indexes what the model says, and what is left as it is."""
    existing = {name: _plain(index) for name, index in live.items()}
    satisfied = {item.name: _found(item, existing) for item in wanted}
    others = existing.keys() - satisfied.values()
    for name in sorted(others):
        if drop_removed:
            yield build_drop_index(name, keyspace).cql
        else:
            difference = f"{_described(existing[name])}: no field of the model asks for it. {_REPLACE} drops it."
            yield Drift("index", name, difference)
    for item in wanted:
        if satisfied[item.name] is not None:
            continue
        in_the_way = next((name for name in others if _excludes(item, name, existing[name])), None)
        if in_the_way is None or drop_removed:
            yield build_create_index(table, keyspace, column=item.column, name=item.name, index=item.marker).cql
        else:
            yield Drift(
                "index",
                item.name,
                f"the model wants one {_described(item.as_live)}, which {in_the_way} keeps from being created. "
                f"{_REPLACE} replaces it.",
            )


def _found(item: WantedIndex, existing: Mapping[str, LiveIndex]) -> str | None:
    """Return the name of the live index that is as the model wants it, whatever it is called."""
    return next((name for name, index in existing.items() if index == item.as_live), None)


def _excludes(item: WantedIndex, name: str, other: LiveIndex) -> bool:
    """Whether the server would refuse the index, or take it for made, beside another one."""
    wanted = item.as_live
    return name == item.name or (other.target, other.class_name) == (wanted.target, wanted.class_name)


def _plain(index: LiveIndex) -> LiveIndex:
    """Return an index without quotes, packages and short names; one on a collection's values is one on the column."""
    target = index.target.replace('"', "")
    target = target[len("values(") : -1] if target.startswith("values(") else target
    options = {name: str(value).casefold() for name, value in index.options.items()}
    return LiveIndex(target, _plain_class(index.class_name), options)


def _plain_class(name: str | None) -> str | None:
    return None if name is None else INDEX_CLASSES.get(name.upper(), name).rpartition(".")[2].casefold()


def _described(index: LiveIndex) -> str:
    custom = f" of the class {index.class_name}" if index.class_name else ""
    options = f" with {dict(index.options)}" if index.options else ""
    return f"on {index.target}{custom}{options}"
