"""A lease against a reservation: another device has the reserved address, or the device has another address."""

import pandas as pd

from pipelines import tables
from pipelines.keys import merged
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.rows import ADDRESSES, KEY, WARNING, conflict_rows, when
from pipelines.subnets import locate

_ADVICE_TAKEN = "Kea waits for that lease to end; free the address on the device that has it, or move the reservation"
_ADVICE_BESIDE = "It should move at its next renewal; if it stays, see who holds the reserved address"


def against_reservations(census: Census) -> pd.DataFrame:
    """`tables.CONFLICTS`: `reserved-address-leased` and `leased-beside-reservation`."""
    return tables.CONFLICTS.concat([_taken(census), _beside(census)])


def _pairs(census: Census) -> pd.DataFrame:
    """Every active lease of a reserved address with each of its reservations, and whether it is that device's."""
    fixed = census.reservations[[*KEY, "mac", "client_id"]].drop_duplicates()
    pairs = merged(census.leases, fixed, on=KEY, suffixes=("", "_reserved"), validate="one_to_many")
    by_mac = pairs["mac"].notna() & (pairs["mac"] == pairs["mac_reserved"])
    by_client = pairs["client_id"].notna() & (pairs["client_id"] == pairs["client_id_reserved"])
    is_anybodys = pairs["mac_reserved"].isna() & pairs["client_id_reserved"].isna()
    return pairs.assign(is_same=by_mac | by_client | is_anybodys)


def _taken(census: Census) -> pd.DataFrame:
    pairs = _pairs(census)
    odd = pairs[~pairs.groupby(KEY)["is_same"].transform("any")].sort_values([*KEY, "mac_reserved"])
    odd = odd.drop_duplicates(KEY)
    holder = odd["mac"].fillna("client " + odd["client_id"]).fillna("an unnamed client")
    reserved = odd["mac_reserved"].fillna("client " + odd["client_id_reserved"])
    evidence = "reserved for " + reserved + ", but leased to " + holder + ", confirmed " + when(odd["cltt_at"])
    rows = odd.assign(subject=odd["ip"], evidence=evidence, advice=_ADVICE_TAKEN, seen_at=odd["cltt_at"])
    return conflict_rows(rows, ADDRESSES, "reserved-address-leased", WARNING)


def _beside(census: Census) -> pd.DataFrame:
    """Leases of a device in a subnet where it has a reservation, while it has no reserved address there."""
    subnets = census.network.site_of_subnet
    reserved = census.reservations.assign(cidr=locate(census.reservations["ip"], subnets))
    leases = census.leases.assign(cidr=locate(census.leases["ip"], subnets))
    found = []
    for device in ("mac", "client_id"):
        of_device = ["site", "cidr", device]
        here = merged(
            leases[leases[device].notna()],
            reserved[reserved[device].notna()][[*of_device, "ip"]],
            on=of_device,
            suffixes=("", "_reserved"),
        )
        found.append(here.assign(is_there=here["ip"] == here["ip_reserved"], device=here[device]))
    pairs = pd.concat(found, ignore_index=True)
    is_served = pairs.groupby(["site", "cidr", "device"])["is_there"].transform("any")
    odd = pairs[~is_served.astype(bool)].sort_values([*KEY, "ip_reserved"]).drop_duplicates(KEY)
    evidence = odd["device"] + " has it, confirmed " + when(odd["cltt_at"]) + ", though reserved " + odd["ip_reserved"]
    rows = odd.assign(subject=odd["ip"], evidence=evidence, advice=_ADVICE_BESIDE, seen_at=odd["cltt_at"])
    return conflict_rows(rows, ADDRESSES, "leased-beside-reservation", WARNING)
