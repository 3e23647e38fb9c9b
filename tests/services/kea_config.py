"""Kea's two configurations, as pfSense has them but for the ports: DHCPv4 by UDP on loopback, D2 towards BIND."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from tests.services.bind import Bind
from tests.services.process import HOST
from tests.services.programs import path_of

DOMAIN = "viktorbarzin.lan"


@dataclass(frozen=True)
class Subnet:
    """One subnet Kea leases in. `pools` are "first - last"; a reservation has Kea's own keys."""

    prefix: str
    pools: Sequence[str] = ()
    reservations: Sequence[Mapping[str, str]] = ()
    is_ddns_on: bool = True
    valid_lifetime_s: int = 7200

    def address(self, number: int) -> str:
        """The subnet's address with this number: 1 is the gateway, which relays for the tests' clients."""
        return str(IPv4Network(self.prefix)[number])

    def as_kea(self, subnet_id: int) -> dict[str, Any]:
        """The entry of `subnet4`; without pools of its own the subnet leases .100 to .199."""
        pools = self.pools or [f"{self.address(100)} - {self.address(199)}"]
        return {
            "id": subnet_id,
            "subnet": self.prefix,
            "pools": [{"pool": pool} for pool in pools],
            "reservations": [dict(reservation) for reservation in self.reservations],
            "ddns-send-updates": self.is_ddns_on,
            "valid-lifetime": self.valid_lifetime_s,
        }


# The network of network.toml that Kea serves, D2 on but for the LAN.
SUBNETS = (
    Subnet(
        "10.0.10.0/24",
        reservations=(
            {"hw-address": "52:54:00:10:00:10", "ip-address": "10.0.10.10", "hostname": "devvm"},
            {"hw-address": "52:54:00:10:00:20", "ip-address": "10.0.10.20", "hostname": "pxe"},
        ),
    ),
    Subnet("10.0.20.0/24"),
    Subnet(
        "192.168.1.0/24",
        reservations=({"hw-address": "b8:27:eb:01:00:50", "ip-address": "192.168.1.10", "hostname": "nas"},),
        is_ddns_on=False,
    ),
)


@dataclass(frozen=True)
class Places:
    """Where one Kea keeps its files and listens."""

    directory: Path
    control_socket: str
    d2_port: int
    server_port: int
    client_port: int


def _logger(name: str) -> dict[str, Any]:
    return {"name": name, "severity": "INFO", "output_options": [{"output": "stdout"}]}


def dhcp4_config(
    places: Places, subnets: Sequence[Subnet], *, is_d2_enabled: bool = True, has_lease_commands: bool = True
) -> dict[str, Any]:
    """kea-dhcp4.conf. Expired leases are reclaimed within a second, so that tests need not wait."""
    hooks = [{"library": path_of("libdhcp_lease_cmds.so")}] if has_lease_commands else []
    return {
        "Dhcp4": {
            "interfaces-config": {"interfaces": [f"lo/{HOST}"], "dhcp-socket-type": "udp"},
            "control-socket": {"socket-type": "unix", "socket-name": places.control_socket},
            "lease-database": {
                "type": "memfile",
                "persist": True,
                "name": str(places.directory / "dhcp4.leases"),
                "lfc-interval": 0,
            },
            "hooks-libraries": hooks,
            "dhcp-ddns": {"enable-updates": is_d2_enabled, "server-ip": HOST, "server-port": places.d2_port},
            "ddns-qualifying-suffix": f"{DOMAIN}.",
            "ddns-override-no-update": True,
            "ddns-override-client-update": True,
            "hostname-char-set": "[^A-Za-z0-9.-]",
            "hostname-char-replacement": "-",
            "expired-leases-processing": {"reclaim-timer-wait-time": 1, "hold-reclaimed-time": 3600},
            "option-data": [{"name": "domain-name", "data": DOMAIN}],
            "authoritative": True,
            "subnet4": [subnet.as_kea(number) for number, subnet in enumerate(subnets, start=1)],
            "loggers": [_logger("kea-dhcp4")],
        }
    }


def _ddns_domain(zone: str, bind: Bind) -> dict[str, Any]:
    return {
        "name": f"{zone}.",
        "key-name": "kea-ddns",
        "dns-servers": [{"ip-address": bind.host, "port": bind.port}],
    }


def d2_config(places: Places, bind: Bind) -> dict[str, Any]:
    """kea-dhcp-ddns.conf: every zone of this BIND, signed with the key `kea-ddns`."""
    names = [zone.name for zone in bind.zones]
    key = {"name": "kea-ddns", "algorithm": "HMAC-SHA256", "secret": bind.secrets["kea-ddns"]}
    return {
        "DhcpDdns": {
            "ip-address": HOST,
            "port": places.d2_port,
            "dns-server-timeout": 500,
            "tsig-keys": [key],
            "forward-ddns": {"ddns-domains": [_ddns_domain(n, bind) for n in names if not n.endswith(".arpa")]},
            "reverse-ddns": {"ddns-domains": [_ddns_domain(n, bind) for n in names if n.endswith(".arpa")]},
            "loggers": [_logger("kea-dhcp-ddns")],
        }
    }
