"""What the ledger knows of earlier censuses, and what follows from it: whether anything may be taken back now."""

from dataclasses import dataclass, field

import pandas as pd

from pipelines import tables
from pipelines.counted import counted
from pipelines.keys import merged
from pipelines.parse.kinds import GATEWAYS, is_of
from pipelines.parse.phpipam import ADDRESSES
from pipelines.snapshots import EVERYWHERE

KEPT_READS = 24
"""Of how many answers of a source its usual size is the median: a day's."""
ENOUGH = 3
"""Fewer earlier answers than this tell nothing about what is usual; and so often an address must have been missed."""
_LOST_SHARE, _LOST_ROWS = 0.5, 10
_EMPTIED = 3
"""A source that usually has so many rows and now has none has lost its memory, not its devices."""


@dataclass(frozen=True)
class Past:
    """When the ledger began, and what its sources had lately (`tables.READS`). Without it nothing is taken back.

    `resent` (`tables.RESENT`) tells which leases' names Kea was asked to register again; `asked` are the sites whose
    gateways this very run asked (None: all), for dns_sync goes by what an earlier one was told. `holds`
    (`tables.HOLDS`) are the changes that a person undid.
    """

    born_at: pd.Timestamp | None = None
    reads: pd.DataFrame = field(default_factory=tables.READS.empty)
    resent: pd.DataFrame = field(default_factory=tables.RESENT.empty)
    asked: frozenset[str] | None = None
    holds: pd.DataFrame = field(default_factory=tables.HOLDS.empty)


def shrunken(sources: pd.DataFrame, past: Past) -> dict[str, str]:
    """The sites (`*` for all of them) of which a source has lost more than half and more than ten rows, and why.

    Or all of its rows, where it usually has three or more. Each is held against the median of its last complete
    answers; with too few of those nothing can be said, which is a reason as well. Zones are left out: they are what is
    written.
    """
    judged = sources[(sources["site"] != EVERYWHERE) | (sources["source"] == ADDRESSES)]
    by_source = past.reads.groupby(["site", "source"])["rows"]
    usual = by_source.agg(usual="median", answers="size").reset_index()
    judged = merged(judged, usual, on=["site", "source"], how="left", validate="one_to_one")
    found: dict[str, list[str]] = {}
    for row in judged[judged["is_complete"]].itertuples(index=False):
        if (why := _shrinkage(row.source, row.rows, row.usual, row.answers)) is not None:
            found.setdefault(str(row.site), []).append(why)
    return {site: "; ".join(reasons) for site, reasons in found.items()}


def _shrinkage(source: object, rows: int, usual: float, answers: float) -> str | None:
    if pd.isna(answers) or answers < ENOUGH:
        known = 0 if pd.isna(answers) else int(answers)
        return (
            f"{source} was read only {counted(known, 'time')} before, so it cannot be told whether anything is missing"
        )
    lost = usual - rows
    is_emptied = rows == 0 and usual >= _EMPTIED
    if is_emptied or (lost > _LOST_ROWS and lost > usual * _LOST_SHARE):
        found = counted(rows, "row")
        return f"{source} has {found} where it usually has {int(usual)}; look at the source before believing it"
    return None


def looked_since(sources: pd.DataFrame, past: Past) -> dict[str, pd.Timestamp]:
    """Per site with a gateway, when the third latest look at all its sources was, this one among them.

    What was last seen before that has been looked for, and missed, `ENOUGH` times.
    """
    here = sources[sources["source"].map(lambda source: is_of(source, GATEWAYS)).astype(bool) & sources["is_complete"]]
    reads = pd.concat([here[["site", "source", "read_at"]], past.reads[["site", "source", "read_at"]]])
    reads = reads.drop_duplicates().sort_values("read_at", ascending=False)
    reads = merged(reads, here[["site", "source"]], on=["site", "source"], validate="many_to_one")
    turn = reads.groupby(["site", "source"]).cumcount()
    third = reads[turn == ENOUGH - 1].groupby("site")["read_at"].agg(third_at="min", sources="size")
    wanted = here.groupby("site").size()
    whole = third[third["sources"] == third.index.map(wanted)]
    return {str(site): at for site, at in whole["third_at"].items()}


def waits_until(past: Past, first_days: int) -> pd.Timestamp | None:
    """When a ledger is old enough to take anything back; None for one that has not begun."""
    return None if past.born_at is None else past.born_at + pd.Timedelta(days=first_days)
