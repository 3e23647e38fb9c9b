"""The lab as a world: started in a process of its own, broken by its fault switch, looked at from outside."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.zone

from tests.scenarios.world import ROOT, World
from tests.services.process import PATIENCE_S, eventually

Records = set[tuple[str, str, str]]
SLEPT_THROUGH = {"oven.viktorbarzin.lan.", "30.1.168.192.in-addr.arpa."}
"""The lease of which D2 has not heard: the first census has Kea tell it again."""


@dataclass(frozen=True)
class Lab:
    """A running lab."""

    folder: Path

    @property
    def database(self) -> Path:
        """Its phpIPAM."""
        return self.folder / "phpipam.sqlite"

    def world(self, folder: Path, edit: Callable[[str], str] = str, **variables: str) -> World:
        """A netcensus with state of its own in `folder`, and the lab's network file as `edit` changes it."""
        folder.mkdir(parents=True, exist_ok=True)
        text = (self.folder / "network.toml").read_text(encoding="utf-8")
        text = text.replace('"known_hosts"', f'"{self.folder / "known_hosts"}"')
        network_toml = folder / "network.toml"
        network_toml.write_text(edit(text.replace('"phpipam.sqlite"', f'"{self.database}"')), encoding="utf-8")
        lines = (self.folder / "environment").read_text(encoding="utf-8").splitlines()
        own = {"NETCENSUS_NETWORK": str(network_toml), "DAGSTER_HOME": str(folder / "dagster")}
        return World(folder, {**dict(line.split("=", 1) for line in lines), **own, **variables})

    def break_down(self, faults: dict[str, Any]) -> None:
        """Set the fault switch; `{}` mends everything."""
        fresh = self.folder / "faults.new"
        fresh.write_text(json.dumps(faults), encoding="utf-8")
        fresh.rename(self.folder / "faults.json")

    def secrets(self) -> list[str]:
        """The TSIG secret, and the lines of both SSH keys that no other key has."""
        keys = [(self.folder / name).read_text(encoding="ascii").splitlines() for name in ("ssh_key", "jump_key")]
        tsig = (self.folder / "tsig_secret").read_text(encoding="ascii").strip()
        return [tsig, *(line for key in keys for line in key[3:-1])]

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of one query on phpIPAM's database."""
        with closing(sqlite3.connect(self.database, timeout=10)) as database, database:
            return database.execute(query).fetchall()

    def phpipam(self) -> str:
        """Every table and row of phpIPAM's database as SQL, the same text for the same content."""
        with closing(sqlite3.connect(self.database, timeout=10)) as database:
            return "\n".join(database.iterdump())

    def dns_status(self) -> dict[str, Any]:
        """How many UPDATE messages came, and each zone's serial."""
        status: dict[str, Any] = json.loads((self.folder / "dns-status.json").read_text(encoding="utf-8"))
        return status

    def records(self) -> Records:
        """Every record of every zone but the SOAs: owner, type, data."""
        return {(owner, rtype, data) for owner, rtype, data, _ in self._rdatas() if rtype != "SOA"}

    def wait_for_d2(self) -> None:
        """Return once D2 has registered what the first census asks for: it works on its own, and tells nobody."""
        eventually(lambda: {owner for owner, *_ in self.records()} >= SLEPT_THROUGH, "D2's registration of oven")

    def ttls(self) -> dict[tuple[str, str], int]:
        """The TTL of every RRset by its owner and type."""
        return {(owner, rtype): ttl for owner, rtype, _, ttl in self._rdatas()}

    def _rdatas(self) -> Iterator[tuple[str, str, str, int]]:
        for file in (self.folder / "zones").glob("*.zone"):
            zone = dns.zone.from_file(str(file), file.stem, relativize=False)
            for owner, ttl, rdata in zone.iterate_rdatas():
                yield owner.to_text(), rdata.rdtype.name, rdata.to_text(chunksize=0), ttl

    def everything(self) -> tuple[str, dict[str, Any], Records]:
        """All that a census could have written to, for comparison."""
        return self.phpipam(), self.dns_status(), self.records()


def firewall_alone(text: str) -> str:
    """The lab's network file without the remote sites' gateways: the firewall's is then the only one there is."""
    return re.sub(r"\[sites\.(?:valchedrym|london)\.gateway\]\n(?:[^\n]+\n)+", "", text)


@contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """A lab in this folder, until the block ends."""
    command = [sys.executable, "-m", "lab", "--dir", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready "), "the lab did not start"
            yield Lab(folder)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
