"""The servers of the day, all by one clock: Kea, D2, BIND, MariaDB, a pfSense-like SSH host, two routers behind it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import ZONES
from tests.scenarios.real_world import RealNetwork, real_network
from tests.services.bind import running_bind
from tests.services.clock import Clock
from tests.services.dropbear import Dropbear, running_dropbear
from tests.services.kea import running_kea
from tests.services.kea_config import SUBNETS
from tests.services.line import Line, running_line
from tests.services.mariadb import running_mariadb
from tests.services.openssh import running_sshd
from tests.soak.day.facts import ARP_MEMORY, LONDON, SOFIA, VALCHEDRYM, Facts, Lease, place_of

LEASE_S = 7200
_MORE = """
[withdraw]
first_days = 0
dynamic_grace_hours = 2
reservation_grace_hours = 2
offline_after_days = 1
[guards]
creates = {few = 1000, max_count = 1000}
updates = {few = 1000, max_count = 1000}
deletes = {few = 1000, max_count = 1000}
"""
_GATEWAY = """[sites.{site}.gateway]
kind = "openwrt"
host = "127.0.0.1"
port = {port}
user = "{user}"
via = "sofia"
lease_s = {lease_s}
"""
# Kea's answer to the one question that tells its leases, cut in the middle: the rest of it never came.
_HALF = """#!/bin/sh
ANSWER=$({nc} "$@") || exit
case $ANSWER in
  *'"leases"'*) printf '%s' "$ANSWER" | head -c $((${{#ANSWER}} / 2)) ;;
  *) printf '%s\\n' "$ANSWER" ;;
esac
"""


@dataclass
class DayNetwork:
    """The network with its remote sites, and the ways in which its facts get into the servers."""

    clock: Clock
    real: RealNetwork
    routers: Mapping[str, Dropbear]
    lines: Mapping[str, Line]
    cut_off: frozenset[str] = frozenset()
    """The sites that cannot be reached."""

    def tell(self, facts: Facts) -> None:
        """Let ARP tables, routers and their lease files say what is so; Kea has it from its clients."""
        now = datetime.now(UTC)
        self.real.ssh.arp_table(_arp(facts, now))
        for site, router in self.routers.items():
            here = {ip: lease for ip, lease in facts.active(now).items() if place_of(ip).site == site}
            router.lease_file.write_text("".join(map(_dnsmasq, here.values())))
            lines = [_neigh(ip, one.mac) for ip, one in facts.neighbours.items() if place_of(ip).site == site]
            (router.directory / "ip_neigh").write_text("".join(lines))

    def reserve(self, facts: Facts) -> None:
        """Let Kea keep the addresses that are reserved."""
        self.real.kea.configure(
            [
                replace(
                    subnet,
                    reservations=[
                        {"hw-address": one.mac, "ip-address": ip, "hostname": one.name}
                        for ip, one in facts.reservations.items()
                        if place_of(ip).prefix == subnet.prefix
                    ],
                    valid_lifetime_s=LEASE_S,
                )
                for subnet in SUBNETS
            ]
        )

    def cut(self, *sites: str) -> None:
        """From now on these sites are not reached, and all others are."""
        for site, line in self.lines.items():
            if site in sites and site not in self.cut_off:
                line.close()
            elif site in self.cut_off and site not in sites:
                line.open()
        self.cut_off = frozenset(sites)

    def halve(self, *, is_on: bool) -> None:
        """Let pfSense's nc(1) hand on half of what Kea says of its leases, or all again."""
        nc = "/bin/nc" if Path("/bin/nc").exists() else "/usr/bin/nc"
        self.real.ssh.program("nc", _HALF.format(nc=nc) if is_on else f'#!/bin/sh\nexec {nc} "$@"\n')


def _arp(facts: Facts, now: datetime) -> str:
    """What `arp --libxo json -an` prints, its own address among it."""
    rows: list[dict[str, object]] = [
        {"ip-address": "192.168.1.1", "mac-address": "bc:24:11:00:01:01", "interface": "vtnet0", "permanent": True}
    ]
    for ip, one in facts.answering(now).items():
        if place_of(ip).site == SOFIA:
            left_s = round((ARP_MEMORY - (now - one.at)).total_seconds())
            rows.append({"ip-address": ip, "mac-address": one.mac, "interface": "vtnet0", "expires": left_s})
    return json.dumps({"__version": "1", "arp": {"arp-cache": rows}})


def _dnsmasq(lease: Lease) -> str:
    return f"{round(lease.ends_at.timestamp())} {lease.mac} {lease.ip} {lease.name or '*'} 01:{lease.mac}\n"


def _neigh(ip: str, mac: str) -> str:
    return f"{ip} dev br-lan lladdr {mac} used 0/0/0 probes 1 REACHABLE\n"


@contextmanager
def running_day(folder: Path, clock: Clock, begin: datetime) -> Iterator[DayNetwork]:
    """Everything running, at the time `begin`, before the first lease."""
    clock.put(begin)
    with ExitStack() as stack:
        kea = stack.enter_context(running_kea(stack.enter_context(running_bind(ZONES))))
        database = stack.enter_context(running_mariadb()).database()
        ssh = stack.enter_context(running_sshd())
        ssh.restore()
        routers = {site: stack.enter_context(running_dropbear()) for site in (VALCHEDRYM, LONDON)}
        ssh.program("date", clock.program("/bin/date"))
        for router in routers.values():
            router.restore(ssh.client_key.with_suffix(".pub"))
            router.program("date", clock.program("/bin/date"))
        lines = {site: stack.enter_context(running_line(router.port)) for site, router in routers.items()}
        real = real_network(folder / "own", kea, database, ssh)
        _connect(real, routers, lines)
        variables = {**real.world.variables, "NETCENSUS_JUMP_KEY_FILE": str(ssh.jump_key), **clock.environment}
        real = replace(real, world=replace(real.world, variables=variables))
        yield DayNetwork(clock, real, routers, lines)


def _connect(real: RealNetwork, routers: Mapping[str, Dropbear], lines: Mapping[str, Line]) -> None:
    """Let the routers be reached through the first gateway."""
    toml, known_hosts = real.world.network_toml, real.world.folder / "known_hosts"
    text, known = toml.read_text(encoding="utf-8"), [real.ssh.known_hosts]
    for site, router in routers.items():
        gateway = _GATEWAY.format(site=site, port=lines[site].port, user=router.user, lease_s=LEASE_S)
        text = text.replace("\n[phpipam]", f"\n{gateway}\n[phpipam]")
        known.append(router.known_hosts.replace(f":{router.port} ", f":{lines[site].port} "))
    toml.write_text(text + _MORE, encoding="utf-8")
    known_hosts.write_text("".join(known), encoding="utf-8")
    permits = [f'permitopen="127.0.0.1:{line.port}"' for line in lines.values()]
    real.ssh.let_jump(",".join(["restrict", "port-forwarding", *permits]))
