"""All snapshots of one hour to the parse stage's tables, and which sources can be trusted."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from pipelines import tables
from pipelines.counted import counted
from pipelines.errors import ParseError
from pipelines.network import Network
from pipelines.parse.kinds import LISTED, PHPIPAM, ZONES, is_of, kind_of
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import EVERYWHERE, ZONE, Snapshot, missing

PARSED = (
    tables.LEASES, tables.RESERVATIONS, tables.DHCP_SUBNETS, tables.NEIGHBOURS, tables.PEERS, tables.HOSTS,
    tables.SERVICES, tables.IPAM_SUBNETS, tables.IPAM_ADDRESSES, tables.ZONE_RECORDS, tables.OUTSIDE_RECORDS,
    tables.REJECTS,
)  # fmt: skip
"""The stage's tables but `sources`, which says of each source whether it could be trusted."""


def parse_all(snapshots: Sequence[Snapshot], *, network: Network) -> dict[str, pd.DataFrame]:
    """The stage's tables by name; a source that is incomplete or unreadable adds no rows and is marked in `sources`.

    A stale one, which is incomplete too, adds what it holds: evidence, from which nothing is concluded.

    A snapshot of a source nobody knows how to parse is a `KeyError`: the extraction and this table disagree.
    """
    read: dict[str, list[pd.DataFrame]] = {table.name: [table.empty()] for table in PARSED}
    sources = []
    for snapshot in [*_trusted(snapshots, network), *_unasked(snapshots, network)]:
        parsed, reason = _read(snapshot, network)
        for name, one in parsed.items():
            read[name].append(one.table)
            read["rejects"].append(one.rejects)
        sources += _said(snapshot, list(parsed.values()), reason, network)
    frames = {table.name: table.concat(read[table.name]) for table in PARSED}
    return {**frames, "sources": tables.SOURCES.rows(sources)}


def _said(
    snapshot: Snapshot, parsed: Sequence[Parsed], reason: str | None, network: Network
) -> list[tuple[object, ...]]:
    """The rows of `tables.SOURCES` on one snapshot: one for its site, or for each of the sites that it tells of."""
    rejected = sum(len(one.rejects) for one in parsed)
    told = network.told_by(snapshot.source)
    rows = {site: sum(int((one.table["site"] == site).sum()) for one in parsed) for site in told}
    rows = rows or {snapshot.site: sum(len(one.table) for one in parsed)}
    common = (snapshot.source, snapshot.read_at, reason is None, reason)
    return [(site, *common, count, rejected) for site, count in rows.items()]


def _unasked(snapshots: Sequence[Snapshot], network: Network) -> list[Snapshot]:
    """One missing snapshot for every site with a gateway of which there is none: it was never asked."""
    newest = max((one.read_at for one in snapshots), default=None)
    asked = {one.site for one in snapshots}
    sites = [name for name in network.gateways if name not in asked]
    return [] if newest is None else [missing(name, _GATEWAY, newest, _UNASKED) for name in sites]


_GATEWAY = "gateway"
_UNASKED = "there is no answer of its gateway at all; run a census (job census)"


def _trusted(snapshots: Sequence[Snapshot], network: Network) -> list[Snapshot]:
    """The snapshots, those of devices as missing that are too old beside the targets': nothing follows from them.

    The targets are read in every run, so when that was tells how late it is. Left out is what network.toml lists no
    longer, as in an hour of the past.
    """
    read_now = [one.read_at for one in snapshots if is_of(one.source, PHPIPAM, ZONES)]
    now = max(read_now or [one.read_at for one in snapshots], default=None)
    return [
        one
        if is_of(one.source, PHPIPAM, ZONES) or now is None or -_A_RUN <= now - one.read_at <= network.hold(one.site)
        else _outdated(one, now)
        for one in snapshots
        if _is_listed(one, network)
    ]


def _is_listed(snapshot: Snapshot, network: Network) -> bool:
    """Whether network.toml still lists the source, the zone or the site that this is an answer of."""
    if is_of(snapshot.source, LISTED):
        return network.listed(snapshot.source) is not None
    if is_of(snapshot.source, ZONES):
        return f"{snapshot.source.removeprefix(ZONE)}." in network.dns.zones
    return snapshot.site in {EVERYWHERE, *network.sites}


_A_RUN = timedelta(minutes=15)
"""So much later than the targets a gateway may be asked in one run."""


def _outdated(snapshot: Snapshot, now: datetime) -> Snapshot:
    minutes = int((now - snapshot.read_at).total_seconds() // 60)
    when = f"was last asked {counted(minutes, 'minute')} ago"
    if minutes < 0:
        when = f"was last asked by a clock that was {counted(-minutes, 'minute')} ahead"
    why = f"{snapshot.source} {when}, so nothing new follows from it; run a census (job census)"
    return missing(snapshot.site, snapshot.source, snapshot.read_at, why)


def _read(snapshot: Snapshot, network: Network) -> tuple[dict[str, Parsed], str | None]:
    """What a snapshot holds, by table, and why it is not to be trusted (None when it is)."""
    lacking = None if snapshot.is_complete else snapshot.reason or "incomplete"
    if not snapshot.is_readable:
        return {}, lacking
    try:
        parsers = kind_of(snapshot.source).parsers
        return {table: parse(snapshot, network) for table, parse in parsers.items()}, lacking
    except ParseError as error:
        return {}, str(error)
