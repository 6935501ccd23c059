"""Drivers other than scylla-driver, in programs of their own: forks, exits, and packages that are not installed.

Written by hand: each test is a program for both APIs.
"""

from __future__ import annotations

import os
import time

import pytest
from driver_features import FEATURES, FORKS, RUST
from programs import APIS, run_program

from coodie_testing import Server

SOON_SECONDS = 4

WITHOUT_ITS_PACKAGE = """
    import sys
    sys.modules["scylla"] = None
    try:
        do(init_coodie, **arguments)
    except ConfigurationError as error:
        print(error)
"""
IMPORTED = """
    import sys
    use(do(init_coodie, **{**arguments, "driver_type": "scylla"}))
    print("scylla" in sys.modules)
"""
FORKED = """
    driver = do(init_coodie, **arguments)
    use(driver)
    child = os.fork()
    if not child:
        for use_it in (lambda: use(driver), lambda: do(init_coodie, **arguments, name="new")):
            try:
                use_it()
            except ConfigurationError as error:
                print(error, flush=True)
        {ending}
    wait_for(child)
    use(driver)
"""
FORKED_BEFORE = """
    child = os.fork()
    if not child:
        use(do(init_coodie, **arguments))
        sys.exit(0)
    wait_for(child)
    use(do(init_coodie, **arguments))
"""
LEFT_OPEN = """
    for name in ("one", "two"):
        use(do(init_coodie, **arguments, name=name))
    print(time.monotonic())
"""


@pytest.fixture
def arguments(coodie_server: Server) -> dict[str, object]:
    return {"hosts": list(coodie_server.hosts), "port": coodie_server.port, "driver_type": RUST}


def output_of(api: str, program: str, arguments: dict[str, object]) -> str:
    ended = run_program(api, program, arguments)
    assert (ended.code, ended.complaints) == (0, ""), ended.complaints
    return ended.output


@pytest.mark.parametrize("api", APIS)
def test_a_driver_that_is_not_installed_is_told_with_its_extra(api: str, arguments: dict[str, object]) -> None:
    said = output_of(api, WITHOUT_ITS_PACKAGE, arguments)

    assert f"pip install 'coodie-{api}[rust]'" in said


@pytest.mark.parametrize("api", APIS)
def test_a_driver_that_is_not_used_is_not_imported(api: str, arguments: dict[str, object]) -> None:
    assert output_of(api, IMPORTED, arguments) == "False\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("ending", ["os._exit(0)", "sys.exit(0)"])
def test_a_forked_process_is_told_and_does_not_wait_forever(
    api: str, ending: str, arguments: dict[str, object]
) -> None:
    said = output_of(api, FORKED.format(ending=ending), arguments).splitlines()

    assert FEATURES[FORKS][RUST].words in said[0]
    assert FEATURES[FORKS][RUST].words in said[1]
    assert len(said) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("api", APIS)
def test_processes_that_connect_after_the_fork_use_it(api: str, arguments: dict[str, object]) -> None:
    assert output_of(api, FORKED_BEFORE, arguments) == ""


@pytest.mark.parametrize("api", APIS)
def test_a_program_ends_at_once_with_open_drivers(api: str, arguments: dict[str, object]) -> None:
    began_to_end = float(output_of(api, LEFT_OPEN, arguments))

    assert time.monotonic() - began_to_end < SOON_SECONDS
