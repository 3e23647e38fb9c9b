"""A small network and one hour of its tables, row by row: what a test does not say is as dull as can be.

Site `home` has a subnet whose names D2 registers (10.0.0.0/24) and one where it is off (10.0.1.0/24); `cabin` has
10.9.0.0/24, names under cabin.example.lan and no reverse zone.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from pipelines import network as network_file
from pipelines import tables
from pipelines.contract import Table
from pipelines.network import Network
from pipelines.parse.every import PARSED
from pipelines.plan.past import Past
from pipelines.plan.plans import plans
from pipelines.reconcile.account import account

Row = dict[str, object]
Tables = dict[str, pd.DataFrame]

NETWORK_TOML = """
domain = "example.lan"
[names]
infrastructure = ["ns1", "gateway"]
[sites.home]
subnets = ["10.0.0.0/24", "10.0.1.0/24"]
gateway = {kind = "pfsense", host = "10.0.0.1", user = "admin"}
[sites.cabin]
subnets = ["10.9.0.0/24"]
label = "cabin"
gateway = {kind = "pfsense", host = "10.9.0.1", user = "admin"}
[phpipam]
host = "10.0.0.2"
database = "phpipam"
user = "netcensus"
time_zone = "Europe/Sofia"
changelog_user = "netcensus"
[dns]
server = "10.0.0.3"
key = "netcensus"
zones = ["example.lan", "0.0.10.in-addr.arpa", "1.0.10.in-addr.arpa"]
"""
NETWORK = network_file.parse(NETWORK_TOML, "network.toml")
AT = pd.Timestamp("2026-03-01T12:00:00Z")
"""When the sources were asked."""
ALICE, BOB, CAROL = "52:54:00:00:00:0a", "52:54:00:00:00:0b", "52:54:00:00:00:0c"
"""The MACs of three devices."""

_ON, _OFF, _CABIN = "10.0.0.0/24", "10.0.1.0/24", "10.9.0.0/24"
_SUBNET_IDS = {_ON: 7, _OFF: 8, _CABIN: 9}


def minutes_ago(count: float) -> pd.Timestamp:
    """The instant so long before the sources were asked."""
    return AT - pd.Timedelta(minutes=count)


def _site(ip: object) -> str:
    return "cabin" if str(ip).startswith("10.9.") else "home"


def _cidr(ip: object) -> str:
    return str(ip).rpartition(".")[0] + ".0/24"


def lease(ip: str, mac: str | None, hostname: str | None = None, **more: object) -> Row:
    """An active lease of an hour, confirmed ten minutes ago, of which D2 was told nothing."""
    plain = {
        "site": _site(ip), "source": "kea4.leases", "ip": ip, "mac": mac, "client_id": None, "hostname": hostname,
        "state": "assigned", "cltt_at": minutes_ago(10), "valid_s": 3600, "expires_at": minutes_ago(-50),
        "is_ddns_forward": False, "is_ddns_reverse": False,
    }  # fmt: skip
    return plain | more


def handed_to_d2(ip: str, mac: str, hostname: str, **more: object) -> Row:
    """A lease whose name Kea has handed to D2."""
    return lease(ip, mac, hostname, is_ddns_forward=True, is_ddns_reverse=True) | more


def reservation(ip: str | None, mac: str | None, hostname: str | None = None, **more: object) -> Row:
    """A reservation, of a global name when `ip` is None."""
    subnet = None if ip is None else _cidr(ip)
    plain = {"site": _site(ip), "subnet": subnet, "ip": ip, "mac": mac, "client_id": None, "hostname": hostname}
    return plain | more


def neighbour(ip: str, mac: str | None, **more: object) -> Row:
    """An ARP entry confirmed five minutes ago."""
    plain = {
        "site": _site(ip), "source": "arp", "ip": ip, "mac": mac, "interface": "em0", "state": "dynamic",
        "confirmed_at": minutes_ago(5),
    }  # fmt: skip
    return plain | more


def in_ipam(ip: str, hostname: str | None = None, mac: str | None = None, **more: object) -> Row:
    """An address phpIPAM holds, seen just now."""
    plain = {
        "id_phpipam": int(ip.replace(".", "")), "subnet_id_phpipam": _SUBNET_IDS[_cidr(ip)], "ip": ip,
        "hostname": hostname, "mac": mac, "description": None, "tag": "Used", "is_gateway": False, "last_seen_at": AT,
        "is_bare": True,
    }  # fmt: skip
    return plain | more


def ipam_subnet(cidr: str, **more: object) -> Row:
    """A subnet phpIPAM holds, with a status dot."""
    plain = {
        "id_phpipam": _SUBNET_IDS.get(cidr, 90), "cidr": cidr, "section": "Home", "vrf": "default", "is_leaf": True,
        "is_pinged": True, "is_pool": False,
    }  # fmt: skip
    return plain | more


def in_zone(owner: str, rr_type: str, rdata: str, ttl_s: int = 3600) -> Row:
    """A record of the zone that holds its owner name."""
    return {"zone": NETWORK.zone_of(owner), "owner": owner, "type": rr_type, "ttl_s": ttl_s, "rdata": rdata}


def written(target: str, scope: str, subject: str, field: str, value: str | None, **more: object) -> Row:
    """What we once wrote (`tables.APPLIED`)."""
    plain = {
        "target": target, "scope": scope, "subject": subject, "field": field, "value": value,
        "ttl_s": 3600 if target == "dns" else None, "is_adopted": False, "intended": None, "at": minutes_ago(60),
        "named_by": None, "missing_since_at": None,
    }  # fmt: skip
    return plain | more


def source(site: str, name: str, reason: str | None = None) -> Row:
    """A source that was read, or not, for `reason`."""
    return {
        "site": site, "source": name, "read_at": AT, "is_complete": reason is None, "reason": reason, "rows": 1,
        "rejected": 0,
    }  # fmt: skip


def frame(table: Table, rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """The rows as a frame of their table."""
    return table.rows([[row[name] for name in table.names] for row in rows])


_GATEWAYS = [source(site, name) for site in ("home", "cabin") for name in ("kea4.leases", "kea4.config", "arp")]
_TARGETS = [source("*", "phpipam.subnets"), source("*", "phpipam.addresses")]
_ZONES = [source("*", f"zone/{zone.rstrip('.')}") for zone in NETWORK.dns.zones]
_SOA = "ns1.example.lan. admin.example.lan. 7 3600 600 604800 300"
_ALWAYS: dict[str, list[Row]] = {
    "sources": [*_GATEWAYS, *_TARGETS, *_ZONES],
    "ipam_subnets": [ipam_subnet(cidr) for cidr in _SUBNET_IDS],
    "dhcp_subnets": [
        {"site": _site(cidr), "subnet": cidr, "is_ddns_on": cidr == _ON, "ddns_suffix": None, "pools": None}
        for cidr in _SUBNET_IDS
    ],
}
_PARSED = (tables.SOURCES, *(table for table in PARSED if table is not tables.REJECTS))


def hour(unread: Sequence[Row] = (), **rows: list[Row]) -> Tables:
    """The parsed tables of one hour by name; `unread` are the sources that failed."""
    given = _ALWAYS | rows
    apexes = [in_zone(zone, rr_type, _SOA) for zone in NETWORK.dns.zones for rr_type in ("SOA",)]
    given["zone_records"] = [*apexes, *rows.get("zone_records", [])]
    failed = {(one["site"], one["source"]) for one in unread}
    given["sources"] = [one for one in given["sources"] if (one["site"], one["source"]) not in failed] + list(unread)
    return {table.name: frame(table, given.get(table.name, [])) for table in _PARSED}


def ledger(*rows: Row) -> pd.DataFrame:
    """What we remember to have written."""
    return frame(tables.APPLIED, rows)


def census(
    parsed: Tables,
    applied: pd.DataFrame | None = None,
    network: Network = NETWORK,
    past: Past | None = None,
    displaced: pd.DataFrame | None = None,
) -> Tables:
    """The tables of reconcile and plan by name."""
    remembered, lost = (tables.APPLIED.empty() if rows is None else rows for rows in (applied, displaced))
    made = account(parsed, remembered, network=network, displaced=lost)
    return made | plans(parsed, made, remembered, network=network, past=past or Past())


def only(rows: pd.DataFrame, **values: object) -> pd.DataFrame:
    """The rows with these values."""
    for name, value in values.items():
        rows = rows[rows[name] == value]
    return rows


def cells(rows: pd.DataFrame, *names: str) -> list[tuple[object, ...]]:
    """The rows' values in these columns, None for null, sorted."""
    plain = rows[list(names)].astype("object")
    plain = plain.where(plain.notna(), None)
    return sorted(plain.itertuples(index=False, name=None), key=str)


def granted(made: Tables) -> dict[str, str]:
    """Each named address, and its name without the final dot."""
    rows = only(made["name_claims"], verdict="granted")
    return {ip: name.rstrip(".") for ip, name in zip(rows["ip"], rows["name"], strict=True)}


def objection(made: Tables, ip: str, source_name: str = "kea4.leases") -> str:
    """Why an address's claim was contested."""
    (reason,) = only(made["name_claims"], ip=ip, source=source_name, verdict="contested")["reason"]
    return str(reason)
