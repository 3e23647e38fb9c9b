"""A without PTR, PTR without A, and the two disagreeing: in the zones as they are, over names we may judge.

Left out are the never-list's names, what this census is about to write (or withholds, with its reason), what we wrote
and look after ourselves, and every zone that was not read. Several addresses at one name are no disagreement.
"""

import ipaddress
import re
from functools import cached_property
from ipaddress import ip_network

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.keys import in_order, merged, stand_in
from pipelines.network import Network
from pipelines.reconcile import never
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.rows import DNS, NOTICE, SHOWN, WARNING, conflict_rows, listed
from pipelines.reconcile.dns import FORWARD_TYPES
from pipelines.reconcile.trust import unread_zones
from pipelines.snapshots import EVERYWHERE
from pipelines.values import address_or_none, is_below, reverse_name

_IN_ADDR = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa\.")
_IP6 = re.compile(r"(?:[0-9a-f]\.){32}ip6\.arpa\.")
_CUT = {4: 1, 6: 16}
"""Labels of an address's PTR below the zone it usually has: a /24's, a /64's."""
_ADVICE_NO_PTR = "Add the PTR, or enter the name in phpIPAM to have netcensus write it"
_ADVICE_NO_A = "Delete the PTR, or give its name the address back"
_ADVICE_DISAGREE = "Correct whichever is wrong: mail servers and logs believe the PTR only if its name leads back"
_ADVICE_NO_ZONE = "Make the reverse zone on the name server and list it under [dns] zones in network.toml"


def zone_conflicts(census: Census) -> pd.DataFrame:
    """`tables.CONFLICTS`: `a-without-ptr`, `ptr-without-a`, `ptr-disagrees` and `no-reverse-zone`."""
    zones = _Zones(census)
    return tables.CONFLICTS.concat([*_without_ptr(zones), *_pointing_nowhere(zones)])


class _Zones:
    """The records of one census in the two directions."""

    def __init__(self, census: Census) -> None:
        self.network: Network = census.network
        self.records = census.parsed["zone_records"]
        self.wanted = census.made["records"]
        self.unread = unread_zones(census.parsed["sources"])
        ours = census.applied[(census.applied["target"] == "dns") & ~census.applied["is_adopted"]]
        self.ours = ours[["subject", "field", "value"]].set_axis(["owner", "type", "rdata"], axis="columns")

    def is_read(self, zones: "pd.Series[str]") -> "pd.Series[bool]":
        """Whether each zone is one of ours, and was read."""
        return zones.notna() & ~zones.isin(self.unread)

    def is_judged(self, rows: pd.DataFrame) -> "pd.Series[bool]":
        """Whether the never-list leaves each row's name (zone, owner) to us."""
        return never.objections(rows, self.records, self.network.dns.zones).isna()

    @cached_property
    def forward(self) -> pd.DataFrame:
        """A and AAAA records: owner, rdata (the address), zone."""
        return self.records[self.records["type"].isin(FORWARD_TYPES)]

    @cached_property
    def pointers(self) -> pd.DataFrame:
        """PTR records of addresses, with `ip`."""
        found = self.records[self.records["type"] == "PTR"]
        wanted = self.wanted_pointers[["owner", "ip"]].drop_duplicates("owner", keep="last")
        told = merged(found, wanted, on="owner", how="left", validate="many_to_one")
        others = told["owner"][told["ip"].isna()].map(lambda owner: _pointed(owner, self.network))
        told = told.assign(ip=told["ip"].fillna(others.astype(TEXT)))
        return told[told["ip"].notna()]

    @cached_property
    def wanted_pointers(self) -> pd.DataFrame:
        """The PTR records that this census wants: nearly all there are."""
        return self.wanted[self.wanted["type"] == "PTR"]


def _without_ptr(zones: _Zones) -> list[pd.DataFrame]:
    single = zones.forward[~zones.forward.duplicated(["owner", "type"], keep=False)]
    single = single[~single["rdata"].isin(zones.wanted_pointers["ip"])]
    single = single[zones.is_judged(single)]
    names = {ip: zones.network.pointer_name(ip) for ip in single["rdata"].unique()}
    homes = {ip: zones.network.zone_of(name) for ip, name in names.items()}
    lacking = single.assign(ip=single["rdata"], pointer=single["rdata"].map(names), home=single["rdata"].map(homes))
    without = lacking[zones.is_read(lacking["home"]) & ~lacking["pointer"].isin(zones.records["owner"])]
    heads = without.drop(columns=["zone", "owner"]).assign(zone=without["home"], owner=without["pointer"])
    without = in_order(without[zones.is_judged(heads)], ["ip", "owner"])
    rows = without.groupby("ip").agg(some=("owner", listed), pointer=("pointer", "first")).reset_index()
    evidence = rows["some"] + " leads to it, and there is no " + rows["pointer"]
    told = _at_their_sites(rows.assign(evidence=evidence, advice=_ADVICE_NO_PTR), zones.network)
    return [conflict_rows(told, DNS, "a-without-ptr", WARNING), _without_zone(lacking[lacking["home"].isna()], zones)]


def _without_zone(homeless: pd.DataFrame, zones: _Zones) -> pd.DataFrame:
    """One row per reverse zone that is missing, not per name; other people's public addresses have theirs elsewhere."""
    tracked = {ip: zones.network.subnet_of(ip) is not None for ip in homeless["ip"].unique()}
    private = {ip: not ipaddress.ip_address(ip).is_global for ip in tracked}
    told = homeless[homeless["ip"].map(lambda ip: tracked[ip] or private[ip]).astype(bool)]
    told = in_order(told.assign(subject=told["ip"].map(_usual_zone).astype("object")), ["subject", "owner", "ip"])
    rows = told.groupby("subject").agg(count=("owner", "size"), some=("owner", listed)).reset_index()
    evidence = rows["count"].astype(TEXT) + " names lead to addresses whose PTRs no zone of ours holds: " + rows["some"]
    rows = rows.assign(site=EVERYWHERE, evidence=evidence, advice=_ADVICE_NO_ZONE, seen_at=None)
    return conflict_rows(rows, DNS, "no-reverse-zone", NOTICE)


def _pointing_nowhere(zones: _Zones) -> list[pd.DataFrame]:
    pointers = zones.pointers[zones.is_judged(zones.pointers)]
    wrong = pointers[~_leads_back(pointers, zones.forward)]
    wrong = wrong[~stand_in(wrong, zones.ours) & ~_leads_back(wrong, zones.wanted)]
    wrong = in_order(wrong[_is_ours_to_know(wrong["rdata"], zones)], ["ip", "rdata"])
    has_a = wrong["rdata"].isin(zones.forward["owner"])
    none, other = wrong[~has_a], wrong[has_a]
    held = zones.forward[zones.forward["owner"].isin(other["rdata"])].groupby("owner")["rdata"]
    leads = other["rdata"].map({name: ", ".join(sorted(set(ips))[:SHOWN]) for name, ips in held})
    return [
        _told(none, none["rdata"] + ", which has no address", "ptr-without-a", _ADVICE_NO_A, zones),
        _told(other, other["rdata"] + ", which is " + leads.astype(TEXT), "ptr-disagrees", _ADVICE_DISAGREE, zones),
    ]


def _leads_back(pointers: pd.DataFrame, forward: pd.DataFrame) -> "pd.Series[bool]":
    """Whether the name each pointer says has its address, among these records."""
    return stand_in(pointers, forward[["owner", "rdata"]].set_axis(["rdata", "ip"], axis="columns"))


def _told(pointers: pd.DataFrame, says: "pd.Series[str]", kind: str, advice: str, zones: _Zones) -> pd.DataFrame:
    rows = pointers.assign(says=says).groupby("ip").agg(some=("says", listed), owner=("owner", "first")).reset_index()
    rows = rows.assign(evidence=rows["owner"] + " points to " + rows["some"], advice=advice)
    return conflict_rows(_at_their_sites(rows, zones.network), DNS, kind, WARNING)


def _is_ours_to_know(names: "pd.Series[str]", zones: _Zones) -> "pd.Series[bool]":
    """Whether a zone that was read would hold each name's address: no alias, wildcard or delegation answers for it."""
    every = pd.DataFrame({"owner": names.unique()})
    every = every.assign(zone=every["owner"].map(zones.network.zone_of).astype("object"))
    every = every[zones.is_read(every["zone"])]
    reasons = never.objections(every, zones.records, zones.network.dns.zones)
    wild = [owner[2:] for owner in zones.records["owner"].unique() if owner.startswith("*.")]
    is_wild = every["owner"].map(lambda name: any(is_below(name, parent) for parent in wild)).astype(bool)
    return names.isin(every.loc[(reasons.isna() | (reasons == never.FOREIGN)) & ~is_wild, "owner"])


def _at_their_sites(rows: pd.DataFrame, network: Network) -> pd.DataFrame:
    subnets = [network.subnet_of(ip) for ip in rows["ip"]]
    sites = [EVERYWHERE if subnet is None else network.site_of_subnet[subnet] for subnet in subnets]
    return rows.assign(site=pd.Series(sites, rows.index, dtype=TEXT), subject=rows["ip"], seen_at=None)


def _pointed(owner: str, network: Network) -> str | None:
    """The address whose PTR stands at an owner name; None where it is no address's."""
    label, _, zone = owner.partition(".")
    for subnet, apex in network.dns.rfc2317.items():
        if zone == apex and label.isdecimal():
            return str(ip_network(f"{subnet.network_address}/24", strict=False)[int(label) % 256])
    if found := _IN_ADDR.fullmatch(owner):
        return address_or_none(".".join(reversed(found.groups())))
    if _IP6.fullmatch(owner):
        digits = owner.removesuffix(".ip6.arpa.").replace(".", "")[::-1]
        return address_or_none(":".join(digits[at : at + 4] for at in range(0, 32, 4)))
    return None


def _usual_zone(ip: str) -> str:
    labels = reverse_name(ip).split(".")
    return ".".join(labels[_CUT[ipaddress.ip_address(ip).version] :])
