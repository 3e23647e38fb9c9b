"""Who holds each address: one row per site and address, from reservations, active leases and ARP."""

import pandas as pd

from pipelines import contract, tables
from pipelines.keys import first_of, in_order, merged, numbered, stand_in
from pipelines.network import Network
from pipelines.reconcile.as_of import AsOf
from pipelines.reconcile.incumbents import KEY, Standing, holders
from pipelines.reconcile.sightings import active_leases, is_of_its_site, may_be_a_device


def bindings(  # noqa: PLR0913 - three tables, what stands, and two parameters, each by name
    sightings: pd.DataFrame,
    leases: pd.DataFrame,
    reservations: pd.DataFrame,
    stands: Standing,
    *,
    network: Network,
    as_of: AsOf,
) -> pd.DataFrame:
    """`tables.BINDINGS`. The MAC is that of the latest sighting, or of whom phpIPAM has where that one stays.

    `stands` is from `incumbents.standing`. Where there is no sighting, the MAC is the reservation's.

    A reservation counts as the reason only while no other device is seen on its address. A lease whose server does not
    tell when it was confirmed binds an address on which nobody is seen, as a reservation does.
    """
    active = active_leases(leases, as_of=as_of)
    within = pd.Timedelta(minutes=network.conflicts.within_minutes)
    ordered = in_order(sightings, [*KEY, "last_seen_at", "source", "mac"])
    seen = _seen(ordered, holders(ordered, active, reservations, stands, within=within), active, network)
    seen = merged(seen, _by_lease(active, seen), on=[*KEY, "mac"], how="left", validate="one_to_one")
    held = merged(seen, _by_reservation(reservations, seen, network), on=KEY, how="outer", validate="one_to_one")
    is_reserved = held["has_reservation"].notna() & _same_device(held)
    is_leased = held["has_lease"].notna()
    kind = pd.Series("neighbour", index=held.index).mask(is_leased, "lease").mask(is_reserved, "reservation")
    noted = is_reserved.map({True: "reservation", False: ""}) + "," + held["seen_by"].fillna("")
    return tables.BINDINGS.frame(
        {
            "site": held["site"],
            "ip": held["ip"],
            "mac": held["mac"].fillna(held["mac_reserved"]),
            "client_id": held["client_id"].fillna(held["client_id_reserved"]),
            "kind": kind,
            "evidence": noted.str.strip(","),
            "last_seen_at": held["last_seen_at"],
            "valid_s": held["valid_s"],
        }
    )


def _seen(ordered: pd.DataFrame, held: pd.DataFrame, active: pd.DataFrame, network: Network) -> pd.DataFrame:
    """The holder of each address on which somebody is seen, with the sources that agree; else the undated lease's."""
    agreeing = ordered[stand_in(ordered, held[[*KEY, "answering"]].rename(columns={"answering": "mac"}))]
    latest = held.drop(columns="answering").assign(seen_by=_joined(agreeing).array)
    undated = active[active["cltt_at"].isna() & is_of_its_site(active, network) & may_be_a_device(active["mac"])]
    undated = merged(undated, latest[KEY], on=KEY, how="left_anti", validate="one_to_one")
    unseen = undated.rename(columns={"cltt_at": "last_seen_at", "source": "seen_by"})[list(latest.columns)]
    return pd.concat([latest, unseen], ignore_index=True) if len(unseen) else latest


def _joined(sightings: pd.DataFrame) -> "pd.Series[str]":
    """The sources of each address, comma-separated, in the order of the addresses, which `sightings` are in.

    There are few sources: each is a bit, and there are few sums of them.
    """
    bits = {source: 1 << place for place, source in enumerate(sorted(sightings["source"].unique()))}
    sums = sightings["source"].map(bits).astype("int64").groupby(numbered(sightings[KEY])).sum()
    texts = {some: ",".join(one for one, bit in bits.items() if some & bit) for some in sums.unique()}
    return sums.map(texts).astype(contract.TEXT)


def _by_lease(active: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """The active leases. One whose server knows no MAC, as DHCPv6's often do not, is that of the device seen there."""
    there = seen[[*KEY, "mac"]].rename(columns={"mac": "holder"})
    active = merged(active, there, on=KEY, how="left", validate="one_to_one")
    return active[[*KEY, "client_id", "valid_s"]].assign(mac=active["mac"].fillna(active["holder"]), has_lease=True)


def _by_reservation(reservations: pd.DataFrame, seen: pd.DataFrame, network: Network) -> pd.DataFrame:
    """One reservation per address: that of the device which is there, where Kea holds several (a dock, a laptop)."""
    fixed = reservations[reservations["ip"].notna()]
    fixed = fixed[is_of_its_site(fixed, network)]
    there = seen[[*KEY, "mac"]].rename(columns={"mac": "holder"})
    ranked = merged(fixed, there, on=KEY, how="left", validate="many_to_one")
    ranked = ranked.assign(is_other=ranked["mac"] != ranked["holder"])
    first = first_of(ranked, KEY, ["is_other", "mac", "client_id"])
    renamed = first.rename(columns={"mac": "mac_reserved", "client_id": "client_id_reserved"})
    return renamed[[*KEY, "mac_reserved", "client_id_reserved"]].assign(has_reservation=True)


def _same_device(held: pd.DataFrame) -> "pd.Series[bool]":
    by_mac = held["mac"].isna() | held["mac_reserved"].isna() | (held["mac"] == held["mac_reserved"])
    by_client = held["client_id_reserved"].notna() & (held["client_id"] == held["client_id_reserved"])
    return by_mac | by_client
