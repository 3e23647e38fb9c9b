"""What the families are made from: the tables of one census, what is remembered, and a few views of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from pipelines import tables
from pipelines.keys import last_of, merged
from pipelines.network import Network
from pipelines.reconcile.as_of import asked_at
from pipelines.reconcile.conflicts.rows import KEY
from pipelines.reconcile.ipam import tracked_addresses, tracked_subnets
from pipelines.reconcile.sightings import active_leases, is_of_its_site
from pipelines.reconcile.trust import frozen_sites

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Census:
    """The tables of parse and of reconcile by name, the ledger's rows (`applied`), and when the ledger began."""

    parsed: Tables
    made: Tables
    applied: pd.DataFrame
    network: Network
    as_of: pd.Timestamp
    born_at: pd.Timestamp | None = None

    @cached_property
    def frozen(self) -> frozenset[str]:
        """The sites that were not read whole: of these nothing is concluded from silence."""
        return frozenset(frozen_sites(self.parsed["sources"]))

    @cached_property
    def asked_at(self) -> "pd.Series[pd.Timestamp]":
        """When each site's gateway was asked."""
        return asked_at(self.parsed["sources"])

    @cached_property
    def leases(self) -> pd.DataFrame:
        """The active leases of addresses in the server's own tracked subnets."""
        active = active_leases(self.parsed["leases"], as_of=self.asked_at)
        return active[is_of_its_site(active, self.network)]

    @cached_property
    def reservations(self) -> pd.DataFrame:
        """The reservations of addresses in the server's own tracked subnets."""
        fixed = self.parsed["reservations"][self.parsed["reservations"]["ip"].notna()]
        return fixed[is_of_its_site(fixed, self.network)]

    @cached_property
    def neighbours(self) -> pd.DataFrame:
        """Who answered on each address (site, ip, mac, last_seen_at, source): the latest sighting of each MAC."""
        by_lease = self.parsed["leases"]["source"].unique()
        seen = self.made["sightings"]
        seen = seen[seen["mac"].notna() & ~seen["source"].isin(by_lease)]
        return last_of(seen, [*KEY, "mac"], ["last_seen_at", "source"])

    @cached_property
    def latest_neighbours(self) -> pd.DataFrame:
        """Of each address, the one that answered last."""
        return last_of(self.neighbours, KEY, ["last_seen_at", "mac"])

    @cached_property
    def ipam(self) -> pd.DataFrame:
        """What phpIPAM holds in tracked subnets (`tracked_addresses`)."""
        subnets, _ = tracked_subnets(self.parsed["ipam_subnets"], network=self.network)
        return tracked_addresses(self.parsed["ipam_addresses"], subnets)

    def devices(self, rows: pd.DataFrame) -> "pd.Series[str]":
        """The device each row (site, ip, mac) speaks of: where none is known, its MAC or, without one, its address."""
        known = self.made.get("device_interfaces", tables.DEVICE_INTERFACES.empty())
        known = known[known["mac"].notna()].drop_duplicates(["site", "mac"])[["site", "mac", "device_id"]]
        found = merged(rows[[*KEY, "mac"]], known, on=["site", "mac"], how="left", validate="many_to_one")
        named = found["device_id"].fillna(found["mac"]).fillna(found["ip"])
        return named.set_axis(rows.index)

    @property
    def window(self) -> pd.Timedelta:
        """How close together two devices must have been confirmed to contradict each other."""
        return pd.Timedelta(minutes=self.network.conflicts.within_minutes)
