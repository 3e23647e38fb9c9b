"""Which sites can be concluded from this hour: could not look is not the same as nothing there (rule R1)."""

import pandas as pd

from pipelines.parse.kinds import PHPIPAM, ZONES, is_of
from pipelines.snapshots import EVERYWHERE, ZONE
from pipelines.values import OwnerName, owner_name


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


def faults(sources: pd.DataFrame) -> list[str]:
    """Why some of these sources could not be read: each reason once, however many sources and sites it concerns."""
    lacking = sources[~sources["is_complete"]].groupby("reason", sort=False)["site"].unique()
    sites = {reason: ", ".join(site for site in found if site != EVERYWHERE) for reason, found in lacking.items()}
    return [f"{found}: {reason}" if found else str(reason) for reason, found in sites.items()]
