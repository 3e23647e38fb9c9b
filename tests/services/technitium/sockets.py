"""The two sockets of one DNS server on loopback, a thread to each connection."""

import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from tests.services.process import HOST

_SEND_BUFFER = 16 * 1024  # small, so that a client that does not read is noticed as it would be over a network
_LONGEST = 65535
_OWN = 2  # the sockets that listen

Answering = Callable[[bytes, bool], Iterable[bytes]]
"""The messages that answer one, given whether it came over TCP; none at all is silence."""


class Sockets:
    """Listens at one port of loopback, UDP and TCP, from `open` to `close`, and again."""

    def __init__(self, port: int, answering: Answering, receive_timeout_s: float, send_timeout_s: float) -> None:
        self.port = port
        self._answering = answering
        self._receive_timeout_s = receive_timeout_s
        self.send_timeout_s = send_timeout_s
        """Of a whole answer; it may be set at any time."""
        self._open: set[socket.socket] = set()

    def open(self) -> None:
        """Listen."""
        datagrams = socket.socket(type=socket.SOCK_DGRAM)
        datagrams.bind((HOST, self.port))
        listener = socket.create_server((HOST, self.port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._open = {datagrams, listener}
        threading.Thread(target=self._serve_datagrams, args=(datagrams,), daemon=True).start()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    @property
    def is_serving(self) -> bool:
        """Whether a connection is open."""
        return len(self._open) > _OWN

    def close(self) -> None:
        """Listen no more, and end every connection."""
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _serve_datagrams(self, datagrams: socket.socket) -> None:
        while True:
            try:
                question, address = datagrams.recvfrom(_LONGEST)
                for answer in self._answering(question, False):  # noqa: FBT003 - a callable's parameters have no names
                    datagrams.sendto(answer, address)
            except OSError:
                return

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            self._open.add(stream)
            threading.Thread(target=self._serve_stream, args=(stream,), daemon=True).start()

    def _serve_stream(self, stream: socket.socket) -> None:
        with suppress(OSError), stream, stream.makefile("rb") as reader:
            stream.settimeout(self._receive_timeout_s)
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while length := reader.read(2):
                question = reader.read(int.from_bytes(length, "big"))
                self._send(stream, self._answering(question, True))  # noqa: FBT003 - as above
        self._open.discard(stream)

    def _send(self, stream: socket.socket, answers: Iterable[bytes]) -> None:
        """All the answers, within one time limit for the whole of them; `TimeoutError` cuts the connection."""
        end = time.monotonic() + self.send_timeout_s
        for answer in answers:
            stream.settimeout(max(end - time.monotonic(), 0.001))
            stream.sendall(len(answer).to_bytes(2, "big") + answer)
        stream.settimeout(self._receive_timeout_s)
