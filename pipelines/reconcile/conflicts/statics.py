"""Hosts that took an address by themselves, inside a range the DHCP server hands out: it may lease it to another."""

import pandas as pd

from pipelines.keys import merged
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.ranges import dhcp_pools, named_pools, pool_of
from pipelines.reconcile.conflicts.rows import ADDRESSES, KEY, WARNING, conflict_rows, when

_ADVICE = "Reserve the address for this device in the DHCP server, or move the device, or the pool"


def statics_in_pools(census: Census) -> pd.DataFrame:
    """`tables.CONFLICTS` of the kind `static-in-pool`: seen in a DHCP server's pool, without a lease or reservation.

    Who answers on an address it had a lease for has only overstayed. Ranges of network.toml that overlap a pool are
    told as such, once (`pools-overlap`), and not address by address.
    """
    seen = census.latest_neighbours[~census.latest_neighbours["site"].isin(census.frozen)]
    seen = seen.assign(pool=pool_of(seen, dhcp_pools(census.parsed["dhcp_subnets"])))
    seen = seen[seen["pool"].notna()]
    seen = seen[pool_of(seen, named_pools(census.network)).isna()]
    entitled = pd.concat([census.leases[KEY], census.reservations[KEY]]).drop_duplicates()
    seen = merged(seen, entitled, on=KEY, how="left_anti", validate="one_to_one")
    had = census.parsed["leases"][[*KEY, "mac"]].drop_duplicates()
    seen = merged(seen, had, on=[*KEY, "mac"], how="left_anti", validate="one_to_one")
    evidence = seen["mac"] + " answered " + when(seen["last_seen_at"]) + " inside the pool " + seen["pool"]
    evidence += ", without a lease or a reservation"
    rows = seen.assign(subject=seen["ip"], evidence=evidence, advice=_ADVICE, seen_at=seen["last_seen_at"])
    return conflict_rows(rows, ADDRESSES, "static-in-pool", WARNING)
