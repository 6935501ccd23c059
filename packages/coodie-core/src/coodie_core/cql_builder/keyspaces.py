"""Statements that define keyspaces."""

from __future__ import annotations

from collections.abc import Mapping

from coodie_core.cql_builder.parts import Cql
from coodie_core.exceptions import InvalidQueryError
from coodie_core.identifiers import checked_name, literal_text, quoted

#: The replication strategies that a keyspace can be given (Apache Cassandra, "CREATE KEYSPACE").
STRATEGIES = ("SimpleStrategy", "NetworkTopologyStrategy")


def build_create_keyspace(
    keyspace: str,
    *,
    replication_factor: int = 1,
    strategy: str = "SimpleStrategy",
    dc_replication_map: Mapping[str, int] | None = None,
    durable_writes: bool | None = None,
    tablets: bool | None = None,
    if_not_exists: bool = True,
) -> Cql:
    """Return CREATE KEYSPACE.

    Args:
        keyspace: Its name.
        replication_factor: On how many nodes each row is kept.
        strategy: ``"SimpleStrategy"`` or ``"NetworkTopologyStrategy"``.
        dc_replication_map: The replication factor of each data centre; implies ``NetworkTopologyStrategy``.
        durable_writes: False skips the commit log: faster, and lost when a node stops. None is the server's default.
        tablets: ScyllaDB only: whether its tables are split into tablets. None leaves the server's default.
        if_not_exists: Whether an existing keyspace is left as it is.

    Raises:
        InvalidQueryError: A name, a factor or the strategy cannot be.

    Example:
        >>> print(build_create_keyspace("shop", if_not_exists=False).cql)
        CREATE KEYSPACE "shop" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}
    """
    replication = _replication(keyspace, replication_factor, strategy, dc_replication_map)
    properties = _properties(replication, durable_writes, tablets)
    return Cql(
        f"CREATE KEYSPACE {'IF NOT EXISTS ' if if_not_exists else ''}{quoted(checked_name('keyspace', keyspace))}"
        f" WITH {properties}"
    )


def build_alter_keyspace(
    keyspace: str,
    *,
    replication_factor: int | None = None,
    strategy: str = "SimpleStrategy",
    dc_replication_map: Mapping[str, int] | None = None,
    durable_writes: bool | None = None,
) -> Cql:
    """Return ALTER KEYSPACE with the properties that are given; see `build_create_keyspace`.

    Not ``tablets``: ScyllaDB settles that when a keyspace is created, and refuses to alter it.

    Raises:
        InvalidQueryError: Nothing changes, or a name, a factor or the strategy cannot be.
    """
    replication = None
    if replication_factor is not None or dc_replication_map is not None:
        factor = 1 if replication_factor is None else replication_factor
        replication = _replication(keyspace, factor, strategy, dc_replication_map)
    properties = _properties(replication, durable_writes, None)
    if not properties:
        raise InvalidQueryError(
            f"alter_keyspace({keyspace!r}): nothing to change. Give replication_factor, "
            f"dc_replication_map or durable_writes."
        )
    return Cql(f"ALTER KEYSPACE {quoted(checked_name('keyspace', keyspace))} WITH {properties}")


def build_drop_keyspace(keyspace: str, *, if_exists: bool = True) -> Cql:
    """Return DROP KEYSPACE, which deletes all of its tables."""
    return Cql(f"DROP KEYSPACE {'IF EXISTS ' if if_exists else ''}{quoted(checked_name('keyspace', keyspace))}")


def _replication(keyspace: str, factor: int, strategy: str, by_data_centre: Mapping[str, int] | None) -> str:
    if strategy not in STRATEGIES:
        raise InvalidQueryError(
            f"keyspace {keyspace!r}: there is no replication strategy {strategy!r}. Use {' or '.join(STRATEGIES)}."
        )
    if by_data_centre is not None and not isinstance(by_data_centre, Mapping):
        raise InvalidQueryError(
            f'keyspace {keyspace!r}: give dc_replication_map as a dict, as in {{"dc1": 3}}, '
            f"not {type(by_data_centre).__name__}."
        )
    if by_data_centre is not None and not by_data_centre:
        raise InvalidQueryError(f"keyspace {keyspace!r}: dc_replication_map names no data centre.")
    factors = dict(by_data_centre) if by_data_centre else {"replication_factor": factor}
    for name, number in factors.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise InvalidQueryError(f"keyspace {keyspace!r}: {name} = {number!r}: give a whole number from 1.")
    chosen = "NetworkTopologyStrategy" if by_data_centre else strategy
    pairs = [("class", literal_text(chosen)), *((name, str(number)) for name, number in factors.items())]
    return "{" + ", ".join(f"{literal_text(name)}: {value}" for name, value in pairs) + "}"


def _properties(replication: str | None, durable_writes: bool | None, tablets: bool | None) -> str:
    given = {
        "replication": replication,
        "durable_writes": None if durable_writes is None else _truth("durable_writes", durable_writes),
        "tablets": None if tablets is None else "{'enabled': " + _truth("tablets", tablets) + "}",
    }
    return " AND ".join(f"{name} = {value}" for name, value in given.items() if value is not None)


def _truth(name: str, value: bool) -> str:
    if not isinstance(value, bool):
        raise InvalidQueryError(f"{name}={value!r}: give True or False.")
    return str(value).lower()
