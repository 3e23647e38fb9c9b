"""All snapshots of one hour to the parse stage's tables, and which sources can be trusted."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pandas as pd

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.gateways import OpenwrtGateway
from pipelines.network import Network
from pipelines.parse import arp, dnsmasq_leases, kea_config, kea_leases, linux_neighbours, phpipam, wireguard, zone
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import EVERYWHERE, ZONE, Snapshot, missing

Parser = Callable[[Snapshot], Parsed]


def parse_all(snapshots: Sequence[Snapshot], *, network: Network) -> dict[str, pd.DataFrame]:
    """The stage's tables by name; a source that is incomplete or unreadable adds no rows and is marked in `sources`.

    A snapshot of a source nobody knows how to parse is a `KeyError`: the extraction and this table disagree.
    """
    read: dict[str, list[pd.DataFrame]] = {table.name: [table.empty()] for table in _PARSED}
    sources = []
    for snapshot in _trusted(snapshots, network):
        parsed, reason = _read(snapshot, network)
        for name, one in parsed.items():
            read[name].append(one.table)
            read["rejects"].append(one.rejects)
        rows = sum(len(one.table) for one in parsed.values())
        rejected = sum(len(one.rejects) for one in parsed.values())
        sources.append((snapshot.site, snapshot.source, snapshot.read_at, reason is None, reason, rows, rejected))
    frames = {table.name: table.concat(read[table.name]) for table in _PARSED}
    return {**frames, "sources": tables.SOURCES.rows(sources)}


def _trusted(snapshots: Sequence[Snapshot], network: Network) -> list[Snapshot]:
    """The snapshots, those of gateways as missing that are too old beside the newest: nothing follows from them."""
    newest = max((one.read_at for one in snapshots), default=None)
    hold = timedelta(minutes=network.sources.hold_minutes)
    return [
        one if one.site == EVERYWHERE or newest is None or newest - one.read_at <= hold else _outdated(one, newest)
        for one in snapshots
    ]


def _outdated(snapshot: Snapshot, newest: datetime) -> Snapshot:
    minutes = int((newest - snapshot.read_at).total_seconds() // 60)
    why = f"was last asked {minutes} minutes ago, so nothing new follows from it; run a census (job census)"
    return missing(snapshot.site, snapshot.source, snapshot.read_at, f"{snapshot.source} {why}")


_PARSED = (
    tables.LEASES, tables.RESERVATIONS, tables.DHCP_SUBNETS, tables.NEIGHBOURS, tables.PEERS, tables.IPAM_SUBNETS,
    tables.IPAM_ADDRESSES, tables.ZONE_RECORDS, tables.REJECTS,
)  # fmt: skip


def _read(snapshot: Snapshot, network: Network) -> tuple[dict[str, Parsed], str | None]:
    """What a snapshot holds, by table, and why it is not to be trusted (None when it is)."""
    if not snapshot.is_complete:
        return {}, snapshot.reason or "incomplete"
    try:
        return {table: parse(snapshot) for table, parse in _parsers(snapshot, network).items()}, None
    except ParseError as error:
        return {}, str(error)


def _parsers(snapshot: Snapshot, network: Network) -> dict[str, Parser]:
    if snapshot.source.startswith(ZONE):
        return {"zone_records": zone.parse}
    by_source: dict[str, dict[str, Parser]] = {
        "kea4.leases": {"leases": kea_leases.parse},
        "kea4.config": {"reservations": kea_config.parse_reservations, "dhcp_subnets": kea_config.parse_subnets},
        "arp": {"neighbours": arp.parse},
        "dnsmasq.leases": {"leases": lambda one: dnsmasq_leases.parse(one, _lease_s(one.site, network))},
        "linux.neighbours": {"neighbours": linux_neighbours.parse},
        "wireguard": {"peers": wireguard.parse},
        "phpipam.subnets": {"ipam_subnets": phpipam.parse_subnets},
        "phpipam.addresses": {
            "ipam_addresses": lambda snapshot: phpipam.parse_addresses(snapshot, network.phpipam.zone_info)
        },
    }
    return by_source[snapshot.source]


def _lease_s(name: str, network: Network) -> int:
    """How long the longest lease at a site is: as network.toml says now, of which an archived answer knows nothing."""
    site = network.sites.get(name)
    gateway = site.gateway if site is not None else None
    return gateway.lease_s if isinstance(gateway, OpenwrtGateway) else dnsmasq_leases.USUAL_LEASE_S
