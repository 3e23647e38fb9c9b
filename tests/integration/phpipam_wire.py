"""A way to the database server that can be cut at a chosen moment."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

from resources.phpipam import Phpipam
from tests.integration.phpipam_case import PASSWORD, mysql_settings
from tests.services.process import HOST, PATIENCE_S


@dataclass
class Wire:
    """A way to the server that can be cut: `on_request` sees what the client sends and says whether to cut after it."""

    port: int
    server: tuple[str, int]
    on_request: Callable[[bytes], bool] = field(default=lambda _: False)

    def carry(self, client: socket.socket) -> None:
        """Carry one connection until either end closes it or `on_request` has it cut."""
        with suppress(OSError), closing(client), socket.create_connection(self.server) as server:
            is_cut = threading.Event()
            answers = threading.Thread(target=_pump, args=(server, client, is_cut), daemon=True)
            answers.start()
            while request := client.recv(65536):
                if self.on_request(request):
                    is_cut.set()
                server.sendall(request)
                if is_cut.is_set():
                    answers.join(PATIENCE_S)  # the server has acted, before the client can look what came of it
                    break
            for one in (server, client):
                one.shutdown(socket.SHUT_RDWR)  # closing alone says nothing while the other thread reads


def _pump(source: socket.socket, target: socket.socket, is_cut: threading.Event) -> None:
    try:
        while answer := source.recv(65536):
            if is_cut.is_set():
                return
            target.sendall(answer)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A listening wire to the server's port."""
    with socket.create_server((HOST, 0)) as listener:
        wire = Wire(listener.getsockname()[1], (HOST, port))

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=wire.carry, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield wire


def through(wire: Wire) -> Phpipam:
    """PhpIPAM at the other end of the wire."""
    return Phpipam(mysql_settings(wire.port), lambda: PASSWORD, "network.toml")


def at_the_loads_commit(
    act: Callable[[], object], insert: bytes = b"INSERT INTO ipaddresses"
) -> Callable[[bytes], bool]:
    """Cut the wire once, when a COMMIT that follows a request with `insert` is under way, after doing `act`."""
    seen: list[bytes] = []

    def cut(request: bytes) -> bool:
        seen.append(request)
        is_now = request.endswith(b"COMMIT") and any(insert in one for one in seen)
        if is_now:
            seen.clear()
            act()
        return is_now

    return cut
