"""Which archived answers go: those that nothing needs and that are too old, or too many (docs/decisions/0014)."""

from dataclasses import dataclass

import pandas as pd

YOUNG = pd.Timedelta(days=1)
"""What was stored or read so lately never goes: a run may be about to rest on it."""


@dataclass(frozen=True)
class Keep:
    """For how long answers are kept after they were last read, how much of them, in bytes on the disk, and receipts."""

    days: int
    most_bytes: int
    receipts_days: int = 400


def counted_from(reads: pd.DataFrame, now: pd.Timestamp) -> pd.Timestamp:
    """The instant from which age is counted: while nothing is read, nothing grows old, whatever the clock says."""
    return now if reads.empty else min(now, reads["read_at"].max())


def removable(files: pd.DataFrame, reads: pd.DataFrame, *, keep: Keep, now: pd.Timestamp) -> pd.DataFrame:
    """The files (digest, bytes, written_at) that go, those longest unread first.

    `reads` are the archive's index, a row per digest: read_at, when it was last the answer of a source, and is_needed,
    whether it is the newest of one. A file without a row was last read when it was written: after a lost ledger the
    archive is all that is left. Age is `counted_from` the newest read.
    """
    if reads.empty:
        return files.head(0)
    known = files.merge(reads, on="digest", how="left", validate="one_to_one")
    last = known[["read_at", "written_at"]].max(axis="columns")
    as_of = counted_from(reads, now)
    may_go = ~known["is_needed"].isin([True]) & (last <= as_of - YOUNG)
    ordered = known.assign(last=last, may_go=may_go).sort_values(["last", "digest"])
    is_old = ordered["may_go"] & (ordered["last"] <= as_of - pd.Timedelta(days=keep.days))
    too_much = ordered.loc[~is_old, "bytes"].sum() - keep.most_bytes
    candidates = ordered[ordered["may_go"] & ~is_old]
    before = candidates["bytes"].cumsum() - candidates["bytes"]
    goes = pd.concat([ordered[is_old], candidates[before < too_much]])
    return files[files["digest"].isin(goes["digest"])].reset_index(drop=True)
