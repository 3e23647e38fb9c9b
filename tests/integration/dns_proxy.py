"""A name server between us and BIND that misbehaves on purpose: it drops, cuts or alters what passes through."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.services.process import HOST

Fault = Callable[[bytes], bytes | None]
"""What becomes of one message: another one, or None for silence."""

CLOSE = b""  # instead of a message: the connection is closed
_PATIENCE_S = 10


def unchanged(message: bytes) -> bytes:
    """No fault."""
    return message


def nothing(_: bytes) -> bytes | None:
    """The proxy has no answer of its own."""
    return None


def is_update(message: bytes) -> bool:
    """Whether a message's opcode is UPDATE (RFC 2136 section 2.2)."""
    return (message[2] >> 3) & 0xF == 5


@dataclass
class Proxy:
    """Relays DNS over TCP. `question` and `answer` may be set to faults at any time; `questions` are what came.

    What `instead` gives is the answer to a message that the server never sees.
    """

    port: int
    question: Fault = unchanged
    answer: Fault = unchanged
    instead: Fault = nothing
    questions: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextmanager
def running_proxy(upstream: int) -> Iterator[Proxy]:
    """A proxy in front of the name server at this port of loopback."""
    with socket.create_server((HOST, 0)) as listener:
        proxy = Proxy(listener.getsockname()[1])
        threading.Thread(target=_accept, args=(listener, proxy, upstream), daemon=True).start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, proxy: Proxy, upstream: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        proxy.connections += 1
        threading.Thread(target=_serve, args=(client, proxy, upstream), daemon=True).start()


def _serve(client: socket.socket, proxy: Proxy, upstream: int) -> None:
    def answered(message: bytes) -> bytes | None:
        return proxy.answer(message)

    def asked(message: bytes) -> bytes | None:
        proxy.questions.append(message)
        own = proxy.instead(message)
        if own is not None:
            client.sendall(len(own).to_bytes(2, "big") + own)
            return None
        return proxy.question(message)

    with suppress(OSError), client, socket.create_connection((HOST, upstream), timeout=_PATIENCE_S) as server:
        client.settimeout(_PATIENCE_S)
        threading.Thread(target=_relay, args=(server, client, answered), daemon=True).start()
        _relay(client, server, asked)


def _relay(source: socket.socket, target: socket.socket, fault: Fault) -> None:
    reader = source.makefile("rb")
    try:
        while length := reader.read(2):
            passed = fault(reader.read(int.from_bytes(length, "big")))
            if passed == CLOSE:
                break
            if passed is not None:
                target.sendall(len(passed).to_bytes(2, "big") + passed)
    except OSError:
        pass
    for stream in (source, target):
        try:
            stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
