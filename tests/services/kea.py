"""Kea's DHCPv4 server and its D2, by UDP on loopback: leases end in memory, in a file and, signed, in BIND."""

import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.bind import Bind
from tests.services.dhcp_client import DhcpClient
from tests.services.kea_config import SUBNETS, Places, Subnet, d2_config, dhcp4_config
from tests.services.ports import free_port
from tests.services.process import PATIENCE_S, Process, private_directory, socket_path, start
from tests.services.programs import path_of

_OK, _EMPTY = 0, 3


@dataclass
class Kea:
    """A running Kea and what a test may ask of it."""

    places: Places
    bind: Bind
    subnets: Sequence[Subnet]
    dhcp4: Process
    d2: Process

    @property
    def control_socket(self) -> str:
        """The path pfSense has as /tmp/kea4-ctrl-socket."""
        return self.places.control_socket

    @property
    def lease_file(self) -> Path:
        """The memfile."""
        return self.places.directory / "dhcp4.leases"

    @property
    def config_file(self) -> Path:
        """kea-dhcp4.conf as first written (not as `configure` changed it)."""
        return self.places.directory / "kea-dhcp4.conf"

    def client(self, timeout_s: float = PATIENCE_S) -> DhcpClient:
        """A DHCP client of this server."""
        return DhcpClient(self.places.server_port, self.places.client_port, timeout_s)

    def ask(self, command: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The control socket's whole answer, whatever its `result`."""
        question = {"command": command} | ({"arguments": arguments} if arguments is not None else {})
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(PATIENCE_S)
            channel.connect(self.control_socket)
            channel.sendall(json.dumps(question).encode())
            answer = b"".join(iter(lambda: channel.recv(65536), b""))
        parsed: dict[str, Any] = json.loads(answer)
        return parsed

    def command(self, command: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer's `arguments`, empty if it has none; AssertionError unless `result` is 0 or 3."""
        answer = self.ask(command, arguments)
        if answer["result"] not in (_OK, _EMPTY):
            raise AssertionError(f"Kea refused {command}: {answer}")
        found: dict[str, Any] = answer.get("arguments", {})
        return found

    def leases(self) -> list[dict[str, Any]]:
        """Every lease Kea holds, of any state."""
        found: list[dict[str, Any]] = self.command("lease4-get-all").get("leases", [])
        return found

    def configure(
        self,
        subnets: Sequence[Subnet] | None = None,
        *,
        is_d2_enabled: bool = True,
        has_lease_commands: bool = True,
    ) -> None:
        """Give the running server another configuration (None: its first subnets). It keeps its leases."""
        config = dhcp4_config(
            self.places, subnets or self.subnets, is_d2_enabled=is_d2_enabled, has_lease_commands=has_lease_commands
        )
        self.command("config-set", config)

    def stop(self) -> None:
        """Stop both servers."""
        self.dhcp4.stop()
        self.d2.stop()

    def start(self) -> None:
        """Start again whichever of `dhcp4` and `d2` a test has stopped, and wait until it listens."""
        self._start_dhcp4()
        if not self.d2.is_running:
            self.d2 = _started_d2(self.places, self.bind)

    def _start_dhcp4(self) -> None:
        if not self.dhcp4.is_running:
            self.dhcp4 = _started_dhcp4(self.places, self.subnets)

    def restore(self) -> None:
        """Both servers running, the first configuration, and no lease. DNS is not told: restore BIND after this."""
        self.d2.stop()  # what it still had to write for the test before is not written
        self._start_dhcp4()
        self.configure()
        # By address, not lease4-wipe: that leaves the leases of subnets taken out of the configuration.
        for lease in self.leases():
            self.command("lease4-del", {"ip-address": lease["ip-address"]})
        self.start()  # D2 when no lease is left whose end it could be told


def _environment(directory: Path) -> dict[str, str]:
    """Kea's own switches for running unprivileged; the last four are those of 2.6.3 and later."""
    here = str(directory)
    places = ("LOCKFILE_DIR", "PIDFILE_DIR", "CONTROL_SOCKET_DIR", "DHCP_DATA_DIR", "LOG_FILE_DIR")
    hooks = str(Path(path_of("libdhcp_lease_cmds.so")).parent)
    return (
        dict(os.environ)
        | {f"KEA_{place}": here for place in places}
        | {"KEA_HOOKS_PATH": hooks, "KEA_TEST_SEND_RESPONSES_TO_SOURCE": "ENABLED"}
    )


def _is_answering(control_socket: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(control_socket) == 0


def _launch(program: str, config: Mapping[str, Any], directory: Path, *options: str) -> Process:
    """The program started on a configuration file of its own name; its log starts anew."""
    file = directory / f"{program}.conf"
    file.write_text(json.dumps(config, indent=1))
    log = directory / f"{program}.log"
    log.unlink(missing_ok=True)
    argv = [path_of(program), *options, "-c", str(file)]
    return start(program, argv, log=log, environment=_environment(directory))


def _started_d2(places: Places, bind: Bind) -> Process:
    d2 = _launch("kea-dhcp-ddns", d2_config(places, bind), places.directory)
    d2.wait_until(lambda: "DHCP_DDNS_STARTED" in d2.log_text(), "DHCP_DDNS_STARTED")
    return d2


def _started_dhcp4(places: Places, subnets: Sequence[Subnet]) -> Process:
    ports = ["-p", str(places.server_port), "-P", str(places.client_port)]
    dhcp4 = _launch("kea-dhcp4", dhcp4_config(places, subnets), places.directory, *ports)
    dhcp4.wait_until(lambda: "DHCP4_STARTED" in dhcp4.log_text(), "DHCP4_STARTED")
    dhcp4.wait_until(lambda: _is_answering(places.control_socket), "the control socket")
    return dhcp4


def _places(directory: Path) -> Places:
    return Places(directory, socket_path(directory, "kea4-ctrl-socket"), *(free_port() for _ in range(3)))


@contextmanager
def running_kea(bind: Bind, subnets: Sequence[Subnet] = SUBNETS) -> Iterator[Kea]:
    """Kea with these subnets and its D2 in front of `bind`, until the block ends."""
    with private_directory() as directory, ExitStack() as stopping:
        places = _places(directory)
        d2 = _started_d2(places, bind)
        stopping.callback(d2.stop)
        dhcp4 = _started_dhcp4(places, subnets)
        stopping.callback(dhcp4.stop)
        kea = Kea(places, bind, subnets, dhcp4, d2)
        stopping.callback(kea.stop)
        yield kea
