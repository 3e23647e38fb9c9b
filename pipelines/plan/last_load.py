"""What a load leaves behind, so that the next one is started by others' changes and never by its own."""

from collections.abc import Mapping

import pandas as pd

from pipelines.plan.bookkeeping import work
from pipelines.reconcile.serials import distance
from pipelines.snapshots import ZONE

NAMES = "phpipam.addresses"
"""The source whose version is the digest of phpIPAM's names in the tracked subnets."""
Versions = Mapping[str, str]
"""The state of sources (`zone/example.lan`, `phpipam.addresses`), each in the source's own short words."""


def written(ipam_plan: pd.DataFrame, dns_plan: pd.DataFrame) -> dict[str, int]:
    """The sources whose version a load of these plans will move, and by how much a zone's serial at most.

    BIND counts one a message, Technitium one a record added or removed.
    """
    names = work(ipam_plan)["field"].isin({"hostname"}).any()
    most = {NAMES: 0} if names else {}
    for zone, rows in work(dns_plan).groupby("zone"):
        texts = pd.concat([rows["before"], rows["after"]]).dropna()
        most[ZONE + str(zone).rstrip(".")] = int((texts.str.count("\n") + 1).sum())
    return most


def left_behind(read: Versions, before: Versions, after: Versions, most: Mapping[str, int]) -> dict[str, str]:
    """The version of each source that our own work accounts for: beyond it, somebody else has moved it.

    `read` is what the plan rests on, `before` and `after` are what stood around the writing of those written to (in
    `most`). Where somebody came in between, what stood before is what we know; left out is what could not be asked.
    """
    left = {source: version for source, version in read.items() if source not in most}
    for source in most.keys() & after.keys():
        basis = read.get(source, before.get(source))
        is_alone = source in before and before[source] == basis and _is_ours(source, before, after, most)
        if is_alone or basis is None:
            left[source] = after[source]
        else:
            left[source] = basis
    return left


def _is_ours(source: str, before: Versions, after: Versions, most: Mapping[str, int]) -> bool:
    return source == NAMES or 0 <= distance(int(before[source]), int(after[source])) <= most[source]


def moved(left: Versions, now: Versions) -> list[str]:
    """The sources that are not as the last load left them."""
    return sorted(source for source, version in now.items() if left.get(source) != version)
