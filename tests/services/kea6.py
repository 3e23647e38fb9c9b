"""Kea's DHCPv6 server, listening to nobody: its leases come by lease6-add, and are asked for as pfSense's would be."""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.process import HOST, PATIENCE_S, Process, private_directory, socket_path, start
from tests.services.programs import path_of

SUBNET = "fd00:192::/64"


@dataclass
class Kea6:
    """A running DHCPv6 server and what a test may ask of it."""

    directory: Path
    control_socket: str
    process: Process

    @property
    def lease_file(self) -> Path:
        """The memfile."""
        return self.directory / "dhcp6.leases"

    def command(self, command: str, arguments: Mapping[str, Any]) -> None:
        """Let the server carry it out; AssertionError unless it does."""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(PATIENCE_S)
            channel.connect(self.control_socket)
            channel.sendall(json.dumps({"command": command, "arguments": arguments}).encode())
            answer = json.loads(b"".join(iter(lambda: channel.recv(65536), b"")))
        if answer["result"] != 0:
            raise AssertionError(f"Kea refused {command}: {answer}")

    def lease(self, ip: str, duid: str, hostname: str = "") -> None:
        """Let it hold the lease of an address."""
        lease = {"subnet-id": 1, "ip-address": ip, "duid": duid, "iaid": 1, "hostname": hostname}
        self.command("lease6-add", lease)

    def delegate(self, prefix: str, length: int, duid: str) -> None:
        """Let it hold the lease of a prefix."""
        lease = {"subnet-id": 1, "type": "IA_PD", "ip-address": prefix, "prefix-len": length, "duid": duid, "iaid": 1}
        self.command("lease6-add", lease)


def _configuration(directory: Path, control_socket: str) -> dict[str, Any]:
    return {
        "Dhcp6": {
            "server-id": {"type": "EN", "enterprise-id": 2495, "identifier": "0123456789", "persist": False},
            "interfaces-config": {"interfaces": []},
            "control-socket": {"socket-type": "unix", "socket-name": control_socket},
            "lease-database": {
                "type": "memfile", "persist": True, "name": str(directory / "dhcp6.leases"), "lfc-interval": 0,
            },
            "hooks-libraries": [{"library": path_of("libdhcp_lease_cmds.so")}],
            "subnet6": [{"id": 1, "subnet": SUBNET, "pools": [{"pool": f"{SUBNET[:-3]}100-{SUBNET[:-3]}1ff"}]}],
            "loggers": [{"name": "kea-dhcp6", "severity": "INFO", "output_options": [{"output": "stdout"}]}],
        }
    }  # fmt: skip


@contextmanager
def running_kea6() -> Iterator[Kea6]:
    """A DHCPv6 server for one subnet, until the block ends."""
    with private_directory() as directory:
        control_socket = socket_path(directory, "kea6-ctrl-socket")
        file = directory / "kea-dhcp6.conf"
        file.write_text(json.dumps(_configuration(directory, control_socket)))
        places = {f"KEA_{name}": str(directory) for name in ("LOCKFILE_DIR", "PIDFILE_DIR", "CONTROL_SOCKET_DIR")}
        environment = dict(os.environ) | places | {"KEA_DHCP_DATA_DIR": str(directory)}
        argv = [path_of("kea-dhcp6"), "-c", str(file)]
        process = start("kea-dhcp6", argv, log=directory / "kea-dhcp6.log", environment=environment)
        try:
            process.wait_until(lambda: "DHCP6_STARTED" in process.log_text(), f"DHCP6_STARTED on {HOST}")
            yield Kea6(directory, control_socket, process)
        finally:
            process.stop()
