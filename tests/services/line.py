"""A TCP line to a server that can be closed, silent, cut after so many bytes, or stalled there."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.services.ports import free_port
from tests.services.process import HOST

_LONGEST_STALL_S = 60


class Line:
    """A listening line. The faults may be set at any time; they hold for connections made from then on."""

    def __init__(self, server: int) -> None:
        self.port = free_port()
        self.cut_at: int | None = None
        """After so many bytes of answers a connection is closed; None: never."""
        self.stalls_at: int | None = None
        """After so many bytes of answers nothing moves any more; 0 is a black hole."""
        self.carried = 0
        """Bytes of answers that arrived over the latest connection."""
        self._server = server
        self._listener: socket.socket | None = None

    def open(self) -> None:
        """Listen."""
        self._listener = socket.create_server((HOST, self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Listen no more: connections are refused."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        self.carried = 0
        with suppress(OSError), client, socket.create_connection((HOST, self._server)) as server:
            threading.Thread(target=_pump, args=(client, server), daemon=True).start()
            self._answer(server, client)
            client.shutdown(socket.SHUT_RDWR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        limit = self.cut_at if self.stalls_at is None else self.stalls_at
        while limit is None or self.carried < limit:
            answer = server.recv(65536 if limit is None else limit - self.carried)
            if not answer:
                return
            self.carried += len(answer)  # before it arrives: whoever has the answer may ask for its length
            client.sendall(answer)
        until = time.monotonic() + _LONGEST_STALL_S
        while self.stalls_at is not None and time.monotonic() < until:
            time.sleep(0.05)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while sent := source.recv(65536):
            target.sendall(sent)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def running_line(server: int) -> Iterator[Line]:
    """An open line to a port of loopback, until the block ends."""
    line = Line(server)
    line.open()
    try:
        yield line
    finally:
        line.stalls_at = None
        line.close()
