"""One server for all workers of pytest-xdist.

The process that started the workers starts the server too, when the first worker asks for it. So the server outlives
every worker, also one that crashes, and ends with the run.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import Client, Listener
from threading import Thread
from typing import TypeAlias

from coodie_testing.choice import choose_server
from coodie_testing.config import NodeConfig
from coodie_testing.errors import CoodieTestingError
from coodie_testing.server import Server

Answer: TypeAlias = Server | str
"""The server, or why there is none."""

MOST_WORKERS_WAITING = 64
KEY_BYTES = 32


class SharedServer:
    """Starts a server when somebody first asks for one, and gives the same one to all who ask for the like.

    It answers on a thread, from when it is made to `close()`.

    Attributes:
        address: Where to ask.
        key: What one who asks must know.
    """

    def __init__(self) -> None:
        self.key: bytes = os.urandom(KEY_BYTES)
        self._listener = Listener(authkey=self.key, backlog=MOST_WORKERS_WAITING)
        self.address: str = str(self._listener.address)
        self._answers: list[tuple[NodeConfig, Answer]] = []
        self._thread = Thread(target=self._answer_all, name="coodie-shared-server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the server, if it was started, and answer no more."""
        with Client(self.address, authkey=self.key) as connection:
            connection.send(None)
        self._thread.join()

    def _answer_all(self) -> None:
        with self._listener, ExitStack() as running:
            while self._answer_next(running):
                pass

    def _answer_next(self, running: ExitStack) -> bool:
        """Answer one question, and return whether there may be more."""
        try:
            with self._listener.accept() as connection:
                wanted: NodeConfig | None = connection.recv()
                if wanted is None:
                    return False
                connection.send(self._server_like(wanted, running))
        except (EOFError, OSError):  # who asked is gone
            pass
        return True

    def _server_like(self, wanted: NodeConfig, running: ExitStack) -> Answer:
        for config, given in self._answers:
            if config == wanted:
                return given
        answer = _answer_to(wanted, running)
        self._answers.append((wanted, answer))
        return answer


def _answer_to(wanted: NodeConfig, running: ExitStack) -> Answer:
    try:
        return _for_other_processes(running.enter_context(choose_server(wanted)))
    except Exception as error:  # whatever it is, the worker tells it
        return str(error) or repr(error)


def _for_other_processes(server: Server) -> Server:
    """Return what another process can be told of *server*: all but the process itself."""
    if server.node is None:
        return server
    return replace(server, node=None, origin=f"{server.origin} (log: {server.node.log.path})")


def server_of_run(address: str, key: bytes, config: NodeConfig) -> Server:
    """Return the server that the workers share.

    Args:
        address: `SharedServer.address`.
        key: `SharedServer.key`.
        config: How to start a Cassandra of this machine, if it comes to that and none like it runs.

    Raises:
        CoodieTestingError: There is none; the message says why.
    """
    with Client(address, authkey=key) as connection:
        connection.send(config)
        answer: Answer = connection.recv()
    if isinstance(answer, str):
        raise CoodieTestingError(answer)
    return answer
