"""Values of every CQL type, saved to a real server and read back: equal, of the same class, or refused beforehand.

One table has a column for each case. Its user-defined types have their fields in another order than the models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from budget import bounded
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.query import tuple_factory
from every_type import CASES, DURATIONS, exactly
from hypothesis import given
from pydantic import BaseModel

from coodie_core.codecs import Codec, codec_for, encode_param
from coodie_core.exceptions import UnstorableValue
from coodie_core.fields import Frozen
from coodie_core.types import CqlDuration, CqlType, cql_type

if TYPE_CHECKING:
    from coodie_testing import Server

EXAMPLES_OF_EACH_TYPE = 40

TYPES = {name: cql_type(case.annotation) for name, case in CASES.items()}
CODECS: dict[str, Codec] = {name: codec_for(case.annotation, (), TYPES[name]) for name, case in CASES.items()}


@pytest.fixture(scope="module")
def session(coodie_server: Server, coodie_keyspace: str) -> Iterator[Session]:
    """A session of the driver itself, which returns rows as tuples, with the table of all cases."""
    profile = ExecutionProfile(row_factory=tuple_factory, request_timeout=30)
    with Cluster(
        list(coodie_server.hosts),
        port=coodie_server.port,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        **coodie_server.arguments,
    ) as cluster:
        session = cluster.connect(coodie_keyspace)
        for statement in user_types(TYPES.values()):
            session.execute(statement)
        columns = ", ".join(f'"{name}" {kind}' for name, kind in TYPES.items())
        session.execute(f"CREATE TABLE everything (id int PRIMARY KEY, {columns})")
        yield session


def user_types(types: Any) -> list[str]:
    """Return the statements that create all user-defined types, those inside of others first."""
    statements: dict[str, None] = {}
    for kind in types:
        fields = dict(kind.fields or ())
        statements.update(dict.fromkeys(user_types([*kind.arguments, *fields.values()])))
        if fields:
            listed = ", ".join(f'"{name}" {fields[name]}' for name in reversed(fields))
            statements[f'CREATE TYPE "{kind.name}" ({listed})'] = None
    return list(statements)


Store = Callable[[str, Any], Any]


@pytest.fixture(scope="module")
def stored(session: Session) -> Store:
    """Give a function that saves one column, as the driver takes it, and returns what the driver reads back."""
    save = {name: session.prepare(f'INSERT INTO everything (id, "{name}") VALUES (0, ?)') for name in CASES}
    read = {name: session.prepare(f'SELECT "{name}" FROM everything WHERE id = 0') for name in CASES}

    def store(name: str, sent: Any) -> Any:
        session.execute(save[name], (sent,))
        ((received,),) = session.execute(read[name])
        return received

    return store


def decoded(name: str, received: Any) -> Any:
    decode = CODECS[name].decode
    return decode(received) if decode else received


def normalised(name: str, value: Any) -> Any:
    normalise = CODECS[name].normalise
    return normalise(value) if normalise else value


def check_reads_back(name: str, value: Any, received: Any) -> None:
    """Check that what was received is the value that was saved; an empty collection that is not frozen is null."""
    if received is None:
        assert TYPES[name].is_multicell
        assert not value
        return
    assert exactly(decoded(name, received)) == exactly(normalised(name, value))


EDGES = [
    pytest.param(name, edge, id=f"{name}-{number}")
    for name, case in CASES.items()
    for number, edge in enumerate(case.edges)
]


@pytest.mark.parametrize(("name", "value"), EDGES)
def test_a_value_at_the_edge_of_its_type_is_read_back(name: str, value: Any, stored: Store) -> None:
    encode = CODECS[name].encode
    assert encode is not None

    received = stored(name, encode(value))

    check_reads_back(name, value, received)


@pytest.mark.parametrize("name", CASES)
def test_any_value_is_read_back_or_refused(name: str, stored: Store) -> None:
    encode = CODECS[name].encode
    assert encode is not None

    @bounded(EXAMPLES_OF_EACH_TYPE)
    @given(CASES[name].values)
    def check(value: Any) -> None:
        try:
            sent = encode(value)
        except UnstorableValue:
            return
        check_reads_back(name, value, stored(name, sent))

    check()


STORED_BY_ANNOTATION = ("json_text", "base64", "inet")  # which raw CQL does not have


@pytest.mark.parametrize("name", [name for name in CASES if name not in STORED_BY_ANNOTATION])
def test_a_value_given_to_raw_cql_is_stored_as_the_same_field_would_be(name: str, stored: Store) -> None:
    for value in CASES[name].edges:
        check_reads_back(name, value, stored(name, encode_param(value)))


@pytest.mark.parametrize("duration", DURATIONS[:-1], ids=str)  # literals do not reach the last, bound values do
def test_a_durations_notation_is_the_servers(duration: CqlDuration, session: Session) -> None:
    session.execute(f"INSERT INTO everything (id, duration) VALUES (1, {duration})")

    ((received,),) = session.execute("SELECT duration FROM everything WHERE id = 1")

    assert decoded("duration", received) == duration


def test_a_type_is_written_as_the_server_writes_it(session: Session, coodie_keyspace: str) -> None:
    """Except for quotes, which the server leaves out where it can."""
    rows = session.execute(
        "SELECT column_name, type FROM system_schema.columns WHERE keyspace_name = %s AND table_name = 'everything'",
        (coodie_keyspace,),
    )
    written = {name: kind for name, kind in rows if name != "id"}

    assert written == {name: str(kind).replace('"', "") for name, kind in TYPES.items()}


def test_a_field_added_to_a_user_type_later_has_its_default_in_older_values(session: Session) -> None:
    class Grown(BaseModel):
        x: int
        y: int = 7

    session.execute("CREATE TYPE grown (x int)")
    session.execute("CREATE TABLE growing (id int PRIMARY KEY, value frozen<grown>)")
    session.execute("INSERT INTO growing (id, value) VALUES (1, {x: 1})")
    codec = codec_for(Annotated[Grown, Frozen()], (), CqlType("grown", fields=cql_type(Grown).fields, frozen=True))
    assert codec.decode is not None

    ((before,),) = session.execute("SELECT value FROM growing")
    session.execute("ALTER TYPE grown ADD y int")
    ((after,),) = session.execute("SELECT value FROM growing")

    assert codec.decode(before) == codec.decode(after) == Grown(x=1, y=7)
