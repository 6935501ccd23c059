"""Which driver answers to which name."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import pytest

from coodie_core.exceptions import ConfigurationError
from coodie_core.registry import Registry


@dataclass(frozen=True, eq=False)
class Named:
    """All that the registry asks of a driver."""

    api: str


@pytest.fixture
def here() -> Registry[Named]:
    """The registry of an API of its own: what other tests have registered stays out of it."""
    return Registry(f"here-{uuid4().hex}")


@pytest.fixture
def there() -> Registry[Named]:
    return Registry(f"there-{uuid4().hex}")


def test_an_empty_registry_says_what_to_call(here: Registry[Named]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        here.get()

    assert f"Call coodie.{here.api}.init_coodie(hosts=[...], keyspace=...) first" in str(raised.value)


def test_the_driver_called_default_serves_who_names_none(here: Registry[Named]) -> None:
    driver, other = Named(here.api), Named(here.api)
    here.add("default", driver)
    here.add("other", other)

    assert here.get() is here.get(None) is here.get("default") is driver
    assert here.get("other") is other


def test_a_driver_becomes_the_default_only_when_asked_to(here: Registry[Named]) -> None:
    driver = Named(here.api)
    here.add("other", driver)
    with pytest.raises(ConfigurationError, match=r"no connection called 'default'.*Connections of .*: other"):
        here.get()

    here.add("other", driver, default=True)

    assert here.get() is driver


def test_adding_returns_who_had_the_name(here: Registry[Named]) -> None:
    first, second = Named(here.api), Named(here.api)

    assert here.add("default", first) is None
    assert here.add("default", second) is first
    assert here.get() is second


def test_a_removed_driver_loses_all_its_names_and_no_other_does(here: Registry[Named]) -> None:
    driver, other = Named(here.api), Named(here.api)
    here.add("a", driver)
    here.add("b", driver, default=True)
    here.add("default", other)

    here.remove(driver)

    for name in ("a", "b"):
        with pytest.raises(ConfigurationError, match=f"no connection called '{name}'"):
            here.get(name)
    assert here.get() is other


def test_removing_a_driver_that_was_replaced_leaves_the_new_one(here: Registry[Named]) -> None:
    old, new = Named(here.api), Named(here.api)
    here.add("default", old)
    here.add("default", new)

    here.remove(old)

    assert here.get() is new


def test_a_driver_of_the_other_api_is_refused(here: Registry[Named], there: Registry[Named]) -> None:
    with pytest.raises(ConfigurationError, match=rf"belongs to coodie\.{there.api}.*coodie\.{here.api}\.init_coodie"):
        here.add("default", Named(there.api))


def test_a_name_that_only_the_other_api_has_is_told(here: Registry[Named], there: Registry[Named]) -> None:
    name = f"reports-{uuid4().hex}"
    there.add(name, Named(there.api))

    with pytest.raises(ConfigurationError, match=rf"coodie\.{there.api} has one of that name"):
        here.get(name)


def test_both_apis_may_have_the_same_name(here: Registry[Named], there: Registry[Named]) -> None:
    ours, theirs = Named(here.api), Named(there.api)
    here.add("default", ours)
    there.add("default", theirs)

    assert here.get() is ours
    assert there.get() is theirs
