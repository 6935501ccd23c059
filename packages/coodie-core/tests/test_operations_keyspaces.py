"""Keyspaces: one statement each, with nothing in it that was not checked."""

from __future__ import annotations

import pytest

from coodie_core.exceptions import InvalidQueryError
from coodie_core.operations import keyspaces
from coodie_core.statement import Statement

DEFAULTS = {
    "replication_factor": 1,
    "strategy": "SimpleStrategy",
    "dc_replication_map": None,
    "durable_writes": None,
    "tablets": None,
}


def test_create(start):
    conversation = start(keyspaces.create("shop", **{**DEFAULTS, "replication_factor": 3}))

    assert conversation.request == Statement(
        'CREATE KEYSPACE IF NOT EXISTS "shop" WITH replication = '
        "{'class': 'SimpleStrategy', 'replication_factor': 3}",
        prepared=False,
    )
    assert conversation.answer().result is None


def test_alter(start):
    conversation = start(
        keyspaces.alter(
            "shop",
            replication_factor=None,
            strategy="SimpleStrategy",
            dc_replication_map={"dc1": 3},
            durable_writes=False,
        )
    )

    assert conversation.request == Statement(
        "ALTER KEYSPACE \"shop\" WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3} "
        "AND durable_writes = false",
        prepared=False,
    )


def test_drop(start):
    assert start(keyspaces.drop("shop")).request == Statement('DROP KEYSPACE IF EXISTS "shop"', prepared=False)


@pytest.mark.parametrize(
    ("keyspace", "reason"),
    [
        ("", "a name has letters, digits and underscores only, and at least one."),
        ('a"; DROP KEYSPACE b; --', "a name has letters, digits and underscores only, and at least one."),
        ("x" * 49, "a name has at most 48 characters, this one 49."),
    ],
)
def test_names_that_no_keyspace_can_have_are_refused(start, keyspace, reason):
    for operation in (keyspaces.create(keyspace, **DEFAULTS), keyspaces.drop(keyspace)):
        with pytest.raises(InvalidQueryError) as refused:
            start(operation)

        assert str(refused.value) == f"keyspace {keyspace!r}: {reason}"
