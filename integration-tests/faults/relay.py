"""A road to a server that counts who comes along: it passes on bytes, whatever they say."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from coodie_testing import Server

CHUNK_BYTES = 65_536


class Relay:
    """Listens on a free port of this machine inside its `with` block, and connects each client to the server.

    Args:
        server: The server.

    Attributes:
        accepted: How many connections were made to it.
        server: The server, as it is reached along this road.
    """

    def __init__(self, server: Server) -> None:
        self._upstream = server.hosts[0], server.port
        self._listening = socket.create_server((server.hosts[0], 0))
        self._open: set[socket.socket] = set()
        self.accepted = 0
        self.server = replace(server, port=self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for end in (self._listening, *self._open):
            with suppress(OSError):  # it has been hung up
                end.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listening socket was closed
            while True:
                client, _ = self._listening.accept()
                self.accepted += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(self._upstream) as upstream:
            ends = {client, upstream}
            self._open |= ends
            back = threading.Thread(target=carry, args=(upstream, client), daemon=True)
            back.start()
            carry(client, upstream)
            back.join()  # also where the server has hung up: its last words are for the client
            self._open -= ends


def carry(source: socket.socket, target: socket.socket) -> None:
    """Pass on what *source* sends until it sends no more, and tell *target* so."""
    with suppress(OSError):  # either side has hung up
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
