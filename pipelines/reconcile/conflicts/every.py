"""All families in one table, and the ranges in theirs."""

from collections.abc import Callable, Mapping

import pandas as pd

from pipelines import tables
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.holders import two_holders
from pipelines.reconcile.conflicts.ipam import ipam_conflicts
from pipelines.reconcile.conflicts.names import duplicate_names
from pipelines.reconcile.conflicts.outside import published_outside
from pipelines.reconcile.conflicts.pools import pool_conflicts, pools
from pipelines.reconcile.conflicts.reservations import against_reservations
from pipelines.reconcile.conflicts.rows import in_order
from pipelines.reconcile.conflicts.statics import statics_in_pools
from pipelines.reconcile.conflicts.untracked import untracked
from pipelines.reconcile.conflicts.zones import zone_conflicts

FAMILIES: Mapping[Callable[[Census], pd.DataFrame], tuple[str, ...]] = {
    two_holders: ("two-macs", "lease-and-neighbour"),
    against_reservations: ("reserved-address-leased", "leased-beside-reservation"),
    statics_in_pools: ("static-in-pool",),
    untracked: ("outside-tracked-subnets",),
    duplicate_names: ("duplicate-name", "same-name-at-two-sites"),
    zone_conflicts: ("a-without-ptr", "ptr-without-a", "ptr-disagrees", "no-reverse-zone"),
    published_outside: ("private-address-published", "own-name-published", "name-not-published"),
    ipam_conflicts: ("unknown-address", "reclaimable-address", "mismatched-mac", "mismatched-name"),
}
"""What tells conflicts, and their kinds; `pool_conflicts` has two more, `pool-fills-up` and `pools-overlap`."""


def conflicts_and_pools(census: Census, use: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """`tables.POOLS` and `tables.CONFLICTS` by name; `use` is `tables.POOL_USE`."""
    ranges = pools(census, use)
    found = [family(census) for family in FAMILIES]
    every = tables.CONFLICTS.concat([*found, pool_conflicts(census, ranges)])
    return {"pools": ranges, "conflicts": in_order(every)}
