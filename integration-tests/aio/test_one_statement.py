"""However many values there are, a shape of request is one text, prepared once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest
from budget import bounded
from driver_features import PACKAGE

from coodie_aio import CounterDocument, Document
from coodie_aio.sessions import SPECULATIVE_PROFILES, speculative_profile, speculative_profiles
from coodie_core.fields import ClusteringKey, Counter, PrimaryKey
from coodie_core.retrying import SpeculativePolicy

VALUES = bounded(100).max_examples
"""In an ordinary run; the core alone is tried with 10,000."""


class User(Document):
    id: Annotated[int, PrimaryKey()]
    name: Annotated[str, ClusteringKey()] = ""
    age: int = 0
    tags: set[str] = set()
    scores: dict[str, int] = {}


class Hits(CounterDocument):
    page: Annotated[str, PrimaryKey()]
    count: Annotated[int, Counter()] = 0


NOW = datetime.now(UTC)
SHAPES: dict[str, Callable[[int], Any]] = {
    "find by value": lambda n: User.find(id=n, name__gt=f"name {n}").all(),
    "find by lists of all lengths": lambda n: User.find(id__in=range(n % 50 + 1)).all(),
    "limit": lambda n: User.find(id=n).limit(n + 1).all(),
    "per_partition_limit": lambda n: User.find().per_partition_limit(n + 1).limit(3).all(),
    "token ranges": lambda n: User.find(id__token__gt=n * 1000).limit(2).all(),
    "save with a time to live": lambda n: User(id=n, name="a", age=n).save(ttl=n + 1),
    "save with a timestamp": lambda n: User(id=n, name="a", age=n).save(timestamp=NOW + timedelta(seconds=n)),
    "update of a value": lambda n: User.find(id=n, name="a").update(age=n),
    "update of collections": lambda n: User.find(id=n, name="a").update(tags__add={str(n)}, scores__put=(str(n), n)),
    "update if a value is one of many": lambda n: User.find(id=n, name="a").update(
        age=n, if_conditions={"age__in": list(range(n % 50 + 1))}
    ),
    "delete": lambda n: User.find(id=n, name=str(n)).delete(),
    "delete of elements": lambda n: User(id=n, name="a").delete_columns(collection_elements={"tags": str(n)}),
    "increment": lambda n: Hits(page=str(n)).increment(count=n + 1),
}


@pytest.fixture(autouse=True)
async def tables(coodie_aio_driver: Any) -> None:
    for model in (User, Hits):
        await model.sync_table()


@pytest.fixture
def prepared(coodie_aio_driver: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the driver has the server prepare from now on."""
    texts: list[str] = []
    prepare = coodie_aio_driver.session.prepare

    def recording(cql: str) -> Any:
        texts.append(cql)
        return prepare(cql)

    monkeypatch.setattr(coodie_aio_driver.session, "prepare", recording)
    return texts


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.needs(PACKAGE)
async def test_many_values_are_one_prepared_statement(shape: str, prepared: list[str]):
    for number in range(VALUES):
        await SHAPES[shape](number)

    assert len(prepared) == 1


@pytest.mark.needs(PACKAGE)
async def test_each_policy_for_slow_answers_is_one_profile_of_a_session(coodie_aio_driver: Any):
    session = coodie_aio_driver.session

    policies = [SpeculativePolicy(after=seconds) for seconds in range(1, 2 * SPECULATIVE_PROFILES)]
    for policy in policies:
        first = speculative_profile(session, policy)
        assert speculative_profile(session, SpeculativePolicy(policy.after)) is first
        assert len(speculative_profiles[session]) <= SPECULATIVE_PROFILES
    profiles = [speculative_profile(session, policy) for policy in policies[:3]]
    assert [profile.speculative_execution_policy.delay for profile in profiles] == [1, 2, 3]
