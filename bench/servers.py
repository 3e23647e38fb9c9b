"""The servers under test: two gateways, phpIPAM's database and the name server, and one netcensus in front of them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from bench import layout
from bench.counts import Counts, counting
from bench.gateways import GatewayServers, running_gateway
from bench.hour import by_hand
from bench.measuring import Spent, spend
from pipelines.parse.phpipam import decimal_of
from tests.scenarios.world import ROOT, World
from tests.services.bind import Bind, running_bind
from tests.services.dns_server import DnsServer, Zone
from tests.services.mariadb import Database, MariaDB, running_mariadb
from tests.services.process import eventually

_PASSWORD, _USER = "correct-horse-battery-staple", "netcensus"
_GRANTS = ROOT / "deploy" / "mysql-grants.sql"
_AT_ONCE = 5000  # rows to an INSERT
_CHANGED_PAGES = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'"
ZONES = tuple(Zone(zone) for zone in layout.ZONES)


@dataclass(frozen=True)
class Servers:
    """All that a census reads and writes, and its own folder."""

    bind: Bind
    mariadb: MariaDB
    ipam: Database
    gateways: dict[str, GatewayServers]
    world: World

    def load(self, hosts: pd.DataFrame, *, seed: int = 0) -> None:
        """Let the gateways know these hosts and no other."""
        for gateway in self.gateways.values():
            gateway.load(hosts, seed=seed)

    def enter_by_hand(self, hosts: pd.DataFrame) -> None:
        """Type into phpIPAM what nothing else tells of, where it does not stand there yet."""
        rows = by_hand(hosts)
        values = [
            f"({layout.SUBNET_IDS[subnet]}, '{decimal_of(ip)}', '{name}', 2)"
            for subnet, ip, name in rows.itertuples(index=False, name=None)
        ]
        for start in range(0, len(values), _AT_ONCE):
            part = ", ".join(values[start : start + _AT_ONCE])
            self.ipam.execute(f"INSERT IGNORE INTO ipaddresses (subnetId, ip_addr, hostname, state) VALUES {part}")  # noqa: S608 - our own words

    def pass_an_hour(self, hosts: pd.DataFrame, hour: int) -> None:
        """An hour goes by for what is written by the clock: leases are renewed, neighbours seen, and lastSeen ages."""
        self.load(hosts, seed=hour)
        self.ipam.execute(
            "UPDATE ipaddresses SET lastSeen = lastSeen - INTERVAL 1 HOUR, editDate = editDate"
            " WHERE lastSeen > '2000-01-01'"
        )

    def write_back(self) -> None:
        """Let MariaDB write the pages that it holds changed by now, so that what comes next does not pay for them."""
        self.ipam.execute("SET GLOBAL innodb_max_dirty_pages_pct = 0")
        eventually(lambda: self.ipam.execute(_CHANGED_PAGES)[0]["Value"] == "0", "a buffer pool written back")
        self.ipam.execute("SET GLOBAL innodb_max_dirty_pages_pct = DEFAULT")

    def census(self, *, status: int = 0) -> tuple[Spent, Counts]:
        """One census by the command, in a process of its own, and what the servers counted meanwhile."""
        with counting(self.bind, (self.ipam, self.mariadb)) as counts:
            spent = spend(self.world.argv(), self.world.environment, statuses=(status,))
        return spent, counts


@contextmanager
def running_servers(name_server: DnsServer | None = None) -> Iterator[Servers]:
    """Everything started on loopback, nothing in it, until the block ends; netcensus writes to this name server."""
    with ExitStack() as stack:
        bind = stack.enter_context(running_bind(ZONES))
        mariadb = stack.enter_context(running_mariadb())
        sites = (layout.HOME, layout.CABIN)
        gateways = {site: stack.enter_context(running_gateway(site, bind)) for site in sites}
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="netcensus-", ignore_cleanup_errors=True)))
        ipam = _phpipam(mariadb)
        yield Servers(bind, mariadb, ipam, gateways, _world(folder, name_server or bind, ipam, gateways))


def _phpipam(mariadb: MariaDB) -> Database:
    ipam = mariadb.database("phpipam")
    ipam.create_user(_USER, _PASSWORD, _GRANTS.read_text(encoding="utf-8"))
    rows = ", ".join(
        f"({identity}, '{subnet}', '{mask}', 3, '{description}', 0, 1, 0)"
        for identity, subnet, mask, description in layout.phpipam_rows()
    )
    columns = "id, subnet, mask, sectionId, description, vrfId, pingSubnet, masterSubnetId"
    ipam.execute(f"INSERT INTO subnets ({columns}) VALUES {rows}")  # noqa: S608 - our own words
    return ipam


def _world(folder: Path, dns: DnsServer, ipam: Database, gateways: dict[str, GatewayServers]) -> World:
    """A netcensus whose network.toml points at these servers."""
    own, secrets = folder / "own", folder / "secrets"
    own.mkdir()
    secrets.mkdir()
    reached = {site: servers.gateway for site, servers in gateways.items()}
    text = layout.network_toml(reached, layout.Place(ipam.port, ipam.host), layout.Place(dns.port, dns.host))
    (own / "network.toml").write_text(text, encoding="utf-8")
    known = "".join(servers.ssh.known_hosts for servers in gateways.values())
    (own / "known_hosts").write_text(known, encoding="utf-8")
    (secrets / "tsig").write_text(dns.secrets["netcensus"], encoding="utf-8")
    (secrets / "password").write_text(_PASSWORD, encoding="utf-8")
    variables = {
        "NETCENSUS_NETWORK": own / "network.toml",
        "NETCENSUS_SSH_KEY_FILE": _one_key(gateways),
        "NETCENSUS_TSIG_SECRET_FILE": secrets / "tsig",
        "NETCENSUS_PHPIPAM_PASSWORD_FILE": secrets / "password",
        "DAGSTER_HOME": own / "dagster",
    }
    environment = {name: str(value) for name, value in variables.items()}
    return World(own, environment | {"TMPDIR": os.environ.get("TMPDIR", "/tmp")})  # noqa: S108 - the system's own


def _one_key(gateways: dict[str, GatewayServers]) -> Path:
    """The private key of the first gateway's client, which the others let in as well."""
    first, *others = gateways.values()
    public = first.ssh.client_key.with_suffix(".pub").read_text(encoding="ascii")
    for other in others:
        other.ssh.let_only(public.strip())
    return first.ssh.client_key
