"""Names that have become Kea's, of which the ledger lets go, and those Kea has left to us.

Where D2 is off we write A, PTR and the lease's DHCID. The day it is switched on, D2 finds its own DHCID there, puts its
own A and PTR in place of ours in one message each (nothing is ever deleted first), and from then on they are its own.
The day it is switched off, nobody looks after what it wrote: that is ours from then on, else it would stay for ever.
And a device that comes by where D2 is on has it take our name over, and away when it leaves.
"""

from collections.abc import Mapping

import pandas as pd

from pipelines.keys import merged
from pipelines.network import Network
from pipelines.plan.dns import KEY, TARGET
from pipelines.plan.heal import planned
from pipelines.plan.past import Past
from pipelines.reconcile.dns import DHCID, FORWARD_TYPES, owners_with_dhcid
from pipelines.reconcile.records import is_ddns_on
from pipelines.reconcile.registrations import RIGHT
from pipelines.reconcile.rrsets import RRsets
from pipelines.snapshots import EVERYWHERE
from pipelines.subnets import site_of

Tables = Mapping[str, pd.DataFrame]
_KEAS = (*sorted(FORWARD_TYPES), "PTR", DHCID)
_BY_D2, _REMOVED = "Kea's D2 looks after it by now", "Kea's D2 took it over, and away when the lease ended"


def handed_over(parsed: Tables, account: Tables, applied: pd.DataFrame, *, network: Network) -> pd.DataFrame:
    """`tables.DNS_PLAN` rows (action `forget`) for the RRsets of the ledger that Kea looks after by now.

    Those of leases that D2 was handed and that read right; and those of ended leases that D2 has removed, which would
    otherwise pass for a person's deletion when the name comes back.
    """
    ours = applied[(applied["target"] == TARGET) & applied["field"].isin(_KEAS)]
    ours = ours.rename(columns={"scope": "zone", "subject": "owner", "field": "type", "value": "before"})
    records = account["records"]
    ours = ours[~ours["owner"].isin(records.loc[records["writer"] == "netcensus", "owner"])]
    if ours.empty:
        return planned(ours.assign(site=None, action="forget", reason=None))
    gone = _removed(ours, parsed, applied, network)
    owners = {**dict.fromkeys(gone, _REMOVED), **dict.fromkeys(_registered(account["registrations"], network), _BY_D2)}
    rows = ours[ours["owner"].isin(owners)]
    return planned(rows[[*KEY, "before"]].assign(site=EVERYWHERE, action="forget", reason=rows["owner"].map(owners)))


def left_by_kea(records: pd.DataFrame, parsed: Tables, applied: pd.DataFrame) -> set[str]:
    """The owner names where D2 is off and the one DHCID is just what we would write for the lease that has the name.

    D2 wrote it before it was switched off, or we did, and the ledger was lost. Where D2 is on, none.
    """
    foreign = owners_with_dhcid(parsed["zone_records"], applied)
    standing = parsed["zone_records"][parsed["zone_records"]["type"] == DHCID].drop_duplicates("owner", keep=False)
    wanted = records[(records["type"] == DHCID) & (records["writer"] == "netcensus") & records["owner"].isin(foreign)]
    same = merged(wanted, standing[["owner", "rdata"]], on=["owner", "rdata"], validate="many_to_one")
    return set(same.loc[~is_ddns_on(same, parsed["dhcp_subnets"]), "owner"])


def without_taken_away(applied: pd.DataFrame, records: pd.DataFrame, parsed: Tables, past: Past) -> pd.DataFrame:
    """The ledger less the leased names that D2 took over from us, and away: nobody deleted them, they are free.

    All that DNS shows of it is that both are gone, the address and the DHCID beside it; a person who deletes the
    address leaves the DHCID. Of sites that this run did not ask, or where D2 is on nowhere, nothing is concluded.
    """
    subnets = parsed["dhcp_subnets"]
    sites = set(subnets.loc[subnets["is_ddns_on"], "site"])
    sites &= sites if past.asked is None else past.asked
    named = records[(records["writer"] == "netcensus") & records["site"].isin(sites)]
    is_mark = (applied["target"] == TARGET) & (applied["field"] == DHCID) & applied["value"].notna()
    taken = applied.loc[is_mark, "subject"]
    taken = taken[~taken.isin(parsed["zone_records"]["owner"])]
    for types in (FORWARD_TYPES, {DHCID}):
        taken = taken[taken.isin(named.loc[named["type"].isin(types), "owner"])]
    return applied[~((applied["target"] == TARGET) & applied["subject"].isin(taken))] if len(taken) else applied


def _registered(registrations: pd.DataFrame, network: Network) -> set[str]:
    """The owner names, forward and reverse, of the leases whose registration is right."""
    right = registrations[registrations["verdict"] == RIGHT]
    return {*right["name"], *map(network.pointer_name, right["ip"])}


def _removed(ours: pd.DataFrame, parsed: Tables, applied: pd.DataFrame, network: Network) -> set[str]:
    """The owner names we once wrote for a lease where D2 is on now, and of which nothing reads as we wrote it."""
    zones = RRsets(parsed["zone_records"], applied)
    as_written = {
        owner
        for owner, rr_type, before in zip(ours["owner"], ours["type"], ours["before"], strict=True)
        if not pd.isna(before) and "\n".join(sorted(zones.data(owner, rr_type))) == before
    }
    marked = set(ours.loc[ours["type"] == DHCID, "owner"])
    held = ours[ours["type"].isin(FORWARD_TYPES) & ours["owner"].isin(marked - as_written) & ours["before"].notna()]
    held = held.assign(ip=held["before"].str.split("\n")).explode("ip")
    held = held.assign(site=site_of(held["ip"], network.site_of_subnet))
    held = held[is_ddns_on(held, parsed["dhcp_subnets"])]
    return {*held["owner"], *map(network.pointer_name, held["ip"])} - as_written
