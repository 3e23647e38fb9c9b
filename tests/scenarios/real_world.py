"""The real servers as a world: network.toml pointed at Kea, BIND, MariaDB and OpenSSH on loopback."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.parse.phpipam import decimal_of
from tests.scenarios.world import ROOT, World
from tests.services.bind import Bind
from tests.services.kea import Kea
from tests.services.mariadb import Database
from tests.services.openssh import Sshd

PASSWORD = "correct-horse-battery-staple"
USER = "netcensus"
GRANTS = ROOT / "deploy" / "mysql-grants.sql"
Records = set[tuple[str, int, str, str]]
Row = dict[str, Any]

_NETWORK = """
domain = "viktorbarzin.lan"

[names]
infrastructure = ["ns1", "pfsense"]

[sites.sofia]
subnets = ["10.0.10.0/24", "10.0.20.0/24", "192.168.1.0/24", "10.3.2.0/24"]
[sites.sofia.gateway]
kind = "pfsense"
host = "{ssh.host}"
port = {ssh.port}
user = "{ssh.user}"
kea_sockets = ["{kea_socket}"]
[sites.valchedrym]
subnets = ["192.168.0.0/24"]
label = "valchedrym"
[sites.london]
subnets = ["192.168.8.0/24"]
label = "london"

[phpipam]
host = "{ipam.host}"
port = {ipam.port}
database = "{ipam.name}"
user = "{user}"
time_zone = "Europe/Sofia"
changelog_user = "netcensus"

[dns]
server = "{dns.host}"
port = {dns.port}
key = "netcensus"
zones = [{zones}]

[state]
archive = "archive"
ledger = "sqlite:///ledger.sqlite"
"""


@dataclass(frozen=True)
class RealNetwork:
    """The servers, and the one netcensus that looks after them."""

    kea: Kea
    bind: Bind
    ipam: Database
    ssh: Sshd
    world: World

    def address(self, ip: str) -> Row:
        """The row of an address in phpIPAM, its times as text."""
        (row,) = self.ipam.execute(
            "SELECT id, hostname, mac, description, state, CAST(lastSeen AS CHAR(19)) AS lastSeen, editDate"
            " FROM ipaddresses WHERE ip_addr = %s AND subnetId >= 7",
            [decimal_of(ip)],
        )
        return row

    def phpipam(self) -> dict[str, list[Row]]:
        """Every row of every table of phpIPAM's."""
        names = self.ipam.table_names()
        return {name: self.ipam.execute(f"SELECT * FROM `{name}` ORDER BY 1, 2") for name in names}  # noqa: S608 - its own names

    def records(self) -> Records:
        """Every record of every zone, SOAs and so serials included."""
        return {record for zone in self.bind.zones for record in self.bind.records(zone.name)}

    def everything(self) -> tuple[object, ...]:
        """All that a census could have written to; the number of UPDATE messages first."""
        return self.bind.update_count(), self.phpipam(), self.records()


def network_text(kea: Kea, ipam: Database, ssh: Sshd, user: str) -> str:
    """The network file for these servers."""
    zones = ", ".join(f'"{zone.name}"' for zone in kea.bind.zones)
    return _NETWORK.format(ssh=ssh, ipam=ipam, dns=kea.bind, kea_socket=kea.control_socket, zones=zones, user=user)


def real_network(folder: Path, kea: Kea, ipam: Database, ssh: Sshd, password: str = PASSWORD) -> RealNetwork:
    """A world over these servers whose database user has the rights of deploy/mysql-grants.sql and no other."""
    ipam.create_user(USER, PASSWORD, GRANTS.read_text(encoding="utf-8"))
    files = {
        "network.toml": network_text(kea, ipam, ssh, USER),
        "known_hosts": ssh.known_hosts,
        "tsig": kea.bind.secrets["netcensus"],
        "password": password,
    }
    folder.mkdir(parents=True, exist_ok=True)
    secrets = folder.with_name(f"{folder.name}-secrets")
    secrets.mkdir()
    for name, text in files.items():
        place = folder if name in {"network.toml", "known_hosts"} else secrets
        (place / name).write_text(text, encoding="utf-8")
    variables = {
        "NETCENSUS_NETWORK": folder / "network.toml",
        "NETCENSUS_SSH_KEY_FILE": ssh.client_key,
        "NETCENSUS_TSIG_SECRET_FILE": secrets / "tsig",
        "NETCENSUS_PHPIPAM_PASSWORD_FILE": secrets / "password",
        "DAGSTER_HOME": folder / "dagster",
    }
    return RealNetwork(kea, kea.bind, ipam, ssh, World(folder, {name: str(value) for name, value in variables.items()}))


def secrets_of(network: RealNetwork) -> Sequence[str]:
    """What must stand nowhere: the password, the TSIG secret and the lines of the SSH key no other key has."""
    key = network.ssh.client_key.read_text(encoding="ascii").splitlines()
    return [PASSWORD, network.bind.secrets["netcensus"], *key[3:-1]]
