"""The firewall: an SSH server on loopback, at which its commands run, and behind which the remote sites are."""

import socket
import subprocess  # noqa: TC003 - named in annotations, as everywhere
import threading
import time
from collections.abc import Callable, Mapping

from lab import faults, shell
from lab.folder import Folder
from lab.ssh_host import Open, Place, SshHost, make_key

USER = "admin"
SLOW_BANNER_S = 60
BACKLOG = 16


def lay_out(folder: Folder) -> None:
    """Make the client's two keys and the host's, unless they are there from an earlier start."""
    for path in (folder.client_key, folder.jump_key, folder.host_key):
        make_key(path)


class Gateway:
    """An SSH server on loopback that runs each command in the firewall's shell, and forwards to `doors`."""

    def __init__(self, folder: Folder, before_command: Callable[[], None], doors: Mapping[Place, Open]) -> None:
        self.folder = folder
        self.before_command = before_command
        self._host = SshHost(
            USER, folder.host_key, folder.client_key, self._start, jump_key=folder.jump_key, doors=doors
        )
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port: int = self._listener.getsockname()[1]

    def open(self) -> None:
        """Accept connections, each in a thread of its own."""
        threading.Thread(target=self._accept, daemon=True).start()

    def known_hosts_line(self) -> str:
        """The host key as production's known_hosts holds it."""
        return self._host.known_hosts_line(f"[127.0.0.1]:{self.port}")

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        if faults.of_source(self.folder.faults, "ssh") == "slow-banner":
            time.sleep(SLOW_BANNER_S)
        self._host.serve(connection)

    def _start(self, command: str) -> "subprocess.Popen[bytes]":
        self.before_command()
        return shell.start(self.folder.root, self.folder.programs, USER, command)
