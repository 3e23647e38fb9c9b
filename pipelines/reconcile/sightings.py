"""Who was seen where: the evidence of all sources in one table, each row with the time it is good for (rule R2)."""

import pandas as pd

from pipelines import tables
from pipelines.facts import Facts, of_each
from pipelines.keys import in_order, last_of
from pipelines.network import Network
from pipelines.reconcile.as_of import AsOf, at_site
from pipelines.subnets import site_of
from pipelines.values import is_device_mac


def active_leases(leases: pd.DataFrame, *, as_of: AsOf) -> pd.DataFrame:
    """The rows of `leases` that hold at `as_of` (one instant, or one for each site): assigned, and not past their end.

    Kea goes on listing expired leases as assigned until it reclaims them, so the state alone does not tell.
    """
    is_running = leases["expires_at"].isna() | (leases["expires_at"] > at_site(as_of, leases["site"]))
    return leases[(leases["state"] == "assigned") & is_running]


def sightings(leases: pd.DataFrame, neighbours: pd.DataFrame, *, network: Network, as_of: AsOf) -> pd.DataFrame:
    """`tables.SIGHTINGS` from active leases and from live ARP entries of devices, inside the site's own subnets.

    What a source does not date is no evidence: of such a lease, or entry, nobody knows when the device was there.
    """
    by_lease = active_leases(leases, as_of=as_of).assign(last_seen_at=lambda rows: rows["cltt_at"])
    by_lease = by_lease[by_lease["last_seen_at"].notna()]
    by_arp = neighbours[(neighbours["state"] == "dynamic") & neighbours["confirmed_at"].notna()]
    by_arp = by_arp.assign(last_seen_at=by_arp["confirmed_at"])
    names = tables.SIGHTINGS.names
    seen = pd.concat([by_lease[names], by_arp[by_arp["mac"].notna()][names]])
    seen = seen[may_be_a_device(seen["mac"]) & is_of_its_site(seen, network)]
    latest = last_of(seen, tables.SIGHTINGS.key, ["last_seen_at"])
    return tables.SIGHTINGS.frame(in_order(latest, tables.SIGHTINGS.key))


def may_be_a_device(macs: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether each MAC may be a device's own; so may one that is null, a lease's by client identifier."""
    return _MAY_BE_A_DEVICE(macs)


_MAY_BE_A_DEVICE = Facts(of_each(is_device_mac), "bool", of_null=True)


def is_of_its_site(rows: pd.DataFrame, network: Network) -> "pd.Series[bool]":
    """Whether each row's address (site, ip) lies in a subnet of its own site: a gateway speaks for no other."""
    return site_of(rows["ip"], network.site_of_subnet) == rows["site"]
