"""The hosts in real gateways: leases in Kea's own file, reservations in its configuration, neighbours behind `arp`."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network

import numpy as np
import pandas as pd

from bench import layout
from bench.hosts import LEASED, PHONE, RESERVED
from tests.services.bind import Bind
from tests.services.kea import Kea, running_kea
from tests.services.kea_config import Subnet
from tests.services.openssh import Sshd, running_sshd

_LEASE_HEAD = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context"
_VALID_S, _AGE_S = 7200, 600
_NDP_HEAD = "Neighbor                        Linklayer Address  Netif Expire    S Flags"


@dataclass
class GatewayServers:
    """One site's SSH server and Kea."""

    site: str
    ssh: Sshd
    kea: Kea

    @property
    def gateway(self) -> layout.Gateway:
        """How network.toml reaches it."""
        return layout.Gateway(layout.Place(self.ssh.port, self.ssh.host), self.ssh.user, self.kea.control_socket)

    def load(self, hosts: pd.DataFrame, *, seed: int = 0) -> None:
        """Let Kea and `arp` know these hosts, of this site, and no other; the seed draws when they were last seen."""
        here = hosts[hosts["site"] == self.site]
        self.kea.dhcp4.stop()
        self.kea.subnets = _subnets(self.site, here[here["kind"] == RESERVED])
        self.kea.lease_file.write_text(_lease_file(here[here["kind"].isin([LEASED, PHONE])]), encoding="ascii")
        self.kea.start()
        self.ssh.arp_table(_arp(here[here["mac"].notna()], seed))
        second = here[here["ip6"].notna()]
        lines = second["ip6"] + "  " + second["mac"] + "  em0 23h59m50s S"
        (self.ssh.directory / "ndp.txt").write_text("\n".join([_NDP_HEAD, *lines, ""]), encoding="ascii")
        self.ssh.program("ndp", f"#!/bin/sh\ncat {self.ssh.directory}/ndp.txt\n")


def _cidrs(site: str) -> list[str]:
    return [cidr for cidr in layout.IPV4_SUBNETS if layout.SITE_OF[cidr] == site]


def _subnets(site: str, reserved: pd.DataFrame) -> list[Subnet]:
    wanted: dict[str, list[dict[str, str]]] = {cidr: [] for cidr in _cidrs(site)}
    for row in reserved.itertuples(index=False):
        entry = {"hw-address": str(row.mac), "ip-address": str(row.ip), "hostname": str(row.name)}
        wanted[str(row.subnet)].append(entry)
    return [replace(_subnet(cidr), reservations=entries) for cidr, entries in wanted.items()]


def _subnet(cidr: str) -> Subnet:
    """D2 is off: the names are ours to write."""
    net = ip_network(cidr)
    return Subnet(cidr, pools=[f"{net[16]} - {net[-16]}"], is_ddns_on=False, valid_lifetime_s=_VALID_S)


def _lease_file(leased: pd.DataFrame) -> str:
    """Kea's memfile, every lease renewed ten minutes ago. Its own numbers of subnets count from 1 at each site."""
    expire = int(time.time()) - _AGE_S + _VALID_S
    numbers = {cidr: str(number) for site in (layout.HOME, layout.CABIN) for number, cidr in enumerate(_cidrs(site), 1)}
    middle = leased["subnet"].map(numbers) + ",0,0,"
    lines = leased["ip"] + "," + leased["mac"] + f",,{_VALID_S},{expire}," + middle + leased["name"] + ",0,"
    return "\n".join([_LEASE_HEAD, *lines]) + "\n"


def _arp(seen: pd.DataFrame, seed: int) -> str:
    expires = np.random.default_rng(seed).integers(600, 1200, len(seen))
    entries = [
        {"ip-address": ip, "mac-address": mac, "interface": "em0", "expires": int(left), "type": "ethernet"}
        for ip, mac, left in zip(seen["ip"], seen["mac"], expires, strict=True)
    ]
    return json.dumps({"__version": "1", "arp": {"arp-cache": entries}}) + "\n"


@contextmanager
def running_gateway(site: str, bind: Bind) -> Iterator[GatewayServers]:
    """The servers of a site's gateway, until the block ends."""
    with running_sshd() as ssh, running_kea(bind, [_subnet(cidr) for cidr in _cidrs(site)]) as kea:
        yield GatewayServers(site, ssh, kea)
