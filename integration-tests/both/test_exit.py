"""A program ends at once and without a word, whatever its drivers are doing (trap 18).

Written by hand: each test is a program for both APIs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest
from programs import APIS, run_program

from coodie_testing import FaultProxy, Server

SOON_SECONDS = 4
"""The driver's package waits 5 seconds at the exit of a program that leaves a session open. Without that it is a tenth
of a second, on a machine that has nothing else to do."""

IN_BACKGROUND = """
        def in_background(call, *arguments, **keywords):
            def run():
                try:
                    do(call, *arguments, **keywords)
                except BaseException:
                    pass  # the program ends meanwhile
            threading.Thread(target=run, daemon=True).start()
"""


@pytest.fixture(scope="module")
def proxy(coodie_server: Server) -> Iterator[FaultProxy]:
    with FaultProxy(coodie_server) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def good_line(proxy: FaultProxy) -> Iterator[None]:
    yield
    proxy.clear()


def ends_soon(api: str, text: str, proxy: FaultProxy, before_it_ends: Callable[[], object] = int) -> None:
    program = f"{IN_BACKGROUND}{text.rstrip()}\n        print(time.monotonic())"
    ended = run_program(api, program, proxy.server.connect_arguments, before_it_ends=before_it_ends)
    now = time.monotonic()

    assert (ended.code, ended.complaints) == (0, ""), ended.complaints
    took = now - float(ended.output)
    assert took < SOON_SECONDS


@pytest.mark.parametrize("api", APIS)
def test_with_several_open_drivers(proxy: FaultProxy, api: str) -> None:
    ends_soon(
        api,
        """
        for name in ("one", "two", "three"):
            use(do(init_coodie, **arguments, name=name))
        """,
        proxy,
    )


@pytest.mark.parametrize("api", APIS)
def test_with_a_request_whose_answer_does_not_come(proxy: FaultProxy, api: str) -> None:
    fault = proxy.drop_reply(text="CREATE KEYSPACE", times=None)
    ends_soon(
        api,
        """
        driver = do(init_coodie, **arguments)
        use(driver)
        in_background(driver.execute, Statement("CREATE KEYSPACE IF NOT EXISTS system", prepared=False))
        sys.stdin.readline()
        """,
        proxy,
        fault.wait,
    )


@pytest.mark.parametrize("api", APIS)
def test_while_a_text_is_being_prepared(proxy: FaultProxy, api: str) -> None:
    fault = proxy.drop_reply(text="CREATE KEYSPACE", opcodes={"PREPARE"})
    ends_soon(
        api,
        """
        driver = do(init_coodie, **arguments)
        use(driver)
        in_background(driver.execute, Statement("CREATE KEYSPACE IF NOT EXISTS system"))
        sys.stdin.readline()
        """,
        proxy,
        fault.wait,
    )


@pytest.mark.parametrize("api", APIS)
def test_while_it_connects_to_a_server_that_says_nothing(proxy: FaultProxy, api: str) -> None:
    proxy.reset_counts()
    proxy.stall()

    def was_accepted() -> None:
        while not proxy.accepted:
            time.sleep(0.01)

    ends_soon(
        api,
        """
        in_background(init_coodie, **arguments, connect_timeout=0.2)  # an attempt that has begun is waited for
        sys.stdin.readline()
        """,
        proxy,
        was_accepted,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("api", APIS)
def test_in_a_child_that_has_a_connection_of_its_own(proxy: FaultProxy, api: str) -> None:
    ends_soon(
        api,
        """
        driver = do(init_coodie, **arguments)
        use(driver)
        child = os.fork()
        if not child:
            use(driver)
            sys.exit(0)
        began = time.monotonic()
        wait_for(child)
        assert time.monotonic() - began < 4
        """,
        proxy,
    )
