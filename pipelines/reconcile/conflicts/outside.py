"""What a zone that is published elsewhere says of our network: private addresses, our own names, and names it lacks.

A zone our domain lies in is the other face of a split horizon: there, our names are meant to be.
"""

import ipaddress

import pandas as pd

from pipelines import contract, tables
from pipelines.network.listed import ZoneFile
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.rows import DNS, WARNING, conflict_rows, listed
from pipelines.reconcile.dns import FORWARD_TYPES
from pipelines.snapshots import EVERYWHERE
from pipelines.values import Ip, is_below

_PRIVATE = tuple(
    ipaddress.ip_network(cidr)
    for cidr in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
        "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",  # RFC 6598, 3927, 1122
        "fc00::/7", "fe80::/10", "::1/128",  # RFC 4193, 4291
    )
)  # fmt: skip
_TARGETS = frozenset({"CNAME", "DNAME", "NS", "PTR", "MX", "SRV"})
_ADVICE_PRIVATE = "Delete it there unless it is meant: it tells everybody your addresses, and many resolvers drop it"
_ADVICE_NAME = "Delete it there, or mend it: nobody outside can resolve this name, and it tells what you have"
_ADVICE_LACKING = "Add it there, or take it out of `expect` in network.toml"


def published_outside(census: Census) -> pd.DataFrame:
    """`tables.CONFLICTS`: `private-address-published`, `own-name-published`, `name-not-published`."""
    records = census.parsed["outside_records"]
    return tables.CONFLICTS.concat([_private(records, census), _own_names(records, census), _lacking(records, census)])


def _private(records: pd.DataFrame, census: Census) -> pd.DataFrame:
    forward = records[records["type"].isin(FORWARD_TYPES)]
    bad = {ip for ip in forward["rdata"].unique() if any(ipaddress.ip_address(ip) in one for one in _PRIVATE)}
    found = forward[forward["rdata"].isin(bad)]
    subnets = [census.network.subnet_of(Ip(ip)) for ip in found["rdata"]]
    sites = [EVERYWHERE if one is None else census.network.site_of_subnet[one] for one in subnets]
    rows = found.assign(site=pd.Series(sites, found.index, dtype=contract.TEXT))
    return _told(rows, "private-address-published", _ADVICE_PRIVATE)


def _own_names(records: pd.DataFrame, census: Census) -> pd.DataFrame:
    domain = census.network.domain
    is_inside = records["zone"].map(lambda zone: is_below(domain, zone), na_action="ignore").eq(True)  # noqa: FBT003 - an unknown zone is another one
    others = records[~is_inside]
    # `nas.example.lan` without its final dot, in example.com, is nas.example.lan.example.com.
    is_named = [is_below(owner, domain) or f".{domain}" in f".{owner}" for owner in others["owner"]]
    targets = others["rdata"].str.split(" ").str[-1].where(others["type"].isin(_TARGETS), "")
    is_aimed = [bool(target) and is_below(target, domain) for target in targets]
    found = others[pd.Series(is_named, others.index, dtype=bool) | pd.Series(is_aimed, others.index, dtype=bool)]
    return _told(found.assign(site=EVERYWHERE), "own-name-published", _ADVICE_NAME)


def _told(found: pd.DataFrame, kind: str, advice: str) -> pd.DataFrame:
    """One row for each name at each site, with the first few records that say so."""
    says = found["source"] + ": " + found["type"] + " " + found["rdata"]
    ordered = found.assign(says=says).sort_values(["site", "owner", "says"])
    rows = ordered.groupby(["site", "owner"], as_index=False).agg(evidence=("says", listed))
    rows = rows.rename(columns={"owner": "subject"}).assign(advice=advice, seen_at=None)
    return conflict_rows(rows, DNS, kind, WARNING)


def _lacking(records: pd.DataFrame, census: Census) -> pd.DataFrame:
    """Names that network.toml expects in a file that was read, where neither they nor a wildcard above them are."""
    sources = census.parsed["sources"]
    read = set(sources.loc[sources["is_complete"], "source"])
    there = {source: set(rows["owner"]) for source, rows in records.groupby("source")}
    rows = [
        (EVERYWHERE, name, f"{source} has no record of it", _ADVICE_LACKING)
        for label, settings in census.network.sources.listed.items()
        if isinstance(settings, ZoneFile) and (source := f"zone-file/{label}") in read
        for name in settings.expect
        if not {name, f"*.{name.partition('.')[2]}"} & there.get(source, set())
    ]
    told = pd.DataFrame(rows, columns=["site", "subject", "evidence", "advice"], dtype=contract.TEXT)
    told = told.groupby(["site", "subject", "advice"], as_index=False).agg({"evidence": listed})
    return conflict_rows(told.assign(seen_at=None), DNS, "name-not-published", WARNING)
