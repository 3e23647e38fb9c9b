"""Which sites can be concluded from this hour: could not look is not the same as nothing there (rule R1)."""

import pandas as pd

from pipelines.network import Network
from pipelines.parse.kinds import GATEWAYS, PHPIPAM, ZONES, is_of
from pipelines.snapshots import EVERYWHERE, ZONE
from pipelines.values import OwnerName, owner_name

_A_RUN = pd.Timedelta(minutes=15)
"""Answers that are older were given to another run."""


def frozen_sites(sources: pd.DataFrame) -> dict[str, str]:
    """The sites (of `sources`) of which at least one source is incomplete, and the reasons in one text."""
    lacking = sources[~sources["is_complete"] & (sources["site"] != EVERYWHERE)]
    reasons = lacking.groupby(["site", "reason"], as_index=False, sort=False)["source"].agg(", ".join)
    return {site: "; ".join(rows["source"] + ": " + rows["reason"]) for site, rows in reasons.groupby("site")}


def unread_zones(sources: pd.DataFrame) -> dict[OwnerName, str]:
    """The zones (apexes) that could not be read whole, and why."""
    lacking = sources[~sources["is_complete"] & sources["source"].str.startswith(ZONE)]
    apexes = lacking["source"].str.removeprefix(ZONE).map(owner_name)
    return dict(zip(apexes, lacking["reason"], strict=True))


def unread_targets(sources: pd.DataFrame) -> pd.DataFrame:
    """The targets (phpIPAM, zones) among `sources` that could not be read.

    Nothing is written to any target then: what is wrong is nearly always the configuration, and half a census that
    keeps on writing hides it.
    """
    is_target = sources["source"].map(lambda source: is_of(source, PHPIPAM, ZONES)).astype(bool)
    return sources[~sources["is_complete"] & is_target]


def sees_no_gateway(sources: pd.DataFrame, network: Network) -> bool:
    """Whether not one gateway, of those there are, was read whole: that is no census."""
    return bool(network.gateways) and network.gateways.keys() <= frozen_sites(sources).keys()


_CLOCKS_AGREE_S = 1800
"""Clocks that are so far apart do not agree: a machine that takes its own clock for UTC's is off by an hour or more."""


def wrong_clock(snapshots: pd.DataFrame) -> list[str]:
    """Why our clock is not to be believed, from the answers (`tables.SNAPSHOTS`) of this run's gateways.

    Two gateways or more agree on another time; one alone may be wrong itself, and its times are corrected by its own
    clock. With a clock that is ahead everybody would have been away for as long, and `lastSeen` be of a time to come.
    """
    now = snapshots["read_at"].max()
    told = snapshots[snapshots["is_complete"] & (now - snapshots["read_at"] <= _A_RUN)]
    told = told[told["source"].map(lambda source: is_of(source, GATEWAYS)).astype(bool)]
    ahead_s = told.groupby("site")["clock_offset_s"].median()
    is_alone = len(ahead_s) < 2 or ahead_s.abs().min() <= _CLOCKS_AGREE_S  # noqa: PLR2004 - two agree
    if is_alone or ahead_s.max() - ahead_s.min() > _CLOCKS_AGREE_S:
        return []
    minutes = int(ahead_s.median() // 60)
    where = f"{abs(minutes)} minutes {'behind' if minutes > 0 else 'ahead of'} the clocks of {', '.join(ahead_s.index)}"
    return [f"this machine's clock is {where}, which agree: set whichever is wrong (timedatectl); nothing is written"]


def faults(sources: pd.DataFrame) -> list[str]:
    """Why some of these sources could not be read: each reason once, however many sources and sites it concerns."""
    lacking = sources[~sources["is_complete"]].groupby("reason", sort=False)["site"].unique()
    sites = {reason: ", ".join(site for site in found if site != EVERYWHERE) for reason, found in lacking.items()}
    return [f"{found}: {reason}" if found else str(reason) for reason, found in sites.items()]
