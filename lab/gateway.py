"""The firewall's SSH server: public keys only, the user `admin` only, commands only, never a terminal."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from typing import IO, cast

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from lab import faults, shell
from lab.folder import Folder, write_whole

USER = "admin"
SLOW_BANNER_S = 60
COMMAND_LIMIT_S = 120
BACKLOG = 16


def lay_out(folder: Folder) -> None:
    """Make the client's and the host's key, unless they are there from an earlier start."""
    for path in (folder.client_key, folder.host_key):
        if not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
            )
            write_whole(path, pem.decode(), mode=0o600)


class Gateway:
    """An SSH server on loopback that runs each command in the firewall's shell."""

    def __init__(self, folder: Folder, before_command: Callable[[], None]) -> None:
        self.folder = folder
        self.before_command = before_command
        # A client that hangs up is normal here; without a handler paramiko's warnings would go to stderr.
        logging.getLogger("paramiko").addHandler(logging.NullHandler())
        self.host_key = paramiko.Ed25519Key(filename=str(folder.host_key))
        self.client_key = paramiko.Ed25519Key(filename=str(folder.client_key))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port: int = self._listener.getsockname()[1]

    def open(self) -> None:
        """Accept connections, each in a thread of its own."""
        threading.Thread(target=self._accept, daemon=True).start()

    def known_hosts_line(self) -> str:
        """The host key as production's known_hosts holds it."""
        return f"[127.0.0.1]:{self.port} {self.host_key.get_name()} {self.host_key.get_base64()}\n"

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        if faults.of_source(self.folder.faults, "ssh") == "slow-banner":
            time.sleep(SLOW_BANNER_S)
        transport = paramiko.Transport(connection)
        transport.add_server_key(self.host_key)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):  # a client may go away at any moment
            transport.start_server(server=_Session(self))


class _Session(paramiko.ServerInterface):
    """What one connection may do; everything not named here paramiko's default refuses."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def get_allowed_auths(self, username: str) -> str:
        """Keys, and nothing else."""
        del username
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Success for admin with the lab's own client key."""
        is_ours = username == USER and key.asbytes() == self.gateway.client_key.asbytes()
        return AUTH_SUCCESSFUL if is_ours else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """A session; no forwarding."""
        del chanid
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Start the command once this request is answered."""
        arguments = (self.gateway, channel, command.decode("utf-8", "replace"))
        threading.Thread(target=_run, args=arguments, daemon=True).start()
        return True


def _run(gateway: Gateway, channel: paramiko.Channel, command: str) -> None:
    """Run one command to its end, its three streams on the channel, and give its exit status."""
    gateway.before_command()
    process = shell.start(gateway.folder, command)
    stdin, stdout, stderr = (cast("IO[bytes]", pipe) for pipe in (process.stdin, process.stdout, process.stderr))
    threading.Thread(target=_feed, args=(channel, stdin), daemon=True).start()
    errors = threading.Thread(target=_drain, args=(stderr, channel.sendall_stderr), daemon=True)
    errors.start()
    watchdog = threading.Timer(COMMAND_LIMIT_S, _end, args=(process,))
    watchdog.start()
    with contextlib.suppress(OSError):
        _drain(stdout, channel.sendall)
        errors.join()
        channel.send_exit_status(_exit_status(process.wait()))
    watchdog.cancel()
    _end(process)
    channel.close()


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
