"""Every kind of source there is: who reads it, and the parser of each table it fills. The one place that lists them.

A source is called by its kind alone (`arp`), or by its kind and its own name (`zone/example.lan`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.gateways import OpenwrtGateway
from pipelines.network import Network
from pipelines.parse import (
    arp,
    dnsmasq_leases,
    kea_config,
    kea_leases,
    kea_memfile,
    kubernetes,
    linux_neighbours,
    ndp,
    odhcpd_leases,
    phpipam,
    static_list,
    wireguard,
    zone,
    zone_file,
)
from pipelines.parse.lease_ends import USUAL_LEASE_S
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot

Parser = Callable[[Snapshot, Network], Parsed]
GATEWAYS, PHPIPAM, ZONES, LISTED = "gateways", "phpipam", "zones", "sources"
"""Who reads: the step of each site, of phpIPAM, of the zones, and of what network.toml lists under [sources]."""


@dataclass(frozen=True)
class Kind:
    """A kind of source: by which step it is read, and how each table that it fills is parsed."""

    read_by: str
    parsers: Mapping[str, Parser]


def _alone(parse: Callable[[Snapshot], Parsed]) -> Parser:
    """The parser of a source that tells all there is to know: network.toml adds nothing."""
    return lambda snapshot, _: parse(snapshot)


def _ended(parse: Callable[[Snapshot, int], Parsed]) -> Parser:
    """The parser of leases with nothing but ends.

    The longest lease is as network.toml says now, of which an archived answer knows nothing.
    """

    def of_its_site(snapshot: Snapshot, network: Network) -> Parsed:
        site = network.sites.get(snapshot.site)
        gateway = site.gateway if site is not None else None
        return parse(snapshot, gateway.lease_s if isinstance(gateway, OpenwrtGateway) else USUAL_LEASE_S)

    return of_its_site


def _ipam_addresses(snapshot: Snapshot, network: Network) -> Parsed:
    return phpipam.parse_addresses(snapshot, network.phpipam.zone_info)


_KEA_CONFIG = {
    "reservations": _alone(kea_config.parse_reservations),
    "dhcp_subnets": _alone(kea_config.parse_subnets),
}
KINDS: Mapping[str, Kind] = {
    "gateway": Kind(GATEWAYS, {}),  # all that is known of one of which there is no answer at all
    "kea4.leases": Kind(GATEWAYS, {"leases": _alone(kea_leases.parse)}),
    "kea6.leases": Kind(GATEWAYS, {"leases": _alone(kea_leases.parse6)}),
    "kea6.config": Kind(GATEWAYS, _KEA_CONFIG),
    "kea6.memfile": Kind(GATEWAYS, {"leases": _alone(kea_memfile.parse6)}),
    "kea4.memfile": Kind(GATEWAYS, {"leases": _alone(kea_memfile.parse)}),
    "kea4.config": Kind(GATEWAYS, _KEA_CONFIG),
    "arp": Kind(GATEWAYS, {"neighbours": _alone(arp.parse)}),
    "ndp": Kind(GATEWAYS, {"neighbours": _alone(ndp.parse)}),
    "dnsmasq.leases": Kind(GATEWAYS, {"leases": _ended(dnsmasq_leases.parse)}),
    "odhcpd.leases": Kind(GATEWAYS, {"leases": _ended(odhcpd_leases.parse)}),
    "linux.neighbours": Kind(GATEWAYS, {"neighbours": _alone(linux_neighbours.parse)}),
    "wireguard": Kind(GATEWAYS, {"peers": _alone(wireguard.parse)}),
    "phpipam.subnets": Kind(PHPIPAM, {"ipam_subnets": _alone(phpipam.parse_subnets)}),
    "phpipam.addresses": Kind(PHPIPAM, {"ipam_addresses": _ipam_addresses}),
    "kubernetes": Kind(LISTED, {"services": kubernetes.parse}),
    "static-list": Kind(LISTED, {"hosts": static_list.parse}),
    "zone-file": Kind(LISTED, {"outside_records": zone_file.parse}),
    "zone": Kind(ZONES, {"zone_records": _alone(zone.parse)}),
}


def kind_of(source: str) -> Kind:
    """The kind of the source with this name. `KeyError` for one nobody knows: extraction and this file disagree."""
    return KINDS[source.partition("/")[0]]


def is_of(source: str, *steps: str) -> bool:
    """Whether one of these steps reads the source with this name."""
    return kind_of(source).read_by in steps


def read_by(table: str) -> frozenset[str]:
    """The steps whose answers fill a table; none for a table that is about all sources."""
    return frozenset(kind.read_by for kind in KINDS.values() if table in kind.parsers)
