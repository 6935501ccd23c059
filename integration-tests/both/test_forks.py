"""After a fork the child connects by itself, and the parent is unharmed (trap 18): gunicorn, Celery, multiprocessing.

Written by hand: each test is a program for both APIs. A proxy between them and the server counts connections.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from programs import APIS, CONNECTING_IMPORTS_NOTHING, FORKS_WHILE_CONNECTING, Ended, run_program

from coodie_testing import FaultProxy, Server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.fixture(scope="module")
def proxy(coodie_server: Server) -> Iterator[FaultProxy]:
    with FaultProxy(coodie_server) as proxy:
        yield proxy


def run(api: str, text: str, proxy: FaultProxy, **more: Any) -> Ended:
    ended = run_program(api, text, {**proxy.server.connect_arguments, **more})
    assert (ended.code, ended.complaints) == (0, ""), ended.complaints
    return ended


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("ending", ["os._exit(0)", "sys.exit(0)"])
def test_the_child_connects_by_itself_and_the_parent_keeps_its_connections(
    proxy: FaultProxy, api: str, ending: str
) -> None:
    proxy.reset_counts()
    program = f"""
        driver = do(init_coodie, **arguments)
        use(driver)
        session = driver.session
        child = os.fork()
        if not child:
            use(driver)
            assert driver.session is not session
            {ending}
        wait_for(child)
        use(driver)
        assert driver.session is session
        assert not session.is_shutdown
    """

    run(api, program, proxy)

    connections_of_a_process = 2  # one to watch the cluster, one for requests
    assert proxy.accepted == 2 * connections_of_a_process, "the parent had to connect again"


@pytest.mark.parametrize("api", APIS)
def test_a_child_that_does_not_use_it_connects_to_nothing(proxy: FaultProxy, api: str) -> None:
    proxy.reset_counts()

    run(
        api,
        """
        driver = do(init_coodie, **arguments)
        use(driver)
        child = os.fork()
        if not child:
            sys.exit(0)
        wait_for(child)
        use(driver)
        """,
        proxy,
    )

    assert proxy.accepted == 2


@pytest.mark.parametrize("api", APIS)
def test_twenty_forks_in_a_row_while_threads_use_the_driver(proxy: FaultProxy, api: str) -> None:
    """The threads hold locks of the driver's package again and again; in a child nobody would ever release them."""
    run(
        api,
        """
        driver = do(init_coodie, **arguments)
        ended = threading.Event()
        failures = []

        def keep_busy():
            try:
                number = 0
                while not ended.is_set():
                    number += 1
                    text = f"SELECT key FROM system.local /* {threading.get_ident()} {number} */"
                    do(driver.execute, NODE if number % 4 else Statement(text))
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=keep_busy) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            child = os.fork()
            if not child:
                use(driver)
                do(driver.execute, Statement("SELECT key FROM system.local /* in the child */"))
                sys.exit(0)
            wait_for(child)
        ended.set()
        for thread in threads:
            thread.join()
        assert failures == []
        use(driver)
        """,
        proxy,
    )


@pytest.mark.parametrize("api", APIS)
def test_a_child_may_fork_and_close_and_the_others_go_on(proxy: FaultProxy, api: str) -> None:
    run(
        api,
        """
        driver = do(init_coodie, **arguments)
        use(driver)
        child = os.fork()
        if not child:
            use(driver)
            grandchild = os.fork()
            if not grandchild:
                do(driver.close)
                os._exit(0)
            wait_for(grandchild)
            use(driver)
            do(driver.close)
            sys.exit(0)
        wait_for(child)
        use(driver)
        do(driver.close)
        child = os.fork()
        if not child:
            try:
                use(driver)
            except ConfigurationError as error:
                assert "was closed" in str(error)
                do(driver.close)
                sys.exit(0)
        wait_for(child)
        """,
        proxy,
    )


@pytest.mark.parametrize("api", APIS)
def test_a_fork_while_the_driver_is_connecting(proxy: FaultProxy, api: str) -> None:
    run(api, FORKS_WHILE_CONNECTING, proxy)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("api", APIS)
def test_connecting_imports_nothing(proxy: FaultProxy, api: str, fast: bool) -> None:
    """In a child that was forked while a thread imports a module, that import is locked for ever."""
    run(api, CONNECTING_IMPORTS_NOTHING, proxy, fast=fast)


@pytest.mark.parametrize("api", APIS)
def test_processes_and_pools_of_multiprocessing(proxy: FaultProxy, api: str) -> None:
    run(
        api,
        """
        import multiprocessing

        def work(number):
            use(driver)
            return os.getpid()

        driver = do(init_coodie, **arguments)
        use(driver)
        fork = multiprocessing.get_context("fork")
        with fork.Pool(3) as pool:
            assert os.getpid() not in pool.map(work, range(12), chunksize=1)
            pool.close()
            pool.join()
        processes = [fork.Process(target=work, args=(number,)) for number in range(3)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0, 0, 0]
        use(driver)
        """,
        proxy,
    )


@pytest.mark.parametrize("api", APIS)
def test_a_session_of_ones_own_cannot_be_used_in_a_child(proxy: FaultProxy, api: str) -> None:
    run(
        api,
        """
        from cassandra.cluster import Cluster, ExecutionProfile, EXEC_PROFILE_DEFAULT
        from cassandra.policies import RoundRobinPolicy

        def open_cluster():
            profiles = {EXEC_PROFILE_DEFAULT: ExecutionProfile(RoundRobinPolicy())}
            return Cluster(execution_profiles=profiles, **arguments["cluster"])

        session = open_cluster().connect()
        driver = do(init_coodie, session=session)
        use(driver)
        child = os.fork()
        if not child:
            try:
                use(driver)
            except ConfigurationError as error:
                assert "opened by the process that forked this one" in str(error)
                assert "init_coodie() here" in str(error)
            else:
                sys.exit("the session of the parent was used")
            use(do(init_coodie, session=open_cluster().connect()))
            sys.exit(0)
        wait_for(child)
        use(driver)
        session.cluster.shutdown()
        """,
        proxy,
        cluster=proxy.server.cluster_arguments,
    )


@pytest.mark.parametrize("api", APIS)
def test_a_parent_that_closes_ends_its_connections_while_children_go_on(proxy: FaultProxy, api: str) -> None:
    run(
        api,
        """
        driver = do(init_coodie, **arguments)
        use(driver)
        ready, go = os.pipe(), os.pipe()
        child = os.fork()
        if not child:
            use(driver)
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            use(driver)
            sys.exit(0)
        os.read(ready[0], 1)
        do(driver.close)
        os.write(go[1], b"x")
        wait_for(child)
        """,
        proxy,
    )


def test_a_child_waits_for_no_answer_of_its_parent(proxy: FaultProxy) -> None:
    """Its answers under way arrive at the parent only: a loop that is gone on with in the child would wait for ever."""
    run(
        "sync",
        """
        from coodie_core.exceptions import ConnectionLost, OutcomeUnknown

        driver = do(init_coodie, **arguments)
        use(driver)
        under_way = driver.send(NODE)
        child = os.fork()
        if not child:
            try:
                under_way.answer()
            except ConnectionLost as error:
                assert not isinstance(error, OutcomeUnknown)
                assert "sent by the process that forked this one" in str(error)
                use(driver)
                os._exit(0)
            os._exit(1)
        wait_for(child)
        assert under_way.answer().rows == [("local",)]
        """,
        proxy,
    )


def test_a_block_of_many_writes_stays_the_parents(proxy: FaultProxy) -> None:
    keyspace = f"forks_{uuid4().hex}"
    run(
        "sync",
        f"""
        from typing import Annotated
        from coodie_core.exceptions import BulkWriteError, InvalidQueryError
        from coodie_core.fields import PrimaryKey
        from coodie_sync import Document, bulk, create_keyspace, drop_keyspace

        class Item(Document):
            id: Annotated[int, PrimaryKey()]

            class Settings:
                keyspace = "{keyspace}"

        driver = do(init_coodie, **arguments)
        create_keyspace("{keyspace}")
        Item.sync_table()
        with bulk() as writes:
            for number in range(100):
                writes.save(Item(id=number))
            child = os.fork()
            if not child:
                try:
                    writes.save(Item(id=-1))
                except InvalidQueryError as error:
                    assert "for its process" in str(error)
                    try:
                        writes.__exit__(None, None, None)
                    except BulkWriteError:
                        pass  # of rows that were under way, the child knows nothing
                    os._exit(0)
                os._exit(1)
            wait_for(child)
            writes.save(Item(id=100))
        assert writes.report.applied == 101
        assert Item.find().count() == 101
        drop_keyspace("{keyspace}")
        """,
        proxy,
    )
