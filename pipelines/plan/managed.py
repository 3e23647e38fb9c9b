"""Three-way comparison: what the ledger says we wrote, what the target holds, what it should hold (rule R4)."""

import pandas as pd

from pipelines.contract import TEXT

FIRST = "free"  # nothing there, and we never wrote anything: ours to fill
OURS = "ours"  # it reads as we last wrote it, or were about to: ours to change
EQUAL = "equal"  # it already says what it should, without our doing
GONE = "(nothing)"  # as the ledger's `intended`: we were about to delete it. No record data reads so
THEIRS = "theirs"  # somebody else put it there, or took ours away: kept


def ownership(
    live: "pd.Series[str]", value: "pd.Series[str]", intended: "pd.Series[str]", is_equal: "pd.Series[bool]"
) -> "pd.Series[str]":
    """Whose each live value is. `value` and `intended` are the ledger's; `is_equal` says that live is as desired.

    A value we wrote and somebody took away is theirs too: not to fight a person is worth more than a missing record.
    But not where we were about to take it away ourselves.
    """
    is_ours = live.notna() & ((live == value) | (live == intended))
    is_free = live.isna() & (value.isna() | (intended == GONE))
    verdict = pd.Series(THEIRS, index=live.index, dtype=TEXT)
    return verdict.mask(is_free, FIRST).mask(is_equal, EQUAL).mask(is_ours, OURS)


def is_same(one: "pd.Series[str]", other: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether two texts are one, nothing and nothing among it."""
    return (one == other) | (one.isna() & other.isna())
