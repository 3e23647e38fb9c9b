"""Two devices on one address: two that answer, or one that answers where another has the lease.

An address that moved from one device to another is no conflict: both must have been confirmed at nearly the same time,
or the one that lost it is back while the other has not left; and who was last seen before the lease was given has
simply left.
"""

import pandas as pd

from pipelines import tables
from pipelines.keys import merged, stand_in
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.rows import ADDRESSES, KEY, WARNING, conflict_rows, when

_ADVICE_TWO = "Give one of the two another address: while both answer, connections go to either"
_ADVICE_LEASE = (
    "Find the device that answers: it uses the address without the lease. Give it a reservation or another address"
)


def two_holders(census: Census) -> pd.DataFrame:
    """`tables.CONFLICTS`: `two-macs` and `lease-and-neighbour`. Who has two MACs on it is not told twice."""
    two = _two_macs(census)
    disagreeing = _lease_and_neighbour(census)
    disagreeing = conflict_rows(_untold(disagreeing, two), ADDRESSES, "lease-and-neighbour", WARNING)
    told = tables.CONFLICTS.concat([two, disagreeing])
    held = census.made["bindings"][[*KEY, "mac", "last_seen_at"]]
    others = census.latest_neighbours[~stand_in(census.latest_neighbours, held[[*KEY, "mac"]])]
    if others.empty:
        return told
    turns = _untold(_by_turns(held, others[[*KEY, "mac", "last_seen_at"]]), told)
    return tables.CONFLICTS.concat([told, conflict_rows(turns, ADDRESSES, "two-macs", WARNING)])


def _untold(rows: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """The rows of whose address nothing is told yet."""
    known = told[["site", "subject"]].rename(columns={"subject": "ip"})
    return merged(rows, known, on=KEY, how="left_anti", validate="one_to_one")


def _by_turns(held: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The addresses on which another answered last than the one that holds them: it is back (`incumbents.holders`)."""
    both = merged(held[held["mac"].notna()], others, on=KEY, suffixes=("", "_now"), validate="one_to_one")
    odd = both[both["last_seen_at_now"] > both["last_seen_at"]]
    evidence = "by turns: " + odd["mac_now"] + " answered " + when(odd["last_seen_at_now"])
    evidence += "; " + odd["mac"] + ", which phpIPAM has, was last seen " + when(odd["last_seen_at"])
    return odd.assign(subject=odd["ip"], evidence=evidence, advice=_ADVICE_TWO, seen_at=odd["last_seen_at_now"])


def _two_macs(census: Census) -> pd.DataFrame:
    shared = census.neighbours[census.neighbours.duplicated(KEY, keep=False)]
    held = census.leases[[*KEY, "mac", "cltt_at"]].rename(columns={"mac": "holder"})
    shared = merged(shared, held, on=KEY, how="left", validate="many_to_one")
    has_left = shared["holder"].notna() & (shared["mac"] != shared["holder"])
    shared = shared[~(has_left & (shared["last_seen_at"] <= shared["cltt_at"]))]
    newest = shared.groupby(KEY)["last_seen_at"].transform("max")
    shared = shared[newest - shared["last_seen_at"] <= census.window]
    shared = shared[shared.duplicated(KEY, keep=False)].sort_values([*KEY, "mac"])
    told = shared.assign(evidence=shared["mac"] + " " + when(shared["last_seen_at"]) + " (" + shared["source"] + ")")
    grouped = told.groupby(KEY).agg(evidence=("evidence", "; ".join), seen_at=("last_seen_at", "max")).reset_index()
    rows = grouped.assign(subject=grouped["ip"], evidence="both answer: " + grouped["evidence"], advice=_ADVICE_TWO)
    return conflict_rows(rows, ADDRESSES, "two-macs", WARNING)


def _lease_and_neighbour(census: Census) -> pd.DataFrame:
    """The leases on whose address another device answered since the lease was last confirmed.

    Another interface of the same device (a laptop that was unplugged) is none.
    """
    leased = census.leases[census.leases["mac"].notna()]
    answering = census.latest_neighbours[[*KEY, "mac", "last_seen_at"]]
    both = merged(leased, answering, on=KEY, suffixes=("", "_seen"), validate="one_to_one")
    both = both[both["mac"] != both["mac_seen"]]
    is_for_ever = both["cltt_at"].isna() & both["expires_at"].isna()
    is_since = (both["last_seen_at"] > both["cltt_at"]) | is_for_ever
    is_other = census.devices(both) != census.devices(both.assign(mac=both["mac_seen"]))
    odd = both[is_other & is_since]
    until = odd["expires_at"].dt.strftime("until %Y-%m-%d %H:%M UTC").fillna("for ever")
    evidence = (
        odd["mac_seen"] + " answered " + when(odd["last_seen_at"]) + "; leased to " + odd["mac"] + " " + until
        + ", last confirmed " + when(odd["cltt_at"])
    )  # fmt: skip
    return odd.assign(subject=odd["ip"], evidence=evidence, advice=_ADVICE_LEASE, seen_at=odd["last_seen_at"])
