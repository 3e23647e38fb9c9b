"""phpIPAM says yes and the network no, or the other way round; or both say yes and mean different devices."""

from functools import partial
from ipaddress import ip_network

import pandas as pd

from pipelines import tables
from pipelines.keys import in_order, merged
from pipelines.reconcile.claims import CLIENTS, IMPORT, PEER, PEOPLE, RESERVATION, SERVICE, STATIC, kind
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.rows import IPAM, KEY, NOTICE, WARNING, conflict_rows, quoted, when
from pipelines.reconcile.conflicts.untracked import outsiders
from pipelines.reconcile.ipam import tracked_subnets
from pipelines.subnets import locate

_ADVICE_UNKNOWN = (
    "Add it in phpIPAM, if it belongs there; netcensus adds only what has a name or a MAC in tracked subnets"
)
_ADVICE_RECLAIM = "If the device is gone for good, delete the row in phpIPAM: the address is free"
_ADVICE_MAC = "If the device was replaced, clear or correct the MAC in phpIPAM; else somebody took its address"
_ADVICE_NAME = "Make phpIPAM and the DHCP server say the same; phpIPAM's name is the one that counts"
_RESERVED, _OFFLINE = "Reserved", "Offline"
_NETWORK_SAYS = {RESERVATION: "its reservation", PEER: "network.toml", STATIC: "the list", SERVICE: "its service"}


def ipam_conflicts(census: Census) -> pd.DataFrame:
    """`tables.CONFLICTS`: `unknown-address`, `reclaimable-address`, `mismatched-mac` and `mismatched-name`."""
    subnets, _ = tracked_subnets(census.parsed["ipam_subnets"], network=census.network)
    ipam = census.ipam
    told = partial(conflict_rows, family=IPAM)
    unknown = pd.concat([_untracked_unknown(census), _nameless_unknown(census, ipam, set(subnets["cidr"]))])
    gone = _reclaimable(census, ipam)
    names = _names(census)
    is_firm = names["source_network"].isin({RESERVATION, PEER})
    return tables.CONFLICTS.concat(
        [
            told(unknown, kind="unknown-address", severity=WARNING),
            told(
                gone, kind="reclaimable-address", severity=gone["tag"].eq(_OFFLINE).map({True: NOTICE, False: WARNING})
            ),
            told(_macs(census, ipam), kind="mismatched-mac", severity=WARNING),
            told(names, kind="mismatched-name", severity=is_firm.map({True: WARNING, False: NOTICE})),
        ]
    )


def _untracked_unknown(census: Census) -> pd.DataFrame:
    """Who is seen in a subnet that phpIPAM has and network.toml does not: there netcensus creates nothing."""
    leaves = census.parsed["ipam_subnets"]
    leaves = leaves[leaves["is_leaf"]]
    seen = outsiders(census)
    seen = seen[locate(seen["ip"], map(ip_network, leaves["cidr"])).notna()]
    seen = seen[~seen["ip"].isin(census.parsed["ipam_addresses"]["ip"])]
    who = seen["mac"].fillna("somebody")
    evidence = who + " seen " + when(seen["seen_at"]) + "; phpIPAM has the subnet " + seen["cidr"] + ", but no such row"
    return seen.assign(subject=seen["ip"], evidence=evidence, advice=_ADVICE_UNKNOWN)


def _nameless_unknown(census: Census, ipam: pd.DataFrame, cidrs: set[str]) -> pd.DataFrame:
    """Who is seen in a tracked subnet, but has neither a MAC nor a name to make a row of."""
    named = census.made["name_claims"]
    named = named[named["verdict"] == "granted"]
    bound = census.made["bindings"]
    bound = bound[bound["mac"].isna() & bound["last_seen_at"].notna() & ~bound["site"].isin(census.frozen)]
    bound = bound[locate(bound["ip"], census.network.site_of_subnet).isin(cidrs)]
    for known in (ipam[KEY], named[KEY]):
        bound = merged(bound, known.drop_duplicates(), on=KEY, how="left_anti", validate="one_to_one")
    who = ("client " + bound["client_id"]).fillna("a " + bound["kind"])
    evidence = who + ", without a MAC and a name, seen " + when(bound["last_seen_at"]) + " (" + bound["evidence"] + ")"
    return bound.assign(subject=bound["ip"], evidence=evidence, advice=_ADVICE_UNKNOWN, seen_at=bound["last_seen_at"])


def _reclaimable(census: Census, ipam: pd.DataFrame) -> pd.DataFrame:
    """Rows of phpIPAM nobody was seen on for long, in subnets where somebody was: else we could not have looked."""
    rows = ipam[~ipam["is_gateway"] & ~ipam["tag"].eq(_RESERVED) & ~ipam["site"].isin(census.frozen)]
    rows = rows[rows["cidr"].isin(locate(census.made["sightings"]["ip"], census.network.site_of_subnet).dropna())]
    rows = merged(rows, census.reservations[KEY].drop_duplicates(), on=KEY, how="left_anti", validate="one_to_one")
    bound = census.made["bindings"][[*KEY, "last_seen_at"]].assign(is_bound=True)
    rows = merged(rows, bound, on=KEY, how="left", suffixes=("", "_here"), validate="one_to_one")
    latest = rows[["last_seen_at", "last_seen_at_here"]].max(axis=1)
    rows = rows[~(rows["is_bound"].notna() & rows["last_seen_at_here"].isna())].assign(seen_at=latest)
    limit = census.as_of - pd.Timedelta(days=census.network.conflicts.reclaim_after_days)
    looked = census.born_at is not None and census.born_at <= limit
    gone = rows[(rows["seen_at"] < limit) | (rows["seen_at"].isna() & looked)]
    since = ("last seen " + when(gone["seen_at"])).where(
        gone["seen_at"].notna(), f"never seen, and looked for since {census.born_at or limit:%Y-%m-%d}"
    )
    says = "phpIPAM says " + gone["tag"].fillna("Used") + (", " + quoted(gone["hostname"])).fillna("")
    return gone.assign(subject=gone["ip"], evidence=says + "; " + since, advice=_ADVICE_RECLAIM)


def _macs(census: Census, ipam: pd.DataFrame) -> pd.DataFrame:
    """Rows whose MAC somebody else than us entered, and on whose address another device is seen."""
    bound = census.made["bindings"][[*KEY, "mac", "last_seen_at", "evidence"]]
    bound = bound[bound["mac"].notna() & bound["last_seen_at"].notna()]
    held = merged(
        ipam[["site", "ip", "cidr", "mac", "mac_read"]], bound, on=KEY, suffixes=("_held", ""), validate="one_to_one"
    )
    held = held[held["mac_read"].notna() & (held["mac_read"] != held["mac"])]
    ours = census.applied[(census.applied["target"] == "phpipam") & (census.applied["field"] == "mac")]
    ours = ours.rename(columns={"scope": "cidr", "subject": "ip"})[["cidr", "ip", "value", "intended"]]
    held = merged(held, ours, on=["cidr", "ip"], how="left", validate="one_to_one")
    odd = held[(held["mac_held"] != held["value"]) & (held["mac_held"] != held["intended"])]
    evidence = "phpIPAM says " + odd["mac_read"] + "; " + odd["mac"] + " was seen " + when(odd["last_seen_at"])
    evidence += " (" + odd["evidence"] + ")"
    return odd.assign(subject=odd["ip"], evidence=evidence, advice=_ADVICE_MAC, seen_at=odd["last_seen_at"])


def _names(census: Census) -> pd.DataFrame:
    """Names in phpIPAM that are not ours, where the network has another one for the address."""
    claims = census.made["name_claims"]
    typed = claims[claims["source"].isin({PEOPLE, IMPORT})]
    theirs = claims[
        kind(claims["source"]).isin({STATIC, RESERVATION, PEER, *CLIENTS}) & (claims["verdict"] != "contested")
    ]
    theirs = in_order(theirs, [*KEY, "rank", "source"]).drop_duplicates(KEY)
    both = merged(typed, theirs, on=KEY, suffixes=("", "_network"), validate="one_to_one")
    odd = both[both["name"].isna() | (both["name"] != both["name_network"])]
    seen = census.made["bindings"][[*KEY, "last_seen_at"]]
    odd = merged(odd, seen, on=KEY, how="left", validate="one_to_one")
    says = kind(odd["source_network"]).map(_NETWORK_SAYS).fillna("its lease")
    evidence = "phpIPAM says " + quoted(odd["wanted"]) + "; " + says + " says " + quoted(odd["wanted_network"])
    evidence += ", seen " + when(odd["last_seen_at"])
    return odd.assign(subject=odd["ip"], evidence=evidence, advice=_ADVICE_NAME, seen_at=odd["last_seen_at"])
