"""Sync and async are one API: names, signatures, docstrings. And a name is one object whichever way it is imported."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from types import ModuleType
from typing import Any

import pytest
from generate_sync import translate

import coodie
import coodie.aio
import coodie.sync
import coodie_aio
import coodie_sync

# Modules of the meta-package, and where their names come from.
SHARED_MODULES = ["cql_builder", "exceptions", "expressions", "fields", "paging_tokens", "results", "schema", "types"]

PROTOCOLS = {"__init__", "__iter__", "__next__", "__len__", "__enter__", "__exit__", "__await__"}


def public_names(namespace: object) -> list[str]:
    """Return the names that *namespace* gives to others: ``__all__``, or what has no underscore and is no module."""
    listed: list[str] | None = getattr(namespace, "__all__", None)
    return sorted(listed or [name for name, value in vars(namespace).items() if is_public(name, value)])


def is_public(name: str, value: object) -> bool:
    return not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"


def modules(package: ModuleType) -> list[ModuleType]:
    """Return all modules of *package*, those written by hand excepted."""
    names = [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return [importlib.import_module(name) for name in names if ".drivers" not in name]


def surface(package: ModuleType) -> dict[str, tuple[str, str]]:
    """Return signature and docstring of all that *package* defines, by qualified name, in words of sync code."""
    described: dict[str, tuple[str, str]] = {}
    for module in modules(package):
        for name, value in public_definitions(module).items():
            described[translate(name)] = description(value)
            if inspect.isclass(value):
                described |= {
                    translate(f"{name}.{member}"): description(inspect.getattr_static(value, member))
                    for member in members_of(value)
                }
    return described


def public_definitions(module: ModuleType) -> dict[str, Any]:
    """Return the public classes and functions that *module*, or a part of it, defines."""
    return {
        name: getattr(module, name)
        for name in public_names(module)
        if inspect.isclass(getattr(module, name)) or inspect.isfunction(getattr(module, name))
        if getattr(module, name).__module__.startswith(module.__name__)
    }


def members_of(cls: type) -> list[str]:
    """Return what *cls* and its bases inside coodie define: public names, and the protocols that differ by API."""
    return sorted(
        {
            name
            for base in cls.__mro__
            if base.__module__.startswith("coodie")
            for name, value in vars(base).items()
            if callable(getattr(value, "__func__", value)) or isinstance(value, property)
            if not name.startswith("_") or translate(name) in PROTOCOLS
        }
    )


def description(value: object) -> tuple[str, str]:
    """Return signature and docstring in words of sync code, and without addresses in memory."""
    function = getattr(value, "__func__", value)
    try:
        signature = str(inspect.signature(function)) if callable(function) else type(value).__name__
    except ValueError:
        signature = "built in"
    return re.sub(r" at 0x\w+", "", translate(signature)), translate(inspect.getdoc(function) or "")


def test_the_two_packages_export_the_same_names() -> None:
    assert [translate(name) for name in public_names(coodie_aio)] == public_names(coodie_sync)


@pytest.mark.parametrize("api", [coodie_aio, coodie_sync])
def test_the_guide_finds_its_names(api: ModuleType) -> None:
    batch = "AsyncBatchQuery" if api is coodie_aio else "BatchQuery"

    assert {
        *("Document", "CounterDocument", "MaterializedView", "QuerySet", batch),
        *("init_coodie", "register_driver", "get_driver", "execute_raw"),
        *("create_keyspace", "alter_keyspace", "drop_keyspace"),
    } <= set(public_names(api))


def test_names_signatures_and_docstrings_are_the_same() -> None:
    assert surface(coodie_sync) == surface(coodie_aio)


def test_the_surface_holds_the_methods_that_users_call() -> None:
    assert {"Document.save", "Document.get", "QuerySet.all", "BatchQuery.execute", "init_coodie"} <= set(
        surface(coodie_sync)
    )


@pytest.mark.parametrize(("front", "package"), [(coodie.sync, coodie_sync), (coodie.aio, coodie_aio)])
def test_the_front_gives_the_very_objects_of_the_package(front: ModuleType, package: ModuleType) -> None:
    assert public_names(front) == public_names(package)
    for name in public_names(package):
        assert getattr(front, name) is getattr(package, name), name


@pytest.mark.parametrize("module", SHARED_MODULES)
def test_shared_modules_give_the_very_objects_of_the_core(module: str) -> None:
    front, core = importlib.import_module(f"coodie.{module}"), importlib.import_module(f"coodie_core.{module}")

    assert public_names(front)
    for name in public_names(front):
        assert getattr(front, name) is getattr(core, name), name


@pytest.mark.parametrize("module", ["cql_builder", "exceptions", "expressions", "fields", "results"])
def test_shared_modules_leave_out_nothing_that_the_core_has(module: str) -> None:
    front, core = importlib.import_module(f"coodie.{module}"), importlib.import_module(f"coodie_core.{module}")

    assert public_names(front) == sorted(public_definitions(core))


def test_both_batch_classes_have_one_home() -> None:
    batch = importlib.import_module("coodie.batch")

    assert batch.BatchQuery is coodie_sync.BatchQuery
    assert batch.AsyncBatchQuery is coodie_aio.AsyncBatchQuery


def test_the_top_level_gives_the_async_names_and_what_both_share() -> None:
    for name in set(public_names(coodie_aio)) - {"UserType"}:
        assert getattr(coodie, name) is getattr(coodie_aio, name), name
    for module in ["fields", "exceptions", "results"]:
        front = importlib.import_module(f"coodie.{module}")
        for name in public_names(front):
            assert getattr(coodie, name) is getattr(front, name), name
    assert coodie.BatchQuery is coodie_sync.BatchQuery


def test_the_user_type_at_the_top_serves_both_apis() -> None:
    both: Any = importlib.import_module("coodie.usertype").UserType

    assert coodie.UserType is both
    assert inspect.iscoroutinefunction(both.sync_type_async)
    assert not inspect.iscoroutinefunction(both.sync_type)
    assert issubclass(both, coodie_sync.UserType)
