"""An SSH server: public keys only, one user, commands only, never a terminal; and it may forward to other hosts."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
)

from lab.folder import write_whole

COMMAND_LIMIT_S = 120
POLL_S = 1.0
Place = tuple[str, int]
Open = Callable[[], socket.socket]
"""Makes a connection to another host. Raises `ConnectionRefusedError` where nobody listens."""


def make_key(path: Path) -> None:
    """Make a private key, unless it is there from an earlier start."""
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        write_whole(path, pem.decode(), mode=0o600)


@dataclass(frozen=True)
class SshHost:
    """What an SSH server is and whom it lets in: `client_key` to run commands, `jump_key` to pass to `doors` alone.

    `start` starts one command; `output_limit` says after how many bytes of it the line breaks (None: never).
    """

    user: str
    host_key_file: Path
    client_key: Path
    start: Callable[[str], "subprocess.Popen[bytes]"]
    output_limit: Callable[[], int | None] = lambda: None
    jump_key: Path | None = None
    doors: Mapping[Place, Open] = field(default_factory=dict)

    @property
    def host_key(self) -> paramiko.Ed25519Key:
        """The key it shows."""
        return paramiko.Ed25519Key(filename=str(self.host_key_file))

    def known_hosts_line(self, name: str) -> str:
        """The host key as production's known_hosts holds it, under `host` or `[host]:port`."""
        return f"{name} {self.host_key.get_name()} {self.host_key.get_base64()}\n"

    def serve(self, connection: socket.socket) -> None:
        """One client, until it goes away."""
        # A client that hangs up is normal here; without a handler paramiko's warnings would go to stderr.
        logging.getLogger("paramiko").addHandler(logging.NullHandler())
        transport = paramiko.Transport(connection)
        transport.add_server_key(self.host_key)
        session = _Session(self)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):  # a client may go away at any moment
            transport.start_server(server=session)
            while transport.is_active():
                session.forward(transport.accept(POLL_S))


class _Session(paramiko.ServerInterface):
    """What one connection may do; everything not named here paramiko's default refuses."""

    def __init__(self, host: SshHost) -> None:
        self.host = host
        self.may_jump = False
        self._opened: dict[int, socket.socket] = {}
        self._held: list[paramiko.Channel] = []

    def get_allowed_auths(self, username: str) -> str:
        """Keys, and nothing else."""
        del username
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Success for the one user, with the lab's client key or its jump key."""
        self.may_jump = self.host.jump_key is not None and _is(key, self.host.jump_key)
        is_known = self.may_jump or _is(key, self.host.client_key)
        return AUTH_SUCCESSFUL if username == self.host.user and is_known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """A session, but not for a key that may only jump."""
        del chanid
        return OPEN_SUCCEEDED if kind == "session" and not self.may_jump else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_direct_tcpip_request(self, chanid: int, origin: Place, destination: Place) -> int:
        """A way to one of the doors, for the key that may jump."""
        del origin
        door = self.host.doors.get(destination)
        if door is None or not self.may_jump:
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        try:
            self._opened[chanid] = door()
        except ConnectionRefusedError:
            return OPEN_FAILED_CONNECT_FAILED
        return OPEN_SUCCEEDED

    def forward(self, channel: paramiko.Channel | None) -> None:
        """Join a channel that was opened with what is behind its door; a session's needs no joining."""
        if channel is None:
            return
        self._held.append(channel)  # paramiko itself holds it weakly, and closes what nobody holds
        connection = self._opened.pop(channel.chanid, None)
        if connection is None:
            return
        for copy in (_outward, _inward):
            threading.Thread(target=copy, args=(channel, connection), daemon=True).start()

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Start the command once this request is answered."""
        arguments = (self.host, channel, command.decode("utf-8", "replace"))
        threading.Thread(target=_run, args=arguments, daemon=True).start()
        return True


def _is(key: paramiko.PKey, file: Path) -> bool:
    return key.asbytes() == paramiko.Ed25519Key(filename=str(file)).asbytes()


def _outward(channel: paramiko.Channel, connection: socket.socket) -> None:
    """From the client to the host behind the door, until either has had enough."""
    with contextlib.suppress(OSError):
        while chunk := channel.recv(65536):
            connection.sendall(chunk)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _inward(channel: paramiko.Channel, connection: socket.socket) -> None:
    """The other way; who ends first ends both."""
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException), connection:
        while chunk := connection.recv(65536):
            channel.sendall(chunk)
        channel.close()


def _run(host: SshHost, channel: paramiko.Channel, command: str) -> None:
    """Run one command to its end, its three streams on the channel, and give its exit status."""
    process = host.start(command)
    stdin, stdout, stderr = (cast("IO[bytes]", pipe) for pipe in (process.stdin, process.stdout, process.stderr))
    threading.Thread(target=_feed, args=(channel, stdin), daemon=True).start()
    errors = threading.Thread(target=_drain, args=(stderr, channel.sendall_stderr), daemon=True)
    errors.start()
    watchdog = threading.Timer(COMMAND_LIMIT_S, _end, args=(process,))
    watchdog.start()
    with contextlib.suppress(OSError):
        _drain(stdout, _breaking(channel, host.output_limit()))
        errors.join()
        channel.send_exit_status(_exit_status(process.wait()))
    watchdog.cancel()
    _end(process)
    channel.close()


def _breaking(channel: paramiko.Channel, limit: int | None) -> Callable[[bytes], object]:
    """The channel's sending; after `limit` bytes the whole connection breaks."""
    if limit is None:
        return channel.sendall
    room = [limit]

    def send(chunk: bytes) -> None:
        channel.sendall(chunk[: room[0]])
        room[0] -= len(chunk)
        if room[0] <= 0:
            time.sleep(0.2)  # for what was sent to arrive
            channel.get_transport().close()

    return send


def _exit_status(returncode: int) -> int:
    """A signal's death as sh reports it."""
    return returncode if returncode >= 0 else 128 - returncode


def _feed(channel: paramiko.Channel, stdin: IO[bytes]) -> None:
    """The client's input to the process, until either has had enough."""
    with contextlib.suppress(OSError):
        while chunk := channel.recv(65536):
            stdin.write(chunk)
            stdin.flush()
    with contextlib.suppress(OSError):
        stdin.close()


def _drain(stream: IO[bytes], send: Callable[[bytes], object]) -> None:
    """The process's output to the client; what a client that left does not take is dropped."""
    with contextlib.suppress(OSError):
        while chunk := os.read(stream.fileno(), 65536):
            send(chunk)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole command, with whatever it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
