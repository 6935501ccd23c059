"""The name and password of a role."""

from __future__ import annotations

from typing import NamedTuple


class Credentials(NamedTuple):
    """With what to log in."""

    username: str
    password: str


BUILT_IN = Credentials("cassandra", "cassandra")
"""Cassandra's own superuser. It can log in only while most replicas of all roles are alive; other roles need one."""

SUPERUSER = Credentials("coodie", "coodie")
"""The superuser of nodes that ask for passwords."""
