"""The hosts as the parse stage's tables, made as columns: for what is measured without any server."""

from ipaddress import ip_network

import pandas as pd

from bench import layout
from bench.hosts import BY_HAND, LEASED, PHONE, RESERVED
from pipelines import network as network_file
from pipelines import tables
from pipelines.parse.every import PARSED
from pipelines.plan.past import Past
from pipelines.snapshots import EVERYWHERE

AT = pd.Timestamp("2026-03-01T12:00:00Z")
NETWORK = network_file.parse(layout.network_toml({}), "network.toml")
VALID_S = 7200
_SOA = "ns.invalid. hostmaster.invalid. 1 3600 600 86400 300"
_FROM_GATEWAY = ("kea4.leases", "kea4.config", "arp")


def hour(hosts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The parsed tables, by name, of an hour in which nothing but what people typed stands in either target."""
    made = {
        "leases": leases(hosts), "reservations": reservations(hosts), "neighbours": _neighbours(hosts),
        "dhcp_subnets": _dhcp_subnets(), "ipam_subnets": _ipam_subnets(), "ipam_addresses": _ipam_addresses(hosts),
        "zone_records": _apexes(),
    }  # fmt: skip
    empty = {table.name: table.empty() for table in PARSED}
    return empty | made | {"sources": _sources(made)}


def past(parsed: dict[str, pd.DataFrame]) -> Past:
    """A memory that is old enough: a month, and a day's answers as large as this hour's."""
    sources = parsed["sources"]
    reads = [sources.assign(read_at=AT - pd.Timedelta(hours=ago)) for ago in range(1, 25)]
    return Past(AT - pd.Timedelta(days=30), tables.READS.concat([tables.READS.frame(one) for one in reads]))


def leases(hosts: pd.DataFrame) -> pd.DataFrame:
    """`tables.LEASES`: an active lease of every host that takes one, D2 told of none."""
    rows = hosts[hosts["kind"].isin([LEASED, PHONE])]
    cltt = AT - pd.Timedelta(minutes=10)
    return tables.LEASES.frame(
        rows.rename(columns={"name": "hostname"}).assign(
            source="kea4.leases", client_id=None, state="assigned", cltt_at=cltt, valid_s=VALID_S,
            expires_at=cltt + pd.Timedelta(seconds=VALID_S), is_ddns_forward=False, is_ddns_reverse=False,
        )
    )  # fmt: skip


def reservations(hosts: pd.DataFrame) -> pd.DataFrame:
    """`tables.RESERVATIONS`: the hosts with one."""
    rows = hosts[hosts["kind"] == RESERVED]
    return tables.RESERVATIONS.frame(rows.rename(columns={"name": "hostname"}).assign(client_id=None))


def _neighbours(hosts: pd.DataFrame) -> pd.DataFrame:
    rows = hosts[hosts["mac"].notna()].assign(source="arp", confirmed_at=AT - pd.Timedelta(minutes=5))
    second = rows[rows["ip6"].notna()]
    second = second.assign(source="ndp", ip=second["ip6"])
    return tables.NEIGHBOURS.frame(pd.concat([rows, second]).assign(interface="em0", state="dynamic"))


def _dhcp_subnets() -> pd.DataFrame:
    pools = {cidr: f"{ip_network(cidr)[16]}-{ip_network(cidr)[-16]}" for cidr in layout.IPV4_SUBNETS}
    rows = [(layout.SITE_OF[cidr], cidr, False, None, pool) for cidr, pool in pools.items()]
    return tables.DHCP_SUBNETS.rows(rows)


def _ipam_subnets() -> pd.DataFrame:
    rows = [(identity, cidr, "Home", "default", True, True, False) for cidr, identity in layout.SUBNET_IDS.items()]
    return tables.IPAM_SUBNETS.rows(rows)


def by_hand(hosts: pd.DataFrame) -> pd.DataFrame:
    """What people entered: subnet, ip, hostname."""
    rows = hosts.loc[hosts["kind"] == BY_HAND, ["subnet", "ip", "name"]]
    return rows.rename(columns={"name": "hostname"}).reset_index(drop=True)


def _ipam_addresses(hosts: pd.DataFrame) -> pd.DataFrame:
    rows = by_hand(hosts)
    return tables.IPAM_ADDRESSES.frame(
        rows.assign(
            id_phpipam=range(1000, 1000 + len(rows)), subnet_id_phpipam=rows["subnet"].map(layout.SUBNET_IDS),
            mac=None, description=None, tag="Used", is_gateway=False, last_seen_at=AT, is_bare=False,
        )
    )  # fmt: skip


def _apexes() -> pd.DataFrame:
    zones = [f"{zone}." for zone in layout.ZONES]
    ends = [("SOA", _SOA), ("NS", "ns.invalid.")]
    return tables.ZONE_RECORDS.rows([(zone, zone, rr_type, 3600, rdata) for zone in zones for rr_type, rdata in ends])


def _sources(made: dict[str, pd.DataFrame]) -> pd.DataFrame:
    read = pd.concat([made["leases"], made["neighbours"]]).groupby(["site", "source"]).size().to_dict()
    asked = [(site, source) for site in (layout.HOME, layout.CABIN) for source in _FROM_GATEWAY]
    asked.append((layout.HOME, "ndp"))
    gateways = [(site, source, read.get((site, source), 0)) for site, source in asked]
    ours = [(EVERYWHERE, f"phpipam.{name}", len(made[f"ipam_{name}"])) for name in ("subnets", "addresses")]
    zones = [(EVERYWHERE, f"zone/{zone}", 2) for zone in layout.ZONES]
    every = [*gateways, *ours, *zones]
    return tables.SOURCES.rows([(site, source, AT, True, None, rows, 0) for site, source, rows in every])
