"""The lab's folder: where each file lives, how it is written, and the lock that keeps a second lab out of it."""

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

DATA = Path(__file__).parent / "data"

# sun_path holds 108 bytes with its end mark on Linux, 104 on FreeBSD and macOS.
UNIX_SOCKET_PATH_LIMIT = 100
PLAIN_PATH = re.compile(r"/[A-Za-z0-9._/-]+")  # what network.toml's kea_sockets may hold


class FolderInUseError(Exception):
    """Another lab runs in this folder: stop that one, or give this one a folder of its own."""


@dataclass(frozen=True)
class Folder:
    """One lab's files. Every path of the lab is named here and nowhere else."""

    root: Path

    @property
    def network_toml(self) -> Path:
        """The network file production reads."""
        return self.root / "network.toml"

    @property
    def known_hosts(self) -> Path:
        """The gateway's host key in OpenSSH's format."""
        return self.root / "known_hosts"

    @property
    def client_key(self) -> Path:
        """The private key production logs in with."""
        return self.root / "ssh_key"

    @property
    def jump_key(self) -> Path:
        """The private key production passes the firewall with, on its way to a remote site."""
        return self.root / "jump_key"

    @property
    def host_key(self) -> Path:
        """The gateway's private host key."""
        return self.root / "gateway_host_key"

    def tsig_secret(self, key: str) -> Path:
        """The base64 secret of one TSIG key: `tsig_secret` for ours, `tsig_secret.<key>` for the others."""
        return self.root / ("tsig_secret" if key == "netcensus" else f"tsig_secret.{key}")

    @property
    def environment(self) -> Path:
        """KEY=VALUE lines that point production at this lab."""
        return self.root / "environment"

    @property
    def database(self) -> Path:
        """The SQLite file that is phpIPAM."""
        return self.root / "phpipam.sqlite"

    @property
    def zones(self) -> Path:
        """One text file per DNS zone."""
        return self.root / "zones"

    @property
    def dns_status(self) -> Path:
        """Counters of the DNS server: UPDATE messages, and each zone's serial."""
        return self.root / "dns-status.json"

    @property
    def faults(self) -> Path:
        """The optional fault switch."""
        return self.root / "faults.json"

    @property
    def leases(self) -> Path:
        """Kea's leases as of the lab's first start; edit it while the lab runs to change the network."""
        return self.root / "leases.json"

    @property
    def kea_config(self) -> Path:
        """Kea's configuration, as `config-get` shows it."""
        return self.root / "config-get.json"

    @property
    def neighbours(self) -> Path:
        """The ARP cache as of the lab's first start."""
        return self.root / "neighbours.json"

    @property
    def programs(self) -> Path:
        """The stand-in `nc` and `arp`, first on the PATH of the gateway's shell."""
        return self.root / "bin"

    def lock(self) -> IO[str]:
        """The open lock file; the lab holds this folder until it is closed."""
        held = (self.root / "lock").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held.close()
            raise FolderInUseError(
                f"{self.root}: a lab already runs here. Stop it, or start this one with another --dir."
            ) from error
        return held

    @contextmanager
    def kea_socket(self) -> Iterator[Path]:
        """Where Kea's control socket goes: in the folder, or under /tmp when that path does not do for one.

        It does not when it is too long, or holds what a shell script would have to quote.
        """
        beside = self.root / "kea4-ctrl-socket"
        if len(os.fsencode(beside)) <= UNIX_SOCKET_PATH_LIMIT and PLAIN_PATH.fullmatch(str(beside)):
            yield beside
            beside.unlink(missing_ok=True)
        else:
            with tempfile.TemporaryDirectory(prefix="netcensus-lab-", dir="/tmp") as short:
                yield Path(short) / beside.name


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Put `text` at `path` in one step, so that a reader never sees half of it."""
    fresh = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def write_json(path: Path, content: Any) -> None:
    """Put `content` at `path` as JSON in one step."""
    write_whole(path, json.dumps(content, indent=1, sort_keys=True) + "\n")


def read_json(path: Path) -> Any:
    """The JSON at `path`."""
    return json.loads(path.read_text(encoding="utf-8"))
