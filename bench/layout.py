"""The network every measurement is made on: two sites, 39 IPv4 subnets and one of IPv6, 41 zones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

DOMAIN = "bench.lan"
HOME, CABIN = "home", "cabin"
IPV4_SUBNETS = tuple(f"10.{number}.0.0/16" for number in range(39))
IPV6_SUBNET = "fd00::/64"
SUBNETS = (*IPV4_SUBNETS, IPV6_SUBNET)
SITE_OF = {cidr: HOME if number < 20 else CABIN for number, cidr in enumerate(IPV4_SUBNETS)} | {IPV6_SUBNET: HOME}  # noqa: PLR2004 - half of them
SUBNET_IDS = {cidr: 20 + number for number, cidr in enumerate(SUBNETS)}
"""phpIPAM's `subnets.id` of each."""
ZONES = (
    DOMAIN,
    *(f"{number}.10.in-addr.arpa" for number in range(39)),
    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
)

_TOML = """
domain = "{domain}"
[names]
infrastructure = ["ns1", "gateway"]
{sites}
[phpipam]
host = "{ipam.host}"
port = {ipam.port}
database = "{ipam_name}"
user = "netcensus"
time_zone = "UTC"
changelog_user = "netcensus"
section = "Home"
[dns]
server = "{dns.host}"
port = {dns.port}
key = "netcensus"
zones = [{zones}]
# A first census creates everything; of what stands, at most three in ten may change at once, whatever the size is.
[guards]
creates = {{few = 10000000, max_count = 10000000}}
updates = {{few = 3, max_count = 10000000, max_share = 0.3}}
deletes = {{max_count = 10000000, max_share = 0.3}}
[state]
archive = "archive"
ledger = "sqlite:///ledger.sqlite"
"""
_SITE = """
[sites.{name}]
subnets = [{subnets}]
[sites.{name}.gateway]
kind = "pfsense"
host = "{at.host}"
port = {at.port}
user = "{user}"
dhcp6 = false
kea_sockets = ["{socket}"]
"""


@dataclass(frozen=True)
class Place:
    """Where a server listens. The default is nowhere: for measurements that contact nobody."""

    port: int = 9
    host: str = "127.0.0.1"


@dataclass(frozen=True)
class Gateway:
    """How a site's gateway is reached, and where its Kea listens."""

    at: Place = Place()
    user: str = "root"
    kea_socket: str = "/nowhere"


_NOWHERE = Place()


def network_toml(gateways: Mapping[str, Gateway], ipam: Place = _NOWHERE, dns: Place = _NOWHERE) -> str:
    """The network file of this network, its servers at these places."""
    sites = "".join(_site(name, gateways.get(name, Gateway())) for name in (HOME, CABIN))
    zones = _listed(ZONES)
    return _TOML.format(domain=DOMAIN, sites=sites, ipam=ipam, ipam_name="phpipam", dns=dns, zones=zones)


def _site(name: str, gateway: Gateway) -> str:
    subnets = _listed(cidr for cidr, site in SITE_OF.items() if site == name)
    return _SITE.format(name=name, subnets=subnets, at=gateway.at, user=gateway.user, socket=gateway.kea_socket)


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts)


def phpipam_rows() -> list[tuple[int, str, str, str]]:
    """The subnets as phpIPAM keeps them: id, address in decimal, mask, description."""
    nets = {cidr: ip_network(cidr) for cidr in SUBNETS}
    return [(SUBNET_IDS[cidr], str(int(net.network_address)), str(net.prefixlen), cidr) for cidr, net in nets.items()]
