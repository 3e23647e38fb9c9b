"""Real servers behind lines that can break, in a state in which a census has work of every kind, kept to return to.

Pending in it: two hosts to enter and publish, a name a person changed, a host whose withdrawal is due, one to set
Offline. And three whose evidence has just come back after days: who loses sight of it again takes their names away. No
limit on deletions stands in the way of that, for it must be the rule about silence (R1) that holds.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pandas as pd

from composition import world
from pipelines import tables
from pipelines.contract import Table
from pipelines.plan.bookkeeping import ROW
from resources.network_file import read_network
from resources.stored_tables import StoredTables
from tests.conftest import ZONES
from tests.integration.dns_proxy import Proxy, running_proxy
from tests.integration.phpipam_wire import Wire, wire_to
from tests.scenarios.real_world import USER, RealNetwork, real_network
from tests.services.bind import running_bind
from tests.services.dhcp_client import Device
from tests.services.kea import Kea, running_kea
from tests.services.kea_config import Subnet
from tests.services.line import Line, running_line
from tests.services.mariadb import running_mariadb
from tests.services.openssh import running_sshd
from tests.services.process import eventually

Things = frozenset[tuple[object, ...]]
State = tuple[Things, tuple[tuple[object, ...], ...]]

STEADY = {"host1": "192.168.1.51", "host2": "192.168.1.52", "host3": "192.168.1.53", "node1": "10.0.20.51"}
BACK = {"tablet": "192.168.1.61", "phone": "192.168.1.62", "watch": "192.168.1.63"}
GONE = {"guest": "192.168.1.71"}
LEFT = {"visitor": "192.168.1.72"}
NAMELESS = {f"-{number}": f"192.168.1.{number}" for number in range(120, 140)}
NEW = {"arrival": "192.168.1.81", "node2": "10.0.20.81"}
LAPTOP = Device("02:00:00:00:00:01", relay="10.0.10.1", hostname="Laptop")
_LIFETIME_S = 86_400
_MORE = """
[guards]
deletes = {few = 100, max_count = 100}
"""
_KEPT = ("ipaddresses", "changelog")
_ROWS = "subnetId, ip_addr, hostname, mac, description, state, owner, note, CAST(lastSeen AS CHAR(19)) AS seen"
_ENTRIES = """
    SELECT a.ip_addr, c.caction, c.cdiff FROM changelog c LEFT JOIN ipaddresses a ON a.id = c.coid
    WHERE c.ctype = 'ip_addr'
"""
_FIELD, _AT = 3, 8  # the columns of the ledger's table `applied`; the last one is missing_since_at


@dataclass
class FaultWorld:
    """The network, the three lines to it, and what stood in the targets when it was saved."""

    network: RealNetwork
    ssh: Line
    sql: Wire
    dns: Proxy
    saved: Path
    leases: list[dict[str, Any]] = field(default_factory=list)
    before: State = (frozenset(), ())
    noted: frozenset[tuple[object, ...]] = frozenset()
    ssh_bytes: int = 0
    """How many bytes the gateway sends in a whole census."""

    def census(self) -> list[str]:
        """What a census in this process had to say."""
        return self.network.world.run()

    def state(self) -> State:
        """What the targets hold, and what the ledger knows of it; but for serials, ids of entries and our own times."""
        return self.things(), self.known()

    def things(self) -> Things:
        """Every row and changelog entry of phpIPAM, every record of DNS."""
        ipam = self.network.ipam
        rows = ipam.execute(f"SELECT {_ROWS} FROM ipaddresses WHERE subnetId >= 7")  # noqa: S608 - the names above
        logged = ipam.execute(_ENTRIES)
        records = {one for one in self.network.records() if one[2] != "SOA"}
        return frozenset(
            {("row", *row.values()) for row in rows}
            | {("entry", *_without_id(entry)) for entry in logged}
            | {("record", *record) for record in records}
        )

    def known(self) -> tuple[tuple[object, ...], ...]:
        """The ledger's applied values and intentions.

        Not which rows of phpIPAM we made: where the answer to a COMMIT was lost, ours counts as somebody else's, and
        is never deleted.
        """
        applied = self.network.world.ledger("applied")
        return tuple(_lasting(row) for row in applied if row[_FIELD] != ROW)

    def subnets(self) -> list[Subnet]:
        """Kea's subnets: nothing is reserved, and D2 writes for one of them."""
        first = self.network.kea.subnets
        return [replace(one, reservations=(), is_ddns_on=one.prefix == "10.0.10.0/24") for one in first]

    def check_written(self, after: State, end: State) -> str:
        """How much of what an undisturbed census would do was done; `AssertionError` for anything else."""
        before, now, whole = self.before[0], after[0], end[0]
        noted = {str(cell) for row in self._notes() - self.noted for cell in row}
        unnoted = {_subject(thing) for thing in now ^ before} - noted
        wrong = {
            "gone, and should live": (before & whole) - now,
            "written, and should not be": now - before - whole,
            "changed, and nowhere noted": unnoted,
        }
        assert not any(wrong.values()), wrong
        return "nothing" if now == before else "everything" if now == whole else "a part"

    def _notes(self) -> frozenset[tuple[object, ...]]:
        """All the ledger says of changes."""
        return frozenset(row for table in ("applied", "receipts") for row in self.network.world.ledger(table))

    def plans(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """What the last run meant to do to phpIPAM and to DNS."""
        return self.table("ipam_plan", tables.IPAM_PLAN), self.table("dns_plan", tables.DNS_PLAN)

    def table(self, name: str, table: Table) -> pd.DataFrame:
        """A table as the last run left it."""
        return StoredTables(self.network.world.folder / "tables").read(name, table)

    def resources(self) -> dict[str, Any]:
        """Everything outside, as a run would have it."""
        path = self.network.world.network_toml
        return world(read_network(path), path)

    # --- saving and returning ---------------------------------------------------------------------------------

    def save(self) -> None:
        """Keep the state as it is now for `restore`."""
        copied = "".join(f"CREATE TABLE saved.{name} AS SELECT * FROM {name};" for name in _KEPT)  # noqa: S608 - as above
        self.network.ipam.script(f"DROP DATABASE IF EXISTS saved; CREATE DATABASE saved; {copied}")
        self.network.bind.remember_zones()
        self.leases = self.network.kea.leases()
        _copy(self._ledger, self.saved)
        self.before, self.noted = self.state(), self._notes()

    def restore(self) -> None:
        """Both targets, the ledger and Kea as they were saved; nothing is broken."""
        back = "".join(f"TRUNCATE {name}; INSERT INTO {name} SELECT * FROM saved.{name};" for name in _KEPT)  # noqa: S608 - as above
        self.network.ipam.script(back)
        self.network.bind.restore()
        self.restore_leases()
        for rest in ("", "-wal", "-shm"):
            Path(f"{self._ledger}{rest}").unlink(missing_ok=True)
        _copy(self.saved, self._ledger)

    def wait_until_alone(self) -> None:
        """Return once the database has noticed that nobody of ours is connected any more."""
        sql = "SELECT id FROM information_schema.processlist WHERE user = %s"
        eventually(lambda: not self.network.ipam.execute(sql, [USER]), "the end of netcensus's connections")

    def restore_leases(self) -> None:
        """Kea's leases as they were saved, their times included."""
        there = {lease["ip-address"] for lease in self.network.kea.leases()}
        for lease in self.leases:
            if lease["ip-address"] not in there:
                add_lease(self.network.kea, lease)

    @property
    def _ledger(self) -> Path:
        return self.network.world.folder / "ledger.sqlite"


def _subject(thing: tuple[object, ...]) -> str:
    """What the ledger calls the address or the name that a thing is about."""
    kind, *cells = thing
    if kind == "record":
        return f"{cells[0]}."
    return str(ip_address(int(str(cells[1] if kind == "row" else cells[0]))))


def _without_id(entry: dict[str, Any]) -> tuple[object, ...]:
    """A changelog entry but for the id of a new row, which depends on how often it was tried."""
    return entry["ip_addr"], entry["caction"], re.sub(r"\[id\]\. \d+\r\n", "", str(entry["cdiff"]))


def _lasting(row: tuple[object, ...]) -> tuple[object, ...]:
    """An applied value but for its times."""
    return (*row[:_AT], *row[_AT + 1 : -1])


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def add_lease(kea: Kea, lease: dict[str, Any]) -> None:
    """Let Kea hold a lease as it once told it."""
    told = {"cltt", "pool-id", "user-context"}
    kept = {name: value for name, value in lease.items() if name not in told}
    kea.command("lease4-add", {**kept, "expire": lease["cltt"] + lease["valid-lft"]})


# --- making it ---------------------------------------------------------------------------------------------------


@contextmanager
def running_fault_world(folder: Path) -> Iterator[FaultWorld]:
    """Servers of its own, prepared and saved."""
    with ExitStack() as stack:
        bind = stack.enter_context(running_bind(ZONES))
        kea = stack.enter_context(running_kea(bind))
        ipam = stack.enter_context(running_mariadb()).database("phpipam")
        sshd = stack.enter_context(running_sshd())
        sshd.arp_table('{"__version": "1", "arp": {"arp-cache": []}}')
        network = real_network(folder / "own", kea, ipam, sshd)
        lines = (running_line(sshd.port), wire_to(ipam.port), running_proxy(bind.port))
        ssh, sql, dns = stack.enter_context(lines[0]), stack.enter_context(lines[1]), stack.enter_context(lines[2])
        found = FaultWorld(network, ssh, sql, dns, folder / "saved.sqlite")
        kea.configure(found.subnets())
        _put_between(found)
        _prepare(found)
        found.save()
        yield found


def _put_between(found: FaultWorld) -> None:
    """Let netcensus go by the lines, and read Kea's lease file where its socket is silent."""
    network = found.network
    toml, known_hosts = network.world.network_toml, network.world.folder / "known_hosts"
    text = toml.read_text(encoding="utf-8")
    ways = {network.ssh.port: found.ssh.port, network.ipam.port: found.sql.port, network.bind.port: found.dns.port}
    for port, line in ways.items():
        text = text.replace(f"port = {port}\n", f"port = {line}\n")
    sockets = f'kea_sockets = ["{network.kea.control_socket}"]\n'
    files = f'kea_lease_files = ["{network.kea.lease_file}"]\ncommand_limit_s = 5\n'
    toml.write_text(text.replace(sockets, sockets + files) + _MORE, encoding="utf-8")
    known_hosts.write_text(f"[127.0.0.1]:{found.ssh.port} {network.ssh.host_key}\n", encoding="utf-8")


def _prepare(found: FaultWorld) -> None:
    kea, ipam, own = found.network.kea, found.network.ipam, found.network.world
    laptop = kea.client().lease(LAPTOP)
    found.network.bind.wait_for(ip_address(laptop.address).reverse_pointer, "PTR")
    _lease(kea, {**STEADY, **BACK, **GONE, **LEFT, **NAMELESS})
    for _ in range(3):
        _quiet(found)
    found.network.bind.add("viktorbarzin.lan", "by-hand.viktorbarzin.lan", 3600, "A", "10.3.2.9")
    own.age(hours=240)
    _forget(kea, LEFT)
    _quiet(found)
    own.age(hours=48)
    _quiet(found)  # the visitor's names are taken back
    came_back = [lease for lease in kea.leases() if lease["ip-address"] in BACK.values()]
    _forget(kea, {**BACK, **GONE})
    _quiet(found)  # all four are missed
    own.age(hours=48)
    for lease in came_back:
        add_lease(kea, lease)
    _lease(kea, NEW)
    ipam.execute("UPDATE ipaddresses SET lastSeen = '2020-01-01 12:00:00' WHERE hostname = 'visitor'")
    ipam.execute("UPDATE ipaddresses SET hostname = 'cinema' WHERE hostname = 'host1'")
    assert own.run("rehearse") == []


def _quiet(found: FaultWorld) -> None:
    assert found.census() == []


def _lease(kea: Kea, hosts: Mapping[str, str]) -> None:
    """Let these names hold these addresses for a day."""
    for name, ip in hosts.items():
        mac = "02:00:" + ":".join(f"{byte:02x}" for byte in ip_address(ip).packed)
        subnet = 3 if ip.startswith("192.") else 2
        lease = {"ip-address": ip, "hw-address": mac, "hostname": name.partition("-")[0], "subnet-id": subnet}
        kea.command("lease4-add", {**lease, "valid-lft": _LIFETIME_S})


def _forget(kea: Kea, hosts: Mapping[str, str]) -> None:
    for ip in hosts.values():
        kea.command("lease4-del", {"ip-address": ip})
