"""The remote sites' OpenWRT routers: SSH servers without a port, reached through the firewall alone.

Their shell is a real /bin/sh in which `uci`, `cat` and `ip` are the lab's; their leases and neighbours are captured,
the leases' ends moved to the lab's first start.
"""

import shutil
import socket
import subprocess  # noqa: TC003 - named in annotations, as everywhere
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from lab import faults, shell
from lab.folder import DATA, Folder, write_whole
from lab.ssh_host import Open, Place, SshHost, make_key

HERE = Path(__file__).parent
USER = "root"
CAPTURED_AT = 1795387289  # the clock of data/*/dhcp.leases
SLOW_S = 600
CUT_AT_BYTES = 300


@dataclass(frozen=True)
class Router:
    """One remote site's router: its site's name in network.toml and its address there."""

    folder: Folder
    site: str
    address: str

    @property
    def place(self) -> Place:
        """Where the firewall reaches it."""
        return self.address, 22

    @property
    def files(self) -> Path:
        """Its own folder: dhcp.leases, proc_net_arp, ip_neigh, and ip6_neigh where it speaks IPv6."""
        return self.folder.root / self.site

    def lay_out(self, now: float) -> None:
        """Write its files and make its host key, unless they are there from an earlier start; its programs always."""
        if not self.files.exists():
            fresh = self.files.with_name(f".{self.site}.new")
            shutil.copytree(DATA / self.site, fresh, dirs_exist_ok=True)
            leases = (fresh / "dhcp.leases").read_text(encoding="utf-8")
            write_whole(fresh / "dhcp.leases", moved(leases, int(now) - CAPTURED_AT))
            write_whole(fresh / "as_of", f"{int(now)}\n")
            fresh.rename(self.files)
        make_key(self.files / "host_key")
        programs = self.files / "bin"
        programs.mkdir(exist_ok=True)
        for name in ("uci", "cat", "ip"):
            shell.write_program(programs / name, HERE / "stand_in_router.py", name, str(self.files))

    @property
    def host(self) -> SshHost:
        """Its SSH server."""
        key = self.files / "host_key"
        return SshHost(USER, key, self.folder.client_key, self._start, self._output_limit)

    def open(self) -> socket.socket:
        """A connection to its SSH server, as the fault switch has it. Raises `ConnectionRefusedError`."""
        fault = self._fault()
        if fault == "refused":
            raise ConnectionRefusedError
        near, far = socket.socketpair()
        if fault == "silent":
            _kept.append(far)
        else:
            threading.Thread(target=self.host.serve, args=(far,), daemon=True).start()
        return near

    def known_hosts_line(self) -> str:
        """Its host key as production's known_hosts holds it."""
        return self.host.known_hosts_line(self.address)

    def _fault(self) -> str | None:
        return faults.of_source(self.folder.faults, self.site)

    def _output_limit(self) -> int | None:
        return CUT_AT_BYTES if self._fault() == "cut" else None

    def _start(self, command: str) -> "subprocess.Popen[bytes]":
        if self._fault() == "slow":
            time.sleep(SLOW_S)
        return shell.start(self.files, self.files / "bin", USER, command)


_kept: list[socket.socket] = []  # ends on which nobody ever speaks


def all_of(folder: Folder) -> list[Router]:
    """The routers of the lab's network.toml."""
    return [Router(folder, "valchedrym", "192.168.0.1"), Router(folder, "london", "192.168.8.1")]


def doors(routers: list[Router]) -> dict[Place, Open]:
    """What the firewall forwards to."""
    return {router.place: router.open for router in routers}


def moved(leases: str, by_s: int) -> str:
    """The lease file with every end moved by so many seconds; 0 never ends, and the line `duid` has none."""
    return "".join(f"{_moved_line(line, by_s)}\n" for line in leases.splitlines())


def _moved_line(line: str, by_s: int) -> str:
    end, _, rest = line.partition(" ")
    return f"{int(end) + by_s} {rest}" if end.isdecimal() and end != "0" else line
