"""Kea's control socket: one JSON command a connection, answers shaped as Kea 2.2's.

Behaviour from Kea itself: a second document on a connection is ignored, there is no final newline, keys are sorted,
result 0 is done, 1 an error, 2 no such command (hook not loaded), 3 empty.
"""

import contextlib
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab import faults
from lab.folder import Folder, read_json
from lab.leases import as_of

Answer = dict[str, Any]

CUT_AT_BYTES = 8192  # FreeBSD's unix-socket buffer: what a stalled reader gets before Kea gives up
IDLE_LIMIT_S = 10
BACKLOG = 16
OWN_COMMANDS = ["config-get", "list-commands", "statistic-get-all", "status-get", "version-get"]
HOOK_COMMANDS = ["lease4-get-all", "lease4-get-page", "lease4-resend-ddns"]  # libdhcp_lease_cmds


class Kea:
    """The control socket of a DHCPv4 server whose leases are the lab's."""

    def __init__(self, folder: Folder, path: Path, resend_ddns: Callable[[dict[str, Any]], None]) -> None:
        self.folder = folder
        self.path = path
        self.started = time.time()
        self._resend_ddns = resend_ddns
        self._listener: socket.socket | None = None
        self._switch = threading.Lock()

    def open(self) -> None:
        """Listen, in a thread of its own."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen(BACKLOG)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Stop listening and leave the socket's file behind, as a Kea that died does: connecting is then refused."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def obey_faults(self) -> None:
        """Be up or down as the fault `refused` says; called before each command at the gateway."""
        with self._switch:
            is_down = faults.of_source(self.folder.faults, "kea") == "refused"
            if is_down and self._listener is not None:
                self.close()
            elif not is_down and self._listener is None:
                self.open()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # a client that went away is no concern of Kea's
            connection.settimeout(IDLE_LIMIT_S)
            command = _read_command(connection)
            fault = faults.of_source(self.folder.faults, "kea")
            if command is None or fault == "empty-output":
                return
            answer = json.dumps(self.answer(command, fault), sort_keys=True).encode()
            connection.sendall(answer[:CUT_AT_BYTES] if fault == "stalled-cut" else answer)

    def answer(self, command: Any, fault: str | None = None) -> Answer:
        """What Kea says to one command."""
        if not isinstance(command, dict) or not isinstance(command.get("command"), str):
            return {"result": 1, "text": "invalid command: expected toplevel entry to be a map with a 'command' string"}
        name, arguments = command["command"], command.get("arguments", {})
        if fault == "error":
            return {"result": 1, "text": "internal server error: the lab's fault switch says so"}
        if name not in OWN_COMMANDS and (name not in HOOK_COMMANDS or fault == "hook-missing"):
            return {"result": 2, "text": f"'{name}' command not supported."}
        answers: dict[str, Callable[[Any], Answer]] = {
            "config-get": lambda _: {"arguments": read_json(self.folder.kea_config), "result": 0},
            "list-commands": lambda _: {"arguments": self._commands(fault), "result": 0},
            "statistic-get-all": self._statistics,
            "status-get": self._status,
            "version-get": lambda _: {"arguments": {"extended": "2.2.0\nlab stand-in"}, "result": 0, "text": "2.2.0"},
            "lease4-get-all": self._all_leases,
            "lease4-get-page": self._page,
            "lease4-resend-ddns": self._resend,
        }
        return answers[name](arguments)

    def _leases(self) -> list[dict[str, Any]]:
        return as_of(read_json(self.folder.leases), time.time())

    def _commands(self, fault: str | None) -> list[str]:
        return sorted(OWN_COMMANDS if fault == "hook-missing" else OWN_COMMANDS + HOOK_COMMANDS)

    def _status(self, _: Any) -> Answer:
        up_s = int(time.time() - self.started)
        state = {"multi-threading-enabled": False, "pid": 4897, "reload": up_s, "sockets": {"status": "ready"}}
        return {"arguments": {**state, "uptime": up_s}, "result": 0}

    def _statistics(self, _: Any) -> Answer:
        sample = [len(self._leases()), time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(self.started))]
        return {"arguments": {"cumulative-assigned-addresses": [sample]}, "result": 0}

    def _all_leases(self, arguments: Any) -> Answer:
        leases = self._leases()
        if isinstance(arguments, dict) and "subnets" in arguments:
            leases = [lease for lease in leases if lease["subnet-id"] in arguments["subnets"]]
        return _found(leases, {})

    def _page(self, arguments: Any) -> Answer:
        limit = arguments.get("limit") if isinstance(arguments, dict) else None
        if not isinstance(limit, int) or limit <= 0:
            return {"result": 1, "text": "'limit' parameter must be a number greater than 0"}
        try:
            after = -1 if arguments.get("from") == "start" else int(ipaddress.IPv4Address(arguments.get("from")))
        except ValueError:
            return {"result": 1, "text": "'from' parameter value is neither 'start' keyword nor a valid IPv4 address"}
        page = [lease for lease in self._leases() if int(ipaddress.IPv4Address(lease["ip-address"])) > after][:limit]
        return _found(page, {"count": len(page)})

    def _resend(self, arguments: Any) -> Answer:
        address = arguments.get("ip-address") if isinstance(arguments, dict) else None
        lease = next((lease for lease in self._leases() if lease["ip-address"] == address), None)
        if lease is None:
            return {"result": 3, "text": f"No lease found for: {address}"}
        if not lease["hostname"] or not lease["fqdn-fwd"]:
            return {"result": 1, "text": f"DDNS updating is not enabled, or the lease has no name: {address}"}
        # Result 0 means queued, not done: D2 works on its own, and its failure is told to nobody.
        threading.Thread(target=self._resend_ddns, args=(lease,), daemon=True).start()
        return {"result": 0, "text": f"NCR generated for: {address}, hostname: {lease['hostname']}"}


def _read_command(connection: socket.socket) -> Any:
    """The first JSON document sent, a string when it is not JSON, or None when the client hung up before its end."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
        try:
            return json.JSONDecoder().raw_decode(received.decode("utf-8", "replace").lstrip())[0]
        except json.JSONDecodeError:
            continue
    return None


def _found(leases: list[dict[str, Any]], extra: dict[str, int]) -> Answer:
    """A lease list with Kea's own count of it, which is a reader's proof that it is whole."""
    return {
        "arguments": {**extra, "leases": leases},
        "result": 0 if leases else 3,
        "text": f"{len(leases)} IPv4 lease(s) found.",
    }
