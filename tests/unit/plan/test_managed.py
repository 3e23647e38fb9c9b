"""Whose a value is: what we wrote, what is there, what should be there (rule R4)."""

import pandas as pd
import pytest

from pipelines.contract import TEXT
from pipelines.plan.managed import EQUAL, FIRST, GONE, OURS, THEIRS, ownership


@pytest.mark.parametrize(
    ("live", "value", "intended", "desired", "whose"),
    [
        (None, None, None, "new", FIRST),
        (None, None, "new", "new", FIRST),
        ("new", None, None, "new", EQUAL),
        ("new", "old", None, "new", EQUAL),
        ("old", "old", None, "new", OURS),
        ("new", "new", None, "new", OURS),
        ("new", "old", "new", "new", OURS),
        ("new", None, "new", "newer", OURS),
        ("old", "old", "new", "new", OURS),
        ("else", None, None, "new", THEIRS),
        ("else", "old", None, "new", THEIRS),
        ("else", "old", "new", "new", THEIRS),
        (None, "old", None, "new", THEIRS),
        (None, "old", "new", "new", THEIRS),
        (None, "old", GONE, "new", FIRST),
        ("old", "old", GONE, "new", OURS),
        ("else", "old", GONE, "new", THEIRS),
    ],
)
def test_ownership(live: str | None, value: str | None, intended: str | None, desired: str, whose: str) -> None:
    """Free, ours, equal or theirs: every combination of live value, ledger and intention has one answer."""
    of_live, of_value, of_intended = (pd.Series([one], dtype=TEXT) for one in (live, value, intended))
    assert ownership(of_live, of_value, of_intended, pd.Series([live == desired])).tolist() == [whose]
