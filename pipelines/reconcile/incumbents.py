"""Two devices on one address: which of them holds it, lest it go to and fro with whoever answered last.

Who answered last holds an address. But where nothing else speaks for it, the one that phpIPAM has stays while both are
there, and while one that lost the address is back on it (docs/decisions/0025-two-holders.md).
"""

from typing import NamedTuple

import pandas as pd

from pipelines import contract, tables
from pipelines.keys import last_of, merged, stand_in
from pipelines.network import Network
from pipelines.reconcile.ipam import macs_read
from pipelines.subnets import site_of

KEY = ["site", "ip"]
_HOLDER = [*KEY, "mac"]
TO_AND_FRO = pd.Timedelta(days=7)
"""Who lost an address so lately, and answers on it again, is taken for one of two that take turns."""
ABSENT = pd.Timedelta(hours=30)
"""Who was not seen for so long has left. `lastSeen` may be a day old (`plan.ipam`), and half a dozen looks in a row may
meet the other."""
NOBODY = tables.APPLIED.empty()
"""No MAC was replaced lately."""
_LEASED, _RESERVED = 1, 2


class Standing(NamedTuple):
    """Who had the addresses until now.

    `holders` (site, ip, mac, last_seen_at) are in phpIPAM; `displaced` (site, ip, mac) were, until we put others there.
    """

    holders: pd.DataFrame
    displaced: pd.DataFrame


def standing(ipam: pd.DataFrame, displaced: pd.DataFrame, *, network: Network) -> Standing:
    """What stands in phpIPAM (`reconcile.ipam.tracked_addresses`), and which MACs we replaced there in `TO_AND_FRO`.

    `displaced` are rows of `tables.APPLIED` that no longer stand.
    """
    holders = ipam[[*KEY, "mac_read", "last_seen_at"]].rename(columns={"mac_read": "mac"})
    sites = site_of(displaced["subject"], network.site_of_subnet)
    lost = pd.DataFrame({"site": sites, "ip": displaced["subject"], "mac": macs_read(displaced["value"])})
    return Standing(holders[holders["mac"].notna()], lost.dropna().astype(contract.TEXT))


def holders(
    sightings: pd.DataFrame, active: pd.DataFrame, reservations: pd.DataFrame, stands: Standing, *, within: pd.Timedelta
) -> pd.DataFrame:
    """Who holds each address: site, ip, mac, last_seen_at and `answering`, the MAC whose sources tell of it now.

    `sightings` are in the order of addresses and times, `active` the leases that hold. `answering` is another than the
    holder's where that was not seen this hour: an address does not change with whose turn it is.
    """
    latest = sightings.drop_duplicates(KEY, keep="last").drop(columns="source")
    latest = latest.assign(answering=latest["mac"])
    staying = _staying(latest, sightings, active, reservations, stands, within)
    if staying.empty:
        return latest
    both = merged(latest, staying, on=KEY, how="left", suffixes=("", "_kept"), validate="one_to_one")
    kept = {name: both[f"{name}_kept"].fillna(both[name]) for name in ("mac", "last_seen_at", "answering")}
    return both.assign(**kept)[latest.columns]


def _staying(  # noqa: PLR0913, PLR0917 - as `holders` has them
    latest: pd.DataFrame,
    sightings: pd.DataFrame,
    active: pd.DataFrame,
    reservations: pd.DataFrame,
    stands: Standing,
    within: pd.Timedelta,
) -> pd.DataFrame:
    """The holders in phpIPAM that stay although another answered last: site, ip, mac, last_seen_at, answering."""
    known = stands.holders.rename(columns={"mac": "incumbent", "last_seen_at": "noted_at"})
    others = latest[latest["mac"].notna() & ~stand_in(latest, stands.holders[_HOLDER])]
    if others.empty:
        return others
    rivals = merged(others, known, on=KEY, validate="one_to_one")
    own = rivals[[*KEY, "incumbent"]].rename(columns={"incumbent": "mac"})
    seen = last_of(sightings[stand_in(sightings, own)], KEY, ["last_seen_at"])[[*KEY, "last_seen_at"]]
    rivals = merged(rivals, seen, on=KEY, how="left", suffixes=("", "_own"), validate="one_to_one")
    own = rivals[[*KEY, "incumbent"]].rename(columns={"incumbent": "mac"})
    right, own_right = (_right(rows, active, reservations) for rows in (rivals[_HOLDER], own))
    is_here = rivals["last_seen_at"] - rivals["last_seen_at_own"] <= within
    seen_at = rivals[["last_seen_at_own", "noted_at"]].max(axis=1)
    is_lately = rivals["last_seen_at"] - seen_at <= ABSENT
    is_back = stand_in(rivals, stands.displaced) & (right < _RESERVED)
    is_seen = rivals["last_seen_at_own"].notna()
    kept = own.assign(last_seen_at=seen_at, answering=own["mac"].where(is_seen, rivals["mac"]))
    return kept[(is_here | (is_back & is_lately)) & (right <= own_right)]


def _right(rows: pd.DataFrame, active: pd.DataFrame, reservations: pd.DataFrame) -> "pd.Series[int]":
    """What right each MAC has to its address (rule R3): reserved before leased before none."""
    is_reserved, is_leased = (stand_in(rows, given[_HOLDER]) for given in (reservations, active))
    return is_leased.astype(int).mask(is_reserved, _RESERVED)
